"""Search at a cheap level first, where that tells good from bad as surely; then confirm at full size.

What the cheap search believes becomes the prior of the full one. So a cheap answer that holds at full size costs there
both ends and both confirmations, and one that does not hold costs some trials more: the full search goes on by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mbisect.search.causes import Search
from mbisect.search.pinpoint import Progress
from mbisect.terms import Ask, Change, Finding, Key, Outcome

TRUST = 0.95
"""Prior probability at full size of what a cheap search has found."""
END_RUNS = 4
"""A cheap level at which both ends are not told apart after so many runs of each is not used."""
CLEAR = 0.85
"""Nor one at which a run tells less than so many bits: what a run saves is lost again by repeating it."""
MOST_RUNS = 60
"""A cheap search that takes more runs than this is given up."""


@dataclass(frozen=True, slots=True)
class Level:
    """A cheaper way to run the workload, and the search there."""

    name: str
    search: Search


class Ladder:
    """A search like any other, that goes through cheaper levels before it goes on at full size."""

    def __init__(self, full: Search, levels: Sequence[Level], weigh: Callable[[Change], float] | None = None) -> None:
        """`levels` from the cheapest up; the first that tells both ends apart is used. `weigh` as for Search."""
        self._full = full
        self._levels = list(levels)
        self._weigh = weigh or (lambda change: 1.0)
        self._found: Finding | None = None

    @property
    def phase(self) -> str:
        """What is being done now, in words."""
        return f"{self._levels[0].search.phase} ({self._levels[0].name})" if self._climbing() else self._full.phase

    @property
    def progress(self) -> Progress | None:
        """How far the boundary search has come, at the level where it is."""
        return self._levels[0].search.progress if self._climbing() else self._full.progress

    def _climbing(self) -> bool:
        return self._full.phase != "both ends" and bool(self._levels) and self._found is None

    def price(self, build: float) -> None:
        """See Search.price; at a cheaper level runs take less, which is not counted."""
        for search in (self._full, *(level.search for level in self._levels)):
            search.price(build)

    def record(self, ask: Ask, outcome: Outcome) -> None:
        """Take note of an outcome, at its level."""
        if not ask.level:
            self._full.record(ask, outcome)
        for level in self._levels:
            if level.name == ask.level:
                level.search.record(replace(ask, level=""), outcome)

    def select(self, slots: int = 1, running: Sequence[Ask] = ()) -> tuple[Ask, ...] | Finding:
        """See Search.select."""
        full = self._full.select(slots, [ask for ask in running if not ask.level])
        while self._climbing():
            if len(running) >= slots:
                return ()
            level = self._levels[0]
            there = [replace(ask, level="") for ask in running if ask.level == level.name]
            answer = level.search.select(slots - (len(running) - len(there)), there)
            blurred = level.search.phase != "both ends" and level.search.clarity() < CLEAR
            if not isinstance(answer, Finding) and not blurred:
                return tuple(replace(ask, level=level.name) for ask in answer)
            if isinstance(answer, Finding) and answer.outcome == "found":
                self._found = answer
                self._full.weigh(self._prior(answer))
                full = self._full.select(slots, [ask for ask in running if not ask.level])
            else:
                self._levels.pop(0)
        if isinstance(full, Finding) and full.outcome == "found" and self._found is not None and not full.healed:
            return replace(full, healed=self._found.healed)
        return full

    def _prior(self, found: Finding) -> Callable[[Change], float]:
        """The weights, with TRUST on what was found: relative to all other changes of the timeline together."""
        guilty: set[tuple[Key, str | None]] = {(cause.change.key, cause.change.after) for cause in found.causes}
        guilty |= {(cause.change.key, after) for cause in found.causes for after in cause.candidates}
        timeline = self._full.timeline()
        others = sum(self._weigh(change) for change in timeline.changes if (change.key, change.after) not in guilty)
        there = [change for change in timeline.changes if (change.key, change.after) in guilty]
        share = TRUST / (1 - TRUST) * max(others, 1e-9) / max(1, len(there))
        return lambda change: share if (change.key, change.after) in guilty else self._weigh(change)
