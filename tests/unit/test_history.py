"""The history of smokes: whole lines, locks that never change, and a reference that follows from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mbisect.history import History, Light, Run, Smoke
from mbisect.terms import Cause, Change, Finding, Measurement, Pin, Verdict, package

MOVE = Change(package("six"), "1.15.0", "1.16.0")
PINS = (Pin("six", "1.16.0", ("sha256:" + "0" * 64,)),)


def smoke(at: str, light: Light = "green", lock: str = "a.txt", **more: object) -> Smoke:
    measured = Measurement(0, 1.5, (("score", 0.9),))
    made = Smoke(
        at, "app", lock, "3.11.7", ("python", "t.py"), "score ≥ 0.8", "score", "0a1b", light, "score 0.9",
        (Run(0, measured, Verdict.GOOD, "score 0.9"),), "0.txt", (MOVE,), False, "0a1b2c3d4e5f",
        Finding("found", "single", (Cause(MOVE, ("1.16.0",)),), True, True),
    )  # fmt: skip
    return replace(made, **more)


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "app")
    (tmp_path / "app" / "locks").mkdir(parents=True)
    for name in ("a.txt", "b.txt"):
        made.path(name).touch()
    return made


def test_what_is_kept_is_read_back_as_it_was(history: History) -> None:
    one = smoke("2026-11-25T03:00:00.000Z")
    history.append(one)
    assert history.smokes() == (one,)


def test_a_later_line_of_the_same_time_replaces_an_earlier_one(history: History) -> None:
    history.append(smoke("1", "red", finding=None, run=""))
    history.append(smoke("1", "red"))
    assert history.smokes() == (smoke("1", "red"),)


def test_torn_and_foreign_lines_are_passed_over_and_what_follows_is_whole(history: History) -> None:
    history.append(smoke("1"))
    file = history.folder / "history.jsonl"
    whole = file.read_bytes()
    file.write_bytes(
        whole + b'[1]\n{"schema":"mbisect.history/9"}\n{"schema":"mbisect.history/1","at":3}\n' + whole[:99]
    )
    history.append(smoke("2"))
    assert [one.at for one in history.smokes()] == ["1", "2"]


def test_the_reference_is_the_newest_green_that_measured_the_same(history: History) -> None:
    history.append(smoke("1"))
    history.append(smoke("2", lock="b.txt"))
    history.append(smoke("3", "red"))
    history.append(smoke("4", "unsure"))
    history.append(smoke("5", command=("other",)))
    history.append(smoke("6", metric="loss"))
    found = history.reference(("python", "t.py"), "score")
    assert found is not None and found.at == "2"
    history.path("b.txt").unlink()
    found = history.reference(("python", "t.py"), "score")
    assert found is not None and found.at == "1"
    assert history.reference(("none",), "score") is None


def test_a_lock_is_written_once_and_found_again_on_another_day(history: History) -> None:
    name = history.keep(PINS, day="2026-11-25", header="one")
    assert history.keep(PINS, day="2026-11-26", header="two") == name
    text = history.path(name).read_text()
    assert text.startswith("# one\nsix==1.16.0") and name.startswith("2026-11-25-")
    assert history.keep((replace(PINS[0], version="1.15.0"),), day="2026-11-26", header="") != name
