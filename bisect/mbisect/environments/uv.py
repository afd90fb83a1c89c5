"""How uv is called: which program, which cache, which settings. Knows nothing of locks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mbisect import shell
from mbisect.environments.indexes import uv_environment


class Uv:
    """uv with a cache of our own, no configuration of the current folder, and no downloads of interpreters.

    The cache is our own since uv keeps wheels that it built: whether an old release builds must not depend on what
    somebody else built before.
    """

    def __init__(self, cache: Path, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        kept = {k: v for k, v in environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
        self._env = {
            **kept,
            **uv_environment(environ),
            "UV_CACHE_DIR": str(cache),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_CONFIG": "1",
            "UV_NO_PROGRESS": "1",
        }
        self._program = find_uv()

    def run(self, argv: Sequence[str], *, check: bool = True) -> shell.Completed:
        """Run uv to its end. Raises CommandError as shell.run does."""
        return shell.run([self._program, *argv], env=self._env, check=check)


def find_uv() -> str:
    """The uv that was installed with mbisect, else the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else "uv"
