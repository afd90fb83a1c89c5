"""The smallest world that a search can be driven in: numbered packages with numbered releases. Everything resolves.

Knows nothing of culprits and noise.
"""

from __future__ import annotations

from mbisect.terms import Candidate, Change, Key, Outcome, Timeline, Values, package


class NumberedWorld:
    """Packages p0 … whose versions are 0 … releases; their releases come out in turns.

    The first `more` packages have one release more than the others, so that there can be any number of changes.
    """

    def __init__(self, packages: int, releases: int, more: int = 0) -> None:
        self.releases = {package(f"p{i}"): releases + (i < more) for i in range(packages)}
        """Package → its last version; the first is 0."""
        self.good = self.place(dict.fromkeys(self.releases, 0))
        self.bad = self.place(self.releases)
        self._turn = {key: i for i, key in enumerate(self.releases)}
        self._timelines: dict[tuple[str, str], Timeline] = {}

    def place(self, versions: dict[Key, int]) -> Candidate:
        """The candidate with these versions."""
        values = Values({key: str(version) for key, version in versions.items()})
        return Candidate(values, values)

    def timeline(self, good: Candidate, bad: Candidate) -> Timeline:
        """All releases between both, by version and then in turn."""
        ends = good.values.digest, bad.values.digest
        if ends not in self._timelines:
            self._timelines[ends] = self._between(good, bad)
        return self._timelines[ends]

    def _between(self, good: Candidate, bad: Candidate) -> Timeline:
        moves = []
        for key, turn in self._turn.items():
            low, high = int(good.values[key]), int(bad.values[key])
            step = 1 if high >= low else -1
            moves += [
                ((v + 1 if step > 0 else low - v, turn), Change(key, str(v), str(v + step)))
                for v in range(low, high, step)
            ]
        moves.sort(key=lambda move: move[0])
        return Timeline(good.values, bad.values, tuple(change for _, change in moves))

    def realise(
        self, wanted: Values, good: Candidate, bad: Candidate, *, held: frozenset[Key] = frozenset()
    ) -> Candidate | None:
        """What is wanted: nothing contradicts anything."""
        return Candidate(wanted, wanted)

    def exact(self, wanted: Values, held: frozenset[Key]) -> Candidate:
        """What is wanted: nothing requires anything."""
        return Candidate(wanted, wanted, exact=True)

    def missing(self, wanted: Values) -> str | None:
        """Nothing is known to be missing."""
        return None

    def learn(self, candidate: Candidate, outcome: Outcome, good: Candidate, bad: Candidate) -> None:
        """Nothing contradicts anything, so there is nothing to learn."""

    def advises_against(self, candidate: Candidate) -> bool:
        """Nothing was learnt."""
        return False

    def learnt(self) -> tuple[str, ...]:
        """Nothing."""
        return ()
