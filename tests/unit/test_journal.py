"""A journal survives a crash at any byte, and gives back what was put in."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mbisect.errors import UsageError
from mbisect.journal import SCHEMA, Effort, Head, Journal, Narrowed
from mbisect.measurements import load_measurement, save_measurement
from mbisect.runs import find_run, recorded, remember_latest
from mbisect.terms import (
    COMMIT,
    PYTHON,
    SEED,
    Ask,
    Asked,
    Axis,
    Candidate,
    Cause,
    Change,
    Finding,
    Healed,
    Interpreter,
    Key,
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

WHEN = datetime(2024, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
GOOD = Values({PYTHON: "3.11.7", SEED: "0", package("idna"): "3.4", Key(Axis.SETTING, "name"): '"λ\\n"'})
BAD = GOOD.put({package("idna"): "3.10", package("six"): "1.16.0", COMMIT: "c" * 40, SEED: None})
CHANGES = (
    Change(package("idna"), "3.4", "3.10", WHEN),
    Change(COMMIT, None, "c" * 40, WHEN.astimezone(timezone(timedelta(hours=2)))),
    Change(package("six"), None, "1.16.0"),
)
CANDIDATE = Candidate(GOOD, BAD, exact=True, requires=(("idna", ()), ("six", ("idna", "other"))))
INTERPRETER = Interpreter("3.11.7", "/usr/bin/python3.11")
LOCK = Lock((Pin("idna", "3.4", ("sha256:00",), ("x",)), Pin("six", "1.16.0")), "good.txt")
HEAD = Head(
    "0a1b2c3d4e5f",
    Asked("good", "bad", ("python", "t.py"), "3.11", None, (Axis.PACKAGE, Axis.SEED), 2.5, True, "/somewhere"),
    Snapshot("good", LOCK, INTERPRETER, GOOD),
    Snapshot("bad", LOCK, INTERPRETER, BAD),
    ("python", "t.py"),
    "exit status",
    Timeline(GOOD, BAD, CHANGES, ((CHANGES[2], "idna"),)),
)
MEASURED = Measurement(
    1, 0.25, (("f1", 0.1 + 0.2),), (("summary", "ein Satz\u2028mit “Zeichen”\r\x85"),), "TypeError: λ", "run", False,
    "line\nline", "/out",
)  # fmt: skip
FOUND = Finding(
    "found", "together", (Cause(CHANGES[0], ("3.9", "3.10"), CHANGES[2:], 0.97),), True, None,
    (Healed(CHANGES[1], CHANGES[2]), Healed(CHANGES[1])), "why",
    CANDIDATE, CANDIDATE, (CANDIDATE,),
)  # fmt: skip


EFFORT = Effort(12.5, 3)


def trial(number: int = 0, measured: Measurement = MEASURED) -> Trial:
    ask = Ask(CANDIDATE, number, "boundary")
    return Trial(ask, measured, Outcome(Verdict.UNSURE, "f1 0.3", False), (("resolve", 0.1), ("build", 2.0)), True)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "runs" / "0a" / "journal.jsonl")


def full(journal: Journal, trials: int = 3) -> bytes:
    """Write a whole run; -> the bytes of its file."""
    journal.begin(HEAD)
    for number in range(trials):
        journal.trial(trial(number))
    journal.finding(FOUND, EFFORT)
    return journal.path.read_bytes()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A journal with four trials."""
    return full(Journal(tmp_path_factory.mktemp("whole") / "journal.jsonl"), 4)


def test_every_term_comes_back_as_it_went_in(journal: Journal) -> None:
    full(journal, 2)
    assert journal.read() == (HEAD, (trial(0), trial(1)), FOUND)


@pytest.mark.parametrize("verdict", Verdict)
@pytest.mark.parametrize("measured", [MEASURED, Measurement(None, 0.0, stopped_at="build", failure="no wheel")])
def test_every_outcome_of_a_trial_comes_back(journal: Journal, verdict: Verdict, measured: Measurement) -> None:
    one = Trial(Ask(CANDIDATE, 2, "bad end"), measured, Outcome(verdict, "so"))
    journal.begin(HEAD)
    journal.trial(one)
    assert journal.read() == (HEAD, (one,), None)


@pytest.mark.parametrize("axis", Axis)
def test_a_change_on_any_axis_comes_back_with_its_date_in_its_zone(journal: Journal, axis: Axis) -> None:
    zoned = datetime(2024, 5, 1, 23, tzinfo=timezone(timedelta(hours=-7)))
    cause = Cause(Change(Key(axis, "name"), "1", None, zoned), ())
    journal.begin(HEAD)
    journal.finding(Finding("found", causes=(cause,)), EFFORT)
    kept = journal.read()
    assert kept is not None
    assert kept[2] == Finding("found", causes=(cause,))


def test_without_a_file_there_is_no_run(journal: Journal) -> None:
    assert journal.read() is None


def test_a_journal_of_another_version_is_no_run(journal: Journal) -> None:
    full(journal)
    journal.path.write_text(journal.path.read_text().replace(SCHEMA, "mbisect.journal/0"))
    assert journal.read() is None


def test_a_new_beginning_sets_the_old_journal_aside(journal: Journal) -> None:
    old = full(journal)
    journal.begin(HEAD)
    assert journal.read() == (HEAD, (), None)
    assert journal.path.with_suffix(".old").read_bytes() == old


def test_each_line_is_one_json_object_with_one_key(journal: Journal) -> None:
    lines = full(journal).decode().splitlines()
    kinds = ["head", "trial", "trial", "trial", "effort", "finding"]
    assert [list(json.loads(line)) for line in lines] == [[kind] for kind in kinds]


def test_after_a_torn_line_the_next_one_is_a_new_line(journal: Journal) -> None:
    journal.begin(HEAD)
    journal.trial(trial(0))
    journal.trial(trial(1))
    journal.path.write_bytes(journal.path.read_bytes()[:-20])
    assert journal.read() == (HEAD, (trial(0),), None)
    journal.trial(trial(2))
    assert journal.read() == (HEAD, (trial(0), trial(2)), None)


def test_a_line_that_lacks_only_its_end_counts_and_is_not_glued_to_the_next(journal: Journal) -> None:
    journal.begin(HEAD)
    journal.trial(trial(0))
    journal.path.write_bytes(journal.path.read_bytes()[:-1])
    journal.trial(trial(1))
    assert journal.read() == (HEAD, (trial(0), trial(1)), None)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_prefix_of_its_bytes_survives_the_trials_are_a_prefix(
    whole: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    journal = Journal(tmp_path / "cut.jsonl")
    cut = data.draw(st.integers(0, len(whole)), label="bytes that survive")
    journal.path.write_bytes(whole[:cut])
    kept = journal.read()
    lines = whole[:cut].count(b"\n")
    if kept is None:
        assert lines == 0
        return
    assert kept[1] == tuple(trial(number) for number in range(len(kept[1])))
    assert len(kept[1]) >= min(4, lines - 1), "what was on disk is not lost"
    journal.trial(trial(9))
    again = journal.read()
    assert again is not None
    assert again[1] == (*kept[1], trial(9))


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=60), place=st.integers(0, 6))
def test_lines_that_are_no_records_are_passed_over(whole: bytes, tmp_path: Path, noise: bytes, place: int) -> None:
    lines = whole.splitlines(keepends=True)
    journal = Journal(tmp_path / "noisy.jsonl")
    journal.path.write_bytes(b"".join([*lines[:place], noise.replace(b"\n", b"") + b"\n", *lines[place:]]))
    assert journal.read() == (HEAD, tuple(map(trial, range(4))), FOUND)


@pytest.mark.parametrize("line", ["{}", "[]", "1", '"head"', "null", '{"trial": {}}', '{"trial": 1}', '{"head": []}'])
def test_a_damaged_record_is_passed_over(journal: Journal, line: str) -> None:
    full(journal)
    with journal.path.open("a") as file:
        file.write(f"{line}\n")
    assert journal.read() == (HEAD, (trial(0), trial(1), trial(2)), FOUND)


def test_a_measurement_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "trial.json"
    assert load_measurement(path) is None
    save_measurement(path, MEASURED)
    assert load_measurement(path) == MEASURED
    assert list(tmp_path.iterdir()) == [path]
    path.write_bytes(path.read_bytes()[:-9])
    assert load_measurement(path) is None


def test_a_run_that_has_ended_is_told_again_with_what_it_took(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "0a1b2c3d4e5f" / "journal.jsonl")
    journal.begin(HEAD)
    journal.trial(trial())
    with pytest.raises(UsageError, match="has not ended"):
        recorded(tmp_path, "0a1b2c3d4e5f")
    journal.finding(FOUND, EFFORT)
    record = recorded(tmp_path, "0a1b2c3d4e5f")
    assert (record.finding, record.trials, record.seconds, record.ran) == (FOUND, (trial(),), 12.5, 3)


def test_latest_is_what_was_asked_last_in_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, runs = tmp_path / "here", tmp_path / "runs"
    here.mkdir()
    for age, run in enumerate(("0a1b2c3d4e5f", "1a1b2c3d4e5f", "2a1b2c3d4e5f")):
        journal = Journal(runs / run / "journal.jsonl")
        journal.begin(HEAD)
        os.utime(journal.path, (1000 + age, 1000 + age))
    monkeypatch.chdir(here)
    remember_latest(runs, str(tmp_path), "0a1b2c3d4e5f")
    with pytest.raises(UsageError, match="no run of this folder is in the cache yet"):
        find_run(runs, "latest")
    remember_latest(runs, str(here), "1a1b2c3d4e5f")
    assert find_run(runs, "latest") == "1a1b2c3d4e5f"
    (runs / "1a1b2c3d4e5f" / "journal.jsonl").unlink()
    with pytest.raises(UsageError, match="no run of this folder is in the cache yet"):
        find_run(runs, "latest")


def test_latest_is_the_projects_from_wherever_in_it_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below, runs = tmp_path / "project" / "below", tmp_path / "runs"
    below.mkdir(parents=True)
    (tmp_path / "project" / "mbisect.toml").touch()
    Journal(runs / "0a1b2c3d4e5f" / "journal.jsonl").begin(HEAD)
    remember_latest(runs, str(below), "0a1b2c3d4e5f")
    for folder in (below, tmp_path / "project"):
        monkeypatch.chdir(folder)
        assert find_run(runs, "latest") == "0a1b2c3d4e5f"


def test_where_what_it_took_was_lost_its_trials_tell(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "0a1b2c3d4e5f" / "journal.jsonl")
    full(journal, 2)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(b"".join(line for line in lines if not line.startswith(b'{"effort"')))
    record = recorded(tmp_path, "0a1b")
    assert (record.seconds, record.ran) == (2 * MEASURED.seconds, 2)


def test_how_the_search_came_nearer_is_kept_between_its_trials(journal: Journal) -> None:
    steps = tuple(Narrowed(n, 2 * n, 40 - n, (3 * n, 30), 64, 0.25 * n, "boundary") for n in range(3))
    journal.begin(HEAD)
    for step in steps:
        journal.trial(trial(step.trials))
        journal.narrowed(step)
    journal.narrowed(steps[2])  # as a search does that goes on where it was interrupted
    with journal.path.open("a") as file:
        file.write('{"narrowed": {"trials": 7}}\n{"narrowed": 1}\n')
    journal.finding(FOUND, EFFORT)
    record = journal.record()
    assert record is not None
    assert record.narrowed == steps
    assert list(json.loads(journal.path.read_text().splitlines()[-1])) == ["finding"]
    assert journal.read() == (HEAD, tuple(map(trial, range(3))), FOUND)
