"""uv.lock: a graph of packages, walked from the project for one interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from mbisect.environments.formats.admits import check_python, says_no_python
from mbisect.environments.pins import Collection, applies, shown
from mbisect.environments.sources import Source
from mbisect.errors import ConfigError
from mbisect.terms import Lock

python = says_no_python

TITLE = "uv.lock"
TOOL = "`uv lock`"
GROUP = "dev"
"""The dependency group that `uv sync` installs unless told otherwise."""


class Edge(BaseModel):
    """One package needs another; version and source are there when the name alone does not say which one."""

    name: str
    version: str | None = None
    source: dict[str, Any] | None = None
    marker: str | None = None
    extra: tuple[str, ...] = ()


class File(BaseModel):
    """A wheel or a source distribution."""

    hash: str | None = None


class Package(BaseModel):
    """One node."""

    name: str
    version: str | None = None
    source: dict[str, Any] = {}
    dependencies: tuple[Edge, ...] = ()
    optional: dict[str, tuple[Edge, ...]] = Field(default={}, alias="optional-dependencies")
    groups: dict[str, tuple[Edge, ...]] = Field(default={}, alias="dev-dependencies")
    sdist: File | None = None
    wheels: tuple[File, ...] = ()


class Manifest(BaseModel):
    """What is the project's own."""

    members: tuple[str, ...] = ()


class Document(BaseModel):
    """The file."""

    requires_python: str = Field(default="", alias="requires-python")
    manifest: Manifest = Manifest()
    package: tuple[Package, ...] = ()


def recognises(source: Source) -> bool:
    """By name where it is empty, else by packages that say where they come from."""
    if source.path.name == "uv.lock" and source.syntax == "toml":
        return True
    packages = source.document.get("package") if source.has("version", "package") else None
    return isinstance(packages, list) and any(
        isinstance(p, dict) and isinstance(p.get("source"), dict) for p in packages
    )


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """What `uv sync` installs: the project and its workspace with the dev group, without extras."""
    document = source.as_(Document, TOOL)
    check_python(source.path, document.requires_python, environment)
    found = Collection()
    for package in _Walk(source.path, document, environment).reached():
        if "registry" in package.source:
            files = (*package.wheels, *((package.sdist,) if package.sdist else ()))
            hashes = (file.hash for file in files if file.hash)
            found.pin(str(source.path), package.name, package.version or "", hashes)
        elif "virtual" not in package.source:
            found.leave(package.name, package.version, _words(package.source))
    return found.lock(source.path)


def _words(source: Mapping[str, Any]) -> str:
    if "editable" in source:
        return "an editable install"
    return "installed from a repository" if "git" in source else "not a release on an index"


class _Walk:
    def __init__(self, path: Path, document: Document, environment: Mapping[str, str]) -> None:
        self._path, self._environment = path, environment
        self._packages: dict[str, list[Package]] = {}
        for package in document.package:
            self._packages.setdefault(package.name, []).append(package)
        self._members = document.manifest.members

    def reached(self) -> list[Package]:
        """Every package that the roots need here, each once."""
        roots = self._roots()
        waiting = [(root, edges) for root in roots for edges in (root.dependencies, root.groups.get(GROUP, ()))]
        waiting += [(root, ()) for root in roots]
        reached: dict[int, Package] = {}
        seen: set[tuple[int, str]] = set()
        while waiting:
            package, edges = waiting.pop()
            reached[id(package)] = package
            for edge in edges:
                if not applies(edge.marker, self._environment, str(self._path)):
                    continue
                target = self._target(edge)
                for extra in ("", *edge.extra):
                    if (id(target), extra) not in seen:
                        seen.add((id(target), extra))
                        waiting.append((target, target.optional.get(extra, ()) if extra else target.dependencies))
        return list(reached.values())

    def _roots(self) -> list[Package]:
        every = [package for same in self._packages.values() for package in same]
        own = [
            p for p in every if p.name in self._members or "." in (p.source.get("editable"), p.source.get("virtual"))
        ]
        if own:
            return own
        needed = {edge.name for package in every for edge in package.dependencies}
        return [package for package in every if package.name not in needed]

    def _target(self, edge: Edge) -> Package:
        fitting = [
            package
            for package in self._packages.get(edge.name, ())
            if edge.version in (None, package.version) and edge.source in (None, package.source)
        ]
        if len(fitting) != 1:
            what = "is not in it" if not fitting else "is in it several times"
            raise ConfigError(f"{self._path}: {shown(edge.name)}, which is needed, {what}; write it again with {TOOL}")
        return fitting[0]
