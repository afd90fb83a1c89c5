"""Where on a timeline does good turn into bad? The posterior over positions.

Knows nothing of packages, environments or seeds: positions are whole numbers, 0 is good and N is bad.

A *row* is one hypothesis: the first bad position is b, and, where change b was checked by itself, what part it plays. A
row says of every observed candidate (a *column*) whether it is on the good or on the bad side. With the log likelihoods
of all columns c for the parameters θ of both sides (see noise.py),

    log p(row, θ | data) = log prior(row) + log prior(θ) + Σ_c log p(runs at c | side that the row gives c, θ) + const,

and θ is summed out. This is the posterior of a change point with unknown parameters on both sides (Carlin, Gelfand and
Smith 1992, "Hierarchical Bayesian analysis of changepoint problems"), for a design that chooses its own samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from math import log, log1p

import numpy as np
from numpy.typing import NDArray

from mbisect.search.noise import ODD, Array, Noise, Runs, entropy, sides

Flags = NDArray[np.bool_]

SAME = 0.25
"""Prior probability that nothing has changed: both ends behave alike."""
MENDED = 0.1
"""Chance that a later change of the same key mends what one broke."""
IMPLAUSIBLE = 14.0
"""In nats; e^-14 is about one in a million."""
UNLIKELY = 1e-3
"""Prior weight of a change that cannot be seen: the resolver gave the same lock on both sides of it."""


class Part(IntEnum):
    """What part the change at the boundary plays."""

    UNCHECKED = 0
    SINGLE = 1
    """Good with it alone is bad, bad without it is good."""
    TOGETHER = 2
    """It takes others with it: good with it alone is good, bad without it is good."""
    EACH = 3
    """Others are enough as well: good with it alone is bad, bad without it is bad."""
    BOTH = 4
    """It takes others with it, and there are others that are enough: neither shows it."""


PARTS = {Part.SINGLE: 0.7, Part.TOGETHER: 0.2, Part.EACH: 0.08, Part.BOTH: 0.02}
"""Prior probabilities."""


@dataclass(frozen=True, slots=True)
class Place:
    """An observed candidate of the timeline: the lock at these positions (more than one where the resolver gave the
    same lock again)."""

    positions: tuple[int, ...]
    runs: Runs


class Role(IntEnum):
    """What a candidate is to a change."""

    ALONE = 0
    """The good end with it alone."""
    WITHOUT = 1
    """The bad end without it."""


@dataclass(frozen=True, slots=True)
class Check:
    """An observed candidate that is no prefix of the timeline, but holds or lacks a change by itself."""

    runs: Runs
    applied: Flags
    """Which changes it holds: where one of them is the single cause, this decides its side. Shape (N,)."""
    passed: Flags
    """Those of them that a later change of the same key may have mended. Shape (N,)."""
    roles: tuple[tuple[tuple[int, int], Role], ...]
    """What the candidate is to the changes of one key within these boundaries (first, last), which nothing tells
    apart; none: it holds several, and lacks several."""


@dataclass(frozen=True)
class Belief:
    """The posterior, given everything that was observed on one timeline."""

    size: int
    """Number of changes, N."""
    noise: Noise
    known: Array
    """Log weight of each θ by what was observed elsewhere. Shape (T,)."""
    places: tuple[Place, ...] = ()
    gaps: frozenset[int] = frozenset()
    """Positions that say nothing: they could not be tested, or fail in a third way."""
    weights: Array | None = None
    """Relative prior of each change; None: all alike. Shape (N,)."""
    checks: tuple[Check, ...] = ()
    same: tuple[Runs, ...] | None = None
    """All runs, if it may be that nothing changed at all."""

    @cached_property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """Boundaries that cannot be told apart, because all positions between them are gaps: (first, last) of each."""
        found, first = [], 1
        for k in range(1, self.size + 1):
            if k == self.size or k not in self.gaps:
                found.append((first, k))
                first = k + 1
        return tuple(found)

    @cached_property
    def _rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
        """Boundary, part and log prior of each row."""
        weights = np.ones(self.size) if self.weights is None else np.asarray(self.weights, dtype=float)
        for place in self.places:
            if len(place.positions) > 1:
                weights = weights.copy()
                weights[min(place.positions) : max(place.positions)] *= UNLIKELY
        prior = np.log(weights / weights.sum())
        boundary, part, logs = [], [], []
        roles = {first for check in self.checks for (first, _), _ in check.roles}
        checked = {
            b for first, last in self.groups if any(first <= k <= last for k in roles) for b in range(first, last + 1)
        }
        for b in range(1, self.size + 1):
            if b in checked:
                for kind, chance in PARTS.items():
                    boundary.append(b)
                    part.append(int(kind))
                    logs.append(prior[b - 1] + log(chance))
            else:
                boundary.append(b)
                part.append(int(Part.UNCHECKED))
                logs.append(prior[b - 1])
        return np.array(boundary), np.array(part), np.array(logs)

    @cached_property
    def _columns(self) -> tuple[Array, list[Runs]]:
        """The chance that a row gives to a column to be on the bad side, shape (rows, columns); the columns' runs.

        A place is on the side that its position says. Of the candidate that holds (or lacks) the change of its own
        boundary alone, a row's part says the side. Any other candidate is bad if it holds a change that is enough, and
        good if it lacks one that is necessary; else the row does not know. A later change of the same key may mend
        it.
        """
        boundary, part, _ = self._rows
        chances: list[Array] = []
        runs: list[Runs] = []
        for place in self.places:
            chances.append(np.where(boundary <= min(place.positions), 1 - ODD, ODD))
            runs.append(place.runs)
        for check in self.checks:
            holds = check.applied[boundary - 1]
            chance = np.where(holds, 1 - self._lacking, self._lacking)
            chance = np.where((part == Part.TOGETHER) & ~holds | (part == Part.SINGLE) & ~holds, ODD, chance)
            chance = np.where((part == Part.EACH) & holds | (part == Part.SINGLE) & holds, 1 - ODD, chance)
            chance = np.where((part == Part.TOGETHER) & holds | (part == Part.EACH) & ~holds, 0.5, chance)
            chance = np.where(part == Part.BOTH, 0.5, chance)
            chance = np.where(check.passed[boundary - 1], np.minimum(chance, 1 - MENDED), chance)
            for (first, last), role in check.roles:
                here = (boundary >= first) & (boundary <= last) & (holds if role is Role.ALONE else ~holds)
                enough = (part == Part.SINGLE) | (part == Part.EACH)
                needed = (part == Part.SINGLE) | (part == Part.TOGETHER)
                bad = enough if role is Role.ALONE else ~needed
                chance = np.where(here, np.where(bad, 1 - ODD, ODD), chance)
            chances.append(chance)
            runs.append(check.runs)
        return np.array(chances).reshape(len(chances), len(boundary)).T, runs

    _lacking = 1 - (PARTS[Part.SINGLE] + (1 - PARTS[Part.SINGLE]) / 2)
    """Chance that a candidate is bad without a change that was not checked: half of what is not a single cause."""

    @cached_property
    def _posterior(self) -> tuple[Array, Array, float, tuple[Array, Array]]:
        """Posterior of the rows, shape (rows,), and of θ, shape (T,); the log evidence that something changed; and the
        probabilities of each kind of outcome on the good and on the bad side if a row is true, shapes (rows, K) twice.

        Rows that say the same of all columns are summed up as one. Where no row could make a θ likelier than
        e^-IMPLAUSIBLE of the likeliest one, it is left out of the sums.
        """
        _, _, prior = self._rows
        chances, runs = self._columns
        patterns, which = np.unique(chances, axis=0, return_inverse=True)
        both = [self.noise.likelihood(r) for r in runs]
        good, bad = (np.array([pair[i] for pair in both]).reshape(len(runs), len(self.known)) for i in (0, 1))
        bound = self.known + np.maximum(good, bad).sum(0)
        kept = bound >= bound.max() - IMPLAUSIBLE
        good, bad = good[:, kept], bad[:, kept]
        logs = np.repeat(self.known[None, kept], len(patterns), axis=0)
        for chance in np.unique(patterns):
            logs += (patterns == chance).astype(float) @ np.logaddexp(log1p(-chance) + good, log(chance) + bad)
        peak = logs.max()
        joint: Array = np.exp(logs - peak)
        share = np.bincount(which, weights=np.exp(prior), minlength=len(patterns))
        by_pattern = joint.sum(1)
        rows = np.exp(prior) * by_pattern[which]
        total = float(rows.sum())
        theta = np.zeros_like(self.known)
        theta[kept] = share @ joint / total
        on_good, on_bad = (
            ((joint @ of[kept]) / np.maximum(by_pattern, 1e-300)[:, None])[which] for of in self.noise.outcomes
        )
        return rows / total, theta, float(peak + log(total)), (on_good, on_bad)

    @cached_property
    def nothing(self) -> float:
        """Probability that nothing changed at all; 0 where that is out of the question."""
        if self.same is None:
            return 0.0
        changed = self._posterior[2] + log(1 - SAME)
        return float(1 / (1 + np.exp(np.clip(changed - self.noise.alone(self.same) - log(SAME), -700, 700))))

    @cached_property
    def theta(self) -> Array:
        """Posterior of θ. Shape (T,)."""
        return self._posterior[1]

    @cached_property
    def mass(self) -> Array:
        """Posterior of the rows. Shape (rows,)."""
        return self._posterior[0]

    @cached_property
    def boundary(self) -> Array:
        """Probability of each boundary 1 … N, given that something changed. Shape (N,)."""
        boundary, _, _ = self._rows
        found = np.bincount(boundary - 1, weights=self.mass, minlength=self.size)
        return found.astype(np.float64)

    def group(self) -> tuple[int, int, float]:
        """The likeliest group (first, last boundary) and its probability."""
        total = np.concatenate([[0.0], np.cumsum(self.boundary)])
        mass = [total[last] - total[first - 1] for first, last in self.groups]
        best = int(np.argmax(mass))
        return (*self.groups[best], float(mass[best]) * (1 - self.nothing))

    def around(self, mass: float) -> tuple[int, int]:
        """(first, last) boundary of the groups around the likeliest one that hold this probability together.

        Both neighbours of such an interval were tested: it is widened to where that is so.
        """
        total = np.concatenate([[0.0], np.cumsum(self.boundary)])
        chance = [total[last] - total[first - 1] for first, last in self.groups]
        low = high = int(np.argmax(chance))
        while sum(chance[low : high + 1]) < mass and (low > 0 or high + 1 < len(chance)):
            below = chance[low - 1] if low > 0 else -1.0
            above = chance[high + 1] if high + 1 < len(chance) else -1.0
            low, high = (low - 1, high) if below > above else (low, high + 1)
        tested = {0, self.size, *(k for place in self.places for k in place.positions)}
        first, last = self.groups[low][0], self.groups[high][1]
        return max(k for k in tested if k < first) + 1, min(k for k in tested if k >= last)

    def before(self, mass: Array) -> Array:
        """Probability that each position 1 … N-1 is on the bad side, for any weights of the rows. Shape (N-1,)."""
        boundary, _, _ = self._rows
        found = np.cumsum(np.bincount(boundary - 1, weights=mass, minlength=self.size))[:-1]
        return np.clip(found, 0.0, 1.0)

    def beyond(self, position: int) -> Flags:
        """The rows that put a position on the bad side. Shape (rows,)."""
        found: Flags = self._rows[0] <= position
        return found

    def testable(self, positions: NDArray[np.int64]) -> Array:
        """The chance that a position can be tested: gaps come in bands, so it grows with the distance to the nearest.

        d / (d + s), s a quarter of the stretch between the tested positions around the likeliest boundary.
        """
        if not self.gaps:
            return np.ones(len(positions))
        distance = np.abs(positions[:, None] - np.array(sorted(self.gaps))[None, :]).min(1)
        low, high = self._stretch
        found: Array = distance / (distance + (high - low) / 4)
        return found

    def unevenness(self, positions: NDArray[np.int64]) -> Array:
        """How far from halves a position divides the stretch between the tested positions around the boundary."""
        low, high = self._stretch
        total = np.concatenate([[0.0], np.cumsum(self.boundary)])
        share = (total[positions] - total[low]) / max(total[high] - total[low], 1e-300)
        found: Array = np.abs(share - 0.5)
        return found

    @cached_property
    def _stretch(self) -> tuple[int, int]:
        """The tested positions around the median of the posterior."""
        middle = int(np.searchsorted(np.cumsum(self.boundary), 0.5)) + 1
        tested = [k for place in self.places for k in place.positions]
        low = max((k for k in tested if k < middle), default=0)
        high = min((k for k in tested if k >= middle), default=self.size)
        return low, high

    @property
    def outcomes(self) -> tuple[Array, Array]:
        """The chances of each kind of outcome on the good and on the bad side if a row is true. Shapes (rows, K)."""
        return self._posterior[3]

    def telling(self, mass: Array) -> tuple[Array, Array, Array]:
        """Bits that one run is expected to tell of the rows, whose weights are `mass`.

        At each position 1 … N-1, at each column, at the good and the bad end of the search. The mutual information of
        the row and the kind of outcome: H(Σ p(row) q(row)) - Σ p(row) H(q(row)), q(row) what the row predicts, θ being
        summed out: more runs of what is known well tell nothing, if it is the other side that is not known. At a column
        what its runs so far say of its side counts too: it may be known whatever the row. Shapes (N-1,), (columns,),
        (2,).
        """
        boundary, _, _ = self._rows
        good, bad = self.outcomes
        looks, left = np.zeros((self.size, good.shape[1])), np.zeros(self.size)
        for of, there in ((bad, 1), (good, -1)):
            at, doubt = np.zeros_like(looks), mass * entropy(of)
            np.add.at(at, boundary - 1, mass[:, None] * of)
            looks += there * np.cumsum(at, axis=0) + (there < 0) * at.sum(0)
            left += there * np.cumsum(np.bincount(boundary - 1, weights=doubt, minlength=self.size))
            left += (there < 0) * doubt.sum()
        positions = (entropy(np.maximum(looks, 0)) - left)[:-1]
        predicted = self._predicted()
        columns = np.array([entropy(mass @ of) - mass @ entropy(of) for of in predicted])
        ends = np.array([float(entropy(mass @ of) - mass @ entropy(of)) for of in (good, bad)])
        return np.maximum(positions, 0), np.maximum(columns, 0), np.maximum(ends, 0)

    def _predicted(self) -> Iterator[Array]:
        """The chances of each kind of outcome of the next run of each column, if a row is true. Shapes (rows, K)."""
        chances, runs = self._columns
        good, bad = self.outcomes
        for c, of in enumerate(runs):
            on_good, on_bad = (float(self.theta @ np.exp(np.maximum(logs, -600))) for logs in self.noise.likelihood(of))
            is_bad = chances[:, c] * on_bad / (chances[:, c] * on_bad + (1 - chances[:, c]) * on_good + 1e-300)
            yield is_bad[:, None] * bad + (1 - is_bad[:, None]) * good

    def flags(self) -> Flags:
        """Which rows put which column (places, then checks) on the bad side. Shape (rows, columns)."""
        found: Flags = self._columns[0] > 0.5
        return found

    def parts(self, first: int) -> tuple[float, float]:
        """If the boundary is in this group: probability that its change alone is enough, and that it is needed."""
        boundary, part, _ = self._rows
        here = (boundary >= first) & (boundary <= dict(self.groups)[first])
        enough = (part == Part.SINGLE) | (part == Part.EACH)
        needed = (part == Part.SINGLE) | (part == Part.TOGETHER)
        total = max(float(self.mass[here].sum()), 1e-300)
        return float(self.mass[here & enough].sum()) / total, float(self.mass[here & needed].sum()) / total

    def interval(self, mass: float = 0.95) -> tuple[int, int]:
        """(low, high): the boundary lies in low+1 … high with at least this probability."""
        total, tail = np.cumsum(self.boundary), (1 - mass) / 2
        low = int(np.searchsorted(total, tail, side="right"))
        high = int(np.searchsorted(total, 1 - tail - 1e-12, side="left")) + 1
        return low, min(high, self.size)

    def entropy(self) -> float:
        """Bits that are missing to know the boundary."""
        p = self.boundary
        return float(-(p * np.log2(np.maximum(p, 1e-12))).sum())


def pooled(noise: Noise, runs: Sequence[Runs], good: Sequence[Runs] = (), bad: Sequence[Runs] = ()) -> Array:
    """Log weight of each θ by candidates whose side is known, and by others, which may be on either. Shape (T,).

    Of the others only what their further runs say beside the first counts: the first one says nothing of the noise, but
    on which side they are.
    """
    total = noise.prior.copy()
    for r in good:
        total += sides(noise, r)[0]
    for r in bad:
        total += sides(noise, r)[1]
    for r in runs:
        total += np.logaddexp(*sides(noise, r)) - np.logaddexp(*sides(noise, r.first()))
    return total


def side(noise: Noise, known: Array, runs: Runs, prior: float = 0.5) -> float:
    """Probability that a single candidate is on the bad side, both being equally likely before."""
    good, bad = noise.likelihood(runs)
    on_good = np.logaddexp.reduce(known + good) + log(1 - prior)
    on_bad = np.logaddexp.reduce(known + bad) + log(prior)
    return float(1 / (1 + np.exp(np.clip(on_good - on_bad, -700, 700))))
