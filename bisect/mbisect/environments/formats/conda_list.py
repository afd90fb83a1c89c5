"""`conda list --json`: what a conda environment holds. Its Python packages are pinned; the rest cannot be moved."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, RootModel

from mbisect.environments.formats.conda_names import pypi_name
from mbisect.environments.pins import Collection, is_version
from mbisect.environments.sources import Source
from mbisect.terms import Lock

TITLE = "conda list --json"
TOOL = "`conda list --json`"


class Entry(BaseModel):
    """One object of the list."""

    name: str
    version: str
    build_string: str = ""
    channel: str = ""


class Document(RootModel[tuple[Entry, ...]]):
    """The list."""


def recognises(source: Source) -> bool:
    """A list of objects that name a build."""
    first = source.document[0] if isinstance(source.document, list) and source.document else None
    return isinstance(first, dict) and "name" in first and ("build_string" in first or "dist_name" in first)


def python(source: Source) -> str:
    """The version of conda's own package."""
    return next((entry.version for entry in source.as_(Document, TOOL).root if entry.name == "python"), "")


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """What came from pip is pinned as it is, and so is a conda package that PyPI has too."""
    found = Collection()
    for entry in source.as_(Document, TOOL).root:
        pypi = entry.channel == "pypi"
        name = entry.name if pypi else pypi_name(entry.name, entry.build_string or None)
        if entry.name in ("python", "pip"):
            continue
        if name is None or not (pypi or is_version(entry.version)):
            found.leave(entry.name, entry.version, "a conda package")
        else:
            found.pin(str(source.path), name, entry.version)
    return found.lock(source.path, python=python(source))
