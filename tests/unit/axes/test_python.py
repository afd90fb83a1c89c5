"""The interpreter axis: one change per installed line."""

from __future__ import annotations

from datetime import UTC, datetime

from mbisect.axes.python import FIRST_RELEASE, PythonAxis
from mbisect.terms import PYTHON, Interpreter

HERE = ("3.8.18", "3.9.1", "3.9.18", "3.11.7", "3.12.1", "3.13.0")


def between(before: str, after: str) -> list[tuple[str | None, str | None, datetime | None]]:
    axis = PythonAxis(lambda: tuple(Interpreter(version, f"/{version}") for version in HERE))
    return [(change.before, change.after, change.date) for change in axis.between(PYTHON, before, after)]


def test_each_installed_line_is_one_change_at_the_date_of_its_first_release() -> None:
    assert between("3.8.18", "3.12.1") == [
        ("3.8.18", "3.9.18", datetime(2020, 10, 5, tzinfo=UTC)),
        ("3.9.18", "3.11.7", datetime(2022, 10, 24, tzinfo=UTC)),
        ("3.11.7", "3.12.1", datetime(2023, 10, 2, tzinfo=UTC)),
    ]


def test_of_a_line_the_newest_installed_version_stands_and_lines_of_the_ends_do_not() -> None:
    assert [after for _, after, _ in between("3.8.1", "3.11.9")] == ["3.9.18", "3.11.9"]


def test_within_a_line_there_is_one_step() -> None:
    assert [(before, after) for before, after, _ in between("3.9.1", "3.9.18")] == [("3.9.1", "3.9.18")]


def test_going_back_is_step_by_step_and_undated() -> None:
    assert between("3.12.1", "3.9.18") == [("3.12.1", "3.11.7", None), ("3.11.7", "3.9.18", None)]


def test_the_dates_of_the_lines_run_forward() -> None:
    lines = sorted(FIRST_RELEASE, key=lambda line: int(line.split(".")[1]))
    assert [FIRST_RELEASE[line] for line in lines] == sorted(FIRST_RELEASE.values())
