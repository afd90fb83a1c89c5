"""How much of a lost environment comes back? Real runs with dated stacks, their locks hidden.

    python tests/bench/recover/recover.py [--runs NAME…] [--markdown FILE]

Each stack twice (Trainer, SFTTrainer): once with the dates of the run's files, off by up to three days either way, and
once with all dates destroyed. Right: packages of the true lock with their true version. Wrong exact: packages that are
marked `exact` and are not; that must be none.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
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
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    given = parser.parse_args()
    lines = [
        "| run | packages | dates off by -3, 0, 3 days: right | no dates: right | wrong exact | seconds |",
        "|---|---|---|---|---|---|",
    ]
    dated: list[float] = []
    undated: list[float] = []
    for name in given.runs:
        for way in ("trainer", "sft"):
            line, known, blind = row(RUNS / name, way)
            dated += known
            undated.append(blind)
            lines.append(line)
            print(line, flush=True)
    text = "\n".join([*lines, f"| mean | | {mean(dated):.1f} | {mean(undated):.1f} | | |"]) + "\n"
    print(text)
    if given.markdown is not None:
        given.markdown.write_text(text, encoding="utf-8")


def row(stack: Path, way: str) -> tuple[str, list[float], float]:
    """One line of the table, and how many were right."""
    truth = dict(line.split("==") for line in (stack / "truth.txt").read_text().split("\n") if "==" in line)
    date = datetime.fromisoformat(json.loads((stack / "truth.json").read_text())["date"])
    started = time.perf_counter()
    found = [(off, recovered(stack / way, date + timedelta(days=off))) for off in OFF]
    blind = recovered(stack / way, None)
    seconds = (time.perf_counter() - started) / (len(OFF) + 1)
    known = [right(one, truth) for _, one in found]
    wrong = sum(wrong_exact(one, truth) for one in (*(one for _, one in found), blind))
    cells = [
        f"{stack.name} {way}",
        len(truth),
        ", ".join(f"{n:.0f}" for n in known),
        f"{right(blind, truth):.0f}",
        wrong,
    ]
    return "| " + " | ".join(map(str, cells)) + f" | {seconds:.0f} |", known, right(blind, truth)


def recovered(folder: Path, date: datetime | None) -> Recovered:
    """Recover from a copy whose files have one date, or that of the copying."""
    root = Store(cache_root()).root
    index = Index(root, endpoints=endpoints_of(os.environ), find_links=find_links_of(os.environ))
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "run")
        shutil.copytree(folder, copy)
        for path in copy.rglob("*"):
            if date is not None:
                os.utime(path, (date.timestamp(), date.timestamp()))
        wanted = Wanted("lost", (copy,), python="3.11")
        return rebuild(wanted, index, Uv(root / "uv"), now=datetime.now(UTC))


def right(found: Recovered, truth: dict[str, str]) -> float:
    """Packages of the true lock that are there with their version."""
    versions = {one.package: one.version for one in found.packages}
    return sum(versions.get(name) == version for name, version in truth.items())


def wrong_exact(found: Recovered, truth: dict[str, str]) -> int:
    """Packages that are said to be known and are others."""
    return sum(one.how is How.EXACT and truth.get(one.package) != one.version for one in found.packages)


if __name__ == "__main__":
    main()
