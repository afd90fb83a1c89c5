"""What the fidelity ladder and the priors save on this repository's own stories. Real fine-tunes: some minutes each.

    python tests/bench/saved.py [--good v1] [--bad v4] [--again N] [--markdown FILE]

The same question with both on, without priors, and without the ladder; each time everything is measured anew, in turns,
so that all share whatever else the machine does. Seconds are of the workload alone.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from statistics import median

from mbisect.cli.search import open_question
from mbisect.conduct import Options
from mbisect.events import Reporter
from mbisect.journal import Record
from mbisect.report.words import verdict_sentence
from mbisect.terms import Asked

WAYS = {
    "both": Options(fresh=True),
    "no priors": Options(fresh=True, priors=False),
    "no ladder": Options(fresh=True, fidelity=False),
    "neither": Options(fresh=True, fidelity=False, priors=False),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--good", default="v1")
    parser.add_argument("--bad", default="v4")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--again", type=int, default=1, metavar="N", help="times (%(default)s)")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    given = parser.parse_args()
    found: dict[str, list[Record]] = {way: [] for way in given.ways}
    for turn in range(given.again):
        for way in given.ways:
            _, conductor = open_question(Asked(given.good, given.bad, folder=str(Path.cwd())))
            found[way].append(conductor.answer(WAYS[way], Reporter()))
            print(f"{turn + 1}: {way}: {row(way, found[way][-1:])}", flush=True)
    lines = ["| way | trials at full size | cheap trials | workload seconds | answer |", "|---|---|---|---|---|"]
    lines += [row(way, records) for way, records in found.items()]
    text = f"### {given.good} to {given.bad}, {os.cpu_count()} cores\n\n" + "\n".join(lines) + "\n"
    print(text)
    if given.markdown is not None:
        given.markdown.write_text(text, encoding="utf-8")


def row(way: str, records: list[Record]) -> str:
    """One line of the table: medians over the turns."""

    def middle(cheap: bool) -> tuple[float, float]:
        chosen = [[t for t in record.trials if bool(t.ask.level) is cheap] for record in records]
        seconds = [sum(trial.measurement.seconds for trial in trials) for trials in chosen]
        return median(map(len, chosen)), median(seconds)

    (whole, long), (cheap, short) = middle(False), middle(True)
    answer = " / ".join(dict.fromkeys(verdict_sentence(record) for record in records))
    return f"| {way} | {whole:g} | {cheap:g} | {long:.0f} + {short:.0f} = {long + short:.0f} | {answer} |"


if __name__ == "__main__":
    main()
