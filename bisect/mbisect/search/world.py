"""What the search needs of the world: which changes lie between two candidates, and what can really be built."""

from __future__ import annotations

from typing import Protocol

from mbisect.terms import Candidate, Key, Outcome, Timeline, Values


class World(Protocol):
    """The same answer to the same question, until something is learnt; may be slow the first time."""

    def timeline(self, good: Candidate, bad: Candidate) -> Timeline:
        """All changes from one candidate to another, ordered, each the smallest possible."""

    def realise(
        self, wanted: Values, good: Candidate, bad: Candidate, *, held: frozenset[Key] = frozenset()
    ) -> Candidate | None:
        """The consistent candidate nearest to what is wanted, within what `good` and `bad` hold; None: there is none.

        Keys in `held` keep exactly the wanted value (or absence); all others may move where metadata demands it.
        """

    def exact(self, wanted: Values, held: frozenset[Key]) -> Candidate:
        """What is wanted, whatever its packages require of each other's versions.

        What they require and is not there is added, unless it is held to be absent; packages that only come along with
        others follow them.
        """

    def missing(self, wanted: Values) -> str | None:
        """Why exactly this cannot be built, where that is known without trying; else None."""

    def learn(self, candidate: Candidate, outcome: Outcome, good: Candidate, bad: Candidate) -> None:
        """Take note of an outcome between both ends: from now on `realise` may avoid mixtures that it proved broken.

        The same outcomes in the same order must teach the same.
        """

    def advises_against(self, candidate: Candidate) -> bool:
        """By what was learnt its releases do not work together, so that `realise` may know better now."""

    def learnt(self) -> tuple[str, ...]:
        """What was learnt and proved true, in words."""
