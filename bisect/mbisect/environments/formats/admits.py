"""Which interpreters a lock was made for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from packaging.specifiers import SpecifierSet

from mbisect.environments.pins import SHORT, shown
from mbisect.environments.sources import Source
from mbisect.errors import ConfigError


def says_no_python(source: Source) -> str:
    """For formats that name no Python, or only a range of them."""
    return ""


def check_python(path: Path, requires: str | None, environment: Mapping[str, str]) -> None:
    """Raises ConfigError where a Requires-Python does not admit the interpreter: the file says nothing of it then."""
    if not admits(path, requires, environment):
        here = environment["python_version"]
        raise ConfigError(f"{path} is for Python {shown(requires)}, not {here}; give another one with --python")


def admits(path: Path, requires: str | None, environment: Mapping[str, str]) -> bool:
    """Whether a Requires-Python admits the interpreter; none admits all, and so does poetry's `*`."""
    if not requires or requires == "*":
        return True
    try:
        if len(requires) > SHORT:
            raise ValueError(requires[:SHORT])
        return SpecifierSet(requires).contains(environment["python_full_version"], prereleases=True)
    except ValueError:
        raise ConfigError(f"{path}: `{shown(requires)}` is not a range of Python versions; correct it") from None
