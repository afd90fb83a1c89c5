"""poetry.lock: packages with the groups and markers that they belong to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from mbisect.environments.formats.admits import admits, check_python, says_no_python
from mbisect.environments.formats.needed import needed
from mbisect.environments.pins import Collection, applies
from mbisect.environments.sources import Source
from mbisect.terms import Lock

python = says_no_python

TITLE = "poetry.lock"
TOOL = "`poetry lock`"
GROUPS = frozenset(("main", "dev"))
"""What is installed; the file does not say which of the other groups are optional."""


class File(BaseModel):
    """A wheel or a source distribution."""

    hash: str


class Origin(BaseModel):
    """Where a package comes from; `legacy` is an index."""

    type: str = "legacy"


class Package(BaseModel):
    """One package."""

    name: str
    version: str
    optional: bool = False
    python: str = Field(default="*", alias="python-versions")
    groups: frozenset[str] | None = None
    """Since Poetry 2."""
    category: str | None = None
    """Before Poetry 1.5."""
    markers: str | dict[str, str] | None = None
    """Since Poetry 2; by group where they differ."""
    dependencies: dict[str, Any] = {}
    files: tuple[File, ...] = ()
    source: Origin = Origin()

    def installed(self, environment: Mapping[str, str], place: str) -> bool:
        """Whether `poetry install` installs it here, by what its own entry says."""
        groups = GROUPS & (self.groups if self.groups is not None else {self.category or "main"})
        if isinstance(self.markers, dict):
            return any(applies(self.markers.get(group), environment, place) for group in groups)
        return bool(groups) and applies(self.markers, environment, place)

    def needs(self, environment: Mapping[str, str], place: str) -> list[str]:
        """Names of what it needs here."""
        return [name for name, rule in self.dependencies.items() if _holds(rule, environment, place)]


class Metadata(BaseModel):
    """What the whole is for."""

    python: str = Field(default="", alias="python-versions")
    lock_version: str = Field(default="1.0", alias="lock-version")
    files: dict[str, tuple[File, ...]] = {}
    """Before Poetry 1.3."""


class Document(BaseModel):
    """The file."""

    package: tuple[Package, ...] = ()
    metadata: Metadata


def recognises(source: Source) -> bool:
    """By the version of its format, or by its name."""
    metadata = source.document.get("metadata") if source.has("metadata") else None
    return isinstance(metadata, dict) and "python-versions" in metadata and "content-hash" in metadata


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """What `poetry install` installs of the groups main and dev, without extras."""
    document, place, found = source.as_(Document, TOOL), str(source.path), Collection()
    if _is_range(document.metadata.python):
        check_python(source.path, document.metadata.python, environment)
    installed = [
        package
        for package in document.package
        if not package.optional
        and package.installed(environment, place)
        and (not _is_range(package.python) or admits(source.path, package.python, environment))
    ]
    if not any(package.groups is not None for package in document.package):
        edges = {package.name: package.needs(environment, place) for package in installed}
        every = {package.name: list(package.dependencies) for package in document.package}
        kept = needed(edges, every)
        installed = [package for package in installed if package.name in kept]
    for package in installed:
        if package.source.type != "legacy":
            found.leave(package.name, package.version, _words(package.source.type))
            continue
        files = package.files or document.metadata.files.get(package.name, ())
        found.pin(place, package.name, package.version, (file.hash for file in files))
    return found.lock(source.path)


def _is_range(text: str) -> bool:
    """Whether a range is one of PEP 440; Poetry has others too (`^3.10`, `~3.8`, `<3.9 || >3.9`), not judged here."""
    return "||" not in text and re.search(r"\^|~(?!=)", text) is None


def _words(kind: str) -> str:
    return "installed from a repository" if kind == "git" else "not a release on an index"


def _holds(rule: Any, environment: Mapping[str, str], place: str) -> bool:
    rules = rule if isinstance(rule, list) else [rule]
    for one in rules:
        marker = one.get("markers") if isinstance(one, dict) else None
        optional = isinstance(one, dict) and one.get("optional") is True
        if not optional and applies(marker if isinstance(marker, str) else None, environment, place):
            return True
    return False
