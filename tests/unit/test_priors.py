"""Weights follow what is known, carry their reasons, exclude nothing, and cost little where they are wrong."""

from __future__ import annotations

from collections.abc import Iterable
from math import log2

import pytest

from mbisect.environments.loaded import Loaded
from mbisect.environments.wheels import Record
from mbisect.errors import UsageError
from mbisect.priors import FEW, LOADED, MANY, SAME, SUSPECT, UNLOADED, Priors, suspected
from mbisect.terms import DATASET, PYTHON, Axis, Change, Key, Timeline, Values, package

EPOCHS = Key(Axis.SETTING, "epochs")
USED, IDLE = package("used"), package("idle")
CHANGES = (
    Change(EPOCHS, "3", "5"),
    Change(USED, "1.0", "1.0.1"),
    Change(USED, "1.0.1", "1.1"),
    Change(USED, "1.1", "2.0"),
    Change(IDLE, "1.0", "1.0.1"),
    Change(package("new"), None, "1.0"),
    Change(DATASET, "a" * 40, "b" * 40),
    Change(package("gone"), "1.0", None),
)
GOOD = Values({EPOCHS: "3", USED: "1.0", IDLE: "1.0", DATASET: "a" * 40, package("gone"): "1.0", PYTHON: "3.11.7"})
BAD = Values({EPOCHS: "5", USED: "2.0", IDLE: "1.0.1", DATASET: "b" * 40, package("new"): "1.0", PYTHON: "3.11.7"})
TIMELINE = Timeline(GOOD, BAD, CHANGES, ((Change(package("rider"), None, "1.0"), "used"),))
TRACE = Loaded({"used": frozenset(f"used/f{i}.py" for i in range(20)), "gone": frozenset({"gone.py"})})


class Shelf:
    """RECORDs that are there, and what was asked for."""

    def __init__(self, **records: Record) -> None:
        self.records = {tuple(name.replace("_", ".").split("-")): record for name, record in records.items()}
        self.asked: list[tuple[str, str]] = []

    def know(self, name: str, version: str) -> Record | None:
        return self.records.get((name, version))

    def ask(self, releases: Iterable[tuple[str, str]]) -> None:
        self.asked.extend(releases)


def used(*changed: int) -> Record:
    """A release of `used` in which some of its files are not as they were."""
    return {f"used/f{i}.py": "2" if i in changed else "1" for i in range(20)}


def priors(trace: Loaded | None = TRACE, shelf: Shelf | None = None, *suspects: str) -> Priors:
    return Priors(TIMELINE, lambda: trace, shelf or Shelf(), suspected(TIMELINE, suspects))


def weight(of: Priors, after: str | None, key: Key = USED) -> float:
    return of.weigh(next(change for change in CHANGES if (change.key, change.after) == (key, after)))


def shelf(second: Record, third: Record) -> Shelf:
    return Shelf(**{"used-1_0": used(), "used-1_0_1": second, "used-1_1": third})


def test_before_the_good_end_has_run_only_the_versions_speak() -> None:
    blind = priors(None)
    assert not blind.traced
    assert weight(blind, "1.0.1") == weight(blind, "1.0.1", IDLE) == 1
    assert 1 < weight(blind, "1.1") < weight(blind, "2.0") <= 1.5


def test_before_one_the_second_number_says_what_the_first_does_later() -> None:
    young = Change(package("young"), "0.27.2", "0.28.0")
    assert priors(None).weigh(young) == weight(priors(None), "2.0")


def test_what_the_workload_loads_is_likelier_than_what_it_does_not() -> None:
    assert (weight(priors(), "1.0.1"), weight(priors(), "1.0.1", IDLE)) == (LOADED, UNLOADED)


def test_a_package_that_comes_is_not_held_against_it_that_the_good_end_did_not_load_it() -> None:
    assert weight(priors(), "1.0", package("new")) == LOADED
    assert weight(priors(), None, package("gone")) == LOADED


def test_a_trace_that_comes_later_counts_from_then_on() -> None:
    trace: list[Loaded] = []
    late = Priors(TIMELINE, lambda: trace[0] if trace else None, Shelf())
    assert weight(late, "1.0.1") == 1
    trace.append(TRACE)
    assert weight(late, "1.0.1") == LOADED


def test_only_releases_that_are_worth_comparing_are_asked_for_once_the_likeliest_first() -> None:
    kept = Shelf()
    informed = priors(TRACE, kept)
    for _ in range(2):
        informed.all()
    assert kept.asked == [("used", "1.0"), ("used", "1.1"), ("used", "2.0"), ("used", "1.0.1")]
    blind = Shelf()
    priors(None, blind).all()
    assert blind.asked == []


def test_a_release_that_does_not_differ_for_the_workload_weighs_nearly_nothing() -> None:
    informed = priors(TRACE, shelf({**used(), "used/unseen.py": "1"}, used(3)))
    assert weight(informed, "1.0.1") == SAME
    assert weight(informed, "1.1") == LOADED * FEW[1]


def test_many_files_that_differ_say_more_than_a_major_version() -> None:
    informed = priors(TRACE, shelf(used(*range(12)), used(*range(7))))
    assert weight(informed, "1.0.1") == LOADED * MANY[1]
    assert weight(informed, "1.1") == LOADED  # five files: neither few nor many
    assert weight(informed, "2.0") == LOADED * 1.5  # its RECORD is not there: the version speaks


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("used", {USED}),
        ("Used", {USED}),
        ("epochs", {EPOCHS}),
        ("setting", {EPOCHS}),
        ("setting epochs", {EPOCHS}),
        ("dataset", {DATASET}),
        ("package", {USED, IDLE, package("new"), package("gone")}),
        ("rider", {USED}),
    ],
)
def test_a_suspect_is_a_package_an_axis_or_a_setting(name: str, keys: set[Key]) -> None:
    assert suspected(TIMELINE, [name]) == keys


@pytest.mark.parametrize("name", ["torch", "seed", "", "used 1.0", "*"])
def test_a_suspect_that_names_no_change_is_an_error_that_says_so(name: str) -> None:
    with pytest.raises(UsageError, match="no change between the good and the bad end") as caught:
        suspected(TIMELINE, ["used", name])
    assert "\n" not in str(caught.value)


def test_a_suspect_weighs_more_and_excludes_nothing() -> None:
    told, plain = priors(TRACE, None, "dataset"), priors(TRACE)
    assert weight(told, "b" * 40, DATASET) == SUSPECT * weight(plain, "b" * 40, DATASET)
    assert all(prior.share > 0 for prior in told.all())


def test_shares_add_up_to_one_and_every_factor_has_a_reason() -> None:
    every = priors(TRACE, shelf(used(), used(3)), "used").all()
    assert [prior.change for prior in every] == list(CHANGES)
    assert sum(prior.share for prior in every) == pytest.approx(1)
    assert all(factor.reason and factor.times > 0 for prior in every for factor in prior.factors)


def test_without_suspects_and_equal_releases_the_worst_that_a_wrong_weight_costs_is_three_trials() -> None:
    records = (shelf(used(0), used(0)), shelf(used(*range(12)), used()), Shelf())
    weights = [p.weigh(c) for trace in (TRACE, None) for s in records for p in [priors(trace, s)] for c in CHANGES]
    ordinary = [w for w in weights if w != SAME]
    assert log2(max(ordinary) / min(ordinary)) <= 3
