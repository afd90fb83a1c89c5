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
"""As long as runs are repeatable with this probability, none is repeated while something new tells WORTH bits."""
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


class End(NamedTuple):
    """One more run at an end of the search: what it does tells what good and bad look like."""

    bad: bool


class Again(NamedTuple):
    """One more run at an observed column: its index among the belief's places, then its checks."""

    column: int


Choice = Fresh | Again | End


def plan(
    belief: Belief,
    *,
    open_: Sequence[int],
    built: Collection[int] = (),
    pending: Sequence[int | Flags] = (),
    slots: int = 1,
    price: Price | None = None,
) -> list[Choice]:
    """The runs to start now, best first, at most `slots`; none where no run tells anything.

    `open_`: positions where nothing was run; `built`: those of them that need no new environment; `pending`: runs that
    have not ended yet, as columns of the belief, or as the rows that put them on the bad side. Each next run is worth
    what it is expected to tell once the earlier ones have ended.
    """
    found: list[Choice] = []
    flags = belief.flags()
    waiting: list[Flags] = [flags[:, p] if isinstance(p, int) else p for p in pending]
    while len(found) < slots:
        taken = {choice.position for choice in found if isinstance(choice, Fresh)}
        options = _Options(belief, [k for k in open_ if k not in taken], set(built), waiting, price or Price())
        choice = options.best()
        if choice is None:
            break
        found.append(choice)
        if isinstance(choice, Again):
            waiting.append(flags[:, choice.column])
        elif isinstance(choice, Fresh):
            waiting.append(belief.beyond(choice.position))
        else:
            waiting.append(np.full(len(belief.mass), choice.bad))
    return found


class _Options:
    """What every possible run tells, and which tells most for its cost."""

    def __init__(
        self, belief: Belief, open_: Sequence[int], built: Collection[int], waiting: Sequence[Flags], price: Price
    ) -> None:
        self._belief = belief
        self._open = np.asarray(open_, dtype=np.int64)
        self._cost = np.array([0.0 if k in built else price.build for k in open_])
        self._branches = _branches(belief, waiting)
        told = [belief.telling(mass) for _, mass in self._branches]
        chances = np.array([chance for chance, _ in self._branches])
        self._positions, self._columns, self._ends = (
            np.tensordot(chances, np.array([of[i] for of in told]), axes=1) for i in range(3)
        )

    def best(self) -> Choice | None:
        """Information per cost decides; for a new environment the number of runs that makes it most worthwhile."""
        belief = self._belief
        fresh, score, told = self._fresh()
        if fresh is not None and told >= WORTH and belief.noise.repeatable(belief.theta) >= REPEATABLE:
            return fresh
        found: tuple[float, Choice | None] = (score, fresh)
        if len(self._columns) and self._columns.max() > found[0]:
            found = float(self._columns.max()), Again(int(np.argmax(self._columns)))
        if self._ends.max() > found[0]:
            found = float(self._ends.max()), End(bool(np.argmax(self._ends)))
        least = LEAST * float(belief.noise.information(belief.theta, np.array([0.5]), 1)[0])
        return found[1] if found[0] > least else None

    def _fresh(self) -> tuple[Fresh | None, float, float]:
        """The best position where nothing was run, its bits per cost, and the bits of a single run there.

        Of several runs the share of what one tells is taken from two sides that are known.
        """
        if not len(self._open):
            return None, 0.0, 0.0
        belief, at = self._belief, self._open - 1
        bad = belief.before(belief.mass)[at]
        likely = belief.testable(self._open)
        once = np.maximum(belief.noise.information(belief.theta, bad, 1), 1e-12)
        score = np.zeros(len(at))
        for runs in BATCHES:
            more = 1.0 if runs == 1 else belief.noise.information(belief.theta, bad, runs) / once
            score = np.maximum(score, self._positions[at] * more * likely / (self._cost + runs))
        equals = np.flatnonzero(score >= CLOSE * score.max())
        best = equals[np.argmin(belief.unevenness(self._open[equals]))]
        return Fresh(int(self._open[best])), float(score[best]), float(self._positions[at][best])


def _branches(belief: Belief, waiting: Sequence[Flags]) -> list[tuple[float, Array]]:
    """What may be believed when the pending runs have ended: chance and weights of the rows.

    Of the kinds of outcome it counts only whether they are likelier on the bad side.
    """
    on_good, on_bad = belief.outcomes
    worse = belief.mass @ on_bad > belief.mass @ on_good
    looks_bad = on_good[:, worse].sum(1), on_bad[:, worse].sum(1)
    found = []
    for ends in product((0, 1), repeat=min(len(waiting), MOST_BRANCHES)):
        mass = belief.mass
        for failed, rows in zip(ends, waiting, strict=False):
            chance = np.where(rows, looks_bad[1], looks_bad[0])
            mass = mass * (chance if failed else 1 - chance)
        total = float(mass.sum())
        if total > 1e-9:
            found.append((total, mass / total))
    return found
