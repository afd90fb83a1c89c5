"""Which cheaper settings of medextract tell good from bad as surely as its full size does, and what they cost.

    python tests/bench/fidelity.py levels [--seeds 5] [--level NAME]   # two good and three bad conditions at each level
    python tests/bench/fidelity.py pairs [--seeds 6] [--level NAME]    # do runs with a common seed compare in pairs?

Each run is a process of its own, one at a time, in an environment that mbisect builds from a committed lock. Runs are
kept in a folder (--keep, else a temporary one) and not repeated. Prints tables as they stand in docs/fidelity.md.
"""

import argparse
import itertools
import json
import math
import os
import resource
import statistics
import subprocess
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mbisect.environments.build import Builder, Environment
from mbisect.environments.bytecode import Bytecode
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.lockfile import marker_environment, read_lock
from mbisect.environments.uv import Uv
from mbisect.staging import Stager, repository_of
from mbisect.terms import DATASET, PYTHON, Values, package

ROOT = Path(__file__).parents[2]
FULL = "full size"
SMALL: dict[str, object] = {
    "batch_size": 2, "learning_rate": 0.006, "test_limit": 10, "max_new_tokens": 48, "threads": 1,
}  # fmt: skip
"""What the cheap levels share: many small steps, a tenth of the test notes, the first few entities of an answer."""
LEVELS: dict[str, dict[str, object]] = {
    FULL: {"threads": 1},
    "24 rows": {**SMALL, "train_limit": 24},
    "24 rows, plain loop": {**SMALL, "train_limit": 24, "trainer": "loop"},
}
CONDITIONS = {
    "good": ("v1", "v1"),
    "good, newest libraries": ("v4", "v1"),
    "dataset broken as in v4": ("v1", "v4"),
    "dataset broken as in v4b": ("v1", "v4b"),
    "evaluation broken": ("v3", "v1"),
}
"""(snapshot whose lock, snapshot whose dataset); everything else is v1's."""
GOOD = ("good", "good, newest libraries")
PAIRS = (GOOD, ("good", "evaluation broken"))
SIGNATURE = ("grounding", "memorisation", "format_validity", "loss_end")

Settings = dict[str, object]
Run = dict[str, float]


@dataclass
class Laboratory:
    """Environments, dataset revisions, and the runs that were made."""

    keep: Path

    def __post_init__(self) -> None:
        self._snapshots = tomllib.loads((ROOT / "mbisect.toml").read_text())["snapshots"]
        self._interpreter = find_interpreter("3.11")
        data = repository_of(ROOT / "dataset" / "notes.bundle", self.keep / "datasets")
        self._stager = Stager(self.keep / "staged", ROOT, (), data)

    def python(self, snapshot: str) -> Path:
        """The interpreter of a snapshot's environment, built when it is not there."""
        lock = read_lock(ROOT / "lockfiles" / f"{snapshot}.txt", environment=marker_environment(self._interpreter))
        pins = {package(pin.name): pin.version for pin in lock.pins}
        values = Values({PYTHON: self._interpreter.version, **pins})
        uv, bytecode = Uv(self.keep / "uv"), Bytecode(self.keep / "bytecode")
        builder = Builder(self.keep / "environments", uv, lambda _: self._interpreter, bytecode)
        built = builder.build(values, hashes={pin.name: pin for pin in lock.pins}, built=None)
        assert isinstance(built, Environment), built
        return built.bin / "python"

    def data(self, snapshot: str) -> Path:
        """A snapshot's dataset revision as a folder."""
        revision = Values({DATASET: self._snapshots[snapshot]["dataset"]})
        folder = self._stager.dataset(revision, Path(tempfile.mkdtemp(dir=self.keep)) / "dataset")
        assert folder is not None
        return folder

    def run(self, what: tuple[str, str], settings: Settings, seed: int) -> Run:
        """The metrics of a run, with `wall` and `cpu` seconds of the whole process."""
        name = json.dumps([what, settings, seed], sort_keys=True)
        known = self.keep / "fidelity.jsonl"
        lines = known.read_text().splitlines() if known.exists() else []
        for line in lines:
            entry = json.loads(line)
            if entry["name"] == name:
                return entry["run"]
        python, data = self.python(what[0]), self.data(what[1])
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder)
            (out / "settings.json").write_text(json.dumps(settings))
            env = {"PATH": os.environ["PATH"], "HOME": folder, "MBISECT_OUT": folder, "MBISECT_SEED": str(seed)}
            env |= {"MBISECT_SETTINGS": str(out / "settings.json"), "MBISECT_DATASET": str(data)}
            used, began = cpu_seconds(), time.monotonic()
            subprocess.run([python, "-m", "medextract", "run"], cwd=ROOT, env=env, check=True, capture_output=True)
            spent = {"wall": time.monotonic() - began, "cpu": cpu_seconds() - used}
            found = json.loads((out / "metrics.json").read_text())
        found = {key: value for key, value in found.items() if isinstance(value, int | float)} | spent
        with known.open("a") as file:
            file.write(json.dumps({"name": name, "run": found}) + "\n")
        return found


def cpu_seconds() -> float:
    """What the processes that ended so far have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tabulate(laboratory: Laboratory, seeds: int, levels: tuple[str, ...]) -> None:
    """Entity F1 of each level and condition, then the measures that tell one way of being bad from another."""
    runs = {
        (level, name, seed): laboratory.run(what, LEVELS[level], seed)
        for level in levels
        for seed in range(seeds)
        for name, what in CONDITIONS.items()
    }
    print("| level | wall s | CPU s |", *(f" {name} |" for name in CONDITIONS), " lowest good − highest bad |", sep="")
    print("|---" * (len(CONDITIONS) + 4) + "|")
    for level in levels:
        of = {name: [runs[level, name, seed] for seed in range(seeds)] for name in CONDITIONS}
        every = [run for name in CONDITIONS for run in of[name]]
        f1 = {name: [run["entity_f1"] for run in of[name]] for name in CONDITIONS}
        gap = min(min(f1[name]) for name in GOOD) - max(max(f1[name]) for name in CONDITIONS if name not in GOOD)
        spent = (f"{statistics.median(run[kind] for run in every):.1f}" for kind in ("wall", "cpu"))
        print("|", " | ".join([level, *spent, *(spread(f1[name]) for name in CONDITIONS), f"{gap:.2f}"]), "|")
    print("\n| level | condition |", *(f" `{name}` |" for name in SIGNATURE), sep="")
    print("|---" * (len(SIGNATURE) + 2) + "|")
    for level, name in itertools.product(levels, CONDITIONS):
        values = [[runs[level, name, seed][metric] for seed in range(seeds)] for metric in SIGNATURE]
        print("|", " | ".join([level, name, *map(spread, values)]), "|")


def pairs(laboratory: Laboratory, seeds: int, level: str) -> None:
    """Two conditions at a time, seed by seed: does a common seed make the difference less noisy?"""
    names = dict.fromkeys(itertools.chain(*PAIRS))
    f1 = {
        name: [laboratory.run(CONDITIONS[name], LEVELS[level], seed)["entity_f1"] for seed in range(seeds)]
        for name in names
    }
    print("| level | seeds | pair | correlation | sd of the paired difference | sd of an unpaired one |")
    print("|---" * 6 + "|")
    for one, other in PAIRS:
        paired = statistics.stdev(b - a for a, b in zip(f1[one], f1[other], strict=True))
        unpaired = math.hypot(statistics.stdev(f1[one]), statistics.stdev(f1[other]))
        try:
            correlation = f"{statistics.correlation(f1[one], f1[other]):.2f}"
        except statistics.StatisticsError:
            correlation = "none: one is constant"
        print(f"| {level} | {seeds} | {one}, {other} | {correlation} | {paired:.3f} | {unpaired:.3f} |")


def spread(values: list[float]) -> str:
    """Mean ± standard deviation."""
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


def main() -> None:
    """Run what is asked for, print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("levels", "pairs"))
    parser.add_argument("--seeds", type=int, default=5, metavar="N")
    parser.add_argument("--level", choices=LEVELS, help="default: all levels; for pairs, full size")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="environments and runs; else they are thrown away")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        laboratory = Laboratory(options.keep or Path(scratch))
        if options.what == "levels":
            tabulate(laboratory, options.seeds, (options.level,) if options.level else tuple(LEVELS))
        else:
            pairs(laboratory, options.seeds, options.level or FULL)


if __name__ == "__main__":
    main()
