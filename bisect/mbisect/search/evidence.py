"""What has been observed, and the exception by which a line of thought says that it must know more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from mbisect.terms import Ask, Candidate, Outcome, Purpose, Verdict

T = TypeVar("T")


class Need(Exception):  # noqa: N818 - a question, not an error
    """Thinking cannot go on without the outcomes of these asks."""

    def __init__(self, asks: Sequence[Ask]) -> None:
        super().__init__(f"{len(asks)} outcomes")
        self.asks = tuple(asks)


@dataclass(slots=True)
class Evidence:
    """The raw observations: candidate (by what it really holds) and seed → outcome."""

    outcomes: dict[tuple[str, int], Outcome] = field(default_factory=dict)

    def record(self, ask: Ask, outcome: Outcome) -> None:
        """Add an observation. The same candidate and seed asked twice has one outcome: the first."""
        self.outcomes.setdefault((ask.candidate.values.digest, ask.seed), outcome)

    def known(self, candidate: Candidate) -> Outcome | None:
        """The outcome at a candidate, if it was observed."""
        return self.outcomes.get((candidate.values.digest, 0))

    def outcome(self, candidate: Candidate, purpose: Purpose) -> Outcome:
        """The outcome at a candidate. Raises Need when it was not observed."""
        outcome = self.known(candidate)
        if outcome is None:
            raise Need([Ask(candidate, 0, purpose)])
        return outcome

    def first_testable(self, purpose: Purpose, *attempts: Callable[[], Candidate | None]) -> tuple[Candidate, Outcome]:
        """The first of several ways to build the same idea that can be tested, with its outcome.

        The last one that exists is returned when none can be. Raises Need, and ValueError when none exists.
        """
        last: tuple[Candidate, Outcome] | None = None
        for attempt in attempts:
            candidate = attempt()
            if candidate is None:
                continue
            last = candidate, self.outcome(candidate, purpose)
            if last[1].verdict in (Verdict.GOOD, Verdict.BAD):
                return last
        if last is None:
            raise ValueError("no attempt gave a candidate")
        return last


def gather(*thoughts: Callable[[], T]) -> list[T]:
    """The results of independent lines of thought; what any of them needs is asked for at once."""
    results: list[T] = []
    asks: list[Ask] = []
    for thought in thoughts:
        try:
            results.append(thought())
        except Need as need:
            asks.extend(need.asks)
    if asks:
        raise Need(asks)
    return results
