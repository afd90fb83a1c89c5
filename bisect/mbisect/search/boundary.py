"""Where on a timeline does good turn into bad? A belief over positions, and the position worth asking next.

Knows nothing of packages, environments or seeds: positions are whole numbers, 0 is good and N is bad.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum


class Sign(Enum):
    """What is known of one position."""

    GOOD = "good"
    BAD = "bad"
    GAP = "gap"
    """It could not be tested, or fails in a third way: it narrows nothing."""


@dataclass(frozen=True, slots=True)
class Belief:
    """The positions that may hold the first bad one are low+1 … high, all equally likely.

    Outcomes are taken as reliable. If they are not monotone (good, bad, good, bad), the first break is kept.
    """

    low: int
    """The highest position known to be good below `high`."""
    high: int
    """The lowest position known to be bad."""
    gaps: tuple[int, ...]
    """Positions between them that narrow nothing."""

    @classmethod
    def from_signs(cls, size: int, signs: Mapping[int, Sign]) -> Belief:
        """What `signs` (position → sign) say of a timeline of `size` changes."""
        high = min((k for k, sign in signs.items() if sign is Sign.BAD and k > 0), default=size)
        low = max((k for k, sign in signs.items() if sign is Sign.GOOD and k < high), default=0)
        return cls(low, high, tuple(sorted(k for k, sign in signs.items() if sign is Sign.GAP and low < k < high)))

    def open(self) -> tuple[int, ...]:
        """Positions whose outcome would still narrow the belief."""
        gaps = set(self.gaps)
        return tuple(k for k in range(self.low + 1, self.high) if k not in gaps)

    def worth(self, k: int, pending: Collection[int] = ()) -> float:
        """How much asking position k is expected to narrow, from 0 to 1.

        The smaller part that k cuts off between its nearest neighbours (known or pending), relative to the whole,
        times the chance that k can be tested at all. Gaps come in bands, so that chance grows with the distance d
        to the nearest gap as d / (d + s), s a quarter of the open width: next to a gap it is small, far away near 1.
        """
        width = self.high - self.low
        below = max((p for p in (self.low, *pending) if p < k), default=self.low)
        above = min((p for p in (self.high, *pending) if p > k), default=self.high)
        cut = 2 * min(k - below, above - k) / width
        if not self.gaps:
            return cut
        distance = min(abs(k - gap) for gap in self.gaps)
        return cut * distance / (distance + width / 4)

    def choose(self, pending: Collection[int] = ()) -> int | None:
        """The open position worth most; None when nothing is left to ask."""
        choices = [k for k in self.open() if k not in pending]
        return max(choices, key=lambda k: (self.worth(k, pending), -k), default=None)

    def remaining(self) -> int:
        """Trials that are still expected: log2 of the open width, rounded up."""
        return (self.high - self.low - 1).bit_length()
