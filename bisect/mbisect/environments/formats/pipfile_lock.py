"""Pipfile.lock, as Pipenv writes it: the default packages and those for development."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from mbisect.environments.pins import Collection, applies, shown
from mbisect.environments.sources import Source
from mbisect.errors import ConfigError
from mbisect.terms import Lock

TITLE = "Pipfile.lock"
TOOL = "`pipenv lock`"
MEND = "lock it on the Python that is asked for, or give that one with --python"


class Entry(BaseModel):
    """One package."""

    version: str | None = None
    hashes: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    markers: str | None = None
    editable: bool = False


class Requires(BaseModel):
    """What Python the Pipfile wants."""

    python_version: str = ""
    python_full_version: str = ""


class Meta(BaseModel):
    """What it was made from."""

    requires: Requires = Requires()


class Document(BaseModel):
    """The file."""

    meta: Meta = Field(default=Meta(), alias="_meta")
    default: dict[str, Entry] = {}
    develop: dict[str, Entry] = {}


def recognises(source: Source) -> bool:
    """By its two tables."""
    return source.has("_meta", "default")


def python(source: Source) -> str:
    """What the Pipfile requires."""
    requires = source.as_(Document, TOOL).meta.requires
    return requires.python_full_version or requires.python_version


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """What `pipenv sync --dev` installs."""
    document, found = source.as_(Document, TOOL), Collection()
    for name, entry in (*document.default.items(), *document.develop.items()):
        if not applies(entry.markers, environment, str(source.path)):
            continue
        if entry.version is None:  # a path, a file or a repository
            found.leave(name, None, "an editable install" if entry.editable else "not a release on PyPI")
        elif entry.version == "*":  # Pipenv does not lock what its own interpreter does not need
            raise ConfigError(
                f"{source.path}: {shown(name)} has no version, for it was locked on another Python; {MEND}"
            )
        else:
            found.pin(str(source.path), name, entry.version.removeprefix("=="), entry.hashes, entry.extras)
    return found.lock(source.path, python=python(source))
