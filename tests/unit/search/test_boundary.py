"""The posterior over positions, against sums that are written out."""

from __future__ import annotations

from itertools import product
from math import exp, log

import numpy as np
import pytest

from mbisect.search.boundary import PARTS, Belief, Check, Part, Place, Role, pooled, side
from mbisect.search.noise import ODD, RateNoise, Runs

NOISE = RateNoise()


def belief(size: int, places: dict[int, Runs] | None = None, **more: object) -> Belief:
    known = pooled(NOISE, [], [Runs(passes=1)], [Runs(fails=1)])
    found = tuple(Place((k,), runs) for k, runs in (places or {}).items())
    return Belief(size, NOISE, known, found, **more)  # type: ignore[arg-type]


def test_the_posterior_is_the_sum_over_both_rates_written_out() -> None:
    seen = {2: Runs(1, 3), 3: Runs(2, 1)}
    mass = [0.0] * 4
    for b, (logs, g, f) in product(range(1, 5), zip(NOISE.prior, NOISE.good, NOISE.bad, strict=True)):
        chance = exp(logs) * (1 - g) * f
        for k, runs in seen.items():
            good, bad = (r**runs.fails * (1 - r) ** runs.passes for r in (g, f))
            odd = ODD if b <= k else 1 - ODD
            chance *= odd * good + (1 - odd) * bad
        mass[b - 1] += chance
    assert belief(4, seen).boundary == pytest.approx(np.array(mass) / sum(mass), rel=1e-3)


def test_without_noise_a_few_runs_leave_one_boundary() -> None:
    found = belief(8, {4: Runs(passes=1), 6: Runs(fails=1), 5: Runs(fails=1)})
    first, last, sure = found.group()
    assert (first, last) == (5, 5)
    assert sure > 0.95
    assert found.interval()[1] == 5


def test_positions_that_say_nothing_join_their_boundaries() -> None:
    found = belief(6, {1: Runs(passes=1), 5: Runs(fails=1)}, gaps=frozenset({2, 3, 4}))
    assert found.groups == ((1, 1), (2, 5), (6, 6))
    assert found.group()[:2] == (2, 5)


def test_the_change_that_is_bad_alone_stands_at_the_boundary_and_is_enough() -> None:
    alone = Check(Runs(fails=1), np.array([False, True, False]), np.zeros(3, bool), (((2, 2), Role.ALONE),))
    without = Check(Runs(passes=1), np.array([True, False, True]), np.zeros(3, bool), (((2, 2), Role.WITHOUT),))
    found = belief(3, checks=(alone, without))
    assert found.group()[:2] == (2, 2)
    enough, needed = found.parts(2)
    assert min(enough, needed) > 0.98


def test_a_change_that_is_good_alone_at_a_sure_boundary_takes_others_with_it() -> None:
    alone = Check(Runs(passes=3), np.array([False, True, False]), np.zeros(3, bool), (((2, 2), Role.ALONE),))
    found = belief(3, {1: Runs(passes=3), 2: Runs(fails=3)}, checks=(alone,))
    assert found.group()[2] > 0.98
    assert found.parts(2)[0] < 0.02


def test_the_parts_are_a_distribution() -> None:
    assert sum(PARTS.values()) == pytest.approx(1)
    assert Part.UNCHECKED not in PARTS


def test_both_ends_that_behave_alike_make_it_likely_that_nothing_changed() -> None:
    runs = (Runs(8, 8), Runs(8, 8))
    known = pooled(NOISE, [], [runs[0]], [runs[1]])
    assert Belief(8, NOISE, known, same=runs).nothing > 0.8
    differ = (Runs(0, 6), Runs(6, 0))
    assert Belief(8, NOISE, pooled(NOISE, [], [differ[0]], [differ[1]]), same=differ).nothing < 0.001


def test_weights_move_the_belief_and_exclude_nothing() -> None:
    found = belief(4, weights=np.array([1, 1, 10, 1e-3]))
    assert found.boundary == pytest.approx(np.array([1, 1, 10, 1e-3]) / 12.001)


def test_one_run_of_a_candidate_settles_its_side_where_runs_are_repeatable_and_not_where_they_are_not() -> None:
    clean = pooled(NOISE, [], [Runs(passes=2)], [Runs(fails=2)])
    assert side(NOISE, clean, Runs(fails=1)) > 0.97
    noisy = pooled(NOISE, [], [Runs(2, 8)], [Runs(7, 3)])
    assert 0.5 < side(NOISE, noisy, Runs(fails=1)) < 0.95


def test_the_first_run_of_a_candidate_says_nothing_of_the_noise_and_a_second_one_does() -> None:
    base = pooled(NOISE, [], [Runs(passes=1)], [Runs(fails=1)])
    assert pooled(NOISE, [Runs(passes=1)], [Runs(passes=1)], [Runs(fails=1)]) == pytest.approx(base)
    mixed = pooled(NOISE, [Runs(1, 1)], [Runs(passes=1)], [Runs(fails=1)])
    clean = NOISE.repeatable(np.exp(mixed - np.logaddexp.reduce(mixed)))
    assert clean < 0.01 < log(2)
