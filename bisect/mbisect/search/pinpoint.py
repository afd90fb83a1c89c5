"""From two candidates to the smallest step between a good and a bad one.

Three searches, each only where the one before left more than one change: on the resolved timeline; between the two
neighbouring locks, key by key; and with exact prefixes. Many keys are halved by prefixes before they are taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mbisect.search.boundary import Belief, Sign
from mbisect.search.evidence import Evidence, Need
from mbisect.search.world import World
from mbisect.terms import Ask, Axis, Candidate, Key, Outcome, Purpose, Timeline, Values, Verdict

FEW_KEYS = 4
"""So many keys that changed at once are taken apart one by one first; more are halved by exact prefixes first."""
THIRD_WAYS = 4
"""So many failures of a third kind are no accident of the mixture: from then on they count as bad."""
EXACT_PATIENCE = 4
"""So many exact prefixes that cannot be tested are enough: they contradict metadata, and fail in company."""


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
    _wanted: dict[str, Candidate] = field(default_factory=dict)
    """Digest of what was wanted → the consistent candidate that was asked for it, in whichever boundary search."""

    def step(self, good: Candidate, bad: Candidate, purpose: Purpose = "boundary") -> Step:
        """The smallest step that can be shown between a good and a bad candidate."""
        step = self._narrow(good, bad, purpose, exact=False)
        size, left = len(self.world.timeline(good, bad)), self._left(step)
        while 1 < left < size:
            step, size = self._narrow(step.low, step.high, "refine", exact=False, gaps=step.gaps), left
            left = self._left(step)
        if left > 1:
            ways = (self._isolate, self._exactly)
            few = len(changed_keys(self.world.timeline(step.low, step.high))) <= FEW_KEYS
            for way in ways if few else reversed(ways):
                closer = way(step)
                if self._left(closer) < left:
                    return self._again(closer)
                step = closer
        return self._carried(step)

    def _carried(self, step: Step) -> Step:
        """Where one release brings packages along: are they enough without it? Then the cause is among them."""
        timeline = self.world.timeline(step.low, step.high)
        come = {rider.key: rider.after for rider, _ in timeline.riders if rider.before is None}
        if len(changed_keys(timeline)) != 1 or not come:
            return step
        without = self.exact(step.low.values.put(come))
        if sign_of(self.evidence.outcome(without, "refine"), lenient=False) is not Sign.BAD:
            return step
        return self._again(Step(step.low, without, step.gaps))

    def _again(self, step: Step) -> Step:
        """Pinpoint within a smaller step; what could not be tested around it is not forgotten."""
        closer = self.step(step.low, step.high, "refine")
        return replace(closer, gaps=closer.gaps or step.gaps)

    def _exactly(self, step: Step) -> Step:
        return self._narrow(step.low, step.high, "refine", exact=True, gaps=step.gaps)

    def _left(self, step: Step) -> int:
        return len(self.world.timeline(step.low, step.high))

    def _narrow(
        self, good: Candidate, bad: Candidate, purpose: Purpose, *, exact: bool, gaps: tuple[Candidate, ...] = ()
    ) -> Step:
        """Boundary search over the prefixes of one timeline.

        `gaps` are returned when this search meets none. A third way of failing narrows nothing at first; when it was
        met THIRD_WAYS times, or nothing else is left to ask, it counts as bad, as any failure does. After
        6 + 2 log2(N) gaps (EXACT_PATIENCE for exact prefixes) it stops looking between them: a wide band that cannot be
        tested is left as an interval.
        """
        timeline = self.world.timeline(good, bad)
        size = len(timeline)
        ends = good.values.digest, bad.values.digest, exact
        if ends not in self._placed:
            self._placed[ends] = {} if exact else self._remembered(timeline)
        placed = self._placed[ends]
        patience = EXACT_PATIENCE if exact else 6 + 2 * size.bit_length()
        lenient = False
        while True:
            seen = {k: outcome for k, c in placed.items() if (outcome := self.evidence.known(c)) is not None}
            signs = {k: sign_of(outcome, lenient) for k, outcome in seen.items()}
            belief = Belief.from_signs(size, signs)
            if not lenient and sum(not seen[gap].alike for gap in belief.gaps) >= THIRD_WAYS:
                lenient = True
                continue
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
        if realised is not None:
            self._wanted[wanted.digest] = realised
            return realised
        absent = frozenset(key for key in {*good.values, *bad.values} if key not in wanted)
        return self.completed(wanted, absent)

    def exact(self, wanted: Values) -> Candidate:
        """Exactly what is wanted, package for package."""
        return self._examined(Candidate(wanted, wanted, exact=True))

    def completed(self, wanted: Values, held: frozenset[Key]) -> Candidate:
        """What is wanted with what it needs to run; absent keys that are held stay absent."""
        return self._examined(self.world.exact(wanted, held))

    def _examined(self, candidate: Candidate) -> Candidate:
        """Where it is known that no such environment can be built, that is its outcome."""
        missing = self.world.missing(candidate.values)
        if missing is not None:
            self.evidence.record(Ask(candidate, 0, "refine"), Outcome(Verdict.UNTESTABLE, missing))
        return candidate

    def _remembered(self, timeline: Timeline) -> dict[int, Candidate]:
        """Positions whose candidate an earlier boundary search has measured: the same is wanted, and the same held."""
        still = [key for key in timeline.good if timeline.good[key] == timeline.bad.get(key)]
        found = {}
        for k in range(1, len(timeline)) if self._wanted else ():
            known = self._wanted.get(timeline.prefix(k).digest)
            if known is not None and all(known.values.get(key) == timeline.good[key] for key in still):
                found[k] = known
        return found

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
        """Candidates with one key alone moved, consistent ones before exact ones; those that equal an end are left out.

        In an exact one, packages that come or go with the key are there: a package too many does less harm.
        """
        ends = {step.low.values, step.high.values}
        for key in keys:
            carried = [change.key for change, carrier in timeline.riders if carrier == key.name]
            present = {rider: step.low.values.get(rider) or step.high.values.get(rider) for rider in carried}
            moved = [
                base.values.put({key: other.values.get(key)})
                for base, other in ((step.low, step.high), (step.high, step.low))
            ]
            for wanted in moved:
                candidate = self.world.realise(wanted, step.low, step.high, held=frozenset([key]))
                if candidate is not None and candidate.values not in ends:
                    yield candidate
            for wanted in moved:
                candidate = self.exact(wanted.put(present))
                if candidate.values not in ends:
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
