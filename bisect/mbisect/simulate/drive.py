"""One search in a planted world, driven to its end and judged by what was planted. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from mbisect.search import Search
from mbisect.simulate.planted import Plan, Planted
from mbisect.simulate.scenario import Scenario
from mbisect.terms import Ask, Cause, Finding, Outcome

Judgement = Literal["right", "wrong", "undecided"]
MOST_RUNS = 2000
"""A search that wants more runs than this is stopped."""


class Searching(Protocol):
    """What is driven: these calls of `mbisect.search.Search`."""

    def price(self, build: float) -> None:
        """What a new environment costs, in runs."""

    def select(self, slots: int = 1) -> tuple[Ask, ...] | Finding:
        """What should run now, those that are still running included; or the finding."""

    def record(self, ask: Ask, outcome: Outcome) -> None:
        """Take note of an outcome."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a search ended."""

    finding: Finding | None
    """None: it was stopped after the most runs."""
    judgement: Judgement
    runs: int
    """All trials that were started, those of the ends and of gaps included."""
    environments: int
    """Distinct candidates that were run."""
    rounds: int
    """How long it took, in lengths of one trial."""

    @property
    def outcome(self) -> str:
        """The finding's, or `stopped`."""
        return "stopped" if self.finding is None else self.finding.outcome

    @property
    def confidence(self) -> float | None:
        """What the search says of the least certain cause; None where it names none."""
        causes = self.finding.causes if self.finding else ()
        return min((cause.confidence for cause in causes), default=None)

    @property
    def confirmed(self) -> bool:
        """Whether the search says that it has shown its answer in both directions."""
        return self.finding is not None and self.finding.sufficient is True and self.finding.necessary is True

    @property
    def exact(self) -> bool:
        """Whether each cause is one single release."""
        return self.finding is not None and all(len(covered(cause)) == 1 for cause in self.finding.causes)

    @property
    def width(self) -> int:
        """How many releases the answer holds: as many as there are causes when each is named exactly."""
        return len(set().union(*(covered(cause) for cause in self.finding.causes))) if self.finding else 0


def searching_for(planted: Planted) -> Search:
    """The search, as it comes."""
    return Search(planted.world, planted.world.good, planted.world.bad)


def simulate(
    scenario: Scenario,
    seed: int,
    *,
    jobs: int = 1,
    most_runs: int = MOST_RUNS,
    searching: Callable[[Planted], Searching] = searching_for,
) -> Result:
    """Run one search to its end, `jobs` trials at once. Trials that still run when it ends are counted too."""
    try:
        return _drive(scenario.planted(seed), scenario.price, jobs, most_runs, searching)
    except Exception as error:
        error.add_note(f"in the search with seed {seed} of {scenario}")
        raise


def _drive(
    planted: Planted, price: float, jobs: int, most_runs: int, searching: Callable[[Planted], Searching]
) -> Result:
    search = searching(planted)
    search.price(price)
    running: deque[tuple[Ask, int]] = deque()
    runs, clock, environments = 0, 0, set[str]()
    while not isinstance(answer := search.select(jobs), Finding):
        busy = {_content(ask) for ask, _ in running}
        for ask in [ask for ask in answer if _content(ask) not in busy][: jobs - len(running)]:
            if runs == most_runs:
                return Result(None, "undecided", runs, len(environments), clock)
            running.append((ask, clock + 1))
            environments.add(ask.candidate.values.digest)
            runs += 1
        if not running:
            raise RuntimeError("the search neither asks nor ends")
        ask, clock = running.popleft()
        search.record(ask, planted.outcome(ask))
    return Result(answer, judge(answer, planted.plan), runs, len(environments), clock)


def judge(finding: Finding, plan: Plan) -> Judgement:
    """Whether a finding says what was planted.

    Right: every culprit is named, or is within the interval that a cause leaves; every cause names one; and where each
    culprit has a cause of its own, they are said to act as they do. If nothing was planted, every end that names no
    cause is right. To say of a planted break that an end does not show it is wrong.
    """
    if not plan.culprits:
        return "wrong" if finding.outcome == "found" else "right"
    if finding.outcome != "found":
        return "undecided" if finding.outcome == "undecided" else "wrong"
    named = [covered(cause) for cause in finding.causes]
    all_named = plan.culprits <= set().union(*named) and all(one & plan.culprits for one in named)
    related = len(named) < len(plan.culprits) or finding.relation == plan.relation
    return "right" if all_named and related and len(named) <= len(plan.culprits) else "wrong"


def covered(cause: Cause) -> frozenset[tuple[str, str]]:
    """The releases (package, version) that may be the culprit by what a cause says."""
    name = cause.change.key.name
    own = cause.candidates or (cause.change.after or "0",)
    moved = {
        (change.key.name, str(version))
        for change in cause.moved_with
        for version in range(int(change.before or 0) + 1, int(change.after or 0) + 1)
    }
    return frozenset(moved | {(name, version) for version in own})


def _content(ask: Ask) -> tuple[str, int]:
    return ask.candidate.values.digest, ask.seed
