"""What a workload loads is found where an earlier run of the same snapshot has left it."""

from __future__ import annotations

import json
from pathlib import Path

from mbisect.comparison.traced import loaded_at
from mbisect.environments.store import LOADED
from mbisect.journal import Head, Journal
from mbisect.terms import (
    PYTHON,
    SEED,
    Ask,
    Asked,
    Candidate,
    Interpreter,
    Lock,
    Measurement,
    Outcome,
    Snapshot,
    Timeline,
    Trial,
    Values,
    Verdict,
    package,
)

GOOD = Values({PYTHON: "3.11.7", SEED: "1", package("idna"): "3.4"})
BAD = GOOD.put({package("idna"): "3.6"})


def snapshot(values: Values) -> Snapshot:
    return Snapshot("v1", Lock(()), Interpreter("3.11.7", "/usr/bin/python3.11"), values)


def ran(cache: Path, *, traced: bool = True) -> None:
    """A run from GOOD to BAD whose good end, measured second, was traced."""
    journal = Journal(cache / "runs" / "0a1b2c3d4e5f" / "journal.jsonl")
    line = Timeline(GOOD, BAD, ())
    journal.begin(Head("0a1b2c3d4e5f", Asked("v1", "v4"), snapshot(GOOD), snapshot(BAD), (), "exit status", line))
    for purpose, values in (("bad end", BAD), ("good end", GOOD)):
        folder = cache / "trials" / purpose.replace(" ", "-")
        folder.mkdir(parents=True)
        if traced and purpose == "good end":
            (folder / LOADED).write_text(json.dumps({"idna": ["idna/core.py"]}))
        measured = Measurement(0, 1.0, output=str(folder / "out"))
        ask = Ask(Candidate(values, values), 0, purpose)  # type: ignore[arg-type]  # both are purposes
        journal.trial(Trial(ask, measured, Outcome(Verdict.GOOD, "exit status 0")))


def test_the_trace_of_the_good_end_is_found(tmp_path: Path) -> None:
    ran(tmp_path)
    found = loaded_at(tmp_path, snapshot(GOOD))
    assert found is not None
    assert found.files == {"idna": frozenset({"idna/core.py"})}


def test_another_snapshot_has_no_trace(tmp_path: Path) -> None:
    ran(tmp_path)
    assert loaded_at(tmp_path, snapshot(BAD)) is None


def test_a_run_without_a_trace_a_damaged_one_and_none_at_all_tell_nothing(tmp_path: Path) -> None:
    assert loaded_at(tmp_path, snapshot(GOOD)) is None
    ran(tmp_path, traced=False)
    damaged = tmp_path / "runs" / "damaged" / "journal.jsonl"
    damaged.parent.mkdir()
    for text in ("", "{", "[]\n", '{"head": 3}\n'):
        damaged.write_text(text)
        assert loaded_at(tmp_path, snapshot(GOOD)) is None
