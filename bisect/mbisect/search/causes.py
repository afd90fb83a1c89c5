"""The whole search: both ends, the boundary, both confirmations, combinations, further causes.

A cause is *sufficient* when good with it alone (and the companions that its metadata forces) is bad, and *necessary*
when bad without it is good. Necessary, not sufficient: a combination; hold it and search for its partner. Sufficient,
not necessary: another cause exists; take it out of the bad end and search again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from mbisect.search.boundary import SAME
from mbisect.search.evidence import SETTLED, Evidence, Need, Want, gather
from mbisect.search.noise import Runs, binary_entropy, noise_for
from mbisect.search.pinpoint import (
    NOTHING_CHANGED,
    Alike,
    Parts,
    Pinpoint,
    Progress,
    Step,
    changed_keys,
    heads_first,
)  # fmt: skip
from mbisect.search.planning import Price
from mbisect.search.world import World
from mbisect.terms import (
    Ask,
    Candidate,
    Cause,
    Change,
    Finding,
    Healed,
    Key,
    Outcome,
    Purpose,
    Relation,
    Timeline,
    Values,
    Verdict,
)

MOST_PARTNERS = 4
"""A combination of more changes than this is not looked for. Combinations of three are what is expected at most; the
fourth place is for an innocent change at which a boundary of one of them was seen, and which is then found not needed:
3 of 64 under .1/.9 were named exactly in 87 % of 300 searches instead of 85 % by that alone."""
MOST_DETOURS = 6
"""Candidates tried in place of one that cannot be tested."""
MOST_THIRD = 2
"""So many of these that fail in a third way as well are no accident."""
MOST_SETS = 6
"""Boundaries looked for: independent causes, and breaks that were healed in passing."""
ENDS_DIFFER = 0.1
"""Both ends are taken to differ when they behave alike with at most this probability; what follows goes on asking."""
NEITHER_RUNS = 5
"""An end that was neither good nor bad so often is neither: its thresholds do not fit it."""
END_FAILS = 0.985
"""So surely a good end that fails as the bad end does is said to be bad."""
CONFIDENCE = 0.95
"""How surely a cause must be known, unless the user says otherwise."""
SPARE = 0.8
"""The part of the doubt that is left to the boundary: the rest is for what no model of the noise knows."""
SURPRISED = 2
"""It takes so many runs at least to believe that suspects are not enough, that several are enough together, or that one
of them is not needed: while no two runs of a candidate have differed, a single one looks like a fact."""
SURE_TOGETHER = 0.9985
"""So surely several suspects must be enough together: all that was found before hangs on it."""
MOST_BUILD = 4.0
"""However dear an environment is, it is not spared by more than so many runs: they tell less and less."""
MOST_TRIALS = 1500
"""After so many runs a search that is still undecided says so. Where good candidates fail at .3 and bad ones at .5, 500
were too few for more than half of all searches, and a third of those that ended without an answer said a wrong thing of
an end; with 1500 nine in ten end with the right cause, after 490 runs on average."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """The change of a step, as it is named and as it is moved."""

    cause: Cause
    after: dict[Key, str | None]
    """All keys that the step moves, riders left out: more than one where nothing between could be tested."""
    before: dict[Key, str | None]


@dataclass(frozen=True, slots=True)
class Suspects:
    """A smallest set of changes that was found guilty together, and how that was confirmed."""

    all: tuple[Suspect, ...]
    step: Step
    sufficient: bool | None
    without: Candidate
    """The bad end without them."""
    necessary: bool | None

    @property
    def causes(self) -> tuple[Cause, ...]:
        """As they are named."""
        return tuple(suspect.cause for suspect in self.all)


@dataclass(frozen=True, slots=True)
class Apart:
    """Suspects that were taken apart as far as can be shown."""

    suspects: list[Suspect]
    alone: Candidate
    """The good end with them alone."""
    outcome: Outcome
    """How that does."""
    partner: Candidate | None
    """They are not enough: between `alone` and this one there is a partner."""
    narrowed: bool = False
    """The head of a step was not enough, so that a partner is in the rest of it."""


class Search:
    """Ask it what to run, tell it what came out, until it has a finding."""

    def __init__(
        self,
        world: World,
        good: Candidate,
        bad: Candidate,
        *,
        confidence: float = CONFIDENCE,
        weigh: Callable[[Change], float] | None = None,
        price: Price | None = None,
        end_runs: int | None = None,
        most: int = MOST_TRIALS,
    ) -> None:
        """`weigh`: relative prior weight of a change; `end_runs`: most runs of an end before its state is decided."""
        self._world = world
        self._good = good
        self._bad = bad
        self._end_runs = end_runs
        self._most = most
        self._evidence = Evidence()
        self._evidence.ends(good, bad)
        target = 1 - (1 - confidence) * SPARE
        self._pinpoint = Pinpoint(world, self._evidence, target, weigh, price=price or Price(), ends=(good, bad))
        self.phase = "both ends"
        """What the search is doing now, in words."""

    @property
    def progress(self) -> Progress | None:
        """How far the boundary search has come; None before it began."""
        return self._pinpoint.progress

    def clarity(self) -> float:
        """Bits that one run is expected to tell where good and bad are equally likely: 1 where none is ever wrong."""
        noise, known = self._evidence.noise, self._evidence.known()
        theta = np.exp(known - np.logaddexp.reduce(known))
        return float(noise.information(theta, np.array([0.5]), 1)[0])

    def timeline(self) -> Timeline:
        """All changes between both ends."""
        return self._world.timeline(self._good, self._bad)

    def price(self, build: float) -> None:
        """From now on take a new environment to cost as much as so many runs."""
        self._pinpoint.price = Price(min(max(build, 0.0), MOST_BUILD))

    def weigh(self, weigh: Callable[[Change], float]) -> None:
        """From now on go by these prior weights."""
        self._pinpoint.weigh = weigh

    def record(self, ask: Ask, outcome: Outcome) -> None:
        """Take note of an outcome. Outcomes that were not asked for are welcome too."""
        self._evidence.record(ask, outcome)
        self._world.learn(ask.candidate, outcome, self._good, self._bad)

    def select(self, slots: int = 1, running: Sequence[Ask] = ()) -> tuple[Ask, ...] | Finding:
        """What should be started now, at most `slots` trials at once, the `running` ones included; or the finding.

        Nothing, when it must wait for those. The same observations give the same answer.
        """
        self._pinpoint.slots = slots = max(1, slots)
        self._evidence.running = tuple(running)
        try:
            return self._think()
        except Need as need:
            if self._evidence.total() >= self._most:
                return self._too_noisy()
            return self._asks(need, slots - len(running))

    def _asks(self, need: Need, room: int) -> tuple[Ask, ...]:
        """The wanted runs with their seeds; those that are running already are not started twice."""
        waiting = [ask.candidate.values.digest for ask in self._evidence.running]
        asks: list[Ask] = []
        for want in need.wants:
            digest = want.candidate.values.digest
            if not want.extra and digest in waiting:
                waiting.remove(digest)
            elif not want.extra and any(ask.candidate.values.digest == digest for ask in asks):
                continue
            elif len(asks) < room:
                asks.append(Ask(want.candidate, self._evidence.next_seed(want.candidate, asks), want.purpose))
        return tuple(asks)

    def _too_noisy(self) -> Finding:
        progress = self._pinpoint.progress
        more = f"; about {progress.remaining} more would settle it" if progress is not None else ""
        return Finding("undecided", why=f"too noisy: {self._evidence.total()} runs did not settle it{more}")

    def _think(self) -> Finding:
        self.phase = "both ends"
        ends = self._ends()
        if ends is not None:
            return ends
        bad, sets, healed = self._bad, list[Suspects](), list[Healed]()
        try:
            for _ in range(MOST_SETS):
                suspects = self._suspects(bad)
                guilty = suspects.necessary is not False or suspects.sufficient is not False
                mended = self._healed(suspects) if suspects.necessary is False else None
                if mended is not None:
                    healed.append(mended)
                elif guilty:
                    sets.append(suspects)
                if suspects.necessary is not False:
                    break
                bad = suspects.without
        except Alike:
            return self._alike(*(self._evidence.runs(end) for end in (self._good, self._bad)))
        return replace(_finding(sets, healed), learnt=self._world.learnt())

    def _ends(self) -> Finding | None:
        """Both ends must be what the user says; both are run even if one fails, and again while that is not clear."""
        seen = [self._evidence.seen(end) for end in (self._good, self._bad)]
        wants = [Want(self._good, "good end"), Want(self._bad, "bad end")]
        if not all(seen):
            raise Need([want for want, of in zip(wants, seen, strict=True) if not of])
        for name, of in zip(("good", "bad"), seen, strict=True):
            if all(outcome.verdict is Verdict.UNTESTABLE for outcome in of):
                other, there = ("bad", seen[1][0]) if name == "good" else ("good", seen[0][0])
                beside = f"; the {other} end is {there.verdict}" if there.verdict in (Verdict.GOOD, Verdict.BAD) else ""
                return Finding("undecided", why=f"the {name} end could not be tested: {of[0].reason}{beside}")
        good, bad = (self._evidence.runs(end) for end in (self._good, self._bad))
        for name, runs, of in (("good", good, seen[0]), ("bad", bad, seen[1])):
            if not len(runs):
                if len(of) >= min(NEITHER_RUNS, self._end_most()):
                    times = f" in {len(of)} of {len(of)} runs" if len(of) > 1 else ""
                    advice = "set thresholds that tell both ends apart, or none"
                    why = f"the {name} end is neither good nor bad{times}: {of[0].reason}; {advice}"
                    return Finding("undecided", why=why)
                raise Need(wants[:1] if name == "good" else wants[1:])
        if good.values and bad.values and min(len(good.values), len(bad.values)) < 2:
            self._again(good, bad)
        same = self._same(good, bad)
        if same >= NOTHING_CHANGED or (same >= END_FAILS and good.fails > good.passes):
            return self._alike(good, bad)
        if same > ENDS_DIFFER:
            if min(len(seen[0]), len(seen[1])) >= self._end_most() or self._decided(good, bad):
                return self._alike(good, bad)
            self._again(good, bad)
        return None

    def _end_most(self) -> int:
        return self._end_runs or self._most // 4

    def _decided(self, good: Runs, bad: Runs) -> bool:
        """The user's limit of runs is reached at the end that would be run again."""
        if self._end_runs is None:
            return False
        return len(bad if good.fails == 0 else good) >= self._end_runs

    def _again(self, good: Runs, bad: Runs) -> None:
        """Run the end again that tells more of whether they differ; where that is the same, the one that was run less.

        Raises Need.
        """
        told = [0.0, 0.0] if good.values else [self._tells(good, bad, end) for end in (0, 1)]
        if abs(told[0] - told[1]) <= 0.1 * max(told):
            told = [-len(good), -len(bad)]
        raise Need([Want(self._good, "good end") if told[0] > told[1] else Want(self._bad, "bad end")])

    def _tells(self, good: Runs, bad: Runs, end: int) -> float:
        """Information that a run of one end (0 good, 1 bad) is expected to give on whether both are alike; in nats."""
        noise, same = (
            noise_for(self._evidence.seen(self._good), self._evidence.seen(self._bad), ()),
            self._same(good, bad),
        )
        logs = noise.prior + noise.likelihood(good)[0] + noise.likelihood(bad)[1]
        theta = np.exp(logs - np.logaddexp.reduce(logs))
        if_changed = float(theta @ noise.outcomes[end][:, 1])
        failed = noise.alone([good, bad, Runs(fails=1)])
        if_same = float(np.exp(failed - noise.alone([good, bad])))
        mixed = same * if_same + (1 - same) * if_changed
        h = binary_entropy(np.array([mixed, if_same, if_changed]))
        return float(h[0] - same * h[1] - (1 - same) * h[2])

    def _same(self, good: Runs, bad: Runs) -> float:
        """Probability that both ends behave alike, by their own runs."""
        noise = noise_for(self._evidence.seen(self._good), self._evidence.seen(self._bad), ())
        changed = np.logaddexp.reduce(noise.prior + noise.likelihood(good)[0] + noise.likelihood(bad)[1])
        odds = changed - noise.alone([good, bad]) + np.log((1 - SAME) / SAME)
        return float(1 / (1 + np.exp(np.clip(odds, -700, 700))))

    def _alike(self, good: Runs, bad: Runs) -> Finding:
        """Nothing changed between the ends: which of them is not what the user says, or that it is neither."""
        if good.values and bad.values:
            said = " and ".join(f"{np.median(runs.values):.4g} ({len(runs)} runs)" for runs in (good, bad))
            return Finding(
                "not-reproduced",
                why=f"both ends measure alike: {said}; it is chance, such as the seed, and not a change",
            )
        first = [self._evidence.seen(end)[0].reason for end in (self._good, self._bad)]
        if bad.fails == 0 and good.fails == 0:
            times = f" in {bad.passes} of {bad.passes} runs" if bad.passes > 1 else ""
            return Finding("not-reproduced", why=f"the bad end is good{times}: {first[1]}")
        if good.passes == 0:
            times = f" in {good.fails} of {good.fails} runs" if good.fails > 1 else ""
            swapped = "; the bad end is good: are they the wrong way round?" if bad.passes and not bad.fails else ""
            return Finding("good-endpoint-fails", why=f"the good end is bad{times}: {first[0]}{swapped}")
        rates = [
            f"the {name} end fails in {runs.fails} of {len(runs)} runs ({rate_interval(runs.fails, len(runs))})"
            for name, runs in (("good", good), ("bad", bad))
        ]
        return Finding(
            "not-reproduced",
            why=f"{', '.join(rates)}; they fail alike: it is chance, such as the seed, and not a change",
        )

    def _suspects(self, bad: Candidate) -> Suspects:
        """A smallest set that turns the good end bad, found between the good end and `bad`.

        A step that moves several keys, because nothing between could be tested, is tried as a whole. Once the suspects
        are enough, the head of such a step is tried alone. If that is not enough, the rest of it is searched as a
        partner of the head: to move a key to where the step leads moves it past all that came before, and the partner
        may be there.
        """
        found: list[Suspect] = []
        purpose: Purpose = "boundary"
        base, top, narrowed = self._good, bad, False
        while True:
            step = self._located(base, top, found, bad, purpose)
            apart = self._apart([*found, self._suspect(step)], step, MOST_PARTNERS + narrowed)
            found, narrowed = apart.suspects, narrowed or apart.narrowed
            if apart.partner is None:
                break
            base, top, purpose = apart.alone, apart.partner, "partner"
        found = self._needed(found, narrowed)
        if narrowed:
            found = [self._relocated(suspect, found) for suspect in found]
        without, gone = self._gone(found, bad, step.needed if len(found) == 1 else None)
        return Suspects(tuple(found), step, _boolean(apart.outcome, Verdict.BAD), without, _boolean(gone, Verdict.GOOD))

    def _apart(self, found: list[Suspect], step: Step, most: int) -> Apart:
        """Suspects, of which the last one comes from `step`, each of them only the head of what its step moves, where
        that can be shown; and whether `most` still leaves room for a partner, where they are not enough."""
        with_, outcome = self._alone(found, step.high.values, step.enough)
        for i, suspect in enumerate(found):
            if outcome.verdict is not Verdict.BAD or not outcome.alike:
                break
            if len(suspect.after) == 1:
                continue
            heads = [*found[:i], self._head(suspect), *found[i + 1 :]]
            less, lesser = self._alone(heads, with_.values)
            if lesser.verdict is Verdict.GOOD and len(found) < most:
                return Apart(heads, less, lesser, with_, narrowed=True)
            if lesser.verdict is Verdict.BAD and lesser.alike:
                found, with_, outcome = heads, less, lesser
            else:
                found = [*found[:i], self._wide(suspect), *found[i + 1 :]]
        alone = outcome.verdict is not Verdict.GOOD or len(found) >= most or with_.values == step.high.values
        return Apart(found, with_, outcome, None if alone else step.high)

    def _alone(self, found: Sequence[Suspect], top: Values, enough: float | None = None) -> tuple[Candidate, Outcome]:
        """Good with the suspects alone, and how it does; or a near candidate, towards `top`, that shows that they are
        not enough.

        That takes two runs: a bad candidate that happens to pass would send the search after a partner that is none,
        and one pass in a search whose runs never differed so far looks as if it were no accident. So does one failure
        of suspects that are too few or one of them innocent; but of a single one, the common case, it must do.
        """
        with_ = self._sufficient(found)
        sure = SETTLED if len(found) == 1 else SURE_TOGETHER
        outcome = self._evidence.settle(with_, "sufficient", enough, sure=sure)
        surprising = outcome.verdict is Verdict.GOOD or len(found) > 1
        if surprising and 0 < len(self._evidence.runs(with_)) < SURPRISED:
            raise Need([Want(with_, "sufficient")])
        if outcome.verdict is Verdict.UNTESTABLE or not outcome.alike:
            moves = self._world.timeline(with_, Candidate(top, top)).changes
            held = frozenset(key for suspect in found for key in suspect.after)
            ways = {move.key: move.after for move in reversed(moves)}
            return self._around(with_, outcome, held, ways, "sufficient", Verdict.BAD)
        return with_, outcome

    def _gone(self, found: Sequence[Suspect], bad: Candidate, healthy: float | None) -> tuple[Candidate, Outcome]:
        """`bad` without the suspects, and how it does; or a near candidate that shows that there are others."""
        without = self._necessary(found, bad)
        outcome = self._evidence.settle(without, "necessary", None if healthy is None else 1 - healthy)
        if outcome.verdict is Verdict.UNTESTABLE or not outcome.alike:
            moves = self._world.timeline(self._good, without).changes
            held = frozenset(key for suspect in found for key in suspect.after)
            ways = {move.key: move.before for move in moves}
            return self._around(without, outcome, held, ways, "necessary", Verdict.GOOD)
        return without, outcome

    def _around(
        self,
        at: Candidate,
        outcome: Outcome,
        held: frozenset[Key],
        moves: dict[Key, str | None],
        purpose: Purpose,
        expected: Verdict,
    ) -> tuple[Candidate, Outcome]:
        """What cannot be tested, or fails in a third way, is tried with one more change, each of another key.

        The keys that are `held` stay as they are, whatever metadata says: they are what is asked about.
        One of these that is not as expected refutes it. Two that are as expected have nothing else in common: they
        show it.
        """
        agree = third = 0
        for key, value in list(moves.items())[:MOST_DETOURS]:
            if key in held:
                continue
            near = self._world.realise(at.values.put({key: value}), self._good, self._bad, held=held | {key})
            if near is None or any(near.values.get(k) != at.values.get(k) for k in held):
                continue
            found = self._evidence.settle(near, purpose)
            if not found.alike or found.verdict not in (Verdict.GOOD, Verdict.BAD):
                third += found.verdict is Verdict.BAD
                if third == MOST_THIRD:
                    break
                continue
            if found.verdict is not expected:
                return near, found
            agree += 1
            if agree == 2:
                return at, found
        return at, outcome

    def _needed(self, found: list[Suspect], heads: bool) -> list[Suspect]:
        """Those suspects without which the others are not enough. The last one was found since they were not.

        One that stood at a boundary alone should be needed: the others are all in what was good without it. But a bad
        candidate that happened to pass puts the boundary at an innocent change, and the culprit is found as its
        partner: to see that, the others are tried alone. One pass agrees with the boundary; one failure is no reason to
        drop the suspect, it is run again. `heads`: some of the suspects are heads of a step, which may be innocent;
        where nothing can be tested to tell, such a one is named as moved with the last one.
        """
        for suspect in found[:-1]:
            others = [other for other in found if other is not suspect]
            if heads:
                _, outcome = self._alone(others, self._bad.values.put(suspect.before))
            else:
                outcome = self._others_alone(others)
            if outcome.verdict is Verdict.BAD and outcome.alike:
                return self._needed(others, heads)
            if heads and outcome.verdict is not Verdict.GOOD:
                last, moved = others[-1], (suspect.cause.change, *suspect.cause.moved_with)
                cause = replace(last.cause, moved_with=(*last.cause.moved_with, *moved))
                both = Suspect(cause, {**suspect.after, **last.after}, {**suspect.before, **last.before})
                return self._needed([*others[:-1], both], heads)
        return found

    def _others_alone(self, others: Sequence[Suspect]) -> Outcome:
        """How good with all suspects but one does. Bad takes two runs, since the boundary says good."""
        alone = self._sufficient(others)
        outcome = self._evidence.settle(alone, "sufficient")
        if outcome.verdict is Verdict.BAD and 0 < len(self._evidence.runs(alone)) < SURPRISED:
            raise Need([Want(alone, "sufficient")])
        return outcome

    def _located(
        self, base: Candidate, top: Candidate, found: Sequence[Suspect], bad: Candidate, purpose: Purpose
    ) -> Step:
        """The step between two candidates; its change was tried by itself until it is sure."""
        self.phase = purpose
        parts = Parts(
            self._good.values.put({key: value for suspect in found for key, value in suspect.after.items()}),
            None if found else bad.values,
        )
        located = self._pinpoint.locate(base, top, purpose, parts=parts)
        step = self._pinpoint.closer(base, top, located)
        suspects = [*found, self._suspect(step)]
        self.phase = "confirming"
        if self._pinpoint.slots > 1:
            gather(lambda: self._sufficient(suspects), lambda: self._necessary(suspects, bad))
        return step

    def _suspect(self, step: Step) -> Suspect:
        """The change of a step: named after the one that forces the others, where several move at once."""
        timeline = self._world.timeline(step.low, step.high)
        keys = changed_keys(timeline)
        head = heads_first(keys, step.high)[0]
        moves = [change for change in timeline.changes if change.key == head]
        whole = replace(moves[-1], before=step.low.values.get(head), after=step.high.values.get(head))
        others = [
            Change(key, step.low.values.get(key), step.high.values.get(key))
            for key in step.low.values.differing(step.high.values)
            if key != head
        ]
        candidates = tuple(move.after for move in moves if move.after is not None)
        return Suspect(
            Cause(whole, candidates, tuple(others), round(step.confidence, 4)),
            {key: step.high.values.get(key) for key in keys},
            {key: step.low.values.get(key) for key in keys},
        )

    def _head(self, suspect: Suspect) -> Suspect:
        """The change that names a step, without others that the step moves but for want of anything between."""
        key = suspect.cause.change.key
        riders = tuple(change for change in suspect.cause.moved_with if change.key not in suspect.after)
        return Suspect(replace(suspect.cause, moved_with=riders), {key: suspect.after[key]}, {key: suspect.before[key]})

    def _wide(self, suspect: Suspect) -> Suspect:
        """The same, if only the whole could be shown: what it moves beside its head is moved from where it was good."""
        moved = tuple(
            replace(change, before=self._good.values.get(change.key)) if change.key in suspect.after else change
            for change in suspect.cause.moved_with
        )
        return replace(suspect, cause=replace(suspect.cause, moved_with=moved))

    def _relocated(self, suspect: Suspect, found: Sequence[Suspect]) -> Suspect:
        """Which change of its key is needed, beside the others: it may be an earlier one than the step's."""
        others = [other for other in found if other is not suspect]
        if not others or len(suspect.after) > 1:
            return suspect
        without, with_ = self._sufficient(others), self._sufficient(found)
        outcomes = [self._evidence.settle(candidate, "sufficient") for candidate in (without, with_)]
        if Verdict.UNTESTABLE in [outcome.verdict for outcome in outcomes]:
            return self._any_release(suspect)
        if [outcome.verdict for outcome in outcomes] != [Verdict.GOOD, Verdict.BAD]:
            return suspect
        return self._suspect(self._pinpoint.locate(without, with_, "refine"))

    def _any_release(self, suspect: Suspect) -> Suspect:
        """The same, where nothing tells which change of its key on the way from the good end is needed."""
        key, last = suspect.cause.change.key, suspect.cause.candidates[-1:]
        path = [change.after for change in self.timeline().changes if change.key == key and change.after is not None]
        until = path[: path.index(last[0]) + 1] if last and last[0] in path else suspect.cause.candidates
        return replace(suspect, cause=replace(suspect.cause, candidates=tuple(until)))

    def _sufficient(self, found: Sequence[Suspect]) -> Candidate:
        """The good end with the suspects alone."""
        after = {key: value for suspect in found for key, value in suspect.after.items()}
        moved = [change for suspect in found for change in suspect.cause.moved_with]
        come = {change.key: change.after for change in moved if change.after is not None}
        return self._moved(self._good, after, come, "sufficient", self._bad)

    def _necessary(self, found: Sequence[Suspect], bad: Candidate) -> Candidate:
        """A bad end with the suspects held where they were good."""
        before = {key: value for suspect in found for key, value in suspect.before.items()}
        moved = [change for suspect in found for change in suspect.cause.moved_with]
        gone = {change.key: change.before for change in moved if change.before is not None}
        return self._moved(bad, before, gone, "necessary", bad)

    def _moved(
        self,
        base: Candidate,
        keys: dict[Key, str | None],
        companions: dict[Key, str],
        purpose: Purpose,
        bad: Candidate,
    ) -> Candidate:
        """One end with some keys moved, and what metadata demands with them; else exactly, with the companions."""
        wanted = base.values.put(keys)
        exact = wanted.put({**companions, **keys})
        return self._evidence.first_testable(
            purpose,
            lambda: self._world.realise(wanted, self._good, bad, held=frozenset(keys)),
            lambda: self._pinpoint.completed(exact, frozenset(keys)),
            lambda: self._pinpoint.exact(exact),
        )

    def _healed(self, suspects: Suspects) -> Healed | None:
        """It broke in passing and was mended on its own axis: good with the axis at its bad end is good. And where."""
        after = {key: value for suspect in suspects.all for key, value in suspect.after.items()}
        final = {key: self._bad.values.get(key) for key in after}
        if after == final:
            return None
        mended = self._moved(self._good, final, {}, "passing", self._bad)
        if self._evidence.settle(mended, "passing").verdict is not Verdict.GOOD:
            return None
        change = suspects.causes[0].change
        if len(suspects.causes) > 1 or not suspects.sufficient:
            return Healed(change)
        # Backwards: from the good end with the axis at its end, which is good, to the good end with the break alone.
        step = self._pinpoint.locate(mended, self._sufficient(suspects.all), "passing")
        key = change.key
        return Healed(change, Change(key, step.high.values.get(key), step.low.values.get(key)))


def rate_interval(fails: int, runs: int) -> str:
    """95 % interval of a failure rate, in words: Wilson 1927, "Probable inference, the law of succession"."""
    z, p = 1.96, fails / runs
    middle = (p + z * z / (2 * runs)) / (1 + z * z / runs)
    half = z * sqrt(p * (1 - p) / runs + z * z / (4 * runs * runs)) / (1 + z * z / runs)
    return f"95% interval {max(0.0, middle - half):.0%} to {min(1.0, middle + half):.0%}"


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
        without=sets[-1].without,
    )
