"""What is wrong in a world, and what a trial there shows of it: noise, gaps, failures of a third kind.

Every outcome follows from (seed of the world, candidate, seed of the trial) alone, whatever was asked before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Protocol

from mbisect.simulate.world import NumberedWorld
from mbisect.terms import Ask, Candidate, Outcome, Relation, Verdict

GOOD = Outcome(Verdict.GOOD, "exit status 0")
BAD = Outcome(Verdict.BAD, "exit status 1")
THIRD = Outcome(Verdict.BAD, "exit status 1: another error", alike=False)
GAP = Outcome(Verdict.UNTESTABLE, "cannot be built")


@dataclass(frozen=True, slots=True)
class Break:
    """A release that breaks something, and the later release of the same package that mends it, if there is one."""

    package: str
    since: int
    until: int | None = None

    def there(self, versions: Mapping[str, int]) -> bool:
        """Whether these versions (package → version) have it."""
        version = versions[self.package]
        return version >= self.since and (self.until is None or version < self.until)


@dataclass(frozen=True, slots=True)
class Plan:
    """A candidate is bad if all breaks of any one of the sets are there. No set: nothing changed."""

    sets: tuple[tuple[Break, ...], ...] = ()

    def bad(self, candidate: Candidate) -> bool:
        """Whether the candidate is bad, without any noise."""
        versions = {name: int(version) for name, version in candidate.values.packages().items()}
        return any(all(one.there(versions) for one in together) for together in self.sets)

    @property
    def culprits(self) -> frozenset[tuple[str, str]]:
        """The releases (package, version) that make the bad end bad: no break that was mended does."""
        lasting = [together for together in self.sets if all(one.until is None for one in together)]
        return frozenset((one.package, str(one.since)) for together in lasting for one in together)

    @property
    def relation(self) -> Relation:
        """How the culprits act: alone, together, or each alone."""
        lasting = [together for together in self.sets if all(one.until is None for one in together)]
        return "each" if len(lasting) > 1 else "together" if len(self.culprits) > 1 else "single"


class Noise(Protocol):
    """What one run shows of a candidate that is good or bad."""

    def outcome(self, bad: bool, rng: Random) -> Outcome:
        """One run, drawn from `rng`."""


@dataclass(frozen=True, slots=True)
class Exits:
    """An exit status. The defaults are free of noise."""

    good_fails: float = 0.0
    """How often a good candidate fails, 0 … 1."""
    bad_fails: float = 1.0
    """How often a bad candidate fails, 0 … 1."""

    def outcome(self, bad: bool, rng: Random) -> Outcome:
        """Fails at the rate of its side."""
        return BAD if rng.random() < (self.bad_fails if bad else self.good_fails) else GOOD


@dataclass(frozen=True, slots=True)
class Metrics:
    """A metric, normal on both sides with the same spread. No threshold makes a verdict of it: it is the evidence."""

    gap: float
    """Between the means of both sides, in standard deviations."""
    outliers: float = 0.0
    """The share of runs, on both sides, that lie ten standard deviations off, in either direction."""
    spared: float = 0.0
    """The share of runs on the bad side that come out as good ones do: the bad side has two humps."""
    mean: float = 0.8
    """Of the good side."""
    deviation: float = 0.02
    """The standard deviation of both sides."""

    def outcome(self, bad: bool, rng: Random) -> Outcome:
        """The worse the lower."""
        shift = self.gap if bad and rng.random() >= self.spared else 0.0
        value = rng.gauss(-shift, 1.0)
        if rng.random() < self.outliers:
            value += rng.choice((-10.0, 10.0))
        value = self.mean + self.deviation * value
        return Outcome(Verdict.UNSURE, f"metric {value:.4f}", value=value)

    @property
    def threshold(self) -> float:
        """Halfway between both means: the best verdict for those who need one."""
        return self.mean - self.deviation * self.gap / 2


@dataclass(frozen=True, slots=True)
class Planted:
    """A world with its plan: it answers asks as a workload would."""

    world: NumberedWorld
    plan: Plan
    noise: Noise
    untestable: float
    """The share of candidates that can never be tested; the ends always can."""
    third: float
    """The share of the testable candidates that always fail in another way than the bad end; the ends never do."""
    seed: int

    def outcome(self, ask: Ask) -> Outcome:
        """What a run gives: the same for the same candidate and trial seed."""
        digest = ask.candidate.values.digest
        if ask.candidate.values not in (self.world.good.values, self.world.bad.values):
            fate = Random(f"{self.seed} {digest}").random()
            if fate < self.untestable:
                return GAP
            if fate < self.untestable + (1 - self.untestable) * self.third:
                return THIRD
        return self.noise.outcome(self.plan.bad(ask.candidate), Random(f"{self.seed} {digest} {ask.seed}"))
