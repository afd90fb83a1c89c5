"""The loop: the search asks, the executor runs, the journal remembers, until there is a finding; and the same again
from what the journal remembers."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from mbisect.events import Reporter
from mbisect.executors import Executor
from mbisect.journal import Journal, Narrowed
from mbisect.search.pinpoint import Progress
from mbisect.search.whole import Searching
from mbisect.terms import Ask, Finding, Trial


def bisect(
    search: Searching,
    executor: Executor,
    journal: Journal,
    reporter: Reporter,
    *,
    known: Sequence[Trial] = (),
    max_trials: int | None = None,
) -> tuple[Finding, tuple[Trial, ...]]:
    """Run a search to its end; -> its finding and its trials in the order in which they ended.

    `known` are the trials that the journal holds already: the search goes on after them. Every further trial is in the
    journal before the search hears of it; the finding is left to the caller. Whatever is raised, running trials are
    ended first.
    """
    trials = list(known)
    for trial in known:
        search.record(trial.ask, trial.outcome)
        reporter.finished(trial)
    resolving: dict[str, float] = {}
    reached: Narrowed | None = None
    try:
        while True:
            began = time.monotonic()
            answer = search.select(executor.jobs, executor.running)
            thought = time.monotonic() - began
            if isinstance(answer, Finding):
                break
            _report(search, reporter)
            reached = _keep(search, journal, len(trials), reached)
            for ask in answer:
                if max_trials is not None and len(trials) + len(executor.running) >= max_trials:
                    continue
                resolving[_content(ask)] = thought / len(answer)
                reporter.asked(ask)
                executor.submit(ask)
            if not executor.running:
                answer = Finding(
                    "undecided", why=f"stopped after {len(trials)} trials, as --max-trials asks{_so_far(search)}"
                )
                break
            for ended in executor.completed():
                spent = resolving.pop(_content(ended.ask), 0.0)
                trial = replace(ended, overhead=(("resolve", spent), *ended.overhead))
                trials.append(trial)
                journal.trial(trial)
                search.record(trial.ask, trial.outcome)
                reporter.finished(trial)
            price = build_price(trials)
            if price is not None:
                search.price(price)
    finally:
        executor.close()
    _keep(search, journal, len(trials), reached)
    reporter.found(answer)
    return answer, tuple(trials)


def _so_far(search: Searching) -> str:
    """Where the break probably is, as far as a search has come."""
    progress = search.progress
    if progress is None or progress.high - progress.low >= progress.size:
        return ""
    left = progress.high - progress.low
    return f"; it is probably one of {left} of {progress.size} changes ({progress.low} to {progress.high})"


@dataclass(frozen=True, slots=True)
class Thought:
    """What a search thought before a trial."""

    phase: str
    """What it was doing, in words."""
    progress: Progress | None
    """How far the boundary search had come; None before it began."""


def replay(search: Searching, trials: Iterable[Trial]) -> tuple[tuple[Thought, ...], Finding | None]:
    """Tell a new search the outcomes of trials in their order; -> what it thought before each, and what it finds.

    None, where it would go on. Nothing is run: whatever it asks for meanwhile, it hears what was recorded.
    """
    thoughts = []
    for trial in trials:
        search.select()
        thoughts.append(Thought(search.phase, search.progress))
        search.record(trial.ask, trial.outcome)
    answer = search.select()
    return tuple(thoughts), answer if isinstance(answer, Finding) else None


def agree(one: Finding, other: Finding) -> bool:
    """Two searches have found the same: outcome, relation, causes and both confirmations, however sure they are."""

    def said(finding: Finding) -> tuple[object, ...]:
        causes = {(cause.change.key, cause.change.before, cause.change.after) for cause in finding.causes}
        return finding.outcome, finding.relation, causes, finding.sufficient, finding.necessary

    return said(one) == said(other)


def build_price(trials: Sequence[Trial]) -> float | None:
    """What a new environment costs beside its run, in runs: medians of what was measured; None where nothing was."""
    new = [sum(seconds for _, seconds in t.overhead) for t in trials if not t.reused and t.overhead and not t.ask.seed]
    runs = [trial.measurement.seconds for trial in trials if trial.measurement.stopped_at is None]
    return median(new) / max(median(runs), 1e-3) if new and runs else None


def _content(ask: Ask) -> str:
    return f"{ask.candidate.values.digest} {ask.seed} {ask.level}"


def _report(search: Searching, reporter: Reporter) -> None:
    progress = search.progress
    if progress is not None:
        reporter.narrowed(progress.low, progress.high, progress.size, progress.remaining, search.phase)


def _keep(search: Searching, journal: Journal, trials: int, before: Narrowed | None) -> Narrowed | None:
    """Write down how far the search has come, where that is news; -> what was written last."""
    at = search.progress
    if at is None:
        return before
    now = Narrowed(trials, at.low, at.high, at.half, at.size, round(at.sure, 6), search.phase)
    if before is not None and replace(before, trials=trials) == now:
        return before
    journal.narrowed(now)
    return now
