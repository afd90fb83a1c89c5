"""A search of one half of the workload, whose finding is tried with the bad end's other half before it is said.

What breaks the evaluation is found with one training, that of the good end. This says nothing of what the bad end
trains: so that is evaluated too, without the causes. Knows nothing of what a half is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import Protocol

from mbisect.search.pinpoint import Progress
from mbisect.terms import OTHER, Ask, Finding, Outcome, Purpose, Verdict

MOST = 3
"""Runs with the other half: one that is not good may be bad luck."""


class Searching(Protocol):
    """What Search and Ladder have in common."""

    @property
    def phase(self) -> str:
        """What is being done now, in words."""

    @property
    def progress(self) -> Progress | None:
        """How far the boundary search has come."""

    def price(self, build: float) -> None:
        """See Search.price."""

    def record(self, ask: Ask, outcome: Outcome) -> None:
        """Take note of an outcome."""

    def select(self, slots: int = 1, running: Sequence[Ask] = ()) -> tuple[Ask, ...] | Finding:
        """What should be started now, or what was found."""


class Whole:
    """A search like any other: that of the half, then the trial with the bad end's other half."""

    def __init__(self, half: Searching) -> None:
        self._half = half
        self._ends: dict[Purpose, list[Outcome]] = {"good end": [], "bad end": []}
        self._other: list[Outcome] = []

    @property
    def phase(self) -> str:
        """What is being done now, in words."""
        return self._half.phase

    @property
    def progress(self) -> Progress | None:
        """How far the search of the half has come."""
        return self._half.progress

    def price(self, build: float) -> None:
        """See Search.price."""
        self._half.price(build)

    def record(self, ask: Ask, outcome: Outcome) -> None:
        """Take note of an outcome; what shows both halves is no evidence for the search of one."""
        if ask.level == OTHER:
            self._other.append(outcome)
            return
        if not ask.level and ask.purpose in self._ends:
            self._ends[ask.purpose].append(outcome)
        self._half.record(ask, outcome)

    def select(self, slots: int = 1, running: Sequence[Ask] = ()) -> tuple[Ask, ...] | Finding:
        """See Search.select."""
        answer = self._half.select(slots, [ask for ask in running if ask.level != OTHER])
        if not isinstance(answer, Finding) or answer.outcome != "found" or answer.without is None:
            return answer
        if any(ask.level == OTHER for ask in running):
            return ()
        good = [self._good(outcome) for outcome in self._other]
        if not good or (good[0] is False and len(good) < MOST):
            return (Ask(answer.without, len(good), "necessary", OTHER),)
        return replace(answer, whole=None if None in good else sum(map(bool, good)) * 2 > len(good))

    def _good(self, outcome: Outcome) -> bool | None:
        """Whether it is; where the metric itself is the evidence, whether it is nearer to the good end's."""
        if outcome.value is None:
            return {Verdict.GOOD: True, Verdict.BAD: False}.get(outcome.verdict)
        good, bad = (middle(self._ends[end]) for end in ("good end", "bad end"))
        if bad is None:
            return True  # it measures something, where the bad end fails
        return None if good is None else abs(outcome.value - good) < abs(outcome.value - bad)


def middle(outcomes: Iterable[Outcome]) -> float | None:
    """The median of a metric; None where none of them has one."""
    values = [outcome.value for outcome in outcomes if outcome.value is not None]
    return median(values) if values else None
