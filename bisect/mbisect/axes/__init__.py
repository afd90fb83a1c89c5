"""One module per axis: which smallest changes lie between two values of a key?

Adding an axis: a class with `between`, and a line in the dict that `timeline.World` is given.
"""

from __future__ import annotations

from typing import Protocol

from mbisect.terms import Change, Key


class AxisModule(Protocol):
    """The contract of an axis."""

    def between(self, key: Key, before: str | None, after: str | None) -> tuple[Change, ...]:
        """The changes that lead from one value to another, in order; `before` of the first and `after` of the last
        are the values given. Dates never run backwards. Raises ConfigError where a value cannot exist."""
