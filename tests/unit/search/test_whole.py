"""A search of one half tries its finding with the bad end's other half before it says it."""

from __future__ import annotations

from collections.abc import Callable

from mbisect.search import Search, Whole
from mbisect.simulate import NumberedWorld
from mbisect.terms import OTHER, Ask, Finding, Outcome, Verdict

WORLD = NumberedWorld(8, 8)
Shows = Callable[[dict[str, int], int], Outcome]


def verdict(bad: bool) -> Outcome:
    return Outcome(Verdict.BAD if bad else Verdict.GOOD, "so")


def half(versions: dict[str, int], seed: int) -> Outcome:
    return verdict(versions["p3"] >= 5)


def find(shown: Shows, other: Shows) -> tuple[Finding, list[Ask]]:
    """The finding, and what was asked of the other half."""
    search, asked = Whole(Search(WORLD, WORLD.good, WORLD.bad)), list[Ask]()
    while not isinstance(asks := search.select(), Finding):
        for ask in asks:
            versions = {name: int(version) for name, version in ask.candidate.values.packages().items()}
            asked += [ask] if ask.level == OTHER else []
            search.record(ask, (other if ask.level == OTHER else shown)(versions, ask.seed))
    return asks, asked


def test_the_bad_end_without_the_cause_is_run_once_where_it_is_good() -> None:
    finding, asked = find(half, half)
    assert (finding.outcome, finding.whole) == ("found", True)
    assert [(ask.purpose, ask.seed) for ask in asked] == [("necessary", 0)]
    assert asked[0].candidate == finding.without
    held = asked[0].candidate.values.packages()
    assert (held["p3"], held["p2"], held["p4"]) == ("4", "8", "8")


def test_where_the_other_half_broke_too_that_is_said_and_the_cause_stays() -> None:
    finding, asked = find(half, lambda versions, seed: verdict(versions["p6"] >= 3))
    assert [cause.change.key.name for cause in finding.causes] == ["p3"]
    assert (finding.necessary, finding.whole) == (True, False)
    assert [ask.seed for ask in asked] == [0, 1, 2]


def test_bad_luck_in_one_run_is_not_believed() -> None:
    finding, asked = find(half, lambda versions, seed: verdict(seed == 0))
    assert (finding.whole, len(asked)) == (True, 3)


def test_what_cannot_be_run_leaves_it_open() -> None:
    finding, _ = find(half, lambda versions, seed: Outcome(Verdict.UNTESTABLE, "no"))
    assert (finding.outcome, finding.whole) == ("found", None)


def test_a_metric_without_thresholds_is_compared_with_both_ends() -> None:
    def metric(versions: dict[str, int], seed: int) -> Outcome:
        value = 0.1 if versions["p3"] >= 5 else 0.9
        return Outcome(Verdict.UNSURE, "f1", value=value)

    assert find(metric, metric)[0].whole is True
    assert find(metric, lambda versions, seed: Outcome(Verdict.UNSURE, "f1", value=0.2))[0].whole is False


def test_without_a_finding_the_other_half_is_not_run() -> None:
    finding, asked = find(lambda versions, seed: verdict(False), half)
    assert (finding.outcome, asked) == ("not-reproduced", [])


def test_where_the_bad_end_fails_a_metric_says_that_the_other_half_does_not() -> None:
    def metric(versions: dict[str, int], seed: int) -> Outcome:
        return verdict(True) if versions["p3"] >= 5 else Outcome(Verdict.UNSURE, "f1", value=0.9)

    assert find(metric, metric)[0].whole is True
    assert find(metric, lambda versions, seed: verdict(True))[0].whole is False
