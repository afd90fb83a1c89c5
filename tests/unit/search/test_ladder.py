"""A cheaper search first: what it saves, and what happens where it tells nothing or something wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

from mbisect.search import Ladder, Level, Search
from mbisect.simulate import NumberedWorld
from mbisect.terms import Finding, Outcome, Verdict

Versions = dict[str, int]
WORLD = NumberedWorld(8, 8)


def full(versions: Versions) -> Outcome:
    return Outcome(Verdict.BAD if versions["p3"] >= 5 else Verdict.GOOD, "full")


def metric(bad: Callable[[Versions], bool]) -> Callable[[Versions], Outcome]:
    """A metric that differs a little from seed to seed, whose two sides are far apart."""

    rng = Random(0)

    def cheap(versions: Versions) -> Outcome:
        value = rng.gauss(0.02 if bad(versions) else 0.4, 0.02)
        return Outcome(Verdict.UNSURE, f"f1 {value}", value=value)

    return cheap


def climb(cheap: Callable[[Versions], Outcome]) -> tuple[Finding, Counter[str]]:
    """The finding, and the trials at each level."""
    searches = [Search(WORLD, WORLD.good, WORLD.bad), Search(WORLD, WORLD.good, WORLD.bad, end_runs=4, most=60)]
    ladder, trials = Ladder(searches[0], [Level("cheap", searches[1])]), Counter[str]()
    while not isinstance(asks := ladder.select(), Finding):
        for ask in asks:
            versions = {name: int(version) for name, version in ask.candidate.values.packages().items()}
            trials[ask.level] += 1
            ladder.record(ask, cheap(versions) if ask.level else full(versions))
        assert trials.total() < 100
    return asks, trials


def named(finding: Finding) -> set[tuple[str, str | None]]:
    return {(cause.change.key.name, cause.change.after) for cause in finding.causes}


def test_a_cheap_level_that_tells_as_much_leaves_both_ends_and_both_confirmations_to_full_size() -> None:
    finding, trials = climb(metric(lambda versions: versions["p3"] >= 5))
    assert named(finding) == {("p3", "5")}
    assert (finding.sufficient, finding.necessary) == (True, True)
    assert trials[""] == 4
    assert trials["cheap"] <= 14


def test_a_cheap_level_at_which_both_ends_are_alike_is_not_used() -> None:
    finding, trials = climb(metric(lambda versions: False))
    assert named(finding) == {("p3", "5")}
    assert trials["cheap"] <= 12
    assert trials[""] <= 10


def test_a_cheap_level_that_is_broken_by_another_change_does_not_mislead() -> None:
    finding, trials = climb(metric(lambda versions: versions["p6"] >= 3))
    assert named(finding) == {("p3", "5")}
    assert (finding.sufficient, finding.necessary) == (True, True)
    assert trials[""] <= 16


def test_an_end_that_is_not_what_it_should_be_at_full_size_is_said_before_anything_cheap_is_run() -> None:
    search, cheap = (Search(WORLD, WORLD.good, WORLD.bad) for _ in range(2))
    ladder = Ladder(search, [Level("cheap", cheap)])
    while not isinstance(asks := ladder.select(), Finding):
        for ask in asks:
            assert not ask.level
            ladder.record(ask, Outcome(Verdict.GOOD, "always"))
    assert asks.outcome == "not-reproduced"


def test_no_more_is_asked_than_there_is_room_for() -> None:
    searches = [Search(WORLD, WORLD.good, WORLD.bad), Search(WORLD, WORLD.good, WORLD.bad, end_runs=4, most=60)]
    ladder = Ladder(searches[0], [Level("cheap", searches[1])])
    ends = ladder.select(2)
    assert not isinstance(ends, Finding)
    for ask in ends:
        ladder.record(ask, full({f"p{n}": 8 * (ask.purpose == "bad end") for n in range(8)}))
    running = ladder.select(2)
    assert not isinstance(running, Finding)
    assert [ask.level for ask in running] == ["cheap", "cheap"]
    assert ladder.select(2, running) == ()
