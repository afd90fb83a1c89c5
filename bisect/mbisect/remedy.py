"""From a finding to what heals its bad end: constraints, those that exclude least first. Pure: it knows no index.

A cause says which release broke it, so keeping its package below that one heals; the search has seen that. What
excludes less (those releases alone that are known bad, where later ones exist) may heal too, and has to be tried.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mbisect.terms import PYTHON, Axis, Cause, Change, Finding, Key, Values, public

Kind = Literal["limit", "add", "leave out", "set"]
MOST_TERMS = 6
"""A list of excluded releases that is longer than this is a burden to read; then it is a bound."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked of one key."""

    key: Key
    kind: Kind
    specifier: str = ""
    """PEP 440, for a package or the interpreter; empty: any release."""
    value: str | None = None
    """What to set it to; for the interpreter, the one to try it with."""

    def __str__(self) -> str:
        if self.kind == "leave out":
            return f"leaving out {self.key}"
        if self.kind == "add":
            return f"adding {self.key}{self.specifier}"
        return f"{self.key} = {self.value}" if self.kind == "set" else f"{self.key}{self.specifier}"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is asked of the bad end so that it heals."""

    parts: tuple[Part, ...]
    excluded: int
    """How many releases it rules out."""
    seen: bool = False
    """The search has seen the bad end good with the causes taken back, which is what this amounts to."""

    def __str__(self) -> str:
        return ", ".join(map(str, self.parts))

    def joined(self, other: Remedy) -> Remedy:
        """Both at once."""
        return Remedy((*self.parts, *other.parts), self.excluded + other.excluded, self.seen and other.seen)


def seek(
    finding: Finding, bad: Values, releases: Mapping[str, Sequence[str]]
) -> Generator[Remedy, bool, Remedy | None]:
    """Yields remedies to be tried, and must be sent whether each heals; returns the one that excludes least, or None.

    `releases`: package → the releases that an installer may choose from, rising. Of causes that only break together
    one remedy is enough; of causes that are each enough all have to be healed, and none more strictly than it needs.
    """
    groups = [ways(cause, bad, releases) for cause in finding.causes]
    if finding.relation != "each":
        for remedy in sorted(itertools.chain(*groups), key=_cost):
            if (yield remedy):
                return remedy
        return None
    for start in (known, _strictest):
        chosen = [start(group) for group in groups]
        if (yield _all(chosen)):
            break
    else:
        return None
    for i, group in enumerate(groups):
        for wider in group[: group.index(chosen[i])]:
            if (yield _all([*chosen[:i], wider, *chosen[i + 1 :]])):
                chosen[i] = wider
                break
    return _all(chosen)


def without_trials(finding: Finding, bad: Values, releases: Mapping[str, Sequence[str]]) -> Remedy:
    """The remedy that the search itself speaks for."""
    best = [known(ways(cause, bad, releases)) for cause in finding.causes]
    return _all(best) if finding.relation == "each" else min(best, key=_cost)


def ways(cause: Cause, bad: Values, releases: Mapping[str, Sequence[str]]) -> tuple[Remedy, ...]:
    """The remedies for one cause by itself, the one that excludes least first."""
    key, before, after = cause.change.key, cause.change.before, cause.change.after
    if key == PYTHON and before is not None and after is not None:
        return (Remedy((Part(key, "limit", _below_line(before, cause), before),), 0, seen=True),)
    if key.axis is not Axis.PACKAGE:
        return (Remedy((Part(key, "set", value=before),), 0, seen=True),)
    known_releases = sorted({public(r) for r in (*releases.get(key.name, ()), *cause.candidates)}, key=Version)
    if before is None:
        return (Remedy((Part(key, "leave out"),), len(known_releases), seen=True),)
    if after is None:
        exact = _limited(key, f"=={public(before)}", known_releases, kind="add")
        return (Remedy((Part(key, "add"),), 0), Remedy(exact.parts, exact.excluded, seen=True))
    limits = _limits(before, cause.candidates[0], [*cause.candidates, bad.get(key, after)], known_releases)
    found = [_limited(key, limit, known_releases, seen=seen) for limit, seen in limits]
    if companions := [_back(change) for change in cause.moved_with]:
        strict = found[-1]
        found.append(Remedy((*strict.parts, *companions), strict.excluded + len(companions)))
    return tuple(found)


def known(group: Sequence[Remedy]) -> Remedy:
    """The remedy for a cause that the search has seen to heal; every cause has one."""
    return next(remedy for remedy in group if remedy.seen)


def _limits(before: str, first: str, broken: Sequence[str], releases: Sequence[str]) -> list[tuple[str, bool]]:
    """Specifiers for a package that moved, the one that excludes least first, and whether the search has seen it.

    `broken`: the releases that may be the first bad one, and that of the bad end.
    """
    before, first = public(before), public(first)
    if Version(before) > Version(first):
        return [(f">{first}", False), (f">{first},<={before}", True), (f"=={before}", True)]
    until = max(map(public, broken), key=Version)
    found = []
    if any(Version(release) > Version(until) for release in releases):
        band = [r for r in releases if Version(first) <= Version(r) <= Version(until)]
        found.append((excluding({*band, first, until}, releases), False))
    return [*found, (_below(first, before), True), (f"=={before}", True)]


def excluding(excluded: Collection[str], releases: Collection[str]) -> str:
    """A specifier that admits all releases but some that follow each other: `!=4.50.0`, or `!=4.50.*` for a series.

    Where that would be a long list it is a bound above them all.
    """
    everything = sorted({*releases, *excluded}, key=Version)
    terms: list[str] = []
    left = sorted(excluded, key=Version)
    while left:
        series = [_series(left[0], digits) for digits in (1, 2)]
        for name in series:
            members = [r for r in everything if _series(r, name.count(".") + 1) == name]
            if len(members) > 1 and set(members) <= set(excluded):
                terms.append(f"!={name}.*")
                left = [r for r in left if r not in members]
                break
        else:
            terms.append(f"!={left.pop(0)}")
    return ",".join(terms) if len(terms) <= MOST_TERMS else f">{max(excluded, key=Version)}"


def _below(first: str, before: str) -> str:
    """Everything before a release. `<2.0` leaves out the pre-releases of 2.0 too, so it serves for the first of them,
    unless the last good one is another."""
    final = Version(first).base_version
    return f"<{final}" if Version(before) < Version(f"{final}.dev0") else f"<{first}"


def _below_line(before: str, cause: Cause) -> str:
    """What is asked of the interpreter: another line of Python, or where that is the same, another release of it."""
    first = cause.candidates[0] if cause.candidates else str(cause.change.after)
    if Version(before) > Version(first):
        return f">={_line(before)}" if _line(before) != _line(first) else f">{first}"
    return f"<{_line(first)}" if _line(before) != _line(first) else f"<{first}"


def _limited(key: Key, specifier: str, releases: Sequence[str], *, kind: Kind = "limit", seen: bool = False) -> Remedy:
    admitted = set(SpecifierSet(specifier, prereleases=True).filter(releases))
    return Remedy((Part(key, kind, specifier),), len(releases) - len(admitted), seen)


def _back(change: Change) -> Part:
    """A companion, taken back."""
    if change.before is None:
        return Part(change.key, "leave out")
    if change.key.axis is not Axis.PACKAGE:
        return Part(change.key, "set", value=change.before)
    return Part(change.key, "limit" if change.after is not None else "add", f"=={public(change.before)}")


def _cost(remedy: Remedy) -> tuple[bool, bool, bool, int]:
    """Constraints before what is none, packages before the interpreter; then by what is excluded."""
    kinds = [part.kind for part in remedy.parts]
    python = any(part.key == PYTHON for part in remedy.parts)
    return "set" in kinds, "leave out" in kinds, python, remedy.excluded


def _all(remedies: Sequence[Remedy]) -> Remedy:
    """All of them at once."""
    total = remedies[0]
    for remedy in remedies[1:]:
        total = total.joined(remedy)
    return total


def _strictest(group: Sequence[Remedy]) -> Remedy:
    return group[-1]


def _series(version: str, digits: int) -> str:
    """The first numbers of a version: `4.50` of 4.50.3."""
    parsed = Version(version)
    numbers = (*parsed.release, 0, 0)[:digits]
    return (f"{parsed.epoch}!" if parsed.epoch else "") + ".".join(map(str, numbers))


def _line(version: str) -> str:
    return _series(version, 2)
