"""A run's journal: append-only, the only source of reports and of resuming. Knows nothing of searching or judging.

One JSON object per line: first the head, then every trial the moment it ends, with how far the search has come in
between, then what the run took, last the finding. A line that was cut off by a crash is passed over, as it never was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mbisect.errors import UsageError
from mbisect.terms import Asked, Finding, Half, Measurement, Snapshot, Timeline, Trial

if TYPE_CHECKING:
    from pydantic import TypeAdapter

SCHEMA = "mbisect.journal/1"


@dataclass(frozen=True, slots=True)
class Head:
    """What a run is about; known before its first trial."""

    run: str
    """Its id, 12 hexadecimal digits: the same question has the same id."""
    asked: Asked
    good: Snapshot
    bad: Snapshot
    command: tuple[str, ...]
    judge: str
    """The judge's rule in words."""
    timeline: Timeline
    schema: str = SCHEMA


@dataclass(frozen=True, slots=True)
class Effort:
    """What the invocation that ended a run took."""

    seconds: float
    """Wall time."""
    ran: int
    """Trials that it really ran."""
    trials: int | None = None
    """Trials of the whole run; None in journals that did not say so yet."""
    seeds: int | None = None
    """Most runs of each end that were allowed; None: as many as it takes."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """How far a boundary search had come at a moment: its posterior, in five numbers."""

    trials: int
    """Trials that had ended."""
    low: int
    high: int
    """The boundary lies behind position low, and not behind high, with 95 %."""
    half: tuple[int, int]
    """Likewise, with 50 %."""
    total: int
    """Changes of the timeline that is searched."""
    sure: float
    """Probability of the likeliest boundary."""
    phase: str
    """What the search was doing, in words."""


@dataclass(frozen=True, slots=True)
class Record:
    """All that one run knows; every report is a pure function of it."""

    run: str
    """Its id, 12 hexadecimal digits."""
    good: Snapshot
    bad: Snapshot
    command: tuple[str, ...]
    judge: str
    """The judge's rule in words."""
    timeline: Timeline
    trials: tuple[Trial, ...]
    """In the order in which they ended, those of earlier runs included when this search used them."""
    finding: Finding
    environments: int
    """How many different locks were tried."""
    seconds: float
    """Wall time of this invocation."""
    ran: int
    """Trials that this invocation really ran; the others were replayed."""
    journal: str
    """Path of the journal file."""
    narrowed: tuple[Narrowed, ...] = ()
    """How the search came nearer, step by step; empty in journals that did not keep it."""
    asked: Asked | None = None
    """The words of the command line."""

    @property
    def half(self) -> Half | None:
        """The half of the workload that was searched; None: the whole."""
        return self.asked.half if self.asked is not None else None


class Journal:
    """One run's file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self, head: Head) -> None:
        """Start anew with this head; what was there is set aside as `….old`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self.path.replace(self.path.with_suffix(".old"))
        self._append("head", _adapter(Head).dump_python(head, mode="json"))

    def trial(self, trial: Trial) -> None:
        """Append a trial."""
        self._append("trial", _adapter(Trial).dump_python(trial, mode="json"))

    def narrowed(self, narrowed: Narrowed) -> None:
        """Append how far the search has come."""
        self._append("narrowed", _adapter(Narrowed).dump_python(narrowed, mode="json"))

    def finding(self, finding: Finding, effort: Effort) -> None:
        """Append what it took, then the finding: with that line the run is complete."""
        self._append("effort", _adapter(Effort).dump_python(effort, mode="json"))
        self._append("finding", _adapter(Finding).dump_python(finding, mode="json"))

    def read(self) -> tuple[Head, tuple[Trial, ...], Finding | None] | None:
        """What the journal holds; None when there is none, or one of another version."""
        head: Head | None = None
        trials: list[Trial] = []
        finding: Finding | None = None
        for kind, data in self.lines():
            try:
                if kind == "head" and data.get("schema") == SCHEMA:
                    head = _adapter(Head).validate_python(data)
                elif kind == "trial":
                    trials.append(_adapter(Trial).validate_python(data))
                elif kind == "finding":
                    finding = _adapter(Finding).validate_python(data)
            except (ValueError, AttributeError):  # whole as JSON, yet no record of ours
                continue
        return (head, tuple(trials), finding) if head is not None else None

    def record(self) -> Record | None:
        """All that the journal knows of a run that has ended; None when it holds none."""
        head, trials, finding = self.read() or (None, (), None)
        if head is None or finding is None:
            return None
        spent = self.effort() or Effort(sum(trial.measurement.seconds for trial in trials), len(trials))
        return record_of(head, trials, finding, spent, self.path, self.steps())

    def effort(self) -> Effort | None:
        """What it took to end the run; None when it has not ended, or does not say so."""
        found: Effort | None = None
        for kind, data in self.lines():
            with contextlib.suppress(ValueError):  # a damaged one: an earlier one must do
                found = _adapter(Effort).validate_python(data) if kind == "effort" else found
        return found

    def steps(self) -> tuple[Narrowed, ...]:
        """How the search came nearer, a step for each number of trials; the last word of each counts."""
        found: dict[int, Narrowed] = {}
        for kind, data in self.lines():
            if kind == "narrowed":
                try:
                    step: Narrowed = _adapter(Narrowed).validate_python(data)
                except ValueError:
                    continue
                found[step.trials] = step
        return tuple(found[trials] for trials in sorted(found))

    def lines(self) -> list[tuple[str, dict[str, Any]]]:
        """Every line that is whole, as what it is and what it says."""
        return [(kind, data) for line in whole_lines(self.path) if len(line) == 1 for kind, data in line.items()]

    def _append(self, kind: str, data: object) -> None:
        append_line(self.path, {kind: data})


def append_line(path: Path, data: Mapping[str, object]) -> None:
    """One line of JSON in one write, on disk before this returns; after a torn line a new one is begun."""
    line = json.dumps(data, separators=(",", ":")).encode() + b"\n"
    with path.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def whole_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of such a file; torn lines and all else are passed over."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            found.append(data)
    return found


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def record_of(
    head: Head,
    trials: tuple[Trial, ...],
    finding: Finding,
    effort: Effort,
    journal: Path,
    narrowed: tuple[Narrowed, ...] = (),
) -> Record:
    """Put together what a journal holds and what it took."""
    environments = len({tuple(trial.ask.candidate.values.packages().items()) for trial in trials})
    return Record(
        head.run, head.good, head.bad, head.command, head.judge, head.timeline, trials, finding,
        environments, effort.seconds, effort.ran, str(journal), narrowed, head.asked,
    )  # fmt: skip


def recorded(runs: Path, text: str) -> Record:
    """The record of a run that has ended; see find_run. Raises UsageError, for one that has not ended as well."""
    run = find_run(runs, text)
    journal = Journal(runs / run / "journal.jsonl")
    record = journal.record()
    if record is None:
        told(journal, run)
        raise UsageError(
            f"run {run} has not ended; the `mbisect run` that began it goes on where it stopped, and "
            f"`mbisect show {run}` shows how far it came"
        )
    return record


def told(journal: Journal, run: str) -> tuple[Head, tuple[Trial, ...], Finding | None]:
    """What the journal of a run holds, ended or not. Raises UsageError for one that cannot be read."""
    kept = journal.read()
    if kept is None:
        raise UsageError(
            f"the journal of run {run} is damaged, or of another version of mbisect; search again with `mbisect run`"
        )
    return kept


def numbered(trials: Sequence[Trial], text: str) -> Trial:
    """The trial with a number, from 1, as reports and `mbisect show` count them. Raises UsageError."""
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= len(trials):
        there = f"its trials are 1 to {len(trials)}" if trials else "no trial of it has ended yet"
        raise UsageError(f"there is no trial `{text}` in this run; {there}")
    return trials[number - 1]


def find_run(runs: Path, text: str) -> str:
    """The id of the run that a text means: an id, its beginning where no other begins so, or `latest`.

    That is the one that was asked for last in this folder, or, where none was, the youngest of all. Raises UsageError.
    """
    kept = {path.parent.name: path.stat().st_mtime for path in runs.glob("*/journal.jsonl")}
    if not kept and text == "latest":
        raise UsageError("there is no run in the cache yet; `mbisect run` makes one")
    if text == "latest":
        here = _pointer(runs, Path.cwd())
        asked = here.read_text(encoding="ascii") if here.exists() else ""
        return asked if asked in kept else max(kept, key=lambda run: kept[run])
    found = [run for run in kept if text and run.startswith(text)]
    if len(found) > 1 and text not in found:
        some = ", ".join(sorted(found)[:5])
        raise UsageError(f"{len(found)} runs in the cache begin with `{text}` ({some}); give more of the id")
    if not found:
        raise UsageError(f"there is no run `{text}` in the cache; `mbisect list` shows those that there are")
    return text if text in found else found[0]


def remember_latest(runs: Path, folder: str, run: str) -> None:
    """From now on this run is the `latest` of a folder, whether it is searched or answered from its journal."""
    path = _pointer(runs, Path(folder))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(run, encoding="ascii")
    temporary.replace(path)


def _pointer(runs: Path, folder: Path) -> Path:
    return runs / f"{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:20]}.latest"


def workload_seconds(runs: Path, command: Sequence[str], newest: int = 5) -> list[float]:
    """Wall times of the finished trials of one command, from the newest journals below `runs`."""
    paths = sorted(runs.glob("*/journal.jsonl"), key=lambda path: path.stat().st_mtime, reverse=True)
    found: list[list[float]] = []
    for kept in (Journal(path).read() for path in paths[: 4 * newest]):
        if kept is not None and kept[0].command == tuple(command) and len(found) < newest:
            found.append([trial.measurement.seconds for trial in kept[1] if trial.measurement.stopped_at is None])
    return [seconds for run in found for seconds in run]


def save_measurement(path: Path, measured: Measurement) -> None:
    """Keep a trial's measurement; on disk whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(_adapter(Measurement).dump_json(measured, indent=1))
    temporary.replace(path)


def load_measurement(path: Path) -> Measurement | None:
    """A kept measurement; None when there is none, or it is damaged."""
    try:
        found: Measurement = _adapter(Measurement).validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found
