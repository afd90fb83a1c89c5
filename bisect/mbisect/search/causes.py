"""The whole search: both ends, the boundary, both confirmations, combinations, further causes.

A cause is *sufficient* when good with it alone (and the companions that its metadata forces) is bad, and *necessary*
when bad without it is good. Necessary, not sufficient: a combination; hold it and search for its partner. Sufficient,
not necessary: another cause exists; take it out of the bad end and search again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mbisect.search.evidence import Evidence, Need, gather
from mbisect.search.pinpoint import Pinpoint, Progress, Step, changed_keys, heads_first
from mbisect.search.world import World
from mbisect.terms import Ask, Candidate, Cause, Change, Finding, Healed, Key, Outcome, Purpose, Relation, Verdict

MOST_PARTNERS = 3
"""A combination of more changes than this is not looked for."""
MOST_SETS = 6
"""Boundaries looked for: independent causes, and breaks that were healed in passing."""


@dataclass(frozen=True, slots=True)
class Suspects:
    """A smallest set of changes that was found guilty together, and how that was confirmed."""

    causes: tuple[Cause, ...]
    step: Step
    sufficient: bool | None
    without: Candidate
    """The bad end without them."""
    necessary: bool | None


class Search:
    """Ask it what to run, tell it what came out, until it has a finding."""

    def __init__(self, world: World, good: Candidate, bad: Candidate) -> None:
        self._world = world
        self._good = good
        self._bad = bad
        self._evidence = Evidence()
        self._pinpoint = Pinpoint(world, self._evidence)
        self.phase = "both ends"
        """What the search is doing now, in words."""

    @property
    def progress(self) -> Progress | None:
        """How far the boundary search has come; None before it began."""
        return self._pinpoint.progress

    def record(self, ask: Ask, outcome: Outcome) -> None:
        """Take note of an outcome. Outcomes that were not asked for are welcome too."""
        self._evidence.record(ask, outcome)

    def select(self, slots: int = 1) -> tuple[Ask, ...] | Finding:
        """What should run now, at most `slots` trials at once, those that are still running included; or the finding.

        The same observations give the same answer.
        """
        self._pinpoint.slots = max(1, slots)
        try:
            return self._think()
        except Need as need:
            distinct = {(ask.candidate.values.digest, ask.seed): ask for ask in reversed(need.asks)}
            return tuple(reversed(distinct.values()))[: max(1, slots)]

    def _think(self) -> Finding:
        self.phase = "both ends"
        ends = self._ends()
        if ends is not None:
            return ends
        bad, sets, healed = self._bad, list[Suspects](), list[Healed]()
        for _ in range(MOST_SETS):
            suspects = self._suspects(bad)
            guilty = suspects.necessary is not False or suspects.sufficient is True
            if suspects.necessary is False and self._healed(suspects):
                healed.extend(Healed(cause.change) for cause in suspects.causes)
            elif guilty:
                sets.append(suspects)
            if suspects.necessary is not False:
                break
            bad = suspects.without
        return _finding(sets, healed)

    def _ends(self) -> Finding | None:
        """Both ends must be what the user says; both are run even if one fails."""
        good, bad = gather(
            lambda: self._evidence.outcome(self._good, "good end"),
            lambda: self._evidence.outcome(self._bad, "bad end"),
        )
        if good.verdict is Verdict.BAD:
            return Finding("good-endpoint-fails", why=f"the good end is bad: {good.reason}")
        if Verdict.UNTESTABLE in (good.verdict, bad.verdict):
            name, outcome = ("good", good) if good.verdict is Verdict.UNTESTABLE else ("bad", bad)
            return Finding("undecided", why=f"the {name} end could not be tested: {outcome.reason}")
        if bad.verdict is Verdict.GOOD:
            return Finding("not-reproduced", why=f"the bad end is good: {bad.reason}")
        if Verdict.UNSURE in (good.verdict, bad.verdict):
            name, outcome = ("good", good) if good.verdict is Verdict.UNSURE else ("bad", bad)
            return Finding("undecided", why=f"the {name} end is neither good nor bad: {outcome.reason}")
        return None

    def _suspects(self, bad: Candidate) -> Suspects:
        """A smallest set that turns the good end bad, found between the good end and `bad`."""
        self.phase = "boundary"
        step = self._pinpoint.step(self._good, bad)
        causes = [self._cause(step)]
        self.phase = "confirming"
        with_, alone = self._sufficient(causes, bad)
        while alone.verdict is Verdict.GOOD and len(causes) < MOST_PARTNERS:
            self.phase = "partner"
            causes.append(self._cause(self._pinpoint.step(with_, step.high, "partner")))
            self.phase = "confirming"
            with_, alone = self._sufficient(causes, bad)
        without, rest = self._necessary(causes, bad)
        return Suspects(
            tuple(causes),
            step,
            _boolean(alone, Verdict.BAD),
            without,
            _boolean(rest, Verdict.GOOD),
        )

    def _cause(self, step: Step) -> Cause:
        """Name the change of a step: the one that forces the others, where several move at once."""
        timeline = self._world.timeline(step.low, step.high)
        head = heads_first(changed_keys(timeline), step.high)[0]
        moves = [change for change in timeline.changes if change.key == head]
        whole = Change(head, step.low.values.get(head), step.high.values.get(head), moves[-1].date)
        others = [
            Change(key, step.low.values.get(key), step.high.values.get(key))
            for key in step.low.values.differing(step.high.values)
            if key != head
        ]
        candidates = tuple(move.after for move in moves if move.after is not None)
        apart = len(candidates) <= 1 and len(changed_keys(timeline)) == 1
        return Cause(whole, candidates, tuple(others), 1.0 if apart else 1 / max(2, len(timeline)))

    def _sufficient(self, causes: Sequence[Cause], bad: Candidate) -> tuple[Candidate, Outcome]:
        """The good end with the causes alone. Where two trials may run at once, the other direction runs beside it."""
        after = {cause.change.key: cause.change.after for cause in causes}
        moved = [change for cause in causes for change in cause.moved_with]
        come = {change.key: change.after for change in moved if change.after is not None}

        def alone() -> tuple[Candidate, Outcome]:
            return self._moved(self._good, after, come, "sufficient", self._bad)

        if self._pinpoint.slots == 1:
            return alone()
        return gather(alone, lambda: self._necessary(causes, bad))[0]

    def _necessary(self, causes: Sequence[Cause], bad: Candidate) -> tuple[Candidate, Outcome]:
        """A bad end with the causes held where they were good."""
        before = {cause.change.key: cause.change.before for cause in causes}
        moved = [change for cause in causes for change in cause.moved_with]
        gone = {change.key: change.before for change in moved if change.before is not None}
        return self._moved(bad, before, gone, "necessary", bad)

    def _moved(
        self,
        base: Candidate,
        keys: dict[Key, str | None],
        companions: dict[Key, str],
        purpose: Purpose,
        bad: Candidate,
    ) -> tuple[Candidate, Outcome]:
        """One end with some keys moved, and what metadata demands with them; else exactly, with the companions."""
        wanted = base.values.put(keys)
        exact = wanted.put({**companions, **keys})
        return self._evidence.first_testable(
            purpose,
            lambda: self._world.realise(wanted, self._good, bad, held=frozenset(keys)),
            lambda: self._pinpoint.completed(exact, frozenset(keys)),
            lambda: self._pinpoint.exact(exact),
        )

    def _healed(self, suspects: Suspects) -> bool:
        """It broke in passing and was mended on its own axis: good with the axis at its bad end is good."""
        final = {cause.change.key: self._bad.values.get(cause.change.key) for cause in suspects.causes}
        if all(cause.change.after == final[cause.change.key] for cause in suspects.causes):
            return False
        _, outcome = self._moved(self._good, final, {}, "passing", self._bad)
        return outcome.verdict is Verdict.GOOD


def _boolean(outcome: Outcome, expected: Verdict) -> bool | None:
    """True as expected, False for the opposite, None when it could not be tested."""
    return outcome.verdict is expected if outcome.verdict in (Verdict.GOOD, Verdict.BAD) else None


def _all(values: Sequence[bool | None]) -> bool | None:
    """False wins over None, None over True."""
    return False if False in values else None if None in values else True


def _finding(sets: Sequence[Suspects], healed: Sequence[Healed]) -> Finding:
    """Put what was found into words."""
    if not sets:
        return Finding("undecided", healed=tuple(healed), why="no change could be shown to be a cause of the bad end")
    causes = tuple(cause for suspects in sets for cause in suspects.causes)
    relation: Relation = "single" if len(causes) == 1 else "together" if len(sets) == 1 else "each"
    return Finding(
        "found",
        relation,
        causes,
        sufficient=_all([suspects.sufficient for suspects in sets]),
        necessary=sets[-1].necessary,
        healed=tuple(healed),
        last_good=sets[0].step.low,
        first_bad=sets[0].step.high,
        untestable=sets[0].step.gaps,
    )
