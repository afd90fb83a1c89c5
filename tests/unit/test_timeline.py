"""The order of the timeline, what rides along, and which candidates a position means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from mbisect.axes import AxisModule
from mbisect.axes.plain import PlainAxis
from mbisect.lessons import Limit
from mbisect.terms import (
    COMMIT,
    PYTHON,
    SEED,
    Axis,
    Candidate,
    Change,
    Key,
    Outcome,
    Timeline,
    Values,
    Verdict,
    package,
)
from mbisect.timeline import TimelineWorld

Dates = Mapping[str, Mapping[str, int]]
SETTING, VARIABLE = Key(Axis.SETTING, "epochs"), Key(Axis.VARIABLE, "FLAG")


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


class Listed:
    """An axis whose values and days a test lists in order."""

    def __init__(self, dates: Dates) -> None:
        self._dates = dates

    def between(self, key: Key, before: str | None, after: str | None) -> tuple[Change, ...]:
        known = self._dates[key.name]
        if before is None or after is None:
            return (Change(key, before, after, day(known[after]) if after else None),)
        names = list(known)
        inner = names[names.index(before) + 1 : names.index(after) + 1]
        return tuple(Change(key, a, b, day(known[b])) for a, b in zip([before, *inner[:-1]], inner, strict=True))


class Recording:
    """A resolver that holds h11 back, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[Values] = []

    def resolve(
        self, wanted: Values, good: Candidate, bad: Candidate, held: frozenset[Key], limits: Sequence[Limit]
    ) -> Candidate | None:
        self.asked.append(wanted)
        obeyed = {package(limit.name): limit.version for limit in limits}
        return Candidate(wanted, wanted.put({package("h11"): "0.14", **obeyed})) if not held else None


def world(dates: Dates, resolver: Recording | None = None) -> TimelineWorld:
    axes: dict[Axis, AxisModule] = {axis: Listed(dates) for axis in (Axis.PACKAGE, Axis.PYTHON, Axis.COMMIT)}
    axes |= {axis: PlainAxis() for axis in (Axis.SETTING, Axis.VARIABLE, Axis.SEED)}
    return TimelineWorld(axes, resolver or Recording(), lambda wanted: None)  # type: ignore[arg-type]  # a small real class in its place


def end(values: Mapping[Key, str], **requires: str) -> Candidate:
    """An end; `requires`: package = who requires it, with blanks between."""
    made = Values(values)
    return Candidate(made, made, requires=tuple((name, tuple(by.split())) for name, by in requires.items()))


def order(timeline: Timeline) -> list[str]:
    return [str(change) for change in timeline.changes]


A, B, C = package("a"), package("b"), package("c")


def test_settings_variables_and_seed_come_first_then_what_has_a_date_then_removals() -> None:
    dates = {"a": {"1": 1, "2": 8}, "python": {"3.9": 1, "3.10": 9}, "commit": {"x": 1, "y": 7}, "b": {"1": 1}}
    good = end({SEED: "0", SETTING: "3", VARIABLE: "off", A: "1", PYTHON: "3.9", COMMIT: "x", B: "1"})
    bad = end({SEED: "1", SETTING: "5", VARIABLE: "on", A: "2", PYTHON: "3.10", COMMIT: "y"})
    assert order(world(dates).timeline(good, bad)) == [
        "setting epochs 3 → 5",
        "variable FLAG off → on",
        "seed 0 → 1",
        "commit x → y",
        "a 1 → 2",
        "python 3.9 → 3.10",
        "b 1 → ∅",
    ]


def test_dated_changes_of_all_axes_stand_in_the_order_in_which_they_happened() -> None:
    dates = {"a": {"1": 1, "2": 3, "3": 7}, "b": {"1": 1, "2": 5}, "commit": {"x": 1, "y": 4, "z": 6}}
    timeline = world(dates).timeline(end({A: "1", B: "1", COMMIT: "x"}), end({A: "3", B: "2", COMMIT: "z"}))
    assert order(timeline) == ["a 1 → 2", "commit x → y", "b 1 → 2", "commit y → z", "a 2 → 3"]


def test_on_one_day_the_order_is_always_the_same_and_a_package_keeps_its_versions_in_order() -> None:
    dates = {name: {"1": 1, "2": 2, "3": 2} for name in "abc"}
    good, bad = end({A: "1", B: "1", C: "1"}), end({A: "3", B: "3", C: "3"})
    first, second = (world(dates).timeline(good, bad) for _ in range(2))
    assert first == second
    assert order(first) == ["a 1 → 2", "a 2 → 3", "b 1 → 2", "b 2 → 3", "c 1 → 2", "c 2 → 3"]


def test_the_whole_timeline_turns_the_good_values_into_the_bad_ones() -> None:
    dates = {"a": {"1": 1, "2": 3}, "b": {"1": 2}, "c": {"1": 1}}
    good, bad = end({A: "1", C: "1", SETTING: "3"}), end({A: "2", B: "1"})
    timeline = world(dates).timeline(good, bad)
    assert timeline.prefix(0) == good.values
    assert timeline.prefix(len(timeline)) == bad.values
    steps = [timeline.prefix(k).differing(timeline.prefix(k + 1)) for k in range(len(timeline))]
    assert [len(step) for step in steps] == [1] * len(timeline)


def test_an_added_package_that_another_requires_rides_along_with_it() -> None:
    dates = {"a": {"1": 1, "2": 3, "3": 5}, "b": {"1": 2}}
    timeline = world(dates).timeline(end({A: "1"}), end({A: "3", B: "1"}, b="a"))
    assert order(timeline) == ["a 1 → 2", "a 2 → 3"]
    assert timeline.riders == ((Change(B, None, "1"), "a"),)
    assert [B in timeline.prefix(k) for k in range(3)] == [False, True, True]


def test_a_removed_package_that_another_required_stays_until_that_one_has_arrived() -> None:
    dates = {"a": {"1": 1, "2": 3, "3": 5}, "b": {"1": 2}}
    timeline = world(dates).timeline(end({A: "1", B: "1"}, b="a"), end({A: "3"}))
    assert [B in timeline.prefix(k) for k in range(3)] == [True, True, False]


def test_a_chain_of_added_packages_rides_with_the_one_that_asked_for_it() -> None:
    dates = {"a": {"1": 1, "2": 3}, "b": {"1": 2}, "c": {"1": 2}}
    timeline = world(dates).timeline(end({A: "1"}), end({A: "2", B: "1", C: "1"}, b="a", c="b"))
    assert order(timeline) == ["a 1 → 2"]
    assert timeline.prefix(1) == Values({A: "2", B: "1", C: "1"})


def test_where_the_one_that_asked_is_new_itself_both_are_changes() -> None:
    """They can be told apart: each can be installed without the other, if without regard to metadata."""
    dates = {"a": {"2": 3}, "b": {"1": 2}}
    timeline = world(dates).timeline(end({C: "1"}), end({C: "1", A: "2", B: "1"}, b="a"))
    assert order(timeline) == ["b ∅ → 1", "a ∅ → 2"]
    assert timeline.riders == ()


def test_an_added_package_that_nothing_requires_is_a_change_of_its_own() -> None:
    dates = {"a": {"1": 1, "2": 3}, "b": {"1": 2}}
    timeline = world(dates).timeline(end({A: "1"}), end({A: "2", B: "1"}))
    assert order(timeline) == ["b ∅ → 1", "a 1 → 2"]
    assert timeline.riders == ()


def test_a_package_that_only_unchanged_ones_require_is_a_change_of_its_own() -> None:
    dates = {"b": {"1": 2}}
    timeline = world(dates).timeline(end({A: "1"}), end({A: "1", B: "1"}, b="a"))
    assert order(timeline) == ["b ∅ → 1"]


def test_two_that_require_each_other_do_not_vanish() -> None:
    dates = {"b": {"1": 2}, "c": {"1": 3}}
    timeline = world(dates).timeline(end({A: "1"}), end({A: "1", B: "1", C: "1"}, b="c", c="b"))
    assert timeline.prefix(len(timeline)) == Values({A: "1", B: "1", C: "1"})
    assert len(timeline) >= 1


def test_ends_are_themselves_and_are_never_resolved() -> None:
    resolver = Recording()
    good, bad = end({package("h11"): "0.16", A: "1"}), end({package("h11"): "0.16", A: "2"})
    made = world({}, resolver)
    assert made.realise(good.values, good, bad) is good
    assert made.realise(bad.values, good, bad) is bad
    assert resolver.asked == []


def test_the_same_position_is_resolved_once() -> None:
    resolver = Recording()
    good, bad = end({package("h11"): "0.14", A: "1"}), end({package("h11"): "0.16", A: "3"})
    made, wanted = world({}, resolver), Values({package("h11"): "0.16", A: "2"})
    first = made.realise(wanted, good, bad)
    assert first is made.realise(wanted, good, bad)
    assert first is not None
    assert [str(change) for change in first.deviation()] == ["h11 0.16 → 0.14"]
    assert made.realise(wanted, good, bad, held=frozenset({A})) is None
    assert len(resolver.asked) == 2


@pytest.mark.parametrize("key", [SETTING, VARIABLE, SEED])
def test_what_has_no_history_moves_in_one_step(key: Key) -> None:
    assert PlainAxis().between(key, "1", None) == (Change(key, "1", None),)


def test_what_a_broken_mixture_taught_is_obeyed_from_then_on() -> None:
    dates = {"a": {"1": 1, "2": 2, "3": 4}, "b": {"1": 1, "2": 5}, "c": {"1": 1, "2": 3}}
    resolver, h11 = Recording(), {package("h11"): "0.14"}
    good, bad = end({A: "1", B: "1", C: "1", **h11}), end({A: "3", B: "2", C: "2", **h11})
    made = world(dates, resolver)
    wanted = made.timeline(good, bad).prefix(3)
    broken = made.realise(wanted, good, bad)
    assert broken is not None
    assert broken.values == wanted == Values({A: "3", B: "1", C: "2", **h11})
    assert not made.advises_against(broken)
    made.learn(broken, Outcome(Verdict.UNTESTABLE, "", clash=("b", "a")), good, bad)
    assert made.advises_against(broken)
    mended = made.realise(wanted, good, bad)
    assert mended is not None
    assert [str(change) for change in mended.deviation()] == ["a 3 → 1"]
    assert made.learnt() == ()
    made.learn(mended, Outcome(Verdict.GOOD, ""), good, bad)
    assert made.learnt() == ("a from 3 on does not work with b up to 1",)
