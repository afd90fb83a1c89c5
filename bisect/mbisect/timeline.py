"""Two snapshots → one ordered timeline → candidates that can be built. Knows nothing of trials and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from mbisect.axes import AxisModule
from mbisect.environments.resolve import Resolver
from mbisect.lessons import Lessons, Limit
from mbisect.terms import Axis, Candidate, Change, Key, Outcome, Timeline, Values, package

UNDATED_FIRST = (Axis.SETTING, Axis.VARIABLE, Axis.SEED)
"""They need no new environment, so they stand before everything that has a date."""
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)
MOST_ROUNDS = 4
"""So often a candidate that obeys one lesson may break the next."""


class TimelineWorld:
    """The real world of a search: axes tell the changes, the resolver makes candidates buildable."""

    def __init__(
        self, axes: Mapping[Axis, AxisModule], resolver: Resolver, missing: Callable[[Values], str | None]
    ) -> None:
        self._axes = axes
        self._resolver = resolver
        self._missing = missing
        self._timelines: dict[tuple[str, str], Timeline] = {}
        self._exact: dict[tuple[str, frozenset[Key]], Candidate] = {}
        self._candidates: dict[tuple[str, str, str, frozenset[Key], frozenset[Limit]], Candidate | None] = {}
        self._lessons: Lessons | None = None

    def timeline(self, good: Candidate, bad: Candidate) -> Timeline:
        """All changes between two candidates, the dated ones in the order in which they happened.

        An added or removed package that something in its candidate requires is a rider: it comes and goes with it.
        """
        ends = good.values.digest, bad.values.digest
        if ends not in self._timelines:
            self._timelines[ends] = self._build(good, bad)
        return self._timelines[ends]

    def realise(
        self, wanted: Values, good: Candidate, bad: Candidate, *, held: frozenset[Key] = frozenset()
    ) -> Candidate | None:
        """The resolved candidate nearest to what is wanted, within what was learnt; endpoints are untouched."""
        for end in (good, bad):
            if wanted == end.values:
                return end
        limits: frozenset[Limit] = frozenset()
        best = candidate = self._resolved(wanted, good, bad, held, limits)
        for _ in range(MOST_ROUNDS):
            if candidate is None or self._lessons is None:
                break
            best, more = candidate, self._lessons.limits(candidate, held) - limits
            if not more:
                break
            limits |= more
            candidate = self._resolved(wanted, good, bad, held, limits)
        return best

    def _resolved(
        self, wanted: Values, good: Candidate, bad: Candidate, held: frozenset[Key], limits: frozenset[Limit]
    ) -> Candidate | None:
        question = wanted.digest, good.values.digest, bad.values.digest, held, limits
        if question not in self._candidates:
            self._candidates[question] = self._resolver.resolve(wanted, good, bad, held, sorted(limits))
        return self._candidates[question]

    def learn(self, candidate: Candidate, outcome: Outcome, good: Candidate, bad: Candidate) -> None:
        """Take note of an outcome between the ends of the whole timeline; see Lessons."""
        if self._lessons is None:
            self._lessons = Lessons(self.timeline(good, bad))
        self._lessons.learn(candidate, outcome)

    def advises_against(self, candidate: Candidate) -> bool:
        """By what was learnt its releases do not work together."""
        return self._lessons is not None and self._lessons.concern(candidate)

    def learnt(self) -> tuple[str, ...]:
        """What was learnt and proved true, in words."""
        return self._lessons.learnt() if self._lessons is not None else ()

    def exact(self, wanted: Values, held: frozenset[Key]) -> Candidate:
        """The wanted releases whatever they require of each other; see Resolver.exact."""
        question = wanted.digest, held
        if question not in self._exact:
            self._exact[question] = self._resolver.exact(wanted, held)
        return self._exact[question]

    def missing(self, wanted: Values) -> str | None:
        """The first pin that no file of the index fits, in words; None when all have one."""
        return self._missing(wanted)

    def _build(self, good: Candidate, bad: Candidate) -> Timeline:
        changes: list[Change] = []
        riders: list[tuple[Change, str]] = []
        for key in good.values.differing(bad.values):
            before, after = good.values.get(key), bad.values.get(key)
            carrier = _carrier(key, before, after, good, bad)
            if carrier is not None:
                riders.append((Change(key, before, after), carrier))
            else:
                changes.extend(self._axes[key.axis].between(key, before, after))
        changes.sort(key=_place)
        return Timeline(good.values, bad.values, tuple(changes), tuple(riders))


def _carrier(key: Key, before: str | None, after: str | None, good: Candidate, bad: Candidate) -> str | None:
    """The package that an added or removed one comes or goes with; None when it stands for itself.

    Followed upwards while the carrier is itself only on the same side, so that the carrier is a change of its own.
    """
    if key.axis is not Axis.PACKAGE or (before is not None and after is not None):
        return None
    here, there = (bad, good) if before is None else (good, bad)
    requirers, seen, front = dict(here.requires), {key.name}, [key.name]
    while front:
        above = sorted({name for child in front for name in requirers.get(child, ())} - seen)
        for name in above:
            carrier = package(name)
            if carrier in there.values and here.values.get(carrier) != there.values[carrier]:
                return name
        seen.update(above)
        front = [name for name in above if package(name) not in there.values]
    return None


def _place(change: Change) -> tuple[int, datetime, Axis, str]:
    """Undated settings first; then by date; a package that is only taken away last, where it disturbs least."""
    if change.key.axis in UNDATED_FIRST:
        return UNDATED_FIRST.index(change.key.axis), FIRST, change.key.axis, change.key.name
    late = change.key.axis is Axis.PACKAGE and change.after is None
    return len(UNDATED_FIRST), LAST if late else change.date or FIRST, change.key.axis, change.key.name
