"""pdm.lock: packages with the groups and markers that they belong to."""

from __future__ import annotations

from collections.abc import Mapping

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, Field

from mbisect.environments.formats.admits import admits, says_no_python
from mbisect.environments.formats.needed import needed
from mbisect.environments.pins import LONG, SHORT, Collection, applies, shown
from mbisect.environments.sources import Source
from mbisect.errors import ConfigError
from mbisect.terms import Lock

python = says_no_python

TITLE = "pdm.lock"
TOOL = "`pdm lock`"
GROUPS = frozenset(("default", "dev"))


class File(BaseModel):
    """A wheel or a source distribution."""

    hash: str


class Package(BaseModel):
    """One package; one with extras is there a second time."""

    name: str
    version: str = ""
    requires_python: str = ""
    groups: frozenset[str] | None = None
    """With the strategy `inherit_metadata`."""
    marker: str | None = None
    dependencies: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    files: tuple[File, ...] = ()
    git: str | None = None
    hg: str | None = None
    path: str | None = None
    url: str | None = None
    editable: bool = False

    def direct(self) -> str | None:
        """Why it cannot be moved; None for a release of an index."""
        if self.git or self.hg:
            return "installed from a repository"
        if self.editable:
            return "an editable install"
        return "not a release on an index" if self.path or self.url else None


class Metadata(BaseModel):
    """What the whole is for."""

    lock_version: str = ""
    strategy: tuple[str, ...] = ()


class Document(BaseModel):
    """The file."""

    metadata: Metadata = Field(default=Metadata())
    package: tuple[Package, ...] = ()


def recognises(source: Source) -> bool:
    """By the version of its format."""
    metadata = source.document.get("metadata") if source.has("metadata") else None
    return isinstance(metadata, dict) and "lock_version" in metadata


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """What `pdm install` installs of the groups default and dev, without optional dependencies."""
    document, place, found = source.as_(Document, TOOL), str(source.path), Collection()
    installed = [
        package
        for package in document.package
        if (package.groups is None or package.groups & GROUPS)
        and applies(package.marker, environment, place)
        and admits(source.path, package.requires_python, environment)
    ]
    if "inherit_metadata" not in document.metadata.strategy:
        here: dict[str, set[str]] = {}
        every: dict[str, set[str]] = {}
        for package in document.package:
            requirements = [_requirement(text, place) for text in package.dependencies]
            # the entry with extras needs the one without, which is no sign that nobody asked for it
            every.setdefault(package.name, set()).update(r.name for r in requirements if r.name != package.name)
            marked = (r.name for r in requirements if applies(str(r.marker or ""), environment, place))
            if package in installed:
                here.setdefault(package.name, set()).update(marked)
        kept = needed(here, every)
        installed = [package for package in installed if package.name in kept]
    for package in installed:
        why = package.direct()
        if why is not None:
            found.leave(package.name, package.version, why)
        else:
            found.pin(place, package.name, package.version, (file.hash for file in package.files), package.extras)
    return found.lock(source.path)


def _requirement(text: str, place: str) -> Requirement:
    try:
        if len(text) > LONG:
            raise InvalidRequirement(text[:SHORT])
        return Requirement(text)
    except ValueError:
        raise ConfigError(f"{place}: `{shown(text)}` is not a requirement; write it again with {TOOL}") from None
