"""Many simulated searches on all processors, and what they come to. The only part of the simulator with effects."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil
from multiprocessing import Pool
from statistics import median
from typing import TypeVar

from mbisect.simulate.drive import MOST_RUNS, Result, simulate
from mbisect.simulate.scenario import Scenario

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Spread:
    """Of a number over many searches."""

    median: float
    most: float
    """The least number that 90 % of the searches stay within."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What many searches of one scenario came to."""

    searches: int
    right: float
    """Shares, 0 … 1; right, undecided and wrong add up to 1."""
    undecided: float
    wrong: float
    stopped: float
    """The share that was stopped because it wanted too many runs; part of undecided."""
    runs: Spread
    environments: Spread
    rounds: Spread


def simulate_many(
    scenario: Scenario,
    seeds: Sequence[int],
    *,
    jobs: int = 1,
    most_runs: int = MOST_RUNS,
    processes: int | None = None,
    done: Callable[[], object] = lambda: None,
) -> Summary:
    """One search per seed; `done` is called after each of them."""
    results = []
    for result in on_all_processors(partial(simulate, scenario, jobs=jobs, most_runs=most_runs), seeds, processes):
        results.append(result)
        done()
    return summary(results)


def summary(results: Sequence[Result]) -> Summary:
    """What the results, at least one, come to."""
    judged = [result.judgement for result in results]
    return Summary(
        len(results),
        right=judged.count("right") / len(results),
        undecided=judged.count("undecided") / len(results),
        wrong=judged.count("wrong") / len(results),
        stopped=sum(result.finding is None for result in results) / len(results),
        runs=spread([result.runs for result in results]),
        environments=spread([result.environments for result in results]),
        rounds=spread([result.rounds for result in results]),
    )


def spread(numbers: Sequence[int]) -> Spread:
    """Median and 90 % quantile (nearest rank)."""
    return Spread(median(numbers), sorted(numbers)[ceil(0.9 * len(numbers)) - 1])


def on_all_processors(work: Callable[[T], R], items: Sequence[T], processes: int | None = None) -> Iterator[R]:
    """The results of `work`, in the order of the items. On Ctrl-C the other processes end and say nothing.

    `work` and the items must be picklable; with one process or one item everything happens in this one.
    """
    count = min(processes or _processors(), len(items))
    if count <= 1:
        yield from map(work, items)
        return
    with Pool(count, initializer=_leave_signals_to_parent) as pool:
        yield from pool.imap(work, items)


def _processors() -> int:
    """Those that this process may use, where the system says so; else all."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _leave_signals_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for told in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, signal.SIG_DFL)
