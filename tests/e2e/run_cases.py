"""Runs `mbisect run` on the acceptance cases, grades its reports and prints the tally. Knows mbisect only as a command.

    python tests/e2e/run_cases.py                      all cases
    python tests/e2e/run_cases.py '5*' 01 --jobs 2     some, by name or glob

A case's answer never lies where mbisect runs: only the two locks and the test are copied there. Exit 0: all right;
1: not all right; 2: no such case. Flaky cases are shown but not counted.
"""

import argparse
import fnmatch
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grading import Mark, grade, named

CASES = Path(__file__).parent / "cases"
INPUTS = ("good.txt", "bad.txt", "test.py")


@dataclass(frozen=True, slots=True)
class Result:
    """One case, run and graded."""

    case: str
    mark: Mark
    reason: str
    named: str
    trials: int | None
    environments: int | None
    seconds: float
    """Wall time of the whole command."""
    exit_status: int
    flaky: bool


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the wanted cases; see the module's docstring for the exit status."""
    options = _parser().parse_args(arguments)
    cases = select(options.cases)
    if not cases:
        print(f"no case matches {' '.join(options.cases)}; there are: {', '.join(select([]))}", file=sys.stderr)
        return 2
    with ExitStack() as stack:
        out = options.out or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mbisect-cases-")))
        results = run_all(cases, out, jobs=options.jobs, timeout=options.timeout)
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    print("\n" + table(results))
    return 0 if all(result.mark == "right" for result in results if not result.flaky) else 1


def select(patterns: Sequence[str]) -> list[str]:
    """The cases whose name fits one of the patterns (a glob, or the start of the name); all where there is none."""
    cases = sorted(path.parent.name for path in CASES.glob("*/case.json"))
    return [
        case
        for case in cases
        if not patterns or any(fnmatch.fnmatch(case, pattern) or case.startswith(pattern) for pattern in patterns)
    ]


def run_all(cases: Sequence[str], out: Path, *, jobs: int, timeout: float) -> list[Result]:
    """Run the cases, `jobs` at a time, with a line as each ends; results in the order of the cases."""
    results: dict[str, Result] = {}
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run_case, case, out / case, timeout=timeout) for case in cases]
        for done in as_completed(waiting):
            result = done.result()
            results[result.case] = result
            print(line(result), flush=True)
    return [results[case] for case in cases]


def run_case(case: str, folder: Path, *, timeout: float = 900) -> Result:
    """Run one case in `folder`, which is emptied first and then holds its report and output, and grade it."""
    answer: dict[str, Any] = json.loads((CASES / case / "case.json").read_text())
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in INPUTS:
        shutil.copy(CASES / case / name, folder / name)
    started = time.monotonic()
    exit_status = _run(command(answer), folder, timeout)
    seconds = time.monotonic() - started
    report = _read(folder / "out.json")
    verdict = grade(answer, report, exit_status)
    numbers = report or {}
    last_words = "" if report else (folder / "stderr.txt").read_text(errors="replace").strip().rpartition("\n")[2]
    return Result(
        case=case,
        mark=verdict.mark,
        reason=f"{verdict.reason}: {last_words}" if last_words else verdict.reason,
        named=named(report),
        trials=numbers.get("trials"),
        environments=numbers.get("environments"),
        seconds=round(seconds, 1),
        exit_status=exit_status,
        flaky="flaky" in answer,
    )


def command(answer: dict[str, Any]) -> list[str]:
    """What is run. `--fresh`: a trial remembered from an earlier run would make the count too small."""
    if "python" in answer:
        interpreters = ["--python", answer["python"]]
    else:
        interpreters = ["--good-python", answer["python_good"], "--bad-python", answer["python_bad"]]
    mbisect = str(Path(sys.executable).parent / "mbisect")
    locks = ["--good", "good.txt", "--bad", "bad.txt"]
    return [mbisect, "run", *locks, *interpreters, "--fresh", "--report", "out.json", "--", "python", "test.py"]


def line(result: Result) -> str:
    """One case on one line."""
    apart = " (flaky, not counted)" if result.flaky else ""
    return (
        f"{result.case}: {result.mark}{apart}: {result.reason} | named: {result.named} | "
        f"trials {_shown(result.trials)}, environments {_shown(result.environments)}, "
        f"{result.seconds:.1f} s, exit {result.exit_status}"
    )


def table(results: Sequence[Result]) -> str:
    """All cases, and the tally of those that count."""
    width = max(len(result.case) for result in results)
    rows = [f"{'case':{width}}  mark   trials  envs  seconds  exit"]
    rows += [
        f"{result.case:{width}}  {result.mark:5}  {_shown(result.trials):>6}  {_shown(result.environments):>4}  "
        f"{result.seconds:7.1f}  {result.exit_status:4}{'  flaky' if result.flaky else ''}"
        for result in results
    ]
    counted = [result for result in results if not result.flaky]
    right = sum(result.mark == "right" for result in counted)
    rows.append(
        f"{right}/{len(counted)} right; mean of {_mean([r.trials for r in counted if r.trials is not None])} trials "
        f"and {_mean([r.seconds for r in counted])} s"
    )
    return "\n".join(rows)


def _run(argv: Sequence[str], folder: Path, timeout: float) -> int:
    """Exit status of the command, its output kept in `folder`; 124: it ran out of time, 127: it is not installed."""
    with (folder / "stdout.txt").open("w") as stdout, (folder / "stderr.txt").open("w") as stderr:
        try:
            process = subprocess.Popen(argv, cwd=folder, stdout=stdout, stderr=stderr, start_new_session=True)
        except FileNotFoundError:
            return 127
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 124


def _read(report: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(report.read_text())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _shown(number: int | None) -> str:
    return "-" if number is None else str(number)


def _mean(numbers: Sequence[float]) -> str:
    return f"{sum(numbers) / len(numbers):.1f}" if numbers else "-"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Run mbisect on the acceptance cases and grade what it reports.")
    parser.add_argument("cases", nargs="*", metavar="NAME-GLOB", help="cases to run: a glob, or the start of a name")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time (default: 1)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="keep each case's folder, report and output here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results here")
    parser.add_argument("--timeout", type=float, default=900, metavar="S", help="seconds per case (default: 900)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
