"""A run's journal: append-only, the only source of reports and of resuming. Knows nothing of searching or judging.

One JSON object per line: first the head, then every trial the moment it ends, with how far the search has come in
between, then what the run took, last the finding. A line that was cut off by a crash is passed over, as it never was.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbisect.jsonl import adapter, append_line, whole_lines
from mbisect.terms import Asked, Finding, Half, Snapshot, Timeline, Trial

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
        self._append("head", adapter(Head).dump_python(head, mode="json"))

    def trial(self, trial: Trial) -> None:
        """Append a trial."""
        self._append("trial", adapter(Trial).dump_python(trial, mode="json"))

    def narrowed(self, narrowed: Narrowed) -> None:
        """Append how far the search has come."""
        self._append("narrowed", adapter(Narrowed).dump_python(narrowed, mode="json"))

    def finding(self, finding: Finding, effort: Effort) -> None:
        """Append what it took, then the finding: with that line the run is complete."""
        self._append("effort", adapter(Effort).dump_python(effort, mode="json"))
        self._append("finding", adapter(Finding).dump_python(finding, mode="json"))

    def read(self) -> tuple[Head, tuple[Trial, ...], Finding | None] | None:
        """What the journal holds; None when there is none, or one of another version."""
        head: Head | None = None
        trials: list[Trial] = []
        finding: Finding | None = None
        for kind, data in self.lines():
            try:
                if kind == "head" and data.get("schema") == SCHEMA:
                    head = adapter(Head).validate_python(data)
                elif kind == "trial":
                    trials.append(adapter(Trial).validate_python(data))
                elif kind == "finding":
                    finding = adapter(Finding).validate_python(data)
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
                found = adapter(Effort).validate_python(data) if kind == "effort" else found
        return found

    def steps(self) -> tuple[Narrowed, ...]:
        """How the search came nearer, a step for each number of trials; the last word of each counts."""
        found: dict[int, Narrowed] = {}
        for kind, data in self.lines():
            if kind == "narrowed":
                try:
                    step: Narrowed = adapter(Narrowed).validate_python(data)
                except ValueError:
                    continue
                found[step.trials] = step
        return tuple(found[trials] for trials in sorted(found))

    def lines(self) -> list[tuple[str, dict[str, Any]]]:
        """Every line that is whole, as what it is and what it says."""
        return [(kind, data) for line in whole_lines(self.path) if len(line) == 1 for kind, data in line.items()]

    def _append(self, kind: str, data: object) -> None:
        append_line(self.path, {kind: data})


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
