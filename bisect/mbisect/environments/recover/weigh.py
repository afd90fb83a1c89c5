"""All evidence of an environment → what it leaves of each package's releases, and what contradicts. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from packaging.specifiers import SpecifierSet

from mbisect.environments.recover.evidence import Dated, Evidence, Present, Strength

Releases = Callable[[str], Sequence[tuple[str, datetime | None]]]
"""Package → its releases, ascending, with the dates of their upload. Empty: no index has it."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """One package that was there."""

    package: str
    specifier: SpecifierSet
    """All that is believed, together."""
    releases: tuple[tuple[str, datetime | None], ...]
    """What it admits, ascending; empty for a package of no index."""
    exact: str | None
    """The release, where evidence names one; a public version."""
    root: bool
    believed: tuple[Evidence, ...]

    @property
    def bounded(self) -> bool:
        """Whether anything is said of the version at all."""
        return bool(len(self.specifier))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Evidence that was set aside, since stronger or more evidence excludes it."""

    aside: Evidence
    why: Evidence
    """The strongest of what excludes it."""


def weigh(evidence: Iterable[Evidence], releases: Releases) -> tuple[tuple[Admitted, ...], tuple[Conflict, ...]]:
    """What is believed of each package, sorted by name. Stronger evidence goes first, then what more places say."""
    groups: dict[str, list[Evidence]] = defaultdict(list)
    for one in evidence:
        if isinstance(one.says, Present):
            groups[one.says.package].append(one)
    found = [_weigh(name, groups[name], releases(name)) for name in sorted(groups)]
    return tuple(one for one, _ in found), tuple(conflict for _, conflicts in found for conflict in conflicts)


def _weigh(
    name: str, evidence: Sequence[Evidence], releases: Sequence[tuple[str, datetime | None]]
) -> tuple[Admitted, list[Conflict]]:
    places: dict[str, int] = defaultdict(int)
    for one in evidence:
        places[str(_specifier(one))] += 1
    ordered = sorted(evidence, key=lambda one: (-one.strength, -places[str(_specifier(one))], str(_specifier(one))))
    left, specifier = list(releases), SpecifierSet()
    believed: list[Evidence] = []
    conflicts: list[Conflict] = []
    for one in ordered:
        more = _specifier(one)
        still = [release for release in left if more.contains(release[0], prereleases=True)]
        excluded = not still if releases else _excluded(specifier, more)
        if excluded:
            conflicts.append(Conflict(one, _against(believed, more, one)))
            continue
        left = still
        specifier &= more
        believed.append(one)
    exact = next((pin for pin in map(_exact, believed) if pin is not None), None)
    root = any(isinstance(one.says, Present) and one.says.root for one in believed)
    return Admitted(name, specifier, tuple(left), exact, root, tuple(believed)), conflicts


def _specifier(one: Evidence) -> SpecifierSet:
    assert isinstance(one.says, Present), "only evidence of packages is weighed here"
    return one.says.specifier


def _exact(one: Evidence) -> str | None:
    return one.says.exact if isinstance(one.says, Present) else None


def _excluded(specifier: SpecifierSet, more: SpecifierSet) -> bool:
    """For a package of no index: whether both name a release, and not the same one."""
    pins = {one.version for one in (*specifier, *more) if one.operator == "=="}
    return len(pins) > 1


def _against(believed: Sequence[Evidence], more: SpecifierSet, aside: Evidence) -> Evidence:
    """The first of what is believed that names another release, else the strongest; itself where no index has it."""
    exact = [one for one in believed if (pin := _exact(one)) is not None and not more.contains(pin, prereleases=True)]
    return (exact or list(believed) or [aside])[0]


@dataclass(frozen=True, slots=True)
class Dates:
    """What is said of the time of the run."""

    at: datetime | None
    """When it ran, as the strongest evidence says; the earliest of several."""
    strength: Strength
    not_after: datetime | None
    """A bound that nothing passes: from the command line."""
    believed: tuple[Evidence, ...]


def dates(evidence: Iterable[Evidence]) -> Dates:
    """The time of the run. A file's own date counts as the latest time at which the run can have been."""
    found = [one for one in evidence if isinstance(one.says, Dated) and one.says.relation != "not before"]
    given = [one for one in found if one.strength is Strength.GIVEN and _relation(one) == "not after"]
    not_after = min((_when(one) for one in given), default=None)
    rest = [one for one in found if one not in given]
    if not rest:
        return Dates(None, Strength.HINT, not_after, tuple(given))
    strongest = max(one.strength for one in rest)
    decisive = min((one for one in rest if one.strength == strongest), key=_when)
    return Dates(_when(decisive), strongest, not_after, (*given, decisive))


def _relation(one: Evidence) -> str:
    return one.says.relation if isinstance(one.says, Dated) else ""


def _when(one: Evidence) -> datetime:
    assert isinstance(one.says, Dated), "only dates have a time"
    return one.says.when
