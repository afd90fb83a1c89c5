"""From two candidates to the smallest step between a good and a bad one.

Three searches, one after the other, each only where the one before left more than one change: on the resolved
timeline; between the two neighbouring locks, with exact prefixes; key by key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mbisect.search.boundary import Belief, Sign
from mbisect.search.evidence import Evidence, Need
from mbisect.search.world import World
from mbisect.terms import Ask, Axis, Candidate, Key, Outcome, Purpose, Timeline, Verdict


@dataclass(frozen=True, slots=True)
class Step:
    """Neighbours: `low` is good, `high` is bad, and the gaps between them could not be tested."""

    low: Candidate
    high: Candidate
    gaps: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the current boundary search has come."""

    low: int
    high: int
    size: int
    remaining: int


@dataclass(slots=True)
class Pinpoint:
    """Boundary searches over one world and one body of evidence. Every method may raise Need."""

    world: World
    evidence: Evidence
    slots: int = 1
    """How many trials may run at once."""
    progress: Progress | None = None
    _placed: dict[tuple[str, str, bool], dict[int, Candidate]] = field(default_factory=dict)

    def step(self, good: Candidate, bad: Candidate, purpose: Purpose = "boundary") -> Step:
        """The smallest step that can be shown between a good and a bad candidate."""
        step = self._narrow(good, bad, purpose, exact=False)
        size, left = len(self.world.timeline(good, bad)), self._left(step)
        while 1 < left < size:
            step, size = self._narrow(step.low, step.high, "refine", exact=False, gaps=step.gaps), left
            left = self._left(step)
        if left > 1:
            step = self._narrow(step.low, step.high, "refine", exact=True, gaps=step.gaps)
        apart = self._isolate(step)
        return apart if apart == step else self.step(apart.low, apart.high, "refine")

    def _left(self, step: Step) -> int:
        return len(self.world.timeline(step.low, step.high))

    def _narrow(
        self, good: Candidate, bad: Candidate, purpose: Purpose, *, exact: bool, gaps: tuple[Candidate, ...] = ()
    ) -> Step:
        """Boundary search over the prefixes of one timeline.

        `gaps` are returned when this search meets none. A third way of failing narrows nothing at first; when nothing
        else is left to ask, it counts as bad, as any failure does. After 6 + 2 log2(N) gaps it stops looking between
        them: a wide band that cannot be tested is left as an interval.
        """
        timeline = self.world.timeline(good, bad)
        size = len(timeline)
        placed = self._placed.setdefault((good.values.digest, bad.values.digest, exact), {})
        patience = 6 + 2 * size.bit_length()
        lenient = False
        while True:
            seen = {k: outcome for k, c in placed.items() if (outcome := self.evidence.known(c)) is not None}
            signs = {k: sign_of(outcome, lenient) for k, outcome in seen.items()}
            belief = Belief.from_signs(size, signs)
            if purpose in ("boundary", "partner"):
                self.progress = Progress(belief.low, belief.high, size, belief.remaining())
            waiting = [k for k in placed if k not in seen and belief.low < k < belief.high]
            k = belief.choose(waiting) if len(belief.gaps) < patience else None
            if k is not None and len(waiting) < self.slots:
                placed[k] = self._place(timeline, k, good, bad, exact)
            elif waiting:
                raise Need([Ask(placed[w], 0, purpose) for w in waiting])
            elif not lenient and any(not seen[gap].alike for gap in belief.gaps):
                lenient = True
            else:
                between = tuple(placed[gap] for gap in belief.gaps)
                low = good if belief.low == 0 else placed[belief.low]
                high = bad if belief.high == size else placed[belief.high]
                return Step(low, high, between or gaps)

    def _place(self, timeline: Timeline, k: int, good: Candidate, bad: Candidate, exact: bool) -> Candidate:
        """The candidate for a position: consistent where that exists, else the exact prefix."""
        wanted = timeline.prefix(k)
        realised = None if exact else self.world.realise(wanted, good, bad)
        return realised or Candidate(wanted, wanted, exact=True)

    def _isolate(self, step: Step) -> Step:
        """Take keys off a step that holds several, where one alone can be applied to `low` or taken out of `high`.

        Each accepted candidate lies between both ends and leaves fewer changes, so this ends.
        """
        while len(keys := changed_keys(timeline := self.world.timeline(step.low, step.high))) > 1:
            for candidate in self._singles(step, timeline, heads_first(keys, step.high)):
                outcome = self.evidence.outcome(candidate, "refine")
                sign = sign_of(outcome, lenient=False)
                closer = Step(candidate, step.high, step.gaps) if sign is Sign.GOOD else step
                closer = Step(step.low, candidate, step.gaps) if sign is Sign.BAD else closer
                if self._left(closer) < self._left(step):
                    step = closer
                    break
            else:
                return step
        return step

    def _singles(self, step: Step, timeline: Timeline, keys: tuple[Key, ...]) -> Iterator[Candidate]:
        """Candidates with one key alone moved, consistent ones first; those that equal an end are left out."""
        ends = {step.low.values, step.high.values}
        for exact in (False, True):
            for key in keys:
                for base, other in ((step.low, step.high), (step.high, step.low)):
                    wanted = base.values.put({key: other.values.get(key)})
                    if exact:
                        carried = [c.key for c, carrier in timeline.riders if carrier == key.name]
                        wanted = wanted.put({rider: step.low.values.get(rider) or step.high.values.get(rider)
                                             for rider in carried})  # fmt: skip
                        candidate: Candidate | None = Candidate(wanted, wanted, exact=True)
                    else:
                        candidate = self.world.realise(wanted, step.low, step.high, held=frozenset([key]))
                    if candidate is not None and candidate.values not in ends:
                        yield candidate


def sign_of(outcome: Outcome, lenient: bool) -> Sign:
    """What an outcome says of its position; with `lenient` a third way of failing is bad, else a gap."""
    if outcome.verdict is Verdict.GOOD:
        return Sign.GOOD
    if outcome.verdict is Verdict.BAD and (outcome.alike or lenient):
        return Sign.BAD
    return Sign.GAP


def changed_keys(timeline: Timeline) -> tuple[Key, ...]:
    """The keys that a timeline moves, riders left out, each once, in order."""
    return tuple(dict.fromkeys(change.key for change in timeline.changes))


def heads_first(keys: tuple[Key, ...], candidate: Candidate) -> tuple[Key, ...]:
    """Keys ordered by who forces whom: what is no package, then packages that no other of them requires, then others.

    Among equals the later one on the timeline comes first.
    """
    requirers = dict(candidate.requires)
    names = {key.name for key in keys if key.axis is Axis.PACKAGE}

    def rank(key: Key) -> tuple[int, int]:
        if key.axis is not Axis.PACKAGE:
            forced = 0
        else:
            forced = 2 if names & set(requirers.get(key.name, ())) - {key.name} else 1
        return forced, -keys.index(key)

    return tuple(sorted(keys, key=rank))
