"""The simulator tells the truth: rates come out as planted, seeds repeat, and wrong answers are wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from statistics import mean, stdev

import pytest

from mbisect.search import Search
from mbisect.simulate import Break, Exits, Metrics, NumberedWorld, Plan, Planted, Scenario, simulate
from mbisect.simulate.drive import judge
from mbisect.simulate.many import on_all_processors, simulate_many, spread, summary
from mbisect.terms import Ask, Candidate, Cause, Change, Finding, Outcome, Relation, Verdict, package

RUNS = 4000


def outcomes(planted: Planted, candidate: Candidate) -> list[Outcome]:
    return [planted.outcome(Ask(candidate, trial, "boundary")) for trial in range(RUNS)]


def prefixes(planted: Planted) -> list[Candidate]:
    """The candidates between both ends, in order."""
    timeline = planted.world.timeline(planted.world.good, planted.world.bad)
    return [Candidate(timeline.prefix(k), timeline.prefix(k)) for k in range(1, len(timeline))]


@pytest.mark.parametrize(("good_fails", "bad_fails"), [(0, 1), (0, 0.7), (0.1, 0.7), (0.3, 0.5)])
def test_each_side_fails_at_its_rate(good_fails: float, bad_fails: float) -> None:
    planted = Scenario(64, noise=Exits(good_fails, bad_fails)).planted(1)
    for end, rate in ((planted.world.good, good_fails), (planted.world.bad, bad_fails)):
        failed = mean(outcome.verdict is Verdict.BAD for outcome in outcomes(planted, end))
        assert failed == pytest.approx(rate, abs=0.03)


def test_a_metric_has_the_gap_and_the_spread_that_were_asked_for_and_no_verdict() -> None:
    planted = Scenario(64, noise=Metrics(2)).planted(1)
    good, bad = (outcomes(planted, end) for end in (planted.world.good, planted.world.bad))
    assert {outcome.verdict for outcome in good + bad} == {Verdict.UNSURE}
    values = [[outcome.value for outcome in side if outcome.value is not None] for side in (good, bad)]
    assert [len(side) for side in values] == [RUNS, RUNS]
    assert [stdev(side) for side in values] == pytest.approx([0.02, 0.02], rel=0.05)
    assert (mean(values[0]) - mean(values[1])) / 0.02 == pytest.approx(2, abs=0.1)


def test_outliers_and_spared_runs_come_in_their_shares() -> None:
    planted = Scenario(64, noise=Metrics(4, outliers=0.1, spared=0.3)).planted(1)
    values = [outcome.value or 0 for outcome in outcomes(planted, planted.world.bad)]
    deviations = [(value - 0.8) / 0.02 for value in values]
    assert mean(abs(d) > 5.5 and not -7 < d < 0 for d in deviations) == pytest.approx(0.1, abs=0.03)
    assert mean(-2 < d < 2 for d in deviations) == pytest.approx(0.9 * (0.3 * 0.954 + 0.7 * 0.023), abs=0.03)


def test_a_share_of_the_candidates_can_never_be_tested_and_the_ends_always_can() -> None:
    gaps = []
    for seed in range(20):
        planted = Scenario(64, untestable=0.2).planted(seed)
        for candidate in prefixes(planted):
            verdicts = {planted.outcome(Ask(candidate, trial, "boundary")).verdict for trial in range(3)}
            assert len(verdicts) == 1, "it is the candidate that cannot be tested, not the trial"
            gaps.append(verdicts == {Verdict.UNTESTABLE})
        for end in (planted.world.good, planted.world.bad):
            assert planted.outcome(Ask(end, 0, "good end")).verdict is not Verdict.UNTESTABLE
    assert mean(gaps) == pytest.approx(0.2, abs=0.03)


def test_a_share_of_the_candidates_fails_in_a_third_way() -> None:
    strange = []
    for seed in range(20):
        planted = Scenario(64, third=0.2).planted(seed)
        strange += [not planted.outcome(Ask(candidate, 0, "boundary")).alike for candidate in prefixes(planted)]
        assert planted.outcome(Ask(planted.world.bad, 0, "bad end")).alike
    assert mean(strange) == pytest.approx(0.2, abs=0.03)


def test_an_outcome_follows_from_the_seeds_and_the_candidate_alone() -> None:
    one, other = (Scenario(64, noise=Exits(0.4, 0.6), untestable=0.2).planted(7) for _ in range(2))
    asks = [Ask(candidate, trial, "boundary") for candidate in prefixes(one) for trial in range(3)]
    assert [one.outcome(ask) for ask in asks] == [other.outcome(ask) for ask in reversed(asks)][::-1]
    another = Scenario(64, noise=Exits(0.4, 0.6), untestable=0.2).planted(8)
    assert [one.outcome(ask) for ask in asks] != [another.outcome(ask) for ask in asks]


@pytest.mark.parametrize("changes", [1, 2, 3, 10, 64, 100, 256])
def test_a_world_has_exactly_the_changes_that_were_asked_for(changes: int) -> None:
    world = Scenario(changes).planted(0).world
    assert len(world.timeline(world.good, world.bad)) == changes


def test_every_change_may_be_the_culprit() -> None:
    assert len({Scenario(16).planted(seed).plan.culprits for seed in range(300)}) == 16


@pytest.mark.parametrize("each", [False, True])
def test_several_culprits_belong_to_several_packages_and_act_as_asked(each: bool) -> None:
    for seed in range(20):
        planted = Scenario(64, culprits=3, each=each).planted(seed)
        assert len({name for name, _ in planted.plan.culprits}) == 3
        assert planted.plan.relation == ("each" if each else "together")
        good = planted.world.good.values
        for name, version in planted.plan.culprits:
            alone = good.put({package(name): version})
            assert planted.plan.bad(Candidate(alone, alone)) is each
        assert planted.plan.bad(planted.world.bad)


def test_a_mended_break_is_bad_in_passing_and_no_culprit() -> None:
    planted = Scenario(64, culprits=0, mended=1).planted(3)
    assert planted.plan.culprits == frozenset()
    assert not planted.plan.bad(planted.world.bad)
    assert any(planted.plan.bad(candidate) for candidate in prefixes(planted))


def test_where_nothing_changed_no_candidate_is_bad() -> None:
    planted = Scenario(64, culprits=0).planted(3)
    assert not any(planted.plan.bad(candidate) for candidate in [*prefixes(planted), planted.world.bad])


def test_too_few_changes_for_so_many_breaks_are_refused() -> None:
    with pytest.raises(ValueError, match="2 changes are too few for 3 breaks"):
        Scenario(2, culprits=3)


ONE = Plan(((Break("p1", 4),),))
PAIR = Plan(((Break("p1", 4), Break("p2", 2)),))
TWO = Plan(((Break("p1", 4),), (Break("p2", 2),)))
NOTHING = Plan()


def cause(name: str, before: int, after: int, *moved: tuple[str, int, int]) -> Cause:
    """Any release after `before` up to `after` may be the first bad one."""
    changes = tuple(Change(package(n), str(low), str(high)) for n, low, high in moved)
    values = tuple(str(version) for version in range(before + 1, after + 1))
    return Cause(Change(package(name), str(before), str(after)), values, changes)


def found(*causes: Cause, relation: Relation = "single") -> Finding:
    return Finding("found", relation, causes)


FINDINGS = {
    "the planted release": (ONE, found(cause("p1", 3, 4)), "right"),
    "the release before it": (ONE, found(cause("p1", 2, 3)), "wrong"),
    "the same release of another package": (ONE, found(cause("p2", 3, 4)), "wrong"),
    "an interval that holds it": (ONE, found(cause("p1", 2, 5)), "right"),
    "an interval beside it": (ONE, found(cause("p1", 4, 6)), "wrong"),
    "it moved with the named one": (ONE, found(cause("p2", 1, 2, ("p1", 3, 4))), "right"),
    "another release moved with the named one": (ONE, found(cause("p2", 1, 2, ("p1", 2, 3))), "wrong"),
    "an innocent one beside it": (ONE, found(cause("p1", 3, 4), cause("p2", 1, 2), relation="each"), "wrong"),
    "it alone is said to be a combination": (ONE, found(cause("p1", 3, 4), relation="together"), "wrong"),
    "it is named twice": (ONE, found(cause("p1", 3, 4), cause("p1", 3, 4), relation="together"), "wrong"),
    "the pair": (PAIR, found(cause("p2", 1, 2), cause("p1", 3, 4), relation="together"), "right"),
    "half of the pair": (PAIR, found(cause("p1", 3, 4)), "wrong"),
    "the pair, each said to be enough": (PAIR, found(cause("p1", 3, 4), cause("p2", 1, 2), relation="each"), "wrong"),
    "the pair within one interval": (PAIR, found(cause("p1", 3, 4, ("p2", 1, 2))), "right"),
    "half of the pair and an innocent one": (
        PAIR,
        found(cause("p1", 3, 4), cause("p3", 3, 4), relation="together"),
        "wrong",
    ),
    "both causes": (TWO, found(cause("p1", 3, 4), cause("p2", 1, 2), relation="each"), "right"),
    "one cause of two": (TWO, found(cause("p1", 3, 4)), "wrong"),
    "no break where one is planted": (ONE, Finding("not-reproduced"), "wrong"),
    "a bad good end where it is good": (ONE, Finding("good-endpoint-fails"), "wrong"),
    "that it cannot tell": (ONE, Finding("undecided"), "undecided"),
    "a cause where there is none": (NOTHING, found(cause("p1", 3, 4)), "wrong"),
    "no break where there is none": (NOTHING, Finding("not-reproduced"), "right"),
    "that it cannot tell where there is nothing": (NOTHING, Finding("undecided"), "right"),
}


@pytest.mark.parametrize("said", FINDINGS)
def test_a_finding_is_judged_by_what_was_planted(said: str) -> None:
    plan, finding, judgement = FINDINGS[said]
    assert judge(finding, plan) == judgement


@dataclass(slots=True)
class Scripted:
    """A search that asks for the bad end with one seed after the other, and at last gives its answer."""

    planted: Planted
    answer: Finding
    asks: int
    heard: list[Outcome] = field(default_factory=list)

    def price(self, build: float) -> None:
        pass

    def select(self, slots: int = 1) -> tuple[Ask, ...] | Finding:
        first = len(self.heard)
        if first >= self.asks:
            return self.answer
        return tuple(Ask(self.planted.world.bad, first + i, "bad end") for i in range(slots))

    def record(self, ask: Ask, outcome: Outcome) -> None:
        self.heard.append(outcome)


def test_runs_and_environments_are_counted() -> None:
    result = simulate(Scenario(16), 0, searching=lambda planted: Scripted(planted, Finding("undecided"), 5))
    assert (result.outcome, result.judgement) == ("undecided", "undecided")
    assert (result.runs, result.environments, result.rounds) == (5, 1, 5)


def test_trials_that_still_run_when_the_search_ends_are_counted_too() -> None:
    result = simulate(Scenario(16), 0, jobs=3, searching=lambda planted: Scripted(planted, Finding("undecided"), 4))
    assert (result.runs, result.rounds) == (6, 2)


def test_a_search_that_wants_too_many_runs_is_stopped_and_undecided() -> None:
    result = simulate(Scenario(16), 0, most_runs=9, searching=lambda planted: Scripted(planted, found(), 10))
    assert (result.outcome, result.judgement, result.runs, result.finding) == ("stopped", "undecided", 9, None)


def test_a_search_that_names_any_other_release_is_wrong() -> None:
    scenario = Scenario(16)
    world, judged = NumberedWorld(4, 4), []
    for change in world.timeline(world.good, world.bad).changes:
        answer = Finding("found", "single", (Cause(change, (change.after or "",)),))
        judged.append(simulate(scenario, 5, searching=lambda planted, answer=answer: Scripted(planted, answer, 1)))
    assert sorted(result.judgement for result in judged) == ["right"] + ["wrong"] * 15


def test_a_search_that_neither_asks_nor_ends_is_an_error_that_names_its_seed() -> None:
    class Silent(Scripted):
        def select(self, slots: int = 1) -> tuple[Ask, ...] | Finding:
            return ()

    with pytest.raises(RuntimeError, match="neither asks nor ends") as caught:
        simulate(Scenario(16), 11, searching=lambda planted: Silent(planted, found(), 1))
    assert "seed 11" in caught.value.__notes__[0]


@pytest.mark.parametrize("jobs", [1, 3])
def test_without_noise_our_search_is_right_and_exact(jobs: int) -> None:
    for seed in range(20):
        result = simulate(Scenario(64), seed, jobs=jobs)
        assert (result.judgement, result.exact, result.width, result.confirmed) == ("right", True, 1, True)


def test_the_search_that_is_driven_is_ours() -> None:
    planted = Scenario(64).planted(0)
    asks = Search(planted.world, planted.world.good, planted.world.bad).select()
    assert not isinstance(asks, Finding)
    assert asks[0].purpose == "good end"


def test_several_processes_give_the_same_as_one() -> None:
    scenario = Scenario(32, noise=Exits(0.1, 0.9))
    one, two = (simulate_many(scenario, range(12), processes=count) for count in (1, 2))
    assert one == two
    assert list(on_all_processors(str, range(100), 2)) == [str(i) for i in range(100)]


def test_searches_are_simulated_where_the_system_does_not_say_which_processors_a_process_may_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    assert list(on_all_processors(str, range(10))) == [str(i) for i in range(10)]


def test_a_summary_adds_up_and_each_search_is_told_of() -> None:
    told: list[None] = []
    whole = simulate_many(Scenario(16), range(10), processes=1, done=lambda: told.append(None))
    assert (whole.searches, len(told)) == (10, 10)
    assert whole.right + whole.undecided + whole.wrong == pytest.approx(1)
    results = [
        simulate(Scenario(16), 0, most_runs=5, searching=lambda planted: Scripted(planted, found(), 99)),
        simulate(Scenario(16), 0, searching=lambda planted: Scripted(planted, found(), 1)),
    ]
    mixed = summary(results)
    assert (mixed.right, mixed.undecided, mixed.wrong, mixed.stopped) == (0, 0.5, 0.5, 0.5)


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11, 100])
def test_the_quantile_is_the_least_number_that_nine_in_ten_stay_within(count: int) -> None:
    numbers = list(range(1, count + 1))
    most = spread(numbers[::-1]).most
    assert most == ceil(0.9 * count)
    assert sum(number <= most for number in numbers) >= 0.9 * count


def test_a_candidate_that_fails_in_a_third_way_is_not_run_for_ever():
    """With this seed all suspects but one fail so: to run that again tells nothing."""
    ended = simulate(Scenario(256, third=0.2), 8)
    assert ended.judgement == "right"
    assert ended.runs < 200
