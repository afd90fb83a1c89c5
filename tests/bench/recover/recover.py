"""How much of a lost environment comes back? Real runs with dated stacks, their locks hidden.

    python tests/bench/recover/recover.py [--runs NAME…] [--each] [--markdown FILE]

The evidence is what the Trainer and the SFTTrainer of a stack left, together, or each alone (--each). First with the
dates of the files, off by up to three days either way; then with all dates destroyed: the files are as old as the copy.
Right: packages of the true lock with their true version. Wrong exact: packages that are marked `exact` and are not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean

from mbisect.environments.index import Index
from mbisect.environments.indexes import endpoints_of, find_links_of
from mbisect.environments.recover.result import How, Recovered
from mbisect.environments.store import Store, cache_root
from mbisect.environments.uv import Uv
from mbisect.recovery import Wanted, rebuild

RUNS = Path(__file__).with_name("runs")
OFF = -3, 0, 3
"""Days by which the dates of the files are off."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="*", metavar="NAME", default=sorted(path.name for path in RUNS.iterdir()))
    parser.add_argument("--each", action="store_true", help="the evidence of each run alone, too")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    given = parser.parse_args()
    off = ", ".join(f"{days:+d}" if days else "0" for days in OFF)
    lines = [
        f"| stack, evidence of | packages | right, dates off by {off} days | right, no dates | wrong exact | CPU s |",
        "|---|---|---|---|---|---|",
    ]
    for ways in (("trainer", "sft"), ("trainer",), ("sft",)) if given.each else (("trainer", "sft"),):
        rows = [Row(RUNS / name, ways) for name in given.runs]
        for row in rows:
            print(row.line(), flush=True)
        share = [right / len(row.truth) for row in rows for right in row.dated]
        blind = [row.blind / len(row.truth) for row in rows]
        lines += [row.line() for row in rows]
        lines.append(f"| mean, {' and '.join(ways)} | | {mean(share):.1%} | {mean(blind):.1%} | | |")
    text = "\n".join(lines) + "\n"
    print(text)
    if given.markdown is not None:
        given.markdown.write_text(text, encoding="utf-8")


class Row:
    """One stack, recovered with each date and with none."""

    def __init__(self, stack: Path, ways: tuple[str, ...]) -> None:
        lines = (stack / "truth.txt").read_text().splitlines()
        self.truth = dict(line.split("==") for line in lines if "==" in line)
        self.name = f"{stack.name} {' and '.join(ways)}"
        date = datetime.fromisoformat(json.loads((stack / "truth.json").read_text())["date"])
        started = _cpu()
        found = [recovered(stack, ways, date + timedelta(days=off)) for off in OFF]
        blind = recovered(stack, ways, None)
        self.seconds = (_cpu() - started) / (len(OFF) + 1)
        self.dated = [right(one, self.truth) for one in found]
        self.blind = right(blind, self.truth)
        self.wrong = sum(wrong_exact(one, self.truth) for one in (*found, blind))

    def line(self) -> str:
        """As Markdown."""
        dated = ", ".join(map(str, self.dated))
        return f"| {self.name} | {len(self.truth)} | {dated} | {self.blind} | {self.wrong} | {self.seconds:.0f} |"


def _cpu() -> float:
    """Seconds of CPU of this process and of those that it ran: unlike wall time, the same on a busy machine."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def recovered(stack: Path, ways: tuple[str, ...], date: datetime | None) -> Recovered:
    """Recover from a copy whose files have one date, or that of the copying."""
    root = Store(cache_root()).root
    index = Index(root, endpoints=endpoints_of(os.environ), find_links=find_links_of(os.environ))
    with tempfile.TemporaryDirectory() as scratch:
        for way in ways:
            shutil.copytree(stack / way, Path(scratch, way))
        for path in Path(scratch).rglob("*"):
            moment = (date or datetime.now(UTC)).timestamp()
            os.utime(path, (moment, moment))
        wanted = Wanted("lost", tuple(Path(scratch, way) for way in ways), python="3.11")
        return rebuild(wanted, index, Uv(root / "uv"), now=datetime.now(UTC))


def right(found: Recovered, truth: dict[str, str]) -> int:
    """Packages of the true lock that are there with their version."""
    versions = {one.package: one.version for one in found.packages}
    return sum(versions.get(name) == version for name, version in truth.items())


def wrong_exact(found: Recovered, truth: dict[str, str]) -> int:
    """Packages that are said to be known and are others."""
    return sum(one.how is How.EXACT and truth.get(one.package) != one.version for one in found.packages)


if __name__ == "__main__":
    main()
