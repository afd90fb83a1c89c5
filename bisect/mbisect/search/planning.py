"""What to run next: the runs that tell most about the boundary for what they cost. Knows positions, not packages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from mbisect.search.boundary import Belief, Flags
from mbisect.search.noise import BATCHES, Array

MOST_BRANCHES = 4
"""So many runs that have not ended yet are thought through with every outcome that they may have."""
REPEATABLE = 0.8
"""As long as runs are repeatable with this probability none is repeated while something new tells WORTH bits or more."""
WORTH = 0.3
LEAST = 0.02
"""What tells less per unit of cost is not worth asking; in units of what a run tells where nothing is known."""
CLOSE = 0.97
"""Positions that tell nearly as much as the best one are equals: the one that halves the open stretch is taken."""


@dataclass(frozen=True, slots=True)
class Price:
    """What things cost, in runs of the workload."""

    build: float = 3.0
    """Building an environment, its resolution included."""


class Fresh(NamedTuple):
    """Run at a position where nothing was run."""

    position: int


class Again(NamedTuple):
    """One more run at an observed column: its index among the belief's places, then its checks."""

    column: int


def plan(
    belief: Belief,
    *,
    open_: Sequence[int],
    built: Collection[int] = (),
    pending: Sequence[int | Flags] = (),
    slots: int = 1,
    price: Price | None = None,
) -> list[Fresh | Again]:
    """The runs to start now, best first, at most `slots`; none where no run tells anything.

    `open_`: positions where nothing was run; `built`: those of them that need no new environment; `pending`: runs that
    have not ended yet, as columns of the belief, or as the rows that put them on the bad side. Each next run is worth
    what it is expected to tell once the earlier ones have ended.
    """
    price = price or Price()
    found: list[Fresh | Again] = []
    flags = belief.flags()
    waiting: list[Flags] = [flags[:, p] if isinstance(p, int) else p for p in pending]
    while len(found) < slots:
        taken = {choice.position for choice in found if isinstance(choice, Fresh)}
        choice = _best(belief, [k for k in open_ if k not in taken], set(built), waiting, price)
        if choice is None:
            break
        found.append(choice)
        waiting.append(flags[:, choice.column] if isinstance(choice, Again) else belief.beyond(choice.position))
    return found


def _best(
    belief: Belief, open_: Sequence[int], built: Collection[int], waiting: Sequence[Flags], price: Price
) -> Fresh | Again | None:
    """Information per cost decides; for a new environment the number of runs that makes it most worthwhile."""
    noise, theta, branches = belief.noise, belief.theta, _branches(belief, waiting)
    fresh, score, told = _fresh(belief, open_, built, branches, price)
    if fresh is not None and told >= WORTH and noise.repeatable(theta) >= REPEATABLE:
        return fresh
    least = LEAST * float(noise.information(theta, np.array([0.5]), 1)[0])
    if belief.flags().shape[1]:
        again = sum(chance * belief.telling(mass) for chance, mass in branches)
        column = int(np.argmax(again))
        if float(np.asarray(again)[column]) > max(score, least):
            return Again(column)
    return fresh if score > least else None


def _fresh(
    belief: Belief,
    open_: Sequence[int],
    built: Collection[int],
    branches: Sequence[tuple[float, Array]],
    price: Price,
) -> tuple[Fresh | None, float, float]:
    """The best position where nothing was run, its bits per cost, and the bits of a single run there."""
    if not open_:
        return None, 0.0, 0.0
    positions = np.asarray(open_)
    likely = belief.testable(positions)
    cost = np.array([0.0 if k in built else price.build for k in open_])
    score, single = np.zeros(len(positions)), np.zeros(len(positions))
    for runs in BATCHES:
        bits = np.zeros(len(positions))
        for chance, mass in branches:
            bits += chance * belief.noise.information(belief.theta, belief.before(mass)[positions - 1], runs)
        single = bits if runs == 1 else single
        score = np.maximum(score, bits * likely / (cost + runs))
    equals = np.flatnonzero(score >= CLOSE * score.max())
    best = equals[np.argmin(belief.unevenness(positions[equals]))]
    return Fresh(int(positions[best])), float(score[best]), float(single[best])


def _branches(belief: Belief, waiting: Sequence[Flags]) -> list[tuple[float, Array]]:
    """What may be believed when the pending runs have ended: chance and weights of the rows."""
    on_good, on_bad = belief.noise.failing(belief.theta)
    found = []
    for ends in product((0, 1), repeat=min(len(waiting), MOST_BRANCHES)):
        mass = belief.mass
        for failed, rows in zip(ends, waiting, strict=False):
            chance = np.where(rows, on_bad, on_good)
            mass = mass * (chance if failed else 1 - chance)
        total = float(mass.sum())
        if total > 1e-9:
            found.append((total, mass / total))
    return found
