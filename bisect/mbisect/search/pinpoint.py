"""From two candidates to the smallest step between a good and a bad one.

Three searches, each only where the one before left more than one change: on the resolved timeline; between the two
neighbouring locks, key by key; and with exact prefixes. Many keys are halved by prefixes before they are taken apart.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mbisect.search.boundary import Belief, Check, Flags, Place, Role
from mbisect.search.evidence import Evidence, Need, Want
from mbisect.search.noise import Runs
from mbisect.search.planning import Again, Choice, End, Fresh, Price, plan
from mbisect.search.world import World
from mbisect.terms import Ask, Axis, Candidate, Change, Key, Outcome, Purpose, Timeline, Values, Verdict

FEW_KEYS = 4
"""So many keys that changed at once are taken apart one by one first; more are halved by exact prefixes first."""
THIRD_WAYS = 4
"""So many failures of a third kind are no accident of the mixture: from then on they count as bad."""
EXACT_PATIENCE = 4
"""So many exact prefixes that cannot be tested are enough: they contradict metadata, and fail in company."""
WORTH_CHECKING = 0.5
"""A change that stands at the boundary with this probability is tried by itself: nothing tells more."""
NOTHING_CHANGED = 0.995
"""Both ends behave alike with this probability: there is nothing to search for."""
DOUBTFUL = 0.1
"""Where they may well behave alike, both ends are run again before anything else."""


class Alike(Exception):  # noqa: N818 - an answer, not an error
    """Nothing changed between both ends."""


@dataclass(frozen=True, slots=True)
class Step:
    """Neighbours: `low` is good, `high` is bad, and the gaps between them could not be tested."""

    low: Candidate
    high: Candidate
    gaps: tuple[Candidate, ...] = ()
    confidence: float = 1.0
    """Probability that the boundary is here."""
    checked: bool = False
    """Its change was tried by itself, and `confidence` takes account of that."""
    enough: float | None = None
    """Probability that its change alone is bad, where that was tried and one candidate shows it."""
    needed: float | None = None
    """Probability that the bad end without it is good, likewise."""


@dataclass(frozen=True, slots=True)
class Parts:
    """How candidates are recognised that hold, or lack, one change of a timeline alone."""

    alone: Values
    """What they hold beside that change."""
    without: Values | None
    """What they lack that change from; None: to lack it says nothing."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the current boundary search has come."""

    low: int
    high: int
    """The boundary lies in low+1 … high with 95 %."""
    size: int
    remaining: int
    """Runs that are still expected."""
    half: tuple[int, int] = (0, 0)
    """As low and high, with 50 %."""
    sure: float = 0.0
    """Probability of the likeliest boundary."""


@dataclass(slots=True)
class Pinpoint:
    """Boundary searches over one world and one body of evidence. Every method may raise Need."""

    world: World
    evidence: Evidence
    target: float = 0.98
    """Probability with which a boundary must be known."""
    weigh: Callable[[Change], float] | None = None
    """Relative prior weight of a change."""
    slots: int = 1
    """How many trials may run at once."""
    price: Price = field(default_factory=Price)
    progress: Progress | None = None
    ends: tuple[Candidate, Candidate] | None = None
    _placed: dict[tuple[str, str, bool], dict[int, Candidate]] = field(default_factory=dict)
    _positions: dict[tuple[str, str, str], int | None] = field(default_factory=dict)

    def step(self, good: Candidate, bad: Candidate, purpose: Purpose = "refine") -> Step:
        """The smallest step that can be shown between a good and a bad candidate."""
        return self.closer(good, bad, self.locate(good, bad, purpose))

    def closer(self, good: Candidate, bad: Candidate, step: Step) -> Step:
        """The smallest step within one that was located between a good and a bad candidate."""
        size, left = len(self.world.timeline(good, bad)), self.left(step)
        while 1 < left < size:
            step, size = self._within(step, self.locate(step.low, step.high, "refine")), left
            left = self.left(step)
        if left > 1:
            ways = (self._isolate, self._exactly)
            few = len(changed_keys(self.world.timeline(step.low, step.high))) <= FEW_KEYS
            for way in ways if few else reversed(ways):
                nearer = way(step)
                if self.left(nearer) < left:
                    return self._again(nearer)
                step = nearer
        return self._carried(step)

    def left(self, step: Step) -> int:
        """How many changes a step still holds."""
        return len(self.world.timeline(step.low, step.high))

    def _carried(self, step: Step) -> Step:
        """Where one release brings packages along: are they enough without it? Then the cause is among them."""
        timeline = self.world.timeline(step.low, step.high)
        come = {rider.key: rider.after for rider, _ in timeline.riders if rider.before is None}
        if len(changed_keys(timeline)) != 1 or not come:
            return step
        without = self.exact(step.low.values.put(come))
        outcome = self.evidence.settle(without, "refine")
        if outcome.verdict is not Verdict.BAD or not outcome.alike:
            return step
        return self._again(replace(step, high=without))

    def _again(self, step: Step) -> Step:
        """Pinpoint within a smaller step; what could not be tested around it is not forgotten."""
        return self._within(step, self.step(step.low, step.high))

    def _exactly(self, step: Step) -> Step:
        return self._within(step, self.locate(step.low, step.high, "refine", exact=True))

    def _within(self, step: Step, inner: Step) -> Step:
        """The inner step, with what is known of the outer one."""
        return replace(
            inner,
            gaps=inner.gaps or step.gaps,
            confidence=min(step.confidence, inner.confidence),
            checked=step.checked,
        )

    def locate(
        self, good: Candidate, bad: Candidate, purpose: Purpose, *, exact: bool = False, parts: Parts | None = None
    ) -> Step:
        """Boundary search over the prefixes of one timeline.

        With `parts`, the changes that were tried by themselves count as well, and the step is returned as soon as its
        change is worth being tried so; when it was (`checked`), as soon as the target is reached. A third way of
        failing narrows nothing at first; when it was met THIRD_WAYS times, or nothing else is left to ask, it counts as
        bad, as any failure does. After 6 + 2 log2(N) gaps (EXACT_PATIENCE for exact prefixes) it stops looking between
        them: a wide band that cannot be tested is left as an interval.
        """
        timeline = self.world.timeline(good, bad)
        size = len(timeline)
        if not size:
            return Step(good, bad)
        weights = None if self.weigh is None else np.array([self.weigh(change) for change in timeline.changes])
        patience = EXACT_PATIENCE if exact else 6 + 2 * size.bit_length()
        main, lenient = purpose == "boundary" and parts is not None, False
        while True:
            placed = self._places(timeline, good, bad, exact)
            gaps = frozenset(k for k, c in placed.items() if self.evidence.mute(c, lenient=lenient))
            third = [k for k in gaps if self.evidence.third(placed[k])] if not lenient else []
            places, digests = self._columns(timeline, placed, good, bad, lenient)
            checks, checking, tried = self._checks(timeline, parts, frozenset(digests), gaps)
            columns = [*digests, *checking]
            belief = Belief(
                size,
                self.evidence.noise,
                self.evidence.known(
                    [*(d for d, place in zip(digests, places, strict=True) if len(place.runs)), *checking]
                ),
                places,
                gaps,
                weights,
                checks,
                self.evidence.all_runs() if main else None,
            )
            low, high = belief.interval()
            if len([k for k in third if low < k < high]) >= THIRD_WAYS:
                lenient = True
                continue
            if purpose in ("boundary", "partner"):
                half, sure = belief.interval(0.5), belief.group()[2]
                self.progress = Progress(low, high, size, self._remaining(belief), half, sure)
            if belief.nothing >= NOTHING_CHANGED:
                raise Alike
            first, last, sure = belief.group()
            checked, enough = first in tried, sure >= self.target
            waiting = {ask.candidate.values.digest for ask in self.evidence.running}
            if enough and (unseen := self._unseen(belief, first, last, placed)):
                chosen: Sequence[Choice] = [Fresh(k) for k in unseen]
                wants = self._wants(chosen, timeline, good, bad, exact, purpose, placed, columns)
                if wants:
                    raise Need([want for want in wants if want.candidate.values.digest not in waiting])
                continue
            if enough or (parts and not checked and sure >= WORTH_CHECKING):
                step = self._step(timeline, first, last, good, bad, exact, placed, sure, checked)
                if any(first <= k < last for k in third) and (enough or self.left(step) == 1):
                    lenient = True
                    continue
                if enough or self.left(step) == 1:
                    return self._with_parts(step, belief, first)
            if main and (belief.nothing > DOUBTFUL or sure / (1 - belief.nothing) >= self.target):
                self._ends_again()
            between = [k for k in gaps if low < k < high]
            open_ = [k for k in range(1, size) if k not in placed or not self._said(placed[k], waiting)]
            chosen = plan(
                belief,
                open_=open_ if len(between) < patience else [],
                built=self._built(timeline, placed, open_),
                pending=self._pending(belief, placed, columns),
                slots=max(1, self.slots - len(self.evidence.running)),
                price=self.price,
            )
            wants = self._wants(chosen, timeline, good, bad, exact, purpose, placed, columns)
            if wants:
                raise Need(wants)
            if any(isinstance(choice, Fresh) for choice in chosen):
                continue
            if self.evidence.running:
                raise Need([])
            if lenient or not any(low < k < high for k in third):
                around = belief.around(self.target)
                return self._step(timeline, *around, good, bad, exact, placed, max(sure, self.target), checked)
            lenient = True

    def _unseen(self, belief: Belief, first: int, last: int, placed: Mapping[int, Candidate]) -> list[int]:
        """Neighbours of a group that were not tested: only the prior says that the boundary is there.

        None where its change was seen to be enough by itself.
        """
        if belief.parts(first)[0] >= self.target:
            return []
        tested = {0, belief.size, *(k for k, candidate in placed.items() if self.evidence.seen(candidate))}
        return [k for k in (first - 1, last) if k not in tested]

    def _with_parts(self, step: Step, belief: Belief, first: int) -> Step:
        """The step with what is believed of its change by itself."""
        last = dict(belief.groups)[first]
        roles = {role for check in belief.checks for (k, _), role in check.roles if first <= k <= last}
        enough, needed = belief.parts(first)
        return replace(
            step,
            enough=enough if Role.ALONE in roles else None,
            needed=needed if Role.WITHOUT in roles else None,
        )

    def _said(self, candidate: Candidate, waiting: set[str]) -> bool:
        """It was run, or is running."""
        return candidate.values.digest in waiting or bool(self.evidence.seen(candidate))

    def _ends_again(self) -> None:
        """Run the end that was run less. Raises Need."""
        assert self.ends is not None
        good, bad = self.ends
        fewer = len(self.evidence.seen(good)) <= len(self.evidence.seen(bad))
        raise Need([Want(good, "good end") if fewer else Want(bad, "bad end")])

    def _remaining(self, belief: Belief) -> int:
        """Runs that are still expected: the bits that are missing by the bits that a run gives at best, and checks."""
        bits = float(belief.noise.information(belief.theta, np.array([0.5]), 1)[0])
        return round(belief.entropy() / max(bits, 1e-3) + 0.49)

    def _places(self, timeline: Timeline, good: Candidate, bad: Candidate, exact: bool) -> dict[int, Candidate]:
        """Position → the candidate there, as far as it was placed; those that any boundary search has run included."""
        ends = good.values.digest, bad.values.digest, exact
        placed = self._placed.setdefault(ends, {})
        still = [key for key in timeline.good if timeline.good[key] == timeline.bad.get(key)]
        for candidate in () if exact else self.evidence.observed():
            if all(candidate.values.get(key) == timeline.good[key] for key in still) and not candidate.exact:
                question = (*ends[:2], candidate.wanted.digest)
                if question not in self._positions:
                    self._positions[question] = position_of(timeline, candidate.wanted)
                k = self._positions[question]
                if k is not None and 0 < k < len(timeline):
                    placed.setdefault(k, candidate)
        for k, candidate in () if exact else placed.items():
            if self.evidence.mute(candidate) and self.world.advises_against(candidate):
                placed[k] = self.world.realise(candidate.wanted, good, bad) or candidate
        return placed

    def _columns(
        self, timeline: Timeline, placed: dict[int, Candidate], good: Candidate, bad: Candidate, lenient: bool
    ) -> tuple[tuple[Place, ...], list[str]]:
        """What was seen at which positions; the same lock at several positions is one place. And their digests."""
        positions: dict[str, list[int]] = {}
        for k, candidate in sorted(placed.items()):
            positions.setdefault(candidate.values.digest, []).append(k)
        places, digests = [], []
        for digest, where in positions.items():
            candidate = placed[where[0]]
            if digest == good.values.digest:
                places.append(Place((0, max(where)), Runs()))
            elif digest == bad.values.digest:
                places.append(Place((min(where), len(timeline)), Runs()))
            elif len(runs := self.evidence.runs(candidate, lenient=lenient)):
                places.append(Place(tuple(where), runs))
            else:
                continue
            digests.append(digest)
        return tuple(places), digests

    def _checks(
        self, timeline: Timeline, parts: Parts | None, taken: frozenset[str], gaps: frozenset[int]
    ) -> tuple[tuple[Check, ...], list[str], set[int]]:
        """Candidates between both ends that are no prefixes, and their digests; and the first boundaries of the groups
        whose change was tried by itself at all: that candidate may be a place of the timeline, or an end."""
        if parts is None:
            return (), [], set()
        after = {(change.key, change.after): k for k, change in enumerate(timeline.changes, 1)}
        before = {(change.key, change.before): k for k, change in enumerate(timeline.changes, 1)}
        roles: dict[str, dict[tuple[tuple[int, int], Role], Candidate]] = {}
        tried: set[int] = set()
        among: dict[str, Candidate] = {}
        path = releases_on(timeline)
        for candidate in self.evidence.observed():
            digest = candidate.values.digest
            said = len(self.evidence.runs(candidate)) > 0
            if said and lies_within(path, timeline.good, candidate):
                among[digest] = candidate
            for role, base, where in ((Role.ALONE, parts.alone, after), (Role.WITHOUT, parts.without, before)):
                moved = base.differing(candidate.wanted) if base is not None else ()
                k = where.get((moved[0], candidate.wanted.get(moved[0]))) if len(moved) == 1 else None
                if k is None:
                    continue
                first, last = band(k, gaps, len(timeline))
                if role is Role.ALONE:
                    tried.add(first)
                if said:
                    among[digest] = candidate
                    within = (first, k) if role is Role.ALONE else (k, last)
                    roles.setdefault(digest, {})[within, role] = candidate
        checks, digests = [], []
        for digest, candidate in among.items():
            if digest not in taken and not self.evidence.is_end(candidate):
                runs = self.evidence.runs(candidate)
                checks.append(Check(runs, *applied(timeline, candidate.values), tuple(roles.get(digest, ()))))
                digests.append(digest)
        return tuple(checks), digests, tried

    def _built(self, timeline: Timeline, placed: dict[int, Candidate], open_: Sequence[int]) -> set[int]:
        """Open positions whose environment is there already: no package and no interpreter moves on the way to them."""
        count, counts = 0, [0]
        for change in timeline.changes:
            count += change.key.axis in (Axis.PACKAGE, Axis.PYTHON)
            counts.append(count)
        there = {counts[k] for k, candidate in placed.items() if self.evidence.seen(candidate)} | {0, count}
        return {k for k in open_ if counts[k] in there}

    def _pending(self, belief: Belief, placed: dict[int, Candidate], columns: Sequence[str]) -> list[int | Flags]:
        """The running asks that bear on this belief: as columns, or as the rows that put them on the bad side."""
        at = {candidate.values.digest: k for k, candidate in placed.items()}
        column = {digest: i for i, digest in enumerate(columns)}
        found: list[int | Flags] = []
        for digest in (ask.candidate.values.digest for ask in self.evidence.running):
            if digest in column:
                found.append(column[digest])
            elif digest in at:
                found.append(belief.beyond(at[digest]))
        return found

    def _wants(
        self,
        chosen: Sequence[Choice],
        timeline: Timeline,
        good: Candidate,
        bad: Candidate,
        exact: bool,
        purpose: Purpose,
        placed: dict[int, Candidate],
        columns: Sequence[str],
    ) -> list[Want]:
        """The chosen runs; a position whose candidate turns out to be known already is no run."""
        known = {candidate.values.digest: candidate for candidate in self.evidence.observed()}
        wants = []
        for choice in chosen:
            if isinstance(choice, End):
                assert self.ends is not None
                end: Purpose = "bad end" if choice.bad else "good end"
                wants.append(Want(self.ends[choice.bad], end, extra=True))
                continue
            if isinstance(choice, Again):
                candidate = known[columns[choice.column]]
                wants.append(Want(candidate, self.evidence.purpose(candidate), extra=True))
                continue
            candidate = placed[choice.position] = self._place(timeline, choice.position, good, bad, exact)
            if not self.evidence.seen(candidate):
                wants.append(Want(candidate, purpose, extra=True))
        return wants

    def _step(
        self,
        timeline: Timeline,
        first: int,
        last: int,
        good: Candidate,
        bad: Candidate,
        exact: bool,
        placed: dict[int, Candidate],
        sure: float,
        checked: bool,
    ) -> Step:
        """The neighbours around a group of boundaries; the high one is later where packages only move together."""

        def at(k: int) -> Candidate:
            if k in (0, len(timeline)):
                return bad if k else good
            return placed[k] if k in placed else self._place(timeline, k, good, bad, exact)

        low, high = at(first - 1), at(last)
        while high.values == low.values and last < len(timeline):
            last += 1
            high = at(last)
        gaps = tuple(placed[k] for k in range(first, last) if k in placed and self.evidence.mute(placed[k]))
        return Step(low, high, gaps, sure, checked)

    def _place(self, timeline: Timeline, k: int, good: Candidate, bad: Candidate, exact: bool) -> Candidate:
        """The candidate for a position: consistent where that exists, else the exact prefix."""
        wanted = timeline.prefix(k)
        realised = None if exact else self.world.realise(wanted, good, bad)
        if realised is not None:
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

    def _isolate(self, step: Step) -> Step:
        """Take keys off a step that holds several, where one alone can be applied to `low` or taken out of `high`.

        Each accepted candidate lies between both ends and leaves fewer changes, so this ends.
        """
        while len(keys := changed_keys(timeline := self.world.timeline(step.low, step.high))) > 1:
            for candidate in self._singles(step, timeline, heads_first(keys, step.high)):
                outcome = self.evidence.settle(candidate, "refine")
                closer = replace(step, low=candidate) if outcome.verdict is Verdict.GOOD else step
                if outcome.verdict is Verdict.BAD and outcome.alike:
                    closer = replace(step, high=candidate)
                if self.left(closer) < self.left(step):
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


def position_of(timeline: Timeline, wanted: Values) -> int | None:
    """How many of the first changes of a timeline are applied in `wanted`; None when it is no prefix."""
    k = max(
        (
            i
            for i, change in enumerate(timeline.changes, 1)
            if wanted.get(change.key) == change.after and change.after != timeline.good.get(change.key)
        ),
        default=0,
    )
    return k if timeline.prefix(k) == wanted else None


def band(k: int, gaps: frozenset[int], size: int) -> tuple[int, int]:
    """(first, last) of the boundaries around k that the gaps do not tell apart."""
    first = last = k
    while first - 1 in gaps:
        first -= 1
    while last in gaps and last < size:
        last += 1
    return first, last


def applied(timeline: Timeline, values: Values) -> tuple[Flags, Flags]:
    """Which changes of a timeline some values hold: all up to the one that each key stands at; and which of these are
    not the last that the key holds. Shapes (N,), (N,)."""
    reached: dict[Key, int] = {}
    for k, change in enumerate(timeline.changes):
        if values.get(change.key) == change.after:
            reached[change.key] = k
    last = np.array([reached.get(change.key, -1) for change in timeline.changes])
    here = np.arange(len(timeline))
    return here <= last, here < last


def releases_on(timeline: Timeline) -> Mapping[Key, Collection[str | None]]:
    """What a timeline's changes lead through, by key."""
    path: dict[Key, set[str | None]] = {}
    for change in timeline.changes:
        path.setdefault(change.key, {change.before}).add(change.after)
    for rider, _ in timeline.riders:
        path[rider.key] = {rider.before, rider.after}
    return path


def lies_within(path: Mapping[Key, Collection[str | None]], good: Values, candidate: Candidate) -> bool:
    """It holds nothing but what a timeline that begins at `good` leads through."""
    if candidate.exact:
        return False
    return all(candidate.values.get(key) in path.get(key, ()) for key in candidate.values.differing(good))


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
