"""The runs of a cache, from the first and last lines of their journals."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mbisect.catalogue import BEGINNING, END, listed
from mbisect.journal import Effort, Head, Journal
from mbisect.terms import (
    PYTHON,
    Ask,
    Asked,
    Candidate,
    Cause,
    Change,
    Finding,
    Interpreter,
    Lock,
    Measurement,
    Outcome,
    Pin,
    Snapshot,
    Timeline,
    Trial,
    Values,
    Verdict,
    package,
)

GOOD = Values({PYTHON: "3.11.7", package("idna"): "3.4"})
BAD = GOOD.put({package("idna"): "3.10"})
CHANGE = Change(package("idna"), "3.4", "3.10")
LOCK = Lock(tuple(Pin(f"p{n}", "1.0", ("sha256:" + "0" * 64,)) for n in range(400)), "good.txt")
INTERPRETER = Interpreter("3.11.7", "/usr/bin/python3.11")
FOUND = Finding("found", "single", (Cause(CHANGE, ("3.10",), (), 0.97),), True, False, last_good=Candidate(GOOD, GOOD))
ASKED = Asked("good.txt", "bad.txt", ("python", "t.py"), folder="/somewhere")


def write(runs: Path, run: str, *, trials: int = 3, finding: Finding | None = FOUND, asked: Asked = ASKED) -> Journal:
    """A journal whose head is larger than what is read of it."""
    journal = Journal(runs / run / "journal.jsonl")
    ends = (Snapshot(name, LOCK, INTERPRETER, values) for name, values in (("good", GOOD), ("bad", BAD)))
    journal.begin(Head(run, asked, *ends, asked.command, "exit status", Timeline(GOOD, BAD, (CHANGE,))))
    for number in range(trials):
        ask = Ask(Candidate(GOOD, GOOD), number, "boundary")
        journal.trial(Trial(ask, Measurement(0, 1.0, tail="x" * 500), Outcome(Verdict.GOOD, "exit status 0")))
    if finding is not None:
        journal.finding(finding, Effort(3.0, trials, trials))
    assert journal.path.stat().st_size > 2 * BEGINNING
    return journal


def test_without_runs_there_are_none(tmp_path: Path) -> None:
    assert listed(tmp_path / "runs") == ()


def test_a_run_is_told_by_what_was_asked_and_found(tmp_path: Path) -> None:
    write(tmp_path, "0a1b2c3d4e5f")
    [entry] = listed(tmp_path)
    assert (entry.run, entry.good, entry.bad) == ("0a1b2c3d4e5f", "good.txt", "bad.txt")
    assert (entry.command, entry.folder, entry.trials) == (("python", "t.py"), "/somewhere", 3)
    assert entry.finding is not None
    assert (entry.finding.outcome, entry.finding.sufficient, entry.finding.necessary) == ("found", True, False)
    assert [(cause.change, cause.confidence) for cause in entry.finding.causes] == [(CHANGE, 0.97)]


def test_the_newest_stands_first(tmp_path: Path) -> None:
    for age, run in enumerate(("a" * 12, "c" * 12, "b" * 12)):
        path = write(tmp_path, run).path
        os.utime(path, (1e9 - age, 1e9 - age))
    assert [entry.run[0] for entry in listed(tmp_path)] == ["a", "c", "b"]


def test_a_run_that_has_not_ended_has_its_trials_and_no_finding(tmp_path: Path) -> None:
    write(tmp_path, "0" * 12, finding=None)
    [entry] = listed(tmp_path)
    assert (entry.trials, entry.finding) == (3, None)


def test_a_torn_line_never_was(tmp_path: Path) -> None:
    journal = write(tmp_path, "0" * 12)
    journal.path.write_bytes(journal.path.read_bytes()[:-40])
    [entry] = listed(tmp_path)
    assert (entry.trials, entry.finding) == (3, None)


def test_a_finding_larger_than_what_is_read_first_is_found(tmp_path: Path) -> None:
    why = Finding("undecided", why="because " * END)
    write(tmp_path, "0" * 12, finding=why)
    [entry] = listed(tmp_path)
    assert entry.finding == why
    assert entry.trials == 3


def test_a_journal_that_does_not_say_how_many_trials_it_has_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path, "0" * 12).path
    path.write_text(path.read_text().replace(',"trials":3', ""))
    [entry] = listed(tmp_path)
    assert entry.trials == 3


@pytest.mark.parametrize("trials", [0, 1, 300])
def test_the_journal_itself_says_the_same(tmp_path: Path, trials: int) -> None:
    kept = write(tmp_path, "0" * 12, trials=trials).read()
    [entry] = listed(tmp_path)
    assert kept is not None
    assert entry.finding is not None
    assert (entry.trials, entry.finding.causes[0].change) == (len(kept[1]), FOUND.causes[0].change)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\x00\xff" * 90,
        b"{}",
        b'{"head": 1}\n',
        b'{"finding": {"outcome": "x"}}\n',
        b'{"effort": []}\n{"finding": 3}\n',
        b"[" * 100000,
    ],
    ids=range(8),
)
def test_what_is_damaged_is_listed_as_far_as_it_can_be_read(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, "0" * 12)
    damaged = tmp_path / ("1" * 12) / "journal.jsonl"
    damaged.parent.mkdir()
    damaged.write_bytes(content)
    one, other = sorted(listed(tmp_path), key=lambda entry: entry.run)
    assert one.finding is not None
    assert (other.good, other.trials, other.finding) == ("", 0, None)


def test_what_pytest_was_asked_is_told(tmp_path: Path) -> None:
    write(tmp_path, "0" * 12, asked=Asked("a", "b", tests=("tests/test_x.py::test_y",)))
    [entry] = listed(tmp_path)
    assert (entry.command, entry.tests) == ((), ("tests/test_x.py::test_y",))


def test_a_head_of_another_version_is_no_reason_to_fail(tmp_path: Path) -> None:
    path = tmp_path / ("0" * 12) / "journal.jsonl"
    path.parent.mkdir()
    path.write_text(json.dumps({"head": {"run": "0" * 12, "schema": "mbisect.journal/0"}}) + "\n")
    [entry] = listed(tmp_path)
    assert (entry.run, entry.good) == ("0" * 12, "")
