"""Evidence and a day → the packages of an environment, by uv. Knows nothing of where the evidence comes from."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from mbisect.environments.asked import AskedFor, resolve_asked_for
from mbisect.environments.index import Index
from mbisect.environments.lockfile import marker_environment
from mbisect.environments.ranges import open_remote
from mbisect.environments.recover.dating import later_than
from mbisect.environments.recover.evidence import PYTHON
from mbisect.environments.recover.weigh import Admitted
from mbisect.environments.uv import Uv
from mbisect.errors import ConfigError, MbisectError
from mbisect.terms import Interpreter, Pin

LARGEST = 1 << 20
"""Bytes of a METADATA that is read."""


class Rebuilder:
    """Resolves what evidence admits as it would have resolved on some day; what was asked once is remembered."""

    def __init__(self, uv: Uv, index: Index, interpreter: Interpreter, admitted: Sequence[Admitted]) -> None:
        self._uv = uv
        self._index = index
        self._interpreter = interpreter
        self._admitted = [one for one in admitted if one.package != PYTHON and one.releases]
        self._required: dict[tuple[str, str], tuple[Requirement, ...]] = {}
        self._done: dict[tuple[tuple[str, ...], str, tuple[str, ...]], tuple[Pin, ...] | None] = {}

    def by_name(self, day: datetime) -> dict[str, str] | None:
        """What the packages would be if all were the newest of that day that fit together; None: no solution."""
        later = later_than(day, self._admitted)
        pins = self._resolve([one.package for one in self._admitted if one.package not in later], day, ())
        return {pin.name: pin.version for pin in pins} if pins is not None else None

    def satisfiable(self, day: datetime) -> bool:
        """Whether all that is admitted fits together on that day."""
        return self.on(day) is not None

    def on(self, day: datetime) -> tuple[Pin, ...] | None:
        """The packages as of that day that meet the evidence; None: no solution, so it is too early."""
        return self._resolve(self.requirements(), day, self.exempt(day))

    def requirements(self) -> list[str]:
        """What the evidence asks for, one requirement a package."""
        return [_requirement(one) for one in self._admitted]

    def exempt(self, day: datetime) -> tuple[str, ...]:
        """What is younger than the day, and what that needs of which nothing old enough exists."""
        later = {one.package: one for one in self._admitted if one.package in later_than(day, self._admitted)}
        found = set(later)
        waiting = [(name, one.releases[-1][0]) for name, one in later.items()]
        while waiting:
            name, version = waiting.pop()
            for requirement in self._requires(name, version):
                needed = canonicalize_name(requirement.name)
                if needed not in found and (newest := self._too_young(needed, requirement.specifier, day)) is not None:
                    found.add(needed)
                    waiting.append((needed, newest))
        return tuple(sorted(found))

    def _too_young(self, name: str, specifier: SpecifierSet, day: datetime) -> str | None:
        """The newest release that meets a requirement where none of that day does; None: one does, or none ever."""
        try:
            releases = self._index.releases(name, self._interpreter)
        except MbisectError:
            return None
        fitting = [one for one in releases if one.wheel and specifier.contains(one.version)]
        if not fitting or any(one.ready is None or one.ready <= day for one in fitting):
            return None
        return fitting[-1].version

    def _requires(self, name: str, version: str) -> tuple[Requirement, ...]:
        """What a release needs on this interpreter, from the metadata in its wheel; nothing where it cannot be read."""
        key = name, version
        if key not in self._required:
            try:
                self._required[key] = tuple(self._read(name, version))
            except (MbisectError, OSError, ValueError, KeyError, zipfile.BadZipFile):
                self._required[key] = ()
        return self._required[key]

    def _read(self, name: str, version: str) -> Iterable[Requirement]:
        import requests

        address = self._index.wheel(name, version, self._interpreter)
        opened = open_remote(requests.Session(), address) if address is not None else None
        if opened is None:
            return
        with opened as file, zipfile.ZipFile(file) as archive:
            [inside] = [
                one for one in archive.namelist() if one.endswith(".dist-info/METADATA") and one.count("/") == 1
            ]
            if archive.getinfo(inside).file_size > LARGEST:
                return
            metadata = Metadata.from_email(archive.read(inside), validate=False)
        environment = {**marker_environment(self._interpreter), "extra": ""}
        for one in metadata.requires_dist or ():
            if one.marker is None or one.marker.evaluate(environment):
                yield one

    def _resolve(self, requirements: Sequence[str], day: datetime, exempt: tuple[str, ...]) -> tuple[Pin, ...] | None:
        if not requirements:
            return ()
        cut_off = day.strftime("%Y-%m-%dT%H:%M:%SZ")
        key = tuple(requirements), cut_off, exempt
        if key not in self._done:
            asked = AskedFor(
                python=self._interpreter.path,
                requirements=tuple(requirements),
                exclude_newer=cut_off,
                exclude_newer_exempt=exempt,
            )
            try:
                self._done[key] = resolve_asked_for(asked, self._uv, lambda _: self._interpreter, refresh=False)[1]
            except ConfigError:
                self._done[key] = None
        return self._done[key]


def _requirement(one: Admitted) -> str:
    """A requirement as short as it can be: the release, or the first and the last that are admitted."""
    if one.exact is not None:
        return f"{one.package}=={one.exact}"
    if not one.bounded:
        return one.package
    first, last = (Version(one.releases[at][0]).public for at in (0, -1))
    lower = any(spec.operator in (">=", ">", "~=", "==") for spec in one.specifier)
    upper = any(spec.operator in ("<=", "<", "~=", "==") for spec in one.specifier)
    bounds = [f">={first}"] if lower else []
    bounds += [f"<={last}"] if upper else []
    return f"{one.package}{','.join(bounds)}"
