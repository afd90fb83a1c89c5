"""What counts as a difference between two locks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mbisect.environments.diff import Move, PackageDiff, ReleaseFacts, Requirers, compare_locks, moved
from mbisect.terms import Lock, Pin


def lock(*pins: str | Pin) -> Lock:
    return Lock(tuple(pin if isinstance(pin, Pin) else Pin(*pin.split("==")) for pin in pins))


def only(before: Lock, after: Lock, **more: object) -> PackageDiff:
    [found] = compare_locks(before, after, **more)  # type: ignore[arg-type]  # handed through
    return found


@pytest.mark.parametrize(
    ("before", "after", "move"),
    [
        ("a==1.0", "a==1.1", Move.RAISED),
        ("a==1.10", "a==1.9", Move.LOWERED),
        ("a==2.5.1+cpu", "a==2.5.1+cu124", Move.BUILD),
        ("a==2.5.1", "a==2.5.1+cu124", Move.BUILD),
        ("a==2.5.1+cpu", "a==2.6.0+cpu", Move.RAISED),
        ("a==1.0rc1", "a==1.0", Move.RAISED),
    ],
)
def test_a_move_is_named(before: str, after: str, move: Move) -> None:
    found = only(lock(before), lock(after))
    assert (found.move, found.before, found.after) == (move, before.split("==")[1], after.split("==")[1])


def test_what_only_one_lock_has_was_added_or_removed() -> None:
    found = compare_locks(lock("a==1", "b==1"), lock("b==1", "c==1"))
    assert [(p.name, p.move, p.before, p.after) for p in found] == [
        ("a", Move.REMOVED, "1", None),
        ("c", Move.ADDED, None, "1"),
    ]


def test_the_same_lock_has_no_differences() -> None:
    assert compare_locks(lock("a==1", "b==2+cpu"), lock("a==1", "b==2+cpu")) == ()


@pytest.mark.parametrize(
    ("before", "after", "move"),
    [
        (("sha256:aa",), ("sha256:bb",), Move.FILES),
        (("sha256:aa", "sha256:cc"), ("sha256:aa", "sha256:bb"), None),
        ((), ("sha256:bb",), None),
        (("md5:aa",), ("sha256:bb",), None),
    ],
)
def test_only_locks_that_share_no_file_hold_other_files(
    before: tuple[str, ...], after: tuple[str, ...], move: Move | None
) -> None:
    assert moved(Pin("a", "1", before), Pin("a", "1", after)) is move


def test_who_asked_for_it_is_told_by_the_later_lock() -> None:
    old = Requirers(frozenset({"gone"}), {"b": ("gone",)})
    new = Requirers(frozenset({"a"}), {"b": ("a", "c")})
    found = {
        package.name: (package.direct, package.required_by)
        for package in compare_locks(lock("a==1", "b==1", "gone==1"), lock("a==2", "b==2"), requirers=(old, new))
    }
    assert found == {"a": (True, ()), "b": (False, ("a", "c")), "gone": (True, ())}


def test_without_a_list_the_direct_ones_are_those_that_nothing_requires() -> None:
    requirers = Requirers(required_by={"b": ("a",)})
    assert (requirers.asked_by_name("a"), requirers.asked_by_name("b")) == (True, False)
    assert Requirers().asked_by_name("a") is None


def test_facts_go_with_their_release_and_steps_with_a_move_between_two() -> None:
    day = datetime(2024, 1, 2, tzinfo=UTC)
    facts = {("a", "1"): ReleaseFacts(day), ("a", "2"): ReleaseFacts(day, "broken")}
    found = only(lock("a==1"), lock("a==2"), facts=facts, steps={"a": 3})
    assert (found.before_facts.date, found.after_facts.yanked, found.steps) == (day, "broken", 3)
    assert only(lock("b==1"), lock("a==2", "b==1"), facts=facts, steps={"a": 3}).steps is None
