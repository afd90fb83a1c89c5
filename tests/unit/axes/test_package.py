"""The package axis: which releases stand between two versions."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mbisect.axes.package import PackageAxis, check_installable
from mbisect.environments.index import Index, Release
from mbisect.environments.indexes import endpoints_of
from mbisect.errors import ConfigError
from mbisect.terms import Change, Interpreter, package, public

KEY = package("thing")
OLD, NEW = Interpreter("3.9.18", "/old"), Interpreter("3.13.0", "/new")


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def release(
    version: str, date: int | None = 1, *, yanked: str | None = None, wheel: bool = True, sdist: bool = True
) -> Release:
    when = day(date) if date else None
    return Release(version, when, yanked, wheel, sdist, 1000 if wheel else None, when)


class FakeIndex(Index):
    """An index that holds what a test says, for each interpreter or for all."""

    def __init__(self, *releases: Release, only: dict[str, tuple[Release, ...]] | None = None) -> None:
        self._all = releases
        self._only = only or {}

    def releases(self, name: str, interpreter: Interpreter) -> tuple[Release, ...]:
        if name != "thing":
            raise ConfigError(f"the package index knows no package `{name}`")
        return (*self._all, *self._only.get(interpreter.version, ()))


def between(index: Index, before: str | None, after: str | None, **options: Any) -> tuple[Change, ...]:
    return PackageAxis(index, (NEW,), **options).between(KEY, before, after)


def versions(changes: tuple[Change, ...]) -> list[str | None]:
    return [changes[0].before, *(change.after for change in changes)]


def test_an_old_line_that_was_mended_after_both_ends_is_not_on_the_timeline() -> None:
    index = FakeIndex(release("1.9", 1), release("1.10", 9), release("2.0", 3), release("2.1", 4))
    assert versions(between(index, "1.9", "2.1", newest=day(4))) == ["1.9", "2.0", "2.1"]
    assert versions(between(index, "1.9", "2.1", newest=day(9))) == ["1.9", "1.10", "2.0", "2.1"]


def test_one_change_per_release_in_version_order_each_from_the_one_before() -> None:
    index = FakeIndex(release("1.9", 1), release("1.10", 2), release("1.11", 3), release("2.0", 4), release("3.0", 5))
    assert between(index, "1.9", "2.0") == (
        Change(KEY, "1.9", "1.10", day(2)),
        Change(KEY, "1.10", "1.11", day(3)),
        Change(KEY, "1.11", "2.0", day(4)),
    )


def test_a_back_port_keeps_version_order_and_its_date_is_clamped() -> None:
    index = FakeIndex(release("1.0", 1), release("1.0.1", 9), release("2.0", 3), release("3.0", 12))
    changes = between(index, "1.0", "3.0")
    assert versions(changes) == ["1.0", "1.0.1", "2.0", "3.0"]
    assert [change.date for change in changes] == [day(9), day(9), day(12)]


def test_a_release_without_a_date_stands_with_the_one_before() -> None:
    index = FakeIndex(release("1.0", 1), release("1.1", None), release("1.2", 5), release("1.3", None))
    assert [change.date for change in between(index, "1.0", "1.3")] == [None, day(5), day(5)]


def test_a_falling_package_goes_back_release_by_release_and_dates_never_run_backwards() -> None:
    index = FakeIndex(release("1.0", 1), release("1.1", 2), release("1.2", 3))
    changes = between(index, "1.2", "1.0")
    assert versions(changes) == ["1.2", "1.1", "1.0"]
    assert [change.date for change in changes] == [day(2), day(2)]


def test_a_yanked_release_stands_only_where_an_end_holds_it() -> None:
    index = FakeIndex(release("1.0", 1), release("1.1", 2, yanked="broken"), release("1.2", 3, yanked=""))
    assert versions(between(index, "1.0", "1.2")) == ["1.0", "1.2"]
    assert versions(between(index, "1.1", "1.2")) == ["1.1", "1.2"]


def test_pre_releases_stand_only_where_an_end_is_one() -> None:
    index = FakeIndex(release("1.0", 1), release("1.1a1", 2), release("1.1rc1", 3), release("1.1", 4))
    assert versions(between(index, "1.0", "1.1")) == ["1.0", "1.1"]
    assert versions(between(index, "1.0", "1.1rc1")) == ["1.0", "1.1a1", "1.1rc1"]
    assert versions(between(index, "1.1a1", "1.1")) == ["1.1a1", "1.1rc1", "1.1"]


def test_a_release_without_a_wheel_is_passed_over_unless_builds_are_allowed() -> None:
    index = FakeIndex(release("1.0", 1), release("1.1", 2, wheel=False), release("1.2", 3))
    assert versions(between(index, "1.0", "1.2")) == ["1.0", "1.2"]
    assert versions(between(index, "1.0", "1.2", allow_builds=True)) == ["1.0", "1.1", "1.2"]


def test_releases_without_a_wheel_stand_where_an_end_has_none_either() -> None:
    index = FakeIndex(release("1.0", 1, wheel=False), release("1.1", 2, wheel=False), release("1.2", 3))
    assert versions(between(index, "1.0", "1.2")) == ["1.0", "1.1", "1.2"]


def test_a_release_with_nothing_to_install_is_passed_over() -> None:
    index = FakeIndex(release("1.0", 1), release("1.1", 2, wheel=False, sdist=False), release("1.2", 3))
    assert versions(between(index, "1.0", "1.2", allow_builds=True)) == ["1.0", "1.2"]


def test_what_any_interpreter_in_play_can_take_stands() -> None:
    index = FakeIndex(release("1.0"), release("1.3"), only={"3.9.18": (release("1.1"),), "3.13.0": (release("1.2"),)})
    both = PackageAxis(index, (OLD, NEW)).between(KEY, "1.0", "1.3")
    assert versions(both) == ["1.0", "1.1", "1.2", "1.3"]


def test_a_package_that_is_added_moves_in_one_step_at_its_releases_date() -> None:
    index = FakeIndex(release("1.0", 1), release("1.1", 7))
    assert between(index, None, "1.1") == (Change(KEY, None, "1.1", day(7)),)


def test_a_package_that_is_removed_moves_in_one_undated_step() -> None:
    assert between(FakeIndex(release("1.0", 1)), "1.0", None) == (Change(KEY, "1.0", None),)


def test_a_local_version_stands_where_its_public_one_does() -> None:
    index = FakeIndex(release("1.0", 1), release("1.1", 2), release("1.2", 3))
    assert versions(between(index, "1.0+cpu", "1.2+cpu")) == ["1.0+cpu", "1.1", "1.2+cpu"]
    assert public("1.2+cpu") == "1.2"


def test_the_newest_date_of_a_lock_and_what_must_be_built_are_known() -> None:
    index = FakeIndex(release("1.0", 4, wheel=False), release("2.0", 9))
    assert check_installable(index, [("thing", "1.0")], NEW, "lock.txt") == (day(4), frozenset({"thing"}))
    assert check_installable(index, [("thing", "2.0")], NEW, "lock.txt") == (day(9), frozenset())


def test_a_pin_that_is_not_for_this_python_is_refused_with_the_option_that_helps() -> None:
    index = FakeIndex(release("2.0"), only={"3.9.18": (release("1.0"),)})
    check_installable(index, [("thing", "1.0")], OLD, "lock.txt")
    with pytest.raises(ConfigError, match=r"lock\.txt: thing 1\.0 does not exist for Python 3\.13.*--python"):
        check_installable(index, [("thing", "1.0")], NEW, "lock.txt")


def test_a_package_that_the_index_does_not_know_is_named() -> None:
    with pytest.raises(ConfigError, match="no package `ting`"):
        check_installable(FakeIndex(), [("ting", "1.0")], NEW, "lock.txt")


@pytest.mark.network
def test_the_real_index_gives_the_releases_of_a_real_package(tmp_path: Path) -> None:
    index = Index(tmp_path, endpoints=endpoints_of(os.environ))
    changes = PackageAxis(index, (NEW,)).between(package("idna"), "3.4", "3.7")
    assert versions(changes) == ["3.4", "3.5", "3.6", "3.7"]
    assert [change.date.date().isoformat() for change in changes if change.date] == [
        "2023-11-24",
        "2023-11-25",
        "2024-04-11",
    ]
