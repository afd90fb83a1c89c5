"""What runs of both sides look like: each formula against a computation by hand."""

from __future__ import annotations

from math import comb, log

import numpy as np
import pytest

from mbisect.search.noise import NOISY, MetricNoise, RateNoise, Runs, binary_entropy, binomial, noise_for, student
from mbisect.terms import Outcome, Verdict


def outcome(verdict: Verdict, value: float | None = None, alike: bool = True) -> Outcome:
    return Outcome(verdict, str(verdict), alike, value)


def test_runs_count_what_says_something() -> None:
    seen = [
        outcome(Verdict.BAD), outcome(Verdict.GOOD), outcome(Verdict.UNTESTABLE), outcome(Verdict.BAD, alike=False),
        outcome(Verdict.UNSURE), outcome(Verdict.UNSURE, 0.7),
    ]  # fmt: skip
    assert Runs.of(seen) == Runs(1, 1, (0.7,))
    assert Runs.of(seen, lenient=True) == Runs(2, 1, (0.7,))


def test_the_likelihood_of_rates_is_that_of_bernoulli_trials() -> None:
    noise = RateNoise()
    good, bad = noise.likelihood(Runs(2, 3))
    i = int(np.argmin(abs(noise.good - 0.2) + abs(noise.bad - 0.7)))
    g, f = noise.good[i], noise.bad[i]
    assert good[i] == pytest.approx(log(g**2 * (1 - g) ** 3))
    assert bad[i] == pytest.approx(log(f**2 * (1 - f) ** 3))
    assert np.exp(noise.prior).sum() == pytest.approx(1)
    assert (noise.bad - noise.good).min() >= 0.15


def test_one_rate_for_all_integrates_to_the_beta_function() -> None:
    grid = (np.arange(100_000) + 0.5) / 100_000
    expected = NOISY * (grid**3 * (1 - grid) ** 4).mean()
    assert np.exp(RateNoise().alone([Runs(1, 4), Runs(2, 0)])) == pytest.approx(expected, rel=1e-6)
    assert np.exp(RateNoise().alone([Runs(0, 3)])) > (1 - NOISY) / 2


def test_a_run_without_noise_tells_one_bit_and_one_with_noise_tells_the_capacity_at_even_odds() -> None:
    noise = RateNoise()
    clean = np.where((noise.good < 1e-6) & (noise.bad > 1 - 1e-6), 1.0, 0.0)
    assert noise.information(clean, np.array([0.5]), 1)[0] == pytest.approx(1, abs=1e-6)
    assert noise.repeatable(clean) == 1
    i = int(np.argmin(abs(noise.good - 0.2) + abs(noise.bad - 0.5)))
    known = np.zeros(len(clean))
    known[i] = 1
    g, f = noise.good[i], noise.bad[i]
    expected = binary_entropy(np.array((g + f) / 2)) - (binary_entropy(np.array(g)) + binary_entropy(np.array(f))) / 2
    assert noise.information(known, np.array([0.5]), 1)[0] == pytest.approx(float(expected))
    assert noise.information(known, np.array([0.5]), 16)[0] > 4 * expected


def test_binomials_are_distributions() -> None:
    found = binomial((0.1, 0.5), 4)
    assert found.sum(1) == pytest.approx([1, 1])
    assert found[1] == pytest.approx([comb(4, k) / 16 for k in range(5)])


def test_students_density_has_the_area_one() -> None:
    x = np.linspace(-300, 300, 600_001)
    area = sum(np.exp(student(float(v), np.array([0.5]), np.array([2.0]), 6))[0] for v in x[::100]) * 0.1
    assert area == pytest.approx(1, abs=1e-4)


def test_a_metric_tells_sides_apart_whichever_way_it_points() -> None:
    for sign in (1, -1):
        noise = noise_for(
            [outcome(Verdict.UNSURE, sign * v) for v in (0.90, 0.91)],
            [outcome(Verdict.UNSURE, sign * v) for v in (0.20, 0.24)],
            [],
        )
        assert isinstance(noise, MetricNoise)
        good, bad = (np.logaddexp.reduce(noise.prior + of) for of in noise.likelihood(Runs(values=(sign * 0.23,))))
        assert bad > good + 1


def test_one_outlier_among_the_good_does_not_make_them_bad() -> None:
    noise = MetricNoise((0.90, 0.91, 0.89), (0.20, 0.24, 0.22), (0.55,))
    good, bad = (
        np.logaddexp.reduce(noise.prior + of) for of in noise.likelihood(Runs(values=(0.90, 0.55, 0.91, 0.90)))
    )
    assert good > bad


def test_a_bad_side_of_which_some_runs_go_well_is_still_told_from_the_good_one() -> None:
    noise = MetricNoise((0.90, 0.91, 0.89), (0.20, 0.90, 0.22, 0.21))
    good, bad = (np.logaddexp.reduce(noise.prior + of) for of in noise.likelihood(Runs(values=(0.9, 0.22, 0.91, 0.2))))
    assert bad > good + 1
