"""Keeps where things are on this machine out of files that people commit. Knows nothing of what is in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

EVERYWHERE = ("", "/", "/usr", "/usr/local")
"""Prefixes that tell nothing of a machine."""


class Hiding:
    """Text → the same with `{prefix}` for the environment, `{project}` for the project and `~` for the home folder."""

    def __init__(self, interpreter: Mapping[str, Any], project: Path) -> None:
        named = {str(Path.home()): "~", str(Path.home().resolve()): "~"}
        named |= {str(project): "{project}", str(project.resolve()): "{project}"}
        named |= {str(interpreter.get("prefix") or ""): "{prefix}"}
        self._named = {place: word for place, word in named.items() if place not in EVERYWHERE}
        places = sorted(self._named, key=len, reverse=True)
        self._place = re.compile(r"(?<![\w.~-])(?:" + "|".join(map(re.escape, places)) + r")(?![\w.-])")

    def __call__(self, value: Any) -> Any:
        """A text, or whatever lists and tables hold texts, without these places."""
        if isinstance(value, str):
            return self._place.sub(lambda match: self._named[match[0]], value)
        if isinstance(value, list | tuple):
            return [self(one) for one in value]
        return {key: self(one) for key, one in value.items()} if isinstance(value, dict) else value


def from_home(path: str) -> str:
    """A path with `~` for the home folder."""
    home = Path.home()
    return f"~/{Path(path).relative_to(home)}" if Path(path).is_relative_to(home) else path
