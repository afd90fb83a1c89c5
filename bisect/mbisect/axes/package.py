"""The package axis: every release between two versions that could stand in a candidate. Knows no resolver."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from packaging.version import Version

from mbisect.environments.index import Index, Release
from mbisect.errors import ConfigError
from mbisect.terms import Change, Interpreter, Key, public


class PackageAxis:
    """Releases from the index that fit one of the interpreters in play."""

    def __init__(
        self,
        index: Index,
        interpreters: tuple[Interpreter, ...],
        *,
        allow_builds: bool = False,
        newest: datetime | None = None,
    ) -> None:
        self._index = index
        self._interpreters = interpreters
        self._allow_builds = allow_builds
        self._newest = newest

    def release(self, name: str, version: str) -> Release | None:
        """What the index says of one release, wherever it fits any of the interpreters."""
        return self._releases(name).get(same(version))

    def admitted(self, name: str, *, previews: bool = False) -> tuple[str, ...]:
        """What an installer may choose from, rising: not yanked, final without `previews`, there when the ends were."""
        releases = self._releases(name)
        return tuple(
            str(version)
            for version in sorted(releases)
            if self._stands(version, releases[version], previews=previews, sdists=self._allow_builds)
        )

    def between(self, key: Key, before: str | None, after: str | None) -> tuple[Change, ...]:
        """One change per release; final ones that can be installed and are not yanked, or what the ends hold.

        A release that came after everything that the ends hold was not there yet: an old line that is still mended.

        A package that only one end has moves in one step: an addition at its release's date, a removal undated.
        Version order rules; where dates run against it (a back-port, a falling package) they are clamped.
        """
        if before is None or after is None:
            release = self.release(key.name, after) if after else None
            return (Change(key, before, after, release.date if release else None),)
        changes, previous, latest = [], before, None
        for version, date in self._path(key.name, before, after):
            latest = max((d for d in (latest, date) if d is not None), default=None)
            changes.append(Change(key, previous, version, latest))
            previous = version
        return tuple(changes)

    def _path(self, name: str, before: str, after: str) -> list[tuple[str, datetime | None]]:
        start, stop = ends = same(before), same(after)
        low, high = min(start, stop), max(start, stop)
        releases = self._releases(name)
        previews = low.is_prerelease or high.is_prerelease
        sdists = self._allow_builds or any(end in releases and not releases[end].wheel for end in ends)
        inner = [
            version
            for version, release in releases.items()
            if low < version < high and self._stands(version, release, previews=previews, sdists=sdists)
        ]
        path = sorted(inner, reverse=start > stop)
        last = releases.get(stop)
        return [*((str(version), releases[version].date) for version in path), (after, last.date if last else None)]

    def _stands(self, version: Version, release: Release, *, previews: bool, sdists: bool) -> bool:
        return (
            release.yanked is None
            and (self._newest is None or release.date is None or release.date <= self._newest)
            and (previews or not version.is_prerelease)
            and (release.wheel or (sdists and release.sdist))
        )

    def _releases(self, name: str) -> dict[Version, Release]:
        """Public version → release; a release that any interpreter can take counts."""
        merged: dict[Version, Release] = {}
        for interpreter in self._interpreters:
            for release in self._index.releases(name, interpreter):
                version = same(release.version)
                known = merged.get(version)
                if known is None or (release.wheel and not known.wheel):
                    merged[version] = release
        return merged


def same(version: str) -> Version:
    """The release that a version names, however it is written: "2.13+cpu" is 2.13.0."""
    return Version(public(version))


def check_installable(
    index: Index, packages: Iterable[tuple[str, str]], interpreter: Interpreter, source: str
) -> tuple[datetime | None, frozenset[str]]:
    """Check that every pin exists and fits the interpreter; -> when the last came out, names that only have an sdist.

    Raises ConfigError for an unknown package or release, and for one that is not for this Python.
    """
    newest, built = None, set()
    for name, version in packages:
        releases = {same(r.version): r for r in index.releases(name, interpreter)}
        release = releases.get(same(version))
        if release is None or not (release.wheel or release.sdist):
            raise ConfigError(
                f"{source}: {name} {version} does not exist for Python {interpreter.minor} on this platform; if the "
                "version is right, is the lock made for another Python? choose one with --python, --good-python or "
                "--bad-python"
            )
        newest = max((d for d in (newest, release.ready) if d is not None), default=None)
        if not release.wheel:
            built.add(name)
    return newest, frozenset(built)
