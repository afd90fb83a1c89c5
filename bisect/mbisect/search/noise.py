"""What runs of a good and of a bad candidate look like, as far as one knows: two sides, with unknown parameters.

A *side* is good or bad. All good candidates of a search share one distribution of outcomes, all bad ones another. Their
parameters θ are unknown and integrated out on a grid: every sum over θ below is a quadrature of the integral over the
prior. One run is one sample, however many prompts it evaluated. Knows nothing of positions and candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import inf, lgamma, log
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mbisect.terms import Outcome, Verdict

Array = NDArray[np.float64]

NOISY = 0.12
"""Prior probability that runs of a candidate differ: most commands are deterministic."""
BOTH_NOISY = 0.8
"""Where they differ, both sides do as a rule: what makes a run fail for no reason does so on either side. The rest is
shared evenly by a noisy good side and a noisy bad one."""
LEAST_DIFFERENCE = 0.15
"""Failure rates of both sides that differ by less are not told apart: they count as the same."""
LEAST_GAP = 0.5
"""The same for a metric, in standard deviations."""
ODD = 1e-6
"""Prior probability that a candidate as a whole does not belong where its place says: a break healed in passing, two
releases that do not go together."""
FLOOR = 1e-9
"""Stands for the probability 0 where a logarithm is taken."""
BATCHES = (1, 2, 3, 4, 6, 8, 12, 16)
"""Numbers of runs that are weighed against each other when a new environment is to be built."""


@dataclass(frozen=True, slots=True)
class Runs:
    """What was seen at one candidate: the runs that say something."""

    fails: int = 0
    passes: int = 0
    values: tuple[float, ...] = ()

    def __len__(self) -> int:
        return self.fails + self.passes + len(self.values)

    def first(self) -> Runs:
        """One of these runs, of the kind that is more frequent."""
        if self.values:
            return Runs(values=self.values[:1])
        return Runs(fails=1) if self.fails > self.passes else Runs(passes=1)

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], *, lenient: bool = False) -> Runs:
        """Count outcomes. A failure of a third kind says nothing, unless `lenient` takes it for one like others."""
        bad = sum(o.verdict is Verdict.BAD and (o.alike or lenient) for o in outcomes)
        good = sum(o.verdict is Verdict.GOOD for o in outcomes)
        return cls(bad, good, tuple(o.value for o in outcomes if o.value is not None and o.verdict is Verdict.UNSURE))


class Noise(Protocol):
    """A family of distributions for both sides, on a grid of T parameter values."""

    prior: Array
    """Log prior of each θ. Shape (T,)."""

    def likelihood(self, runs: Runs) -> tuple[Array, Array]:
        """Log likelihood of a candidate's runs on the good and on the bad side, for each θ. Shapes (T,), (T,)."""

    def alone(self, runs: Sequence[Runs]) -> float:
        """Log likelihood of all these runs if there is one side only: nothing changed."""

    outcomes: tuple[Array, Array]
    """Probability of each of K kinds of outcome, on the good and on the bad side, for each θ. Shapes (T, K), (T, K)."""

    def repeatable(self, weights: Array) -> float:
        """Probability that every run of a candidate ends alike, so that a second one tells nothing."""

    def information(self, weights: Array, bad: Array, runs: int) -> Array:
        """Bits that `runs` more runs at a candidate are expected to tell of its side.

        `weights`: posterior of θ, shape (T,); `bad`: probability that the candidate is on the bad side, any shape.
        The mutual information of side and outcome (Cover and Thomas, Elements of Information Theory, 2.3).
        """


class RateNoise:
    """Pass or fail: each side fails at a rate of its own, g on the good side and f on the bad.

    Prior: on a side without noise g is 0 and f is 1, on a noisy one g is Beta(1, 3) and f uniform; f ≥ g +
    LEAST_DIFFERENCE. A candidate with k failures in n runs has the likelihood g^k (1-g)^(n-k) or f^k (1-f)^(n-k): the
    Beta-Bernoulli model (Gelman et al., Bayesian Data Analysis, 2.1) with a point mass for what never or always fails.
    """

    POINTS = 12

    def __init__(self) -> None:
        u = (np.arange(self.POINTS) + 0.5) / self.POINTS
        g = np.concatenate([[FLOOR], 1 - (1 - u) ** (1 / 3)])  # quantiles of Beta(1, 3)
        f = np.concatenate([[1 - FLOOR], u])
        good, bad = (grid.ravel() for grid in np.meshgrid(g, f, indexing="ij"))
        mass = np.full((len(g), len(f)), NOISY * BOTH_NOISY / self.POINTS**2)
        mass[0, :] = mass[:, 0] = NOISY * (1 - BOTH_NOISY) / 2 / self.POINTS
        mass[0, 0] = 1 - NOISY
        weight = mass.ravel()
        possible = bad >= good + LEAST_DIFFERENCE
        self.good: Array = good[possible]
        self.bad: Array = bad[possible]
        self.prior: Array = np.log(weight[possible] / weight[possible].sum())
        on_good, on_bad = (np.stack([1 - rate, rate], axis=1) for rate in (self.good, self.bad))
        self.outcomes: tuple[Array, Array] = on_good, on_bad

    def likelihood(self, runs: Runs) -> tuple[Array, Array]:
        """See Noise; Bernoulli, the order of the runs does not matter."""
        return (
            runs.fails * np.log(self.good) + runs.passes * np.log1p(-self.good),
            runs.fails * np.log(self.bad) + runs.passes * np.log1p(-self.bad),
        )

    def alone(self, runs: Sequence[Runs]) -> float:
        """One rate r for all: 0, 1, or with probability NOISY uniform: ∫ r^k (1-r)^(n-k) dr = B(k+1, n-k+1)."""
        fails, passes = sum(r.fails for r in runs), sum(r.passes for r in runs)
        even = log(NOISY) + lgamma(fails + 1) + lgamma(passes + 1) - lgamma(fails + passes + 2)
        never = log((1 - NOISY) / 2) if fails == 0 else -inf
        always = log((1 - NOISY) / 2) if passes == 0 else -inf
        return float(np.logaddexp.reduce([even, never, always]))

    def repeatable(self, weights: Array) -> float:
        """See Noise: neither side is noisy."""
        return float(weights[(self.good < 1e-6) & (self.bad > 1 - 1e-6)].sum())

    def information(self, weights: Array, bad: Array, runs: int) -> Array:
        """See Noise: the number of failures among the runs is binomial on either side, mixed over θ."""
        on_good = weights @ binomial(tuple(self.good), runs)
        on_bad = weights @ binomial(tuple(self.bad), runs)
        mixed = bad[..., None] * on_bad + (1 - bad[..., None]) * on_good
        return np.maximum(0.0, entropy(mixed) - bad * entropy(on_bad) - (1 - bad) * entropy(on_good))


class MetricNoise:
    """A number from each run: each side has a mean and a spread of its own.

    Student's t with DEGREES degrees of freedom, so that a single outlier costs little (Lange, Little and Taylor 1989,
    "Robust statistical modeling using the t distribution"). The bad side may have two humps: with probability
    HUMP_PRIOR a share of HUMP of its runs behaves as the good side's. Scales come from the range of what was measured;
    the means are at least LEAST_GAP standard deviations apart, in the direction in which the ends differ. Seeds mostly
    vary alike on both sides: with probability SPREAD_ALIKE the spreads are the same. The kinds of outcome are BINS
    stretches of the range.
    """

    DEGREES = 6
    MEANS = 15
    SPREADS = (0.05, 0.085, 0.14, 0.22, 0.32, 0.5)
    """In units of the range of the values."""
    SPREAD_ALIKE = 0.7
    HUMP = 0.35
    HUMP_PRIOR = 0.1
    BINS = 10

    def __init__(self, good: Sequence[float], bad: Sequence[float], others: Sequence[float] = ()) -> None:
        """The values at the good end, at the bad end, and wherever else some were measured."""
        values = [*good, *bad, *others]
        low, high = min(values), max(values)
        self._low, self._width = low, (high - low) or max(abs(high), 1.0) * 1e-6
        self._grid = _metric_grid(bool(np.median(bad) >= np.median(good)))
        self.prior, self.outcomes = self._grid.prior, self._grid.outcomes

    def likelihood(self, runs: Runs) -> tuple[Array, Array]:
        """See Noise; runs are independent given θ."""
        return _metric_likelihood(self._grid, runs, self._low, self._width)

    def alone(self, runs: Sequence[Runs]) -> float:
        """One mean and one spread for all."""
        x = (np.array([value for r in runs for value in r.values]) - self._low) / self._width
        means, spreads = self._grid.means, self._grid.spreads
        each = student(x[:, None], means, spreads, self.DEGREES)
        return float(np.logaddexp.reduce(each.sum(0) - log(len(means))))

    def repeatable(self, weights: Array) -> float:
        """See Noise: a metric is never taken for exact."""
        return 0.0

    def information(self, weights: Array, bad: Array, runs: int) -> Array:
        """See Noise: two normal distributions d standard deviations apart, d its posterior mean; n runs make it d √n.

        The log likelihood ratio of the sides is then normal, with mean ± d²/2 and variance d².
        """
        gap = float(weights @ self._grid.gap) * runs**0.5
        z = np.linspace(-3.5, 3.5, 29)
        density = np.exp(-(z**2) / 2)
        density /= density.sum()
        with np.errstate(divide="ignore", over="ignore"):
            prior = np.log(bad) - np.log1p(-bad)
            if_bad = 1 / (1 + np.exp(-(prior[..., None] + gap * gap / 2 + gap * z)))
            if_good = 1 / (1 + np.exp(-(prior[..., None] - gap * gap / 2 + gap * z)))
        left = bad * (binary_entropy(if_bad) @ density) + (1 - bad) * (binary_entropy(if_good) @ density)
        return np.maximum(0.0, binary_entropy(bad) - left)


@dataclass(frozen=True, eq=False)
class _MetricGrid:
    """The parameters θ of MetricNoise, in units of the range of the values."""

    means: Array
    spreads: Array
    """Of one side: all pairs of a mean and a spread. Shapes (S,), (S,)."""
    good: NDArray[np.int64]
    bad: NDArray[np.int64]
    """Which of them each θ gives to the good and to the bad side. Shapes (T,), (T,)."""
    humped: NDArray[np.bool_]
    """Whether the bad side has two humps. Shape (T,)."""
    gap: Array
    """Between the means, in standard deviations. Shape (T,)."""
    prior: Array
    outcomes: tuple[Array, Array]


@cache
def _metric_grid(higher: bool) -> _MetricGrid:
    """`higher`: the bad side is the higher one."""
    of = MetricNoise
    means, spreads = (a.ravel() for a in np.meshgrid(np.linspace(-0.15, 1.15, of.MEANS), of.SPREADS, indexing="ij"))
    every, both = np.arange(len(means), dtype=np.int64), np.array([False, True])
    good, bad = (a.ravel() for a in np.meshgrid(every, every, both, indexing="ij")[:2])
    humped: NDArray[np.bool_] = np.tile(both, len(every) ** 2)
    apart = (means[bad] - means[good]) * (1 if higher else -1)
    ratio = spreads[bad] / spreads[good]
    possible = (apart >= LEAST_GAP * np.maximum(spreads[good], spreads[bad])) & (np.abs(np.log(ratio)) < log(4.5))
    good, bad, humped, apart, ratio = good[possible], bad[possible], humped[possible], apart[possible], ratio[possible]
    alike = ratio == 1
    weight = np.where(alike, of.SPREAD_ALIKE / alike.sum(), (1 - of.SPREAD_ALIKE) / (~alike).sum())
    weight *= np.where(humped, of.HUMP_PRIOR, 1 - of.HUMP_PRIOR)
    edges = np.linspace(-0.1, 1.1, of.BINS - 1)
    below = student_below(edges, means[:, None], spreads[:, None])
    shares = np.diff(below, axis=1, prepend=0.0, append=1.0)
    spared = np.where(humped, of.HUMP, 0.0)[:, None]
    return _MetricGrid(
        means,
        spreads,
        good,
        bad,
        humped,
        apart / np.sqrt((spreads[good] ** 2 + spreads[bad] ** 2) / 2),
        np.log(weight / weight.sum()),
        (shares[good], (1 - spared) * shares[bad] + spared * shares[good]),
    )


@lru_cache(maxsize=256)
def _metric_likelihood(grid: _MetricGrid, runs: Runs, low: float, width: float) -> tuple[Array, Array]:
    """See MetricNoise.likelihood; kept, because from one run to the next most candidates have the same runs."""
    each = student((np.array(runs.values)[:, None] - low) / width, grid.means, grid.spreads, MetricNoise.DEGREES)
    good, bad = (of[grid.humped] for of in (grid.good, grid.bad))
    density = np.exp(each)  # far from 0 also for an outlier: the tails are those of a power
    own = each.sum(0)[grid.bad]
    own[grid.humped] = np.log((1 - MetricNoise.HUMP) * density[:, bad] + MetricNoise.HUMP * density[:, good]).sum(0)
    return each.sum(0)[grid.good], own


def passed(outcome: Outcome) -> Outcome:
    """What a run that measured something shows beside an end that fails and measures nothing: it passes."""
    if outcome.value is None or outcome.verdict is not Verdict.UNSURE:
        return outcome
    return replace(outcome, verdict=Verdict.GOOD, value=None)


def noise_for(good: Sequence[Outcome], bad: Sequence[Outcome], others: Sequence[Outcome]) -> Noise:
    """The family for what both ends show: numbers where both measured some, else passes and failures."""
    on_good, on_bad = Runs.of(good).values, Runs.of(bad).values
    if on_good and on_bad:
        return MetricNoise(on_good, on_bad, Runs.of(others).values)
    return _rates()


@cache
def _rates() -> RateNoise:
    return RateNoise()


def sides(noise: Noise, runs: Runs) -> tuple[Array, Array]:
    """Log likelihood of a candidate's runs where good and where bad is expected: it may be an odd one. (T,), (T,)."""
    good, bad = noise.likelihood(runs)
    rare, common = log(ODD), log(1 - ODD)
    return np.logaddexp(common + good, rare + bad), np.logaddexp(common + bad, rare + good)


def student(x: Array, mean: Array, spread: Array, degrees: int) -> Array:
    """Log density of Student's t, location `mean` and scale `spread`."""
    constant = lgamma((degrees + 1) / 2) - lgamma(degrees / 2) - 0.5 * log(degrees * np.pi)
    z = (x - mean) / spread
    density: Array = constant - np.log(spread) - (degrees + 1) / 2 * np.log1p(z * z / degrees)
    return density


def student_below(x: Array, mean: Array, spread: Array) -> Array:
    """Probability of less than x: Student's t with 6 degrees of freedom (Abramowitz and Stegun, 26.7.4)."""
    z = (x - mean) / spread
    sine, cosine2 = z / np.sqrt(6 + z * z), 6 / (6 + z * z)
    below: Array = 0.5 + 0.5 * sine * (1 + cosine2 / 2 + 3 * cosine2**2 / 8)
    return below


@lru_cache(maxsize=64)
def binomial(rates: tuple[float, ...], n: int) -> Array:
    """Probability of 0 … n failures in n runs at each rate. Shape (T, n + 1)."""
    k = np.arange(n + 1)
    ways = np.array([lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) for i in k])
    rate = np.array(rates)[:, None]
    found: Array = np.exp(ways + k * np.log(rate) + (n - k) * np.log1p(-rate))
    return found


def entropy(p: Array) -> Array:
    """Of distributions along the last axis, in bits."""
    found: Array = -(p * np.log2(np.maximum(p, FLOOR))).sum(-1)
    return found


def binary_entropy(p: Array) -> Array:
    """Of a coin, in bits."""
    found: Array = -(p * np.log2(np.maximum(p, FLOOR)) + (1 - p) * np.log2(np.maximum(1 - p, FLOOR)))
    return found
