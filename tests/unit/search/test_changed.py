"""Did something change? By the runs of both sides alone."""

from __future__ import annotations

import random

import pytest

from mbisect.search.changed import CHANGED, SAME, changed
from mbisect.terms import Outcome, Verdict


def runs(fails: int, passes: int) -> list[Outcome]:
    return [Outcome(Verdict.BAD, "")] * fails + [Outcome(Verdict.GOOD, "")] * passes


def values(numbers: list[float]) -> list[Outcome]:
    return [Outcome(Verdict.UNSURE, "", value=number) for number in numbers]


@pytest.mark.parametrize("each", [1, 2, 5])
def test_what_passes_as_before_is_the_same_after_a_single_run(each: int) -> None:
    probability = changed(runs(0, each), runs(0, each))
    assert probability is not None and probability <= SAME


def test_what_fails_now_in_both_of_two_runs_has_changed(each: int = 2) -> None:
    probability = changed(runs(0, each), runs(each, 0))
    assert probability is not None and probability >= CHANGED


def test_one_failure_in_a_single_run_is_not_enough() -> None:
    probability = changed(runs(0, 1), runs(1, 0))
    assert probability is not None and SAME < probability < CHANGED


def test_what_failed_as_often_before_is_the_same() -> None:
    probability = changed(runs(3, 5), runs(3, 5))
    assert probability is not None and probability <= SAME


def test_a_run_that_crashes_where_the_reference_measured_something_is_a_failure() -> None:
    probability = changed(values([0.9, 0.91]), runs(2, 0))
    assert probability is not None and probability >= CHANGED


@pytest.mark.parametrize("sign", [1, -1])
def test_a_metric_far_from_before_has_changed_whichever_way_it_went(sign: int) -> None:
    probability = changed(values([0.90, 0.91]), values([0.90 + sign * 0.5, 0.91 + sign * 0.5]))
    assert probability is not None and probability >= CHANGED


def test_a_metric_that_is_the_same_to_the_digit_is_the_same() -> None:
    probability = changed(values([0.9, 0.9]), values([0.9, 0.9]))
    assert probability is not None and probability <= SAME


def test_seeds_alone_are_taken_for_a_change_in_less_than_one_in_twenty_comparisons() -> None:
    random.seed(8)
    found = 0
    for _ in range(300):
        ours, theirs = ([random.gauss(0.9, 0.02) for _ in range(3)] for _ in "ab")
        probability = changed(values(ours), values(theirs))
        found += probability is not None and probability >= CHANGED
    assert found < 15


@pytest.mark.parametrize("side", [[], [Outcome(Verdict.UNTESTABLE, "")], [Outcome(Verdict.UNSURE, "between")]])
def test_a_side_that_says_nothing_leaves_it_open(side: list[Outcome]) -> None:
    assert changed(side, runs(1, 0)) is None
    assert changed(runs(0, 1), side) is None
