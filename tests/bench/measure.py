"""What the benches of the search share: their options, many searches per cell on all processors, and tables."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import mean, median
from typing import Protocol

from mbisect.simulate import Exits, Metrics, Scenario, simulate
from mbisect.simulate.many import on_all_processors

MOST_RUNS = 3000
"""A search, ours or a peer's, that wants more runs is stopped and counts as undecided."""


class Ended(Protocol):
    """How a search of ours or of a peer ended; see mbisect.simulate.Result."""

    @property
    def outcome(self) -> str: ...
    @property
    def judgement(self) -> str: ...
    @property
    def runs(self) -> int: ...
    @property
    def environments(self) -> int: ...
    @property
    def confidence(self) -> float | None: ...


class Bench:
    """One bench: parses the options, runs cells, prints the tables, and writes them as Markdown where that is asked."""

    def __init__(self, description: str, searches: int) -> None:
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--searches", type=int, default=searches, metavar="N", help="per cell (%(default)s)")
        parser.add_argument("--processes", type=int, metavar="N", help="at once (one per processor)")
        parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the first search (%(default)s)")
        parser.add_argument("--only", default="", metavar="TEXT", help="cells whose name has this text")
        parser.add_argument("--no-peers", action="store_true", help="run nothing but mbisect")
        parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there too")
        self.options = parser.parse_args()
        if self.options.searches < 1:
            parser.error("--searches must be at least 1")
        self.peers = not self.options.no_peers
        self._written: list[str] = []

    def wants(self, name: str) -> bool:
        """Whether this cell is to be run."""
        return self.options.only in name

    def ours(self, name: str, scenario: Scenario) -> list[Ended]:
        """One search of ours per seed in the cell of this name."""
        return self.each(f"{name}: mbisect", partial(simulate, scenario, most_runs=MOST_RUNS))

    def each(self, name: str, work: Callable[[int], Ended]) -> list[Ended]:
        """`work` (seed → how it ended) for every seed."""
        seeds = range(self.options.seed, self.options.seed + self.options.searches)
        began = time.monotonic()
        results: list[Ended] = []
        for result in on_all_processors(work, seeds, self.options.processes):
            results.append(result)
            if sys.stderr.isatty():
                print(f"\r\033[K{name}: {len(results)} of {len(seeds)}", end="", file=sys.stderr, flush=True)
        home = "\r\033[K" if sys.stderr.isatty() else ""
        print(f"{home}{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        return results

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], note: str = "") -> None:
        """Print a table, and keep it for the file."""
        text = f"### {title}\n\n{markdown_table(head, rows)}\n"
        text += f"\n{note}\n" if note else ""
        print(text)
        self._written.append(text)

    def end(self) -> None:
        """Write the file that was asked for."""
        if self.options.markdown:
            command = f"python {Path(sys.argv[0]).as_posix()} --searches {self.options.searches}"
            command += f" --seed {self.options.seed}" if self.options.seed else ""
            text = "\n".join(self._written)
            self.options.markdown.write_text(f"{text}\nMeasured by `{command}`.\n", encoding="utf-8")


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to the same width; all but the first are set to the right."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [f"{'-' * (width - 1)}:" if i else "-" * width for i, width in enumerate(widths)]
    return "\n".join([line(head), f"| {' | '.join(rule)} |", *(line(row) for row in rows)])


def noise_name(scenario: Scenario) -> str:
    """`.1/.7` for good and bad failure rates, `2 σ` for the gap of a metric."""
    noise = scenario.noise
    if isinstance(noise, Metrics):
        return f"{noise.gap:g} σ"
    assert isinstance(noise, Exits)
    good, bad = (f"{rate:g}".removeprefix("0") or "0" for rate in (noise.good_fails, noise.bad_fails))
    return f"{good}/{bad}"


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share: E. B. Wilson, JASA 22 (1927) 209-212. Nothing tried: anything from 0 to 1."""
    if not trials:
        return 0.0, 1.0
    z = 1.959964
    share = successes / trials
    centre = share + z * z / (2 * trials)
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def right_of_found(results: Sequence[Ended]) -> tuple[int, int]:
    """How many named a cause, and how many of these were right."""
    found = [result for result in results if result.outcome == "found"]
    return len(found), sum(result.judgement == "right" for result in found)


def percent(part: int, whole: int) -> str:
    """`97 %`; with one decimal where that is not whole; `-` of nothing."""
    return f"{round(100 * part / whole, 1):g} %" if whole else "-"


def interval(part: int, whole: int) -> str:
    """The Wilson interval, `92-97 %`."""
    low, high = wilson(part, whole)
    return f"{100 * low:.1f}-{100 * high:.1f} %" if whole else "-"


def middle(numbers: Sequence[float]) -> str:
    """Median and mean."""
    return f"{median(numbers):g} / {mean(numbers):.1f}"
