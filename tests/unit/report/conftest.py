"""Records built by hand: a small world of twelve releases, a commit, a dataset revision and settings."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from mbisect.journal import Record
from mbisect.report.terminal import print_report
from mbisect.terms import (
    COMMIT,
    DATASET,
    PYTHON,
    Ask,
    Axis,
    Candidate,
    Cause,
    Change,
    Finding,
    Interpreter,
    Key,
    Lock,
    Measurement,
    Outcome,
    Purpose,
    Snapshot,
    Timeline,
    Trial,
    Values,
    Verdict,
    package,
)

OLD, NEW = "1" * 40, "2" * 40
EPOCHS = Key(Axis.SETTING, "epochs")


@dataclass(frozen=True, slots=True)
class World:
    """What the tests tell stories about."""

    timeline: Timeline

    def change(self, key: Key, after: str | None) -> Change:
        return next(change for change in self.timeline.changes if (change.key, change.after) == (key, after))

    def prefix(self, k: int) -> Candidate:
        values = self.timeline.prefix(k)
        return Candidate(values, values)

    def moved(self, base: Values, moves: Mapping[Key, str | None]) -> Candidate:
        return Candidate(base.put(moves), base.put(moves))

    def snapshot(self, name: str, values: Values) -> Snapshot:
        return Snapshot(name, Lock((), f"{name}.txt"), Interpreter(values[PYTHON], "python3"), values)

    def trial(
        self,
        candidate: Candidate,
        purpose: Purpose,
        verdict: str,
        reason: str = "",
        measured: Measurement | None = None,
    ) -> Trial:
        status = 0 if verdict == "good" else 1
        said = reason or ("exit status 0" if verdict == "good" else "exit status 1: TypeError: unexpected 'proxies'")
        measurement = measured or Measurement(status, 1.4, tail="all is well" if verdict == "good" else "TypeError: no")
        return Trial(Ask(candidate, 0, purpose), measurement, Outcome(Verdict(verdict), said))

    def record(self, finding: Finding, trials: Sequence[Trial], judge: str = "exit status: 0 good") -> Record:
        good, bad = self.snapshot("v1", self.timeline.good), self.snapshot("v4", self.timeline.bad)
        return Record(
            "0a1b2c3d4e5f", good, bad, ("python", "test.py"), judge, self.timeline, tuple(trials), finding,
            environments=7, seconds=48.2, ran=len(trials), journal="cache/runs/0a1b2c3d4e5f/journal.jsonl",
        )  # fmt: skip

    def found(self, *moves: tuple[Key, str | None], relation: str = "single", **given: object) -> Record:
        """A finding of these changes with all trials that it needs, both confirmed unless said otherwise."""
        changes = [self.change(*move) for move in moves]
        place = self.timeline.changes.index(changes[-1])
        low, high = self.prefix(place), self.prefix(place + 1)
        finding = Finding(
            "found",
            relation,  # type: ignore[arg-type]  # a test says what it means
            tuple(Cause(change, (change.after,) if change.after else ()) for change in changes),
            sufficient=True,
            necessary=True,
            last_good=low,
            first_bad=high,
        )
        with_ = {change.key: change.after for change in changes}
        without = {change.key: change.before for change in changes}
        good, bad = self.timeline.good, self.timeline.bad
        trials = [
            self.trial(self.prefix(0), "good end", "good"),
            self.trial(self.prefix(len(self.timeline)), "bad end", "bad"),
            self.trial(low, "boundary", "good"),
            self.trial(high, "boundary", "bad"),
            self.trial(self.moved(good, with_), "sufficient", "bad"),
            self.trial(self.moved(bad, without), "necessary", "good"),
        ]
        if relation == "each":
            trials += [self.trial(self.moved(good, {c.key: c.after}), "sufficient", "bad") for c in changes]
        return self.record(replace(finding, **given), trials)  # type: ignore[arg-type]  # as above

    def failed(self, outcome: str, why: str, good: str, bad: str) -> Record:
        trials = [
            self.trial(self.prefix(0), "good end", good),
            self.trial(self.prefix(len(self.timeline)), "bad end", bad),
        ]
        return self.record(Finding(outcome, why=why), trials)  # type: ignore[arg-type]  # as above


@pytest.fixture
def world() -> World:
    def day(n: int) -> datetime:
        return datetime(2024, 1, n, tzinfo=UTC)

    httpx, simplejson, chardet = package("httpx"), package("simplejson"), package("chardet")
    versions = [f"0.{minor}.0" for minor in range(20, 29)]
    changes = [Change(EPOCHS, "3", "5")]
    changes += [Change(httpx, a, b, day(n + 1)) for n, (a, b) in enumerate(pairwise(versions))]
    changes += [
        Change(COMMIT, OLD, NEW, day(20)),
        Change(DATASET, OLD, NEW, day(21)),
        Change(PYTHON, "3.11.7", "3.12.1", day(22)),
        Change(simplejson, None, "3.19.1", day(23)),
        Change(chardet, "4.0.0", None),
    ]
    good = Values(
        {EPOCHS: "3", httpx: "0.20.0", COMMIT: OLD, DATASET: OLD, PYTHON: "3.11.7", chardet: "4.0.0"},
    )
    bad = good.put(
        {EPOCHS: "5", httpx: "0.28.0", COMMIT: NEW, DATASET: NEW, PYTHON: "3.12.1", simplejson: "3.19.1", chardet: None}
    )
    return World(Timeline(good, bad, tuple(changes)))


@pytest.fixture
def printed() -> Callable[..., str]:
    """The terminal report as plain text, its lines unwrapped when `flat`."""

    def render(record: Record, width: int = 100, *, colour: bool = False, flat: bool = False) -> str:
        console = Console(file=io.StringIO(), width=width, force_terminal=colour, no_color=not colour, highlight=False)
        print_report(record, console)
        assert isinstance(console.file, io.StringIO)
        text = console.file.getvalue()
        return " ".join(text.replace("│", " ").split()) if flat else text

    return render


@pytest.fixture
def predictions(tmp_path: Path) -> Callable[..., str]:
    """Write a folder with predictions.jsonl of (id, input, ((text, grounded, memorised), …)); -> its path."""

    def write(name: str, rows: Sequence[tuple[int, str, Sequence[tuple[str, bool, bool]]]], more: str = "") -> str:
        folder = tmp_path / name
        folder.mkdir()
        lines = []
        for number, given, items in rows:
            entities = [{"type": "kind", "text": t, "grounded": g, "memorised": m} for t, g, m in items]
            said = ", ".join(text for text, _, _ in items)
            lines.append(json.dumps({"id": number, "input": given, "output": said, "entities": entities}))
        (folder / "predictions.jsonl").write_text("\n".join([*lines, more]))
        return str(folder)

    return write
