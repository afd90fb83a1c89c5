"""The cache on disk: where it is, how large it is, and what may go. Knows nothing of how its parts are made."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """$MBISECT_CACHE, else the user's cache folder."""
    given = os.environ.get("MBISECT_CACHE")
    if given:
        return Path(given).absolute()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("mbisect"))


class Store:
    """One cache folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
