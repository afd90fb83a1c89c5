"""How likely each change is to be the cause, as far as can be told without trying it. Excludes nothing; runs nothing.

A weight is the product of some factors, each with its reason; 1 is ordinary. A search that halves the weight, where one
that knows nothing halves the number of changes, needs log2(total weight / weight of the cause) trials for the boundary
instead of log2(N). So a cause of weight w saves log2(w / mean weight) trials, and costs as many where that is negative.
The factors are small for the sake of the days on which they are wrong; docs/priors.md has the real causes that they
were measured on.

- Loaded or not: 2 and 0.5. A ratio nearer the truth, such as 20, would cost four trials when the cause left no trace.
- Files that the workload loads and that differ: 0.5 for one or two, 2 for ten or more. Where that is not known, the
  version says how large the step is: 1 to 1.5.
- Together these reach from 0.5 to 4: at the very worst, where nearly all the weight lies at 4, a wrong weight costs
  log2(4 / 0.5) = 3 trials, and with the mean weights of 0.6 to 2.3 that real timelines have, at most 2.2.
- A suspect: 10. It costs log2(1 + 9 s) trials if it is wrong, for suspects that are a share s of the weight: 0.9 for a
  tenth of it, 2.5 for half of it. The user asked for it.
- No file that the workload loads differs: 0.001. This is evidence and no guess, so it is as good as merging the change
  with its neighbour; it stays above 0 since a file may be read without a trace. Where that happened, a search that
  relies on its verdicts loses about two trials and not ten: it only has to find the heavy neighbours innocent first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from typing import Protocol

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mbisect.environments.loaded import Loaded
from mbisect.environments.unchanged import differing
from mbisect.environments.wheels import Record
from mbisect.errors import UsageError
from mbisect.terms import Axis, Change, Key, Timeline, package, public

LOADED, UNLOADED = 2.0, 0.5
"""The workload loads a module of the package, or does not though it was traced."""
SAME = 1e-3
"""Two releases that do not differ for the workload."""
FEW, MANY = (2, 0.5), (10, 2.0)
"""At most, or at least, so many files that the workload loads differ; and the factor."""
MAJOR, MINOR = 1.5, 1.2
"""The same by the version alone."""
COMES = 2.0
"""A package comes: no trace of the good end can tell whether it will be loaded."""
OTHER = 2.0
"""Not a release: there are few such changes, and each is somebody's decision."""
SUSPECT = 10.0


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason to think a change more or less likely."""

    times: float
    reason: str


@dataclass(frozen=True, slots=True)
class Prior:
    """What is thought of one change before it was tried."""

    change: Change
    share: float
    """Its part of the whole weight, from 0 to 1."""
    factors: tuple[Factor, ...]


class Releases(Protocol):
    """Where the RECORDs of releases come from."""

    def know(self, name: str, version: str) -> Record | None:
        """The RECORD of a release, where it is at hand."""

    def ask(self, releases: Iterable[tuple[str, str]]) -> None:
        """Get these, the first ones first; it may take a while."""


class Priors:
    """Weights of changes, which become better informed once the good end has run."""

    def __init__(
        self,
        timeline: Timeline,
        loaded: Callable[[], Loaded | None],
        releases: Releases,
        suspects: frozenset[Key] = frozenset(),
    ) -> None:
        """`loaded` says what the workload loaded at the good end of the timeline, once that is known."""
        self._timeline = timeline
        self._ask_loaded = loaded
        self._loaded: Loaded | None = None
        self._releases = releases
        self._suspects = suspects
        self._differ: dict[tuple[tuple[str, str], ...], int] = {}

    @property
    def traced(self) -> bool:
        """It is known what the workload loads."""
        self._look()
        return self._loaded is not None

    def weigh(self, change: Change) -> float:
        """The relative weight of a change, above 0; 1 is ordinary."""
        return prod(factor.times for factor in self.factors(change))

    def all(self) -> tuple[Prior, ...]:
        """Every change of the timeline, in its order."""
        whole = sum(self.weigh(change) for change in self._timeline.changes)
        return tuple(Prior(c, self.weigh(c) / whole, self.factors(c)) for c in self._timeline.changes)

    def factors(self, change: Change) -> tuple[Factor, ...]:
        """What makes its weight, each with its reason."""
        self._look()
        found = (Factor(SUSPECT, "a suspect of yours"),) if change.key in self._suspects else ()
        if change.key.axis is not Axis.PACKAGE:
            return (*found, Factor(OTHER, "not a release"))
        if change.before is None:
            return (*found, Factor(COMES, "the package is new"))
        differ = self._differing(change)
        if differ == 0:
            return (*found, Factor(SAME, "no file that the workload loads differs"))
        return (*found, *self._traced(change.key.name), *(_version(change) if differ is None else _files(differ)))

    def _look(self) -> None:
        """Once the trace is there, ask for the releases that it makes worth comparing, the likeliest ones first."""
        if self._loaded is not None or (found := self._ask_loaded()) is None:
            return
        self._loaded = found
        likely = sorted(self._timeline.changes, key=self.weigh, reverse=True)
        self._releases.ask(dict.fromkeys(release for change in likely for release in self._compared(change)))

    def _traced(self, name: str) -> tuple[Factor, ...]:
        if self._loaded is None:
            return ()
        if name in self._loaded.files:
            return (Factor(LOADED, "the workload loads it"),)
        return (Factor(UNLOADED, "the workload does not load it"),)

    def _compared(self, change: Change) -> tuple[tuple[str, str], ...]:
        """The release that was traced, the one before and the one after; empty where there is nothing to compare."""
        name, traced = change.key.name, self._timeline.good.get(change.key)
        if self._loaded is None or name not in self._loaded.files or not (traced and change.before and change.after):
            return ()
        return tuple((name, public(version)) for version in (traced, change.before, change.after))

    def _differing(self, change: Change) -> int | None:
        """How many files tell the two releases apart for the workload; None while that is not known."""
        compared = self._compared(change)
        if compared not in self._differ:
            records = [record for record in (self._releases.know(*r) for r in compared) if record is not None]
            if self._loaded is None or len(records) < 3:
                return None
            traced, before, after = records
            self._differ[compared] = len(differing(traced, before, after, self._loaded.files[change.key.name]))
        return self._differ[compared]


def suspected(timeline: Timeline, names: Iterable[str]) -> frozenset[Key]:
    """The keys that the user's words name: a package, an axis, a setting or variable.

    For a package that comes or goes with another one, that one is meant. Raises UsageError for a word that names no
    change of the timeline.
    """
    found: set[Key] = set()
    carriers = {rider.key: package(carrier) for rider, carrier in timeline.riders}
    known = {change.key: change.key for change in timeline.changes} | carriers
    for name in names:
        meant = {change for key, change in known.items() if _is_named(key, name)}
        if not meant:
            raise UsageError(
                f"--suspect {name}: no change between the good and the bad end is named so; --dry-run shows them all"
            )
        found |= meant
    return frozenset(found)


def _is_named(key: Key, name: str) -> bool:
    if key.axis is Axis.PACKAGE and key.name == canonicalize_name(name):
        return True
    return name in (key.axis, key.name, str(key))


def _files(differ: int) -> tuple[Factor, ...]:
    if differ <= FEW[0]:
        return (Factor(FEW[1], f"few files of it differ: {differ}"),)
    if differ >= MANY[0]:
        return (Factor(MANY[1], f"many files of it differ: {differ}"),)
    return ()


def _version(change: Change) -> tuple[Factor, ...]:
    """By the first number that differs; before 1.0 the second one means what the first does later."""
    try:
        before, after = Version(change.before or ""), Version(change.after or "")
    except InvalidVersion:
        return ()
    if before.major != after.major or (before.major == 0 and before.minor != after.minor):
        return (Factor(MAJOR, "a major release"),)
    if before.minor != after.minor:
        return (Factor(MINOR, "a minor release"),)
    return ()
