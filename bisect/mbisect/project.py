"""mbisect.toml → Project: what is run, how it is judged, and the snapshots that have names. Reads that one file."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from mbisect.errors import ConfigError, UsageError
from mbisect.terms import BOTH, OTHER

FILE = "mbisect.toml"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""What a snapshot may be called: files are named after it."""
NAMING = "a snapshot's name holds letters a to z, digits, dots, dashes and underscores"

SAID = {
    "extra_forbidden": "unknown key",
    "invalid-json-value": "JSON has no such value; write it as a text",
    "tuple_type": 'it should be a list, such as ["python", "train.py"]',
    "too_short": "it is empty",
}
"""What is wrong with a value, where that can be said better than in general."""


class Table(BaseModel):
    """A table of the file: unknown keys are errors, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkloadTable(Table):
    """[workload]."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Program and arguments, run in a folder with the staged source."""
    stage: tuple[str, ...] = ()
    """Files and folders of the source that it needs; empty: everything that git tracks."""
    metrics: str | None = None
    """File below $MBISECT_OUT with a JSON object of numbers; without it the exit status judges."""
    timeout: Annotated[float, Field(gt=0)] | None = None
    """Seconds."""
    halves: HalvesTable | None = None
    """The same in two parts, where each can run in an environment of its own."""
    fidelity: tuple[FidelityTable, ...] = ()
    """Cheaper levels, the cheapest first: searched at if they tell good from bad, and confirmed at full size."""


class HalvesTable(Table):
    """[workload.halves]: what `command` does, in two parts."""

    train: Annotated[tuple[str, ...], Field(min_length=1)]
    """Leaves in $MBISECT_OUT what the evaluation needs."""
    evaluate: Annotated[tuple[str, ...], Field(min_length=1)]
    """Finds that in $MBISECT_TRAINED, and writes the metrics."""


class FidelityTable(Table):
    """[[workload.fidelity]]: a cheaper way to run the workload, by some of its settings."""

    name: str
    """What reports call it."""
    settings: Annotated[dict[str, JsonValue], Field(min_length=1)]
    """They replace those of every snapshot."""


class JudgeTable(Table):
    """[judge]: a metric, and two thresholds on it; without these both ends say what is good and bad."""

    metric: str
    """A number of the workload's metrics file."""
    good: float | None = None
    """From here on it is good; higher is better where this is above `bad`."""
    bad: float | None = None
    """From here on it is bad; what lies between is unsure."""


class DatasetTable(Table):
    """[dataset]."""

    repository: str
    """A git repository or bundle whose revisions are the dataset's, relative to the file."""


class SnapshotTable(Table):
    """[snapshots.NAME]."""

    python: str | None = None
    """Version or path; --python wins."""
    lock: str | None = None
    """Lock file, relative to the file; lockfiles/NAME.txt if not given."""
    commit: str | None = None
    """Revision of this repository; without it the working tree's files are used."""
    dataset: str | None = None
    """Revision of the dataset's repository."""
    seed: int = 0
    """Given to the workload as MBISECT_SEED; repetitions get others."""
    settings: dict[str, JsonValue] = {}
    """Given to the workload as a JSON file, MBISECT_SETTINGS; on top of those of [settings]."""
    variables: dict[str, str] = {}
    """Environment variables of the workload."""
    recovered: str | None = None
    """The file with the evidence, where `mbisect recover` rebuilt it, relative to the file."""


class Project(Table):
    """The whole file."""

    workload: WorkloadTable | None = None
    judge: JudgeTable | None = None
    dataset: DatasetTable | None = None
    settings: dict[str, JsonValue] = {}
    """What every snapshot starts from; its own settings win."""
    snapshots: dict[str, SnapshotTable] = {}


def find_project(start: Path) -> tuple[Project, Path] | None:
    """The project at or above a folder, and the folder it is in; None when there is none.

    Raises ConfigError, one line, for a file that cannot be honoured.
    """
    for folder in (start, *start.parents):
        path = folder / FILE
        if path.is_file():
            return load_project(path), folder
    return None


def load_project(path: Path) -> Project:
    """Read and check one file. Raises ConfigError."""
    try:
        project = Project.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name}: not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        what = SAID.get(first["type"], first["msg"])
        raise ConfigError(f"{path.name}: {where}: {what}") from error
    judge = project.judge
    if judge is not None and (judge.good is None) != (judge.bad is None):
        raise ConfigError(f"{path.name}: judge: give both thresholds, good and bad, or neither")
    if judge is not None and judge.good is not None and judge.good == judge.bad:
        raise ConfigError(f"{path.name}: judge: good and bad are both {judge.good:g}; leave a gap between them")
    levels = [level.name for level in project.workload.fidelity] if project.workload is not None else []
    if len({"", BOTH, OTHER, *levels}) <= len(levels) + 2:
        raise ConfigError(f"{path.name}: workload.fidelity: each level needs a name of its own")
    for name in project.snapshots:
        if not NAME.fullmatch(name):
            raise ConfigError(f"{path.name}: snapshots.{name}: {NAMING}")
        taken = [variable for variable in project.snapshots[name].variables if variable.startswith("MBISECT_")]
        if taken:
            raise ConfigError(f"{path.name}: snapshots.{name}.variables.{taken[0]}: mbisect itself sets MBISECT_…")
    return project


def check_name(name: str) -> None:
    """Raises UsageError for what cannot be a snapshot's name."""
    if not NAME.fullmatch(name):
        raise UsageError(f"`{name}` cannot name a snapshot: {NAMING}")


def lock_file(root: Path, name: str, table: SnapshotTable) -> Path:
    """A snapshot's lock, relative to the project's folder. Raises ConfigError where it is missing."""
    lock = Path(table.lock or f"lockfiles/{name}.txt")
    if not (root / lock).exists():
        raise ConfigError(f"{lock} is missing; write it with `mbisect lock {name}`")
    return lock


def setting_text(value: object) -> str:
    """A setting's value as text that is equal for equal values."""
    return json.dumps(value, sort_keys=True)
