"""What the priors are worth on real breakages: where each known cause stands before any trial between the two ends.

    python tests/bench/priors.py [CASE …]      default: all cases, and this repository's own v1 → v3 and v1 → v4

Both ends of each case are run, so that what the workload loads is known; nothing else is. What a prior saves is
log2(N × its share for the cause) bits: trials of the boundary search that it makes unnecessary, or costs if negative.
Where several causes are known it is their mean. `halving`: trials of the boundary search where every candidate can be
tested and no verdict is wrong, by halving the number of changes and by halving their weight. `idle`: changes of
packages that are not loaded; `same`: releases that do not differ for the workload; `few`: only one or two files do.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from math import log2
from pathlib import Path
from statistics import mean
from typing import Any

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "e2e" / "cases"
MBISECT = Path(sys.executable).with_name("mbisect")
Change = dict[str, Any]
OWN: dict[str, tuple[list[str], Callable[[Change], bool]]] = {
    "v1-v3": (["--good", "v1", "--bad", "v3"], lambda c: (c["name"], c["to"]) == ("transformers", "4.50.0")),
    "v1-v4": (["--good", "v1", "--bad", "v4"], lambda c: c["axis"] == "dataset" and c["to"].startswith("142f5c3")),
}
"""Ends, and which change is the cause."""


def main() -> None:
    """Print a row for each case with a known cause that is a change of its timeline, and the means."""
    print(f"| {'case':<48} | changes | idle | same | few | cause's share | bits saved | halving |")
    print(f"|{'-' * 50}|--------:|-----:|-----:|----:|--------------:|-----------:|--------:|")
    saved: list[float] = []
    halved: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, folder, argv, guilty in wanted(sys.argv[1:]):
            changes = plan(folder, argv, os.environ.get("MBISECT_CACHE") or scratch)
            causes = [change for change in changes if guilty(change)]
            if not causes:
                continue
            idle, same, few = (
                sum(any(sign in factor["reason"] for factor in change["why"]) for change in changes)
                for sign in ("does not load", "no file", "few files")
            )
            share = mean(change["prior"] for change in causes)
            saved.append(mean(log2(len(changes) * change["prior"]) for change in causes))
            row = f"| {name:<48} | {len(changes):>7} | {idle:>4} | {same:>4} | {few:>3} |"
            places = [place for place, change in enumerate(changes) if guilty(change)]
            plain = mean(halvings([1.0] * len(changes), place) for place in places)
            weighed = mean(halvings([change["prior"] for change in changes], place) for place in places)
            halved.append((plain, weighed))
            print(f"{row} {100 * share:>11.2f} % | {saved[-1]:>10.2f} | {plain:.3g} → {weighed:.3g} |", flush=True)
    print(f"\nmean {mean(saved):.2f} bits, from {min(saved):.2f} to {max(saved):.2f}, {len(saved)} cases;", end=" ")
    print("halving {:.2f} → {:.2f} trials".format(*(mean(column) for column in zip(*halved, strict=True))))


def halvings(weights: list[float], cause: int) -> int:
    """Trials until one change is left, each where the weight that is left is halved best."""
    low, high, trials = 0, len(weights), 0
    while high - low > 1:
        half, below = sum(weights[low:high]) / 2, 0.0
        middle, best = low + 1, float("inf")
        for k in range(low + 1, high):
            below += weights[k - 1]
            if abs(below - half) < best:
                middle, best = k, abs(below - half)
        low, high = (low, middle) if cause < middle else (middle, high)
        trials += 1
    return trials


def wanted(names: list[str]) -> Iterator[tuple[str, Path, list[str], Callable[[Change], bool]]]:
    """Name, folder, arguments and which change is guilty."""
    for path in sorted(CASES.glob("*/case.json")):
        if not names or any(path.parent.name.startswith(name) for name in names):
            answer = json.loads(path.read_text())
            ends = ["--good", "good.txt", "--bad", "bad.txt"]
            for option, key in (
                ("--python", "python"),
                ("--good-python", "python_good"),
                ("--bad-python", "python_bad"),
            ):
                ends += [option, answer[key]] if key in answer else []
            yield path.parent.name, path.parent, [*ends, "--", "python", "test.py"], _guilty(answer)
    for name, (ends, guilty) in OWN.items():
        if not names or name in names:
            yield name, ROOT, ends, guilty


def _guilty(answer: dict[str, Any]) -> Callable[[Change], bool]:
    releases = {(culprit["package"], culprit["first_bad"]) for culprit in answer["culprit"]}
    python = bool(answer.get("expect", {}).get("python_first_bad"))
    return lambda c: (c["name"], c["to"]) in releases or (python and c["axis"] == "python")


def plan(folder: Path, ends: list[str], cache: str) -> list[Change]:
    """Run both ends; -> the changes with their priors."""
    env = {**os.environ, "MBISECT_CACHE": cache}
    cut = ends.index("--") if "--" in ends else len(ends)
    argv, command = [MBISECT, "run", *ends[:cut]], ends[cut:]
    subprocess.run([*argv, "--max-trials", "2", "--quiet", *command], cwd=folder, env=env, capture_output=True)
    done = subprocess.run([*argv, "--dry-run", "-v", "--json", *command], cwd=folder, env=env, capture_output=True)
    found: list[Change] = json.loads(done.stdout)["changes"]
    return found


if __name__ == "__main__":
    main()
