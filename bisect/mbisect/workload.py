"""The command that is run in an environment, what it is given, and how its measurements are read."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mbisect import pytests
from mbisect.errors import ConfigError
from mbisect.terms import SEED, Axis, Key, Measurement, Values

TAIL_LINES = 40
EXCEPTION = re.compile(r"^(?P<name>(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)(?:: (?P<text>.*))?$")
ERROR_NAME = re.compile(r"(Error|Exception|Warning|Interrupt|Failed)$")
DROPPED = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX")
"""Inherited variables that would let the outside in; .pyc files are written, for the next import is much faster."""

SOMETIMES = ("MBISECT_DATASET", "MBISECT_TRAINED")
"""What only some trials are given; inherited from a trial around this one, it would say what is not so."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A command and where it finds and leaves things."""

    command: tuple[str, ...]
    metrics: str | None = None
    """File below MBISECT_OUT that holds a JSON object of measurements; None: only the exit status counts."""
    folder: Path | None = None
    """The current folder of the command; None: a folder of its own with the staged source."""
    timeout: float | None = None
    """Seconds."""
    tests: tuple[str, ...] = ()
    """What the command asks pytest to run; its results say what happened, and not the exit status alone."""

    def arguments(self, out: Path) -> tuple[str, ...]:
        """The words after the program, for a trial that writes into the folder `out`."""
        return tuple(word.replace(pytests.OUT, str(out)) if self.tests else word for word in self.command[1:])

    def identity(self) -> str:
        """A digest of the command and of every file that it names: the same workload has the same identity."""
        digest = hashlib.sha256(json.dumps([self.command, self.metrics]).encode())
        if self.folder is not None:
            digest.update(str(self.folder.resolve()).encode())
            named = (
                pytests.files_of(self.tests, self.folder) if self.tests else map(self.folder.joinpath, self.command[1:])
            )
            for path in named:
                if path.is_file():
                    word = os.path.relpath(path, self.folder)
                    digest.update(word.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Halves:
    """A workload in two parts, each of which may run in an environment of its own."""

    training: Workload
    """Leaves in its output folder what the evaluation needs."""
    evaluation: Workload
    """Gets that folder, and measures."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """A cheaper way to run a workload: some of its settings have other values, whatever the candidate says."""

    name: str
    settings: tuple[tuple[Key, str], ...]

    def apply(self, values: Values) -> Values:
        """What a candidate holds when it is run at this level."""
        return values.put(dict(self.settings))


def environ_for(
    values: Values, seed: int, *, inherited: Mapping[str, str], bin_folder: Path, home: Path, out: Path,
    dataset: Path | None, trained: Path | None = None,
) -> dict[str, str]:  # fmt: skip
    """The variables of a trial: the environment first on PATH, a home and caches of its own, and the contract's four.

    MBISECT_OUT folder, MBISECT_SEED whole number, MBISECT_SETTINGS path of a JSON file, MBISECT_DATASET folder; for an
    evaluation alone MBISECT_TRAINED, the folder with what the training left.
    """
    env = {name: value for name, value in inherited.items() if name not in (*DROPPED, *SOMETIMES)}
    env |= {
        "PATH": f"{bin_folder}{os.pathsep}{inherited.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(bin_folder.parent),
        "PYTHONNOUSERSITE": "1",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "HF_HOME": str(home / "huggingface"),
        "MBISECT_OUT": str(out),
        "MBISECT_SEED": str(seed_of(values, seed)),
        "MBISECT_SETTINGS": str(out / "settings.json"),
    }
    env |= {key.name: value for key, value in values.items() if key.axis is Axis.VARIABLE}
    if dataset is not None:
        env["MBISECT_DATASET"] = str(dataset)
    if trained is not None:
        env["MBISECT_TRAINED"] = str(trained)
    return env


def settings_of(values: Values) -> dict[str, object]:
    """The settings as the workload gets them."""
    return {key.name: json.loads(value) for key, value in values.items() if key.axis is Axis.SETTING}


def seed_of(values: Values, repetition: int) -> int:
    """The seed of a repetition: the snapshot's own for 0, others spread far apart from it."""
    return int(values.get(SEED, "0")) + 1009 * repetition


def read_metrics(path: Path) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, str], ...]]:
    """Read a metrics file: a JSON object whose finite numbers are metrics and whose texts are notes.

    A number that is none is the note `nan`, `inf` or `-inf`: a training that diverged is what one may be looking for.
    Raises ConfigError when it is missing or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"the workload wrote no {path.name} into $MBISECT_OUT") from None
    except (ValueError, OSError, RecursionError) as error:
        raise ConfigError(f"{path.name} that the workload wrote is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ConfigError(f"{path.name} that the workload wrote must hold one JSON object")
    numbers: dict[str, float] = {}
    texts: dict[str, str] = {}
    for key, value in found.items():
        name = _whole(key)
        if isinstance(value, str):
            texts[name] = _whole(value)
        elif value is None or isinstance(value, int | float):
            number = _number(value)
            if math.isfinite(number):
                numbers[name] = number
            else:
                texts[name] = str(number)
    return tuple(sorted(numbers.items())), tuple(sorted(texts.items()))


def _number(value: float | None) -> float:
    """As a float; what is too large is infinite, and `null`, which stands for NaN in strict JSON, is NaN."""
    try:
        return math.nan if value is None else float(value)
    except OverflowError:
        return math.inf if value is not None and value > 0 else -math.inf


def _whole(text: str) -> str:
    """Text that can be written down: half a character becomes `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def tail_of(output: Path) -> str:
    """The last lines of what a workload printed."""
    with output.open("rb") as file:
        file.seek(max(0, output.stat().st_size - 16384))
        text = file.read().decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-TAIL_LINES:])


def failure_in(tail: str) -> str | None:
    """The exception that ended a Python program, "TypeError: …", without folders, which differ between environments.

    A path in parentheses, which says where a module was found, is left out.
    """
    traced = "Traceback (most recent call last)" in tail
    for line in reversed(tail.splitlines()):
        match = EXCEPTION.match(line.rstrip())
        if match is not None and (traced or ERROR_NAME.search(match["name"])):
            name = match["name"].rpartition(".")[2]
            text = re.sub(r"\((?:/[^\s/'\"()]+){2,}\)", "…", match["text"] or "")
            text = re.sub(r"(?:/[^\s/'\"()]+)+/(?=[^\s/'\"()])", "…/", text)
            return f"{name}: {text.strip()}"[:300] if text.strip() else name
    return None


def measurement_of(
    workload: Workload, status: int | None, seconds: float, timed_out: bool, output: Path, out: Path
) -> Measurement:
    """Put the facts of a finished run together. Raises ConfigError when it ended well and left no metrics."""
    tail = tail_of(output)
    if workload.tests:
        bare = Measurement(status, seconds, failure=None, timed_out=timed_out, tail=tail, output=str(out))
        found = pytests.measured(bare, pytests.read_results(out / pytests.RESULTS))
        return found if found.notes or status == 0 else replace(found, failure=failure_in(tail))
    if workload.metrics is None or status != 0:
        failure = failure_in(tail) if status != 0 else None
        return Measurement(status, seconds, failure=failure, timed_out=timed_out, tail=tail, output=str(out))
    metrics, notes = read_metrics(out / workload.metrics)
    return Measurement(status, seconds, metrics, notes, tail=tail, output=str(out))
