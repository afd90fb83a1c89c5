"""What it costs to learn which half broke, and what it saves to search that half alone. Real fine-tunes.

    MBISECT_CACHE=/an/empty/folder python tests/bench/matrix.py [--good v1] [--bad v3] [--ways …] [--markdown FILE]

In turns: the matrix, the half that it names searched after it, the whole with the ladder, the whole without. A row
counts the processes of the workload: what they took, and of that the CPU seconds, which say more where the machine is
busy. The two searches of the whole are measured anew; those before them must find nothing of theirs in the cache.
"""

from __future__ import annotations

import argparse
import os
import resource
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mbisect.cli.search import open_question
from mbisect.conduct import Options
from mbisect.matrix import Matrix, measure
from mbisect.report.crossed import cell_line, sentence
from mbisect.report.live import PlainReporter
from mbisect.report.words import verdict_sentence
from mbisect.shell import Contained, Groups
from mbisect.terms import Asked

WAYS = ("matrix", "half alone", "ladder", "no ladder")


class Metered(Groups):
    """Notes of each process its last word, wall seconds and CPU seconds. One at a time, or the latter are mixed up."""

    def __init__(self, noted: list[tuple[str, float, float]]) -> None:
        super().__init__()
        self._noted = noted

    def run(self, argv: Sequence[str], **how: Any) -> Contained:
        """Run and note."""
        before = cpu()
        done = super().run(argv, **how)
        self._noted.append((argv[-1], done.seconds, cpu() - before))
        print(f"  {argv[-1]}: {done.seconds:.1f} s, {self._noted[-1][2]:.1f} CPU s", flush=True)
        return done


def cpu() -> float:
    """CPU seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--good", default="v1")
    parser.add_argument("--bad", default="v3")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--timeout", type=float, metavar="S", help="seconds; a busy machine needs more")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    given = parser.parse_args()
    asked, rows, matrix = Asked(given.good, given.bad, timeout=given.timeout, folder=str(Path.cwd())), [], None
    for way in given.ways:
        noted: list[tuple[str, float, float]] = []
        if way == "matrix":
            matrix = crossed(asked, noted)
            answer = sentence(matrix)
        else:
            half = matrix.guilty if matrix is not None and way == "half alone" else None
            answer = searched(replace(asked, half=half), way, noted)
        rows.append(row(way, noted, answer))
        print(rows[-1], flush=True)
    head = ["| way | trained | evaluated | both in one | seconds | CPU seconds | answer |", "|---" * 7 + "|"]
    text = f"### {given.good} to {given.bad}, {os.cpu_count()} cores\n\n" + "\n".join([*head, *rows]) + "\n"
    print(text)
    if given.markdown is not None:
        given.markdown.write_text(text, encoding="utf-8")


def crossed(asked: Asked, noted: list[tuple[str, float, float]]) -> Matrix:
    """The matrix, each cell once."""
    question, conductor = open_question(asked)
    conductor.groups = lambda: Metered(noted)
    with conductor.cells(fresh=False) as cell:
        return measure(
            asked, question.judge.describe(), cell, 1,
            tell=lambda cell: print(cell_line(asked.good, asked.bad, cell), flush=True),
        )  # fmt: skip


def searched(asked: Asked, way: str, noted: list[tuple[str, float, float]]) -> str:
    """One search to its end."""
    _, conductor = open_question(asked)
    conductor.groups = lambda: Metered(noted)
    options = Options(fresh=asked.half is None, fidelity=way != "no ladder")
    return verdict_sentence(conductor.answer(options, PlainReporter()))


def row(way: str, noted: Sequence[tuple[str, float, float]], answer: str) -> str:
    """One line of the table."""
    counts = [sum(word == which for word, _, _ in noted) for which in ("train", "evaluate", "run")]
    wall, used = sum(seconds for _, seconds, _ in noted), sum(seconds for _, _, seconds in noted)
    return f"| {way} | {' | '.join(map(str, counts))} | {wall:.0f} | {used:.0f} | {answer} |"


if __name__ == "__main__":
    main()
