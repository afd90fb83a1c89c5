"""Reads a text as a file of a given name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mbisect.environments.formats import read_source
from mbisect.environments.lockfile import marker_environment
from mbisect.environments.sources import load
from mbisect.terms import Interpreter, Lock


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Lock]:
    """(name of the file, text, version of Python) -> lock."""

    def reading(name: str, text: str, python: str = "3.11.7") -> Lock:
        (tmp_path / name).write_text(text)
        return read_source(load(tmp_path / name), marker_environment(Interpreter(python, "/python")))

    return reading
