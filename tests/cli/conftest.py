"""How the command line is called: as a process of its own, with a cache of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("mbisect")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for a module, so that each index page and each wheel is fetched once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def mbisect(cache: Path) -> Callable[..., Said]:
    """Runs `mbisect` with arguments in a folder."""

    def run(folder: Path, *argv: str) -> Said:
        env = {**os.environ, "MBISECT_CACHE": str(cache)}
        done = subprocess.run([PROGRAM, *argv], cwd=folder, env=env, capture_output=True, text=True, timeout=300)
        return Said(done.returncode, done.stdout, done.stderr)

    return run
