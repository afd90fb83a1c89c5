"""Green or red? Runs today's lock, and the reference as far as it takes, until they are told apart or are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from mbisect.history import Light
from mbisect.judge import Judge, MetricJudge
from mbisect.search.changed import CHANGED, SAME, changed
from mbisect.terms import Ask, Candidate, Outcome, Trial, Values, Verdict

MOST_RUNS = 8
"""Runs of today and of the reference while it is not clear whether they differ, unless more are asked for."""
UNLIKELY = 0.2
"""After so many runs, what changed with at most this probability counts as the same."""


Measure = Callable[[Ask], Trial]


class Ends:
    """Runs of today's lock and of the reference, by seed. Both are run as good ends: what they load is traced."""

    def __init__(
        self,
        today: tuple[Values, Callable[[], Measure]],
        reference: tuple[Values, Callable[[], Measure]] | None,
        remembered: Sequence[Outcome],
        jobs: int,
        say: Callable[[str], None],
    ) -> None:
        """What each holds and how to begin to measure it; no `reference`: it is today's lock, or there is none."""
        self._today, self._reference = today, reference
        self._begun: dict[str, Measure] = {}
        self._jobs, self._say = jobs, say
        self.today: list[Trial] = []
        self.reference: list[Outcome] = list(remembered)

    @property
    def compared(self) -> bool:
        """There is something to compare with."""
        return bool(self.reference) or self._reference is not None

    def run_today(self, count: int) -> None:
        """Run it until there are so many runs."""
        self.today += self._run("today", self._today, len(self.today), count)

    def run_reference(self, count: int) -> None:
        """The same for the reference, as far as it can be run; what is remembered of it counts."""
        if self._reference is not None:
            runs = self._run("reference", self._reference, len(self.reference), count)
            self.reference += [trial.outcome for trial in runs]

    def _run(self, name: str, end: tuple[Values, Callable[[], Measure]], first: int, count: int) -> Iterator[Trial]:
        if first >= count:
            return
        values, begin = end
        if name not in self._begun:
            self._begun[name] = begin()
        asks = [Ask(Candidate(values, values), seed, "good end") for seed in range(first, count)]
        pool = ThreadPoolExecutor(self._jobs)
        try:
            for trial in pool.map(self._begun[name], asks):
                took = "known" if trial.reused else f"{trial.measurement.seconds:.0f} s"
                self._say(f"{name}, run {trial.ask.seed + 1}: {trial.outcome.verdict}, {trial.outcome.reason} ({took})")
                yield trial
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def light_of(ends: Ends, seeds: int, judge: Judge) -> tuple[Light, str]:
    """The light, and the reason. Runs more of both while it is not clear whether they differ.

    By thresholds or an exit status, what is good in every run is green whatever the reference did, and what is bad in
    every run is red, unless the reference is known to fail: the search measures it before it believes that.
    """
    ends.run_today(seeds)
    outcomes = [trial.outcome for trial in ends.today]
    verdicts, said = {outcome.verdict for outcome in outcomes}, _summary(outcomes)
    absolute = not isinstance(judge, MetricJudge) or judge.good is not None
    if verdicts == {Verdict.UNTESTABLE}:
        return "untestable", said
    if absolute and verdicts == {Verdict.GOOD}:
        return "green", said
    if not ends.compared and not absolute and verdicts == {Verdict.UNSURE}:
        return "green", f"{said}; the first, with nothing to compare it with"
    accepted = any(outcome.verdict is Verdict.BAD for outcome in ends.reference)
    if not ends.compared or (absolute and verdicts == {Verdict.BAD} and not accepted):
        return ("red" if Verdict.BAD in verdicts else "unsure"), said
    if absolute and not verdicts & {Verdict.GOOD, Verdict.BAD}:
        return "unsure", said
    return _told_apart(ends, seeds)


def _told_apart(ends: Ends, seeds: int) -> tuple[Light, str]:
    most = max(MOST_RUNS, seeds)
    ends.run_reference(seeds)
    while True:
        outcomes = [trial.outcome for trial in ends.today]
        said = f"{_summary(outcomes)}; the reference: {_summary(ends.reference)}"
        doubt, count = changed(ends.reference, outcomes), len(outcomes)
        if doubt is None:
            return "unsure", said
        if doubt >= CHANGED:
            return "red", said
        if doubt <= SAME or (count >= most and doubt <= UNLIKELY):
            return "green", said
        if count >= most:
            return "unsure", f"{said}; changed with probability {doubt:.2f}"
        ends.run_today(count + 1)
        ends.run_reference(count + 1)


def _summary(outcomes: Sequence[Outcome]) -> str:
    """`entity_f1 0.91, entity_f1 0.89`; reasons that are the same are counted."""
    counts = Counter(outcome.reason for outcome in outcomes)
    told = [reason if n == 1 else f"{reason} ({n} runs)" for reason, n in counts.items()]
    more = [f"{len(told) - 4} more"] if len(told) > 4 else []
    return ", ".join([*told[:4], *more]) or "not run"
