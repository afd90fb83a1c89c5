"""What it costs, and helps, a search that a bad run may be of a third kind.

    python tests/bench/third_kind.py [--seeds 30] > docs/measured/third-kind.md

Planted worlds of 256 changes, one culprit. In the first two something else breaks on the way and is mended again, as
between v1 and v4b, and its failures are taken for those of the bad end, or told apart from them. In the others a share
of the bad runs is taken for another kind by mistake, as by a diagnosis that is astray.
"""

import argparse
from dataclasses import dataclass
from random import Random
from statistics import mean, median

from mbisect.simulate.drive import searching_for
from mbisect.simulate.drive import simulate as driven
from mbisect.simulate.planted import THIRD, Plan, Planted
from mbisect.simulate.scenario import Scenario
from mbisect.simulate.world import NumberedWorld
from mbisect.terms import Ask, Outcome, Verdict

CASES = (
    ("mended on the way, all failures alike", 1, False, 0.0),
    ("mended on the way, its failures of a third kind", 1, True, 0.0),
    ("nothing else", 0, False, 0.0),
    *((f"of the bad runs {share:.0%} astray", 0, False, share) for share in (0.05, 0.2, 0.5)),
)
"""Name, breaks that are mended, whether these are told apart, share of bad runs that is taken for a third kind."""


@dataclass(frozen=True)
class Diagnosed:
    """A planted world whose failures have a kind."""

    planted: Planted
    apart: bool
    astray: float

    @property
    def world(self) -> NumberedWorld:
        """What the search moves in."""
        return self.planted.world

    @property
    def plan(self) -> Plan:
        """What is wrong in it."""
        return self.planted.plan

    def outcome(self, ask: Ask) -> Outcome:
        """As planted, but for the kind of a failure; the ends set the kind and are never of another."""
        outcome = self.planted.outcome(ask)
        if outcome.verdict is not Verdict.BAD or ask.purpose in ("good end", "bad end"):
            return outcome
        versions = {name: int(version) for name, version in ask.candidate.values.packages().items()}
        culprit = all(one.there(versions) for one in self.plan.sets[-1])
        rng = Random(f"astray {self.planted.seed} {ask.candidate.values.digest} {ask.seed}")
        return THIRD if (self.apart and not culprit) or rng.random() < self.astray else outcome


@dataclass(frozen=True)
class Kinds:
    """Makes such worlds, in the place of a Scenario."""

    mended: int
    apart: bool
    astray: float
    price: float = 3.0

    def planted(self, seed: int) -> Diagnosed:
        """The world of this seed."""
        return Diagnosed(Scenario(changes=256, mended=self.mended).planted(seed), self.apart, self.astray)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    options = parser.parse_args()
    print("# Failures of a third kind\n\nWritten by `python tests/bench/third_kind.py`, which says what was planted.\n")
    print("| planted | right | runs, median | mean | most |\n|---|---|---|---|---|")
    for name, mended, apart, astray in CASES:
        found = [driven(Kinds(mended, apart, astray), seed, searching=searching_for) for seed in range(options.seeds)]
        runs = [result.runs for result in found]
        right = sum(result.judgement == "right" for result in found)
        print(f"| {name} | {right} of {len(found)} | {median(runs):g} | {mean(runs):.1f} | {max(runs)} |", flush=True)
