"""The loop: the search asks, the executor runs, the journal remembers, until there is a finding."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from mbisect.events import Reporter
from mbisect.executors import Executor
from mbisect.journal import Journal
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
    try:
        while True:
            began = time.monotonic()
            answer = search.select(executor.jobs, executor.running)
            thought = time.monotonic() - began
            if isinstance(answer, Finding):
                break
            _report(search, reporter)
            for ask in answer:
                if max_trials is not None and len(trials) + len(executor.running) >= max_trials:
                    continue
                resolving[_content(ask)] = thought / len(answer)
                reporter.asked(ask)
                executor.submit(ask)
            if not executor.running:
                answer = Finding("undecided", why=f"stopped after {len(trials)} trials, as --max-trials asks")
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
    reporter.found(answer)
    return answer, tuple(trials)


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
