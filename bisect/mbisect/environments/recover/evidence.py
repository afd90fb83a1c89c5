"""What one place in one file says of the environment that wrote it. Knows no file format and no index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PYTHON = "python"
"""Stands for the interpreter where a package is named."""
SHOWN = 200
"""Characters of a file that a piece of evidence quotes at most."""


class Strength(IntEnum):
    """How far a statement is believed where two exclude each other: the weaker one gives way, and that is shown."""

    HINT = 1
    """True of most runs: a file's date, which a copy loses."""
    INFERRED = 2
    """Follows from how a file looks, such as the fields that it has."""
    STATED = 3
    """Written by people, or by a tool at another time: a requirement file, a Dockerfile."""
    RECORDED = 4
    """Written by the environment itself while it ran."""
    GIVEN = 5
    """Said on the command line."""


@dataclass(frozen=True, slots=True)
class Present:
    """A package was there, in a release that the specifier admits."""

    package: str
    """Normalised (PEP 503), or `python`."""
    specifier: SpecifierSet
    """Empty: any release. `==4.46.0` is exact, unless it ends in `.*`."""
    root: bool = False
    """Somebody asked for it by name; it did not just come along."""

    @property
    def exact(self) -> str | None:
        """The one release that is meant; None: several are admitted."""
        pins = [
            one.version for one in self.specifier if one.operator in ("==", "===") and not one.version.endswith("*")
        ]
        return pins[0] if pins else None


@dataclass(frozen=True, slots=True)
class Dated:
    """When the run was, and so by when its environment was made."""

    relation: Literal["at", "not after", "not before"]
    """`at`: it ran then. `not after`: it had run by then. `not before`: its environment was made later than that."""
    when: datetime
    """With a time zone."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The run had a setting, or its seed, at a value."""

    name: str
    """As transformers or peft call it."""
    value: str
    """JSON text."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One statement, with where it stands, so that anybody can look it up."""

    file: str
    """As it was found below what the user named."""
    place: str
    """A key, "line 12", a commit."""
    raw: str
    """The text itself, shortened to SHOWN characters."""
    says: Present | Dated | Chosen
    strength: Strength


def present(
    file: str, place: str, raw: object, package: str, specifier: str, strength: Strength, *, root: bool = False
) -> Evidence:
    """Evidence of a package. Raises InvalidSpecifier for a specifier that is none by PEP 440."""
    name = package if package == PYTHON else canonicalize_name(package)
    return Evidence(file, place, str(raw)[:SHOWN], Present(name, SpecifierSet(specifier), root), strength)
