"""A kind of planted world: how many changes, how many culprits, how noisy. A seed makes one world of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isqrt
from random import Random

from mbisect.simulate.planted import Break, Exits, Metrics, Noise, Plan, Planted
from mbisect.simulate.world import NumberedWorld


@dataclass(frozen=True, slots=True)
class Scenario:
    """Raises ValueError where no world can be made of it."""

    changes: int = 256
    """They are spread over about √N packages with about √N releases each."""
    culprits: int = 1
    """0: nothing changed."""
    each: bool = False
    """Each culprit alone is enough; else they fail only together."""
    mended: int = 0
    """Further breaks that a later release of the same package mends."""
    noise: Noise = field(default_factory=Exits)
    untestable: float = 0.0
    """The share of candidates that can never be tested."""
    third: float = 0.0
    """The share of candidates that fail in another way than the bad end."""
    build_cost: float | None = None
    """What a new environment costs, in runs; `mbisect run` measures it. None: as it mostly is, see `price`."""

    def __post_init__(self) -> None:
        if self.changes < max(1, self.packages + self.mended):
            raise ValueError(f"{self.changes} changes are too few for {self.culprits + self.mended} breaks")

    @property
    def packages(self) -> int:
        """Each break has a package of its own."""
        return max(isqrt(self.changes), self.culprits + self.mended, 1)

    @property
    def price(self) -> float:
        """What a new environment costs, in runs: what ends in a metric mostly trains, and takes longer than a test."""
        if self.build_cost is not None:
            return self.build_cost
        return 1.0 if isinstance(self.noise, Metrics) else 3.0

    def planted(self, seed: int) -> Planted:
        """The world that this seed makes: the same for the same seed."""
        releases, more = divmod(self.changes, self.packages)
        world = NumberedWorld(self.packages, releases, more)
        return Planted(world, self._plan(world, seed), self.noise, self.untestable, self.third, seed)

    def _plan(self, world: NumberedWorld, seed: int) -> Plan:
        """Culprits anywhere on the timeline, equally likely; mended breaks where there is room for both releases."""
        rng = Random(f"plan {seed}")
        releases = [(key.name, v) for key, last in world.releases.items() for v in range(1, last + 1)]
        last = {key.name: version for key, version in world.releases.items()}
        breaks: dict[str, Break] = {}
        while len(breaks) < self.mended:
            name, since = rng.choice(releases)
            if name not in breaks and since < last[name]:
                breaks[name] = Break(name, since, rng.randint(since + 1, last[name]))
        mended = tuple((one,) for one in breaks.values())
        while len(breaks) < self.mended + self.culprits:
            name, since = rng.choice(releases)
            breaks.setdefault(name, Break(name, since))
        culprits = tuple(breaks.values())[self.mended :]
        if not culprits:
            return Plan(mended)
        return Plan(mended + (tuple((one,) for one in culprits) if self.each else (culprits,)))
