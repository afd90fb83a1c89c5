"""What has been observed, and the exception by which a line of thought says that it must know more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, TypeVar

from mbisect.search.boundary import pooled, side
from mbisect.search.noise import Array, Noise, Runs, noise_for, passed
from mbisect.terms import Ask, Candidate, Outcome, Purpose, Verdict

T = TypeVar("T")

SETTLED = 0.98
"""A single candidate is good or bad when it is so with this probability; else it is run again."""
MOST_RUNS = 60
"""A candidate that is neither after so many runs is left unsure."""
UNSURE_RUNS = 2
"""A candidate that was neither good nor bad by its thresholds so often says nothing."""


class Want(NamedTuple):
    """A run that is wanted."""

    candidate: Candidate
    purpose: Purpose
    extra: bool = False
    """Beside what is running; otherwise a run of the same candidate that has not ended will do."""


class Need(Exception):  # noqa: N818 - a question, not an error
    """Thinking cannot go on without these runs; none: without those that are running."""

    def __init__(self, wants: Sequence[Want]) -> None:
        super().__init__(f"{len(wants)} runs")
        self.wants = tuple(wants)


class Evidence:
    """The raw observations: candidate (by what it really holds) and seed → outcome; and what they say of the noise."""

    def __init__(self) -> None:
        self._outcomes: dict[str, dict[int, Outcome]] = {}
        self._candidates: dict[str, dict[str, Candidate]] = {}
        self._sides: dict[str, Verdict] = {}
        self._purposes: dict[str, Purpose] = {}
        self._runs: dict[tuple[str, bool], Runs] = {}
        self._noise: Noise | None = None
        self._known: dict[frozenset[str], Array] = {}
        self._fails = False
        """An end fails and measures nothing: what measures something passes, whatever it measures."""
        self.running: tuple[Ask, ...] = ()

    def record(self, ask: Ask, outcome: Outcome) -> None:
        """Add an observation. The same candidate and seed asked twice has one outcome: the first."""
        digest = ask.candidate.values.digest
        self._outcomes.setdefault(digest, {}).setdefault(ask.seed, outcome)
        self._candidates.setdefault(digest, {}).setdefault(ask.candidate.wanted.digest, ask.candidate)
        self._purposes.setdefault(digest, ask.purpose)
        self._noise = None
        fails = self._fails
        self._fails = any(self._only_fails(end) for end in self._sides)
        self._runs = {of: runs for of, runs in self._runs.items() if of[0] != digest and fails is self._fails}

    def purpose(self, candidate: Candidate) -> Purpose:
        """What a candidate was run for first."""
        return self._purposes[candidate.values.digest]

    def ends(self, good: Candidate, bad: Candidate) -> None:
        """Say which candidates are good and bad beyond doubt."""
        self._sides = {good.values.digest: Verdict.GOOD, bad.values.digest: Verdict.BAD}

    def is_end(self, candidate: Candidate) -> bool:
        """Its side is known beyond doubt."""
        return candidate.values.digest in self._sides

    def observed(self) -> Iterator[Candidate]:
        """Every candidate that was run, once for each wish that it fulfils."""
        for same in self._candidates.values():
            yield from same.values()

    def seen(self, candidate: Candidate) -> tuple[Outcome, ...]:
        """All outcomes of a candidate, by seed."""
        return self._of(candidate.values.digest)

    def runs(self, candidate: Candidate, *, lenient: bool = False) -> Runs:
        """What its runs say."""
        return self._runs_of(candidate.values.digest, lenient)

    def mute(self, candidate: Candidate, *, lenient: bool = False) -> bool:
        """It was run and says nothing: untestable, failing in a third way, or between the thresholds repeatedly."""
        seen = self.seen(candidate)
        if not seen or len(self.runs(candidate, lenient=lenient)):
            return False
        return len(seen) >= UNSURE_RUNS or any(outcome.verdict is not Verdict.UNSURE for outcome in seen)

    def third(self, candidate: Candidate) -> bool:
        """All that it does is to fail in a third way."""
        return self.mute(candidate) and not self.mute(candidate, lenient=True)

    def next_seed(self, candidate: Candidate, more: Sequence[Ask] = ()) -> int:
        """The first seed that was not run, is not running and is not among `more`."""
        digest = candidate.values.digest
        used = {ask.seed for ask in (*self.running, *more) if ask.candidate.values.digest == digest}
        used |= set(self._outcomes.get(digest, {}))
        return next(seed for seed in range(len(used) + 1) if seed not in used)

    def total(self) -> int:
        """Runs so far."""
        return sum(len(outcomes) for outcomes in self._outcomes.values())

    @property
    def noise(self) -> Noise:
        """The family of distributions of both sides, scaled by all that was measured."""
        if self._noise is None:
            good, bad = (
                [o for digest, of in self._sides.items() if of is verdict for o in self._of(digest)]
                for verdict in (Verdict.GOOD, Verdict.BAD)
            )
            others = [o for digest in self._outcomes if digest not in self._sides for o in self._of(digest)]
            self._noise = noise_for(good, bad, others)
            self._known = {}
        return self._noise

    def known(self, but: Collection[str] = ()) -> Array:
        """Log weight of each θ by all candidates, those with the digests `but` left out. Shape (T,)."""
        noise, without = self.noise, frozenset(but)
        if without not in self._known:
            groups: dict[Verdict | None, list[Runs]] = {Verdict.GOOD: [], Verdict.BAD: [], None: []}
            for digest in self._outcomes:
                runs = self._runs_of(digest)
                if digest not in without and len(runs):
                    groups[self._sides.get(digest)].append(runs)
            self._known[without] = pooled(noise, groups[None], groups[Verdict.GOOD], groups[Verdict.BAD])
        return self._known[without]

    def all_runs(self) -> tuple[Runs, ...]:
        """The runs of every candidate."""
        return tuple(self._runs_of(digest) for digest in self._outcomes)

    def settle(
        self, candidate: Candidate, purpose: Purpose, bad: float | None = None, *, sure: float = SETTLED
    ) -> Outcome:
        """Good, bad, or untestable, with the reason that its runs give. Raises Need until that is settled.

        `bad`: the probability that it is bad, where more is known than its own runs, and these tell less; `sure`: when
        it is settled.
        """
        seen = self.seen(candidate)
        if not seen:
            raise Need([Want(candidate, purpose)])
        fixed = self._sides.get(candidate.values.digest)
        if fixed is not None:
            return _showing(seen, fixed)
        runs = self.runs(candidate)
        if not len(runs):
            if self.mute(candidate):
                return seen[0]
            raise Need([Want(candidate, purpose)])
        own = side(self.noise, self.known([candidate.values.digest]), runs)
        if bad is None or abs(own - 0.5) > abs(bad - 0.5):
            bad = own
        if bad >= sure:
            return _showing(seen, Verdict.BAD)
        if bad <= 1 - sure:
            return _showing(seen, Verdict.GOOD)
        if len(runs) >= MOST_RUNS:
            return Outcome(Verdict.UNSURE, f"bad with probability {bad:.2f} after {len(runs)} runs")
        raise Need([Want(candidate, purpose)])

    def first_testable(self, purpose: Purpose, *attempts: Callable[[], Candidate | None]) -> Candidate:
        """The first of several ways to build the same idea that says anything; the last that exists when none does.

        Raises Need, and ValueError when none exists.
        """
        last: Candidate | None = None
        for attempt in attempts:
            candidate = attempt()
            if candidate is None:
                continue
            last = candidate
            if not self.seen(candidate):
                raise Need([Want(candidate, purpose)])
            if len(self.runs(candidate)):
                return last
        if last is None:
            raise ValueError("no attempt gave a candidate")
        return last

    def _of(self, digest: str) -> tuple[Outcome, ...]:
        found = tuple(outcome for _, outcome in sorted(self._outcomes.get(digest, {}).items()))
        return tuple(map(passed, found)) if self._fails else found

    def _only_fails(self, digest: str) -> bool:
        outcomes = self._outcomes.get(digest, {}).values()
        measured = any(outcome.value is not None for outcome in outcomes)
        return not measured and any(outcome.verdict is Verdict.BAD for outcome in outcomes)

    def _runs_of(self, digest: str, lenient: bool = False) -> Runs:
        if (digest, lenient) not in self._runs:
            self._runs[digest, lenient] = Runs.of(self._of(digest), lenient=lenient)
        return self._runs[digest, lenient]


def gather(*thoughts: Callable[[], T]) -> list[T]:
    """The results of independent lines of thought; what any of them needs is asked for at once."""
    results: list[T] = []
    wants: list[Want] = []
    for thought in thoughts:
        try:
            results.append(thought())
        except Need as need:
            wants.extend(need.wants)
    if wants:
        raise Need(wants)
    return results


def _showing(seen: Sequence[Outcome], verdict: Verdict) -> Outcome:
    """An outcome with this verdict: one that was seen where there is one."""
    like = next((outcome for outcome in seen if outcome.verdict is verdict), None)
    return like or Outcome(verdict, "; ".join(dict.fromkeys(outcome.reason for outcome in seen[:3])))
