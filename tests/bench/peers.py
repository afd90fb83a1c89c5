"""Other tools, driven in this process in the same planted worlds. Only their public functions are called.

git-bayesect names the commit from which on a test fails more often; its commits are our prefixes of the timeline.
picire is ddmin; its configuration is the set of changes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from measure import MOST_RUNS

from mbisect.simulate import Exits, Metrics, Scenario
from mbisect.terms import Ask, Candidate, Verdict


@dataclass(frozen=True, slots=True)
class PeerResult:
    """How a peer's search ended, in the words of our results."""

    outcome: str
    """`found` or `stopped`."""
    judgement: str
    runs: int
    environments: int
    confidence: float | None = None
    """What it says of its answer, if it says anything."""


def need(module: str, name: str) -> None:
    """End with a line if a peer is not installed."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        sys.exit(f"{name} is not installed: pip install -e '.[bench]', or leave it out with --no-peers")


def bayesect(scenario: Scenario, seed: int, confidence: float = 0.95) -> PeerResult:
    """git-bayesect as its `run` does it: a fresh run of what `select` says until one commit has `confidence`.

    It knows exit statuses only: of a metric it gets the best possible verdict, by the threshold halfway between both
    true means. What cannot be tested (exit status 125) counts as a failure, as it does in its `run`.
    """
    import numpy
    from git_bayesect import Bisector

    planted = scenario.planted(seed)
    timeline = planted.world.timeline(planted.world.good, planted.world.bad)
    size = len(timeline)
    bisector = Bisector(numpy.ones(size + 1))  # its index 0 is the newest commit
    times: dict[int, int] = {}
    with numpy.errstate(all="ignore"):
        while bisector.distribution.max() < confidence:
            if sum(times.values()) == MOST_RUNS:
                return PeerResult("stopped", "undecided", MOST_RUNS, len(times))
            index = bisector.select()
            values = timeline.prefix(size - index)
            trial = times.setdefault(index, 0)
            times[index] += 1
            outcome = planted.outcome(Ask(Candidate(values, values), trial, "boundary"))
            if outcome.value is not None and isinstance(scenario.noise, Metrics):
                failed = outcome.value < scenario.noise.threshold
            else:
                failed = outcome.verdict is not Verdict.GOOD
            bisector.record(index, failed)
        position = size - int(bisector.distribution.argmax())
        said = float(bisector.distribution.max())
    change = timeline.changes[position - 1] if position else None
    right = change is not None and planted.plan.culprits == {(change.key.name, change.after)}
    return PeerResult("found", "right" if right else "wrong", sum(times.values()), len(times), said)


def ddmin(scenario: Scenario, seed: int) -> PeerResult:
    """picire's ddmin as it comes, its cache of outcomes included: the smallest set of changes that still fails.

    Runs are the distinct sets that it tests. Noise is a function of the set and the seed, so that a set which is tested
    twice gives the same outcome: a ddmin that repeats its assertions is not punished twice.
    """
    import picire

    planted = scenario.planted(seed)
    assert isinstance(scenario.noise, Exits)
    noise = scenario.noise
    changes = planted.world.timeline(planted.world.good, planted.world.bad).changes
    releases = [(change.key.name, change.after) for change in changes]
    guilty = frozenset(k for k, release in enumerate(releases) if release in planted.plan.culprits)
    tested: set[tuple[int, ...]] = set()

    def test(config: Sequence[int], config_id: object) -> picire.Outcome:
        chosen = tuple(sorted(config))
        tested.add(chosen)
        outcome = noise.outcome(guilty <= set(chosen), Random(f"{seed} {chosen}"))
        return picire.Outcome.FAIL if outcome.verdict is Verdict.BAD else picire.Outcome.PASS

    try:
        found = frozenset(picire.DD(test)(list(range(len(changes)))))
    except AssertionError:  # the whole set happened to pass
        found = frozenset()
    return PeerResult("found", "right" if found == guilty else "wrong", len(tested), len(tested))
