"""Verdicts from facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mbisect.judge import ExitStatusJudge, MetricJudge
from mbisect.simulate.drive import simulate
from mbisect.simulate.scenario import Scenario
from mbisect.terms import Ask, Candidate, Measurement, Outcome, Verdict


def run(status: int | None, failure: str | None = None, tail: str = "", **more: object) -> Measurement:
    return Measurement(status, 1.0, failure=failure, tail=tail, **more)  # type: ignore[arg-type]


BAD_END = run(1, "TypeError: unexpected keyword argument 'app'")


@pytest.mark.parametrize(
    ("status", "verdict"), [(0, Verdict.GOOD), (1, Verdict.BAD), (127, Verdict.BAD), (125, Verdict.UNTESTABLE)]
)
def test_exit_statuses_mean_what_they_mean_to_git_bisect(status: int, verdict: Verdict) -> None:
    assert ExitStatusJudge().judge(run(status), None, consistent=True).verdict is verdict


def test_a_module_missing_as_a_whole_is_a_broken_environment_unless_the_bad_end_misses_it_too() -> None:
    missing = run(1, "ModuleNotFoundError: No module named 'pytz'")
    assert ExitStatusJudge().judge(missing, BAD_END, consistent=True).verdict is Verdict.UNTESTABLE
    assert ExitStatusJudge().judge(missing, missing, consistent=True).verdict is Verdict.BAD


def test_a_missing_part_of_a_package_that_is_there_is_a_failure_like_any_other() -> None:
    outcome = ExitStatusJudge().judge(
        run(1, "ModuleNotFoundError: No module named 'werkzeug.contrib'"), BAD_END, consistent=True
    )
    assert (outcome.verdict, outcome.alike) == (Verdict.BAD, False)


def test_a_binary_mismatch_is_untestable() -> None:
    clash = run(1, "ValueError: numpy.dtype size changed, may indicate binary incompatibility")
    assert ExitStatusJudge().judge(clash, BAD_END, consistent=True).verdict is Verdict.UNTESTABLE


def test_another_failure_counts_as_bad_but_not_alike_and_in_a_contradictory_environment_not_at_all() -> None:
    other = run(1, "AttributeError: no attribute 'x'")
    outcome = ExitStatusJudge().judge(other, BAD_END, consistent=True)
    assert (outcome.verdict, outcome.alike) == (Verdict.BAD, False)
    assert ExitStatusJudge().judge(other, BAD_END, consistent=False).verdict is Verdict.UNTESTABLE


def test_the_same_kind_of_failure_is_bad_even_in_a_contradictory_environment() -> None:
    same = run(1, "TypeError: unexpected keyword argument 'app' of Client")
    outcome = ExitStatusJudge().judge(same, BAD_END, consistent=False)
    assert (outcome.verdict, outcome.alike) == (Verdict.BAD, True)


def test_a_signal_is_bad_only_if_the_bad_end_dies_of_it_too() -> None:
    killed = run(-11)
    assert ExitStatusJudge().judge(killed, BAD_END, consistent=True).verdict is Verdict.UNTESTABLE
    assert ExitStatusJudge().judge(killed, killed, consistent=True).verdict is Verdict.BAD


def test_what_never_ran_is_untestable_and_says_why() -> None:
    outcome = ExitStatusJudge().judge(run(None, "no wheel", stopped_at="build"), BAD_END, consistent=True)
    assert (outcome.verdict, outcome.reason) == (Verdict.UNTESTABLE, "could not build: no wheel")
    assert ExitStatusJudge().judge(run(None, timed_out=True), BAD_END, consistent=True).verdict is Verdict.UNTESTABLE


@pytest.mark.parametrize(("f1", "verdict"), [(0.8, Verdict.GOOD), (0.5, Verdict.BAD), (0.65, Verdict.UNSURE)])
def test_thresholds_on_a_metric_leave_an_unsure_middle(f1: float, verdict: Verdict) -> None:
    measured = run(0, metrics=(("f1", f1),))
    assert MetricJudge("f1", 0.8, 0.5).judge(measured, None, consistent=True).verdict is verdict


def test_a_metric_may_be_better_when_it_is_lower() -> None:
    judge = MetricJudge("loss", good=0.2, bad=1.0)
    assert judge.judge(run(0, metrics=(("loss", 0.1),)), None, consistent=True).verdict is Verdict.GOOD
    assert judge.judge(run(0, metrics=(("loss", 3.0),)), None, consistent=True).verdict is Verdict.BAD


def test_a_crash_is_bad_under_a_metric_only_if_the_bad_end_crashes_in_the_same_way() -> None:
    judge, crash = MetricJudge("f1", 0.8, 0.5), run(1, "TypeError: x")
    assert judge.judge(crash, run(0, metrics=(("f1", 0.1),)), consistent=True).verdict is Verdict.UNTESTABLE
    assert judge.judge(crash, run(1, "TypeError: y"), consistent=True).verdict is Verdict.BAD


def test_a_run_that_did_not_measure_the_metric_cannot_be_judged() -> None:
    assert MetricJudge("f1", 0.8, 0.5).judge(run(0), None, consistent=True).verdict is Verdict.UNTESTABLE


@pytest.mark.parametrize("judge", [MetricJudge("f1", 0.8, 0.5), MetricJudge("f1")])
def test_a_metric_that_is_no_number_is_bad_only_if_that_of_the_bad_end_is_none_either(judge: MetricJudge) -> None:
    diverged = run(0, notes=(("f1", "nan"),))
    assert judge.judge(diverged, None, consistent=True) == Outcome(Verdict.BAD, "f1 is nan")
    assert judge.judge(diverged, run(0, notes=(("f1", "inf"),)), consistent=True).verdict is Verdict.BAD
    assert judge.judge(diverged, run(0, metrics=(("f1", 0.1),)), consistent=True).verdict is Verdict.UNTESTABLE


def diagnosed(f1: float, diagnosis: str = "") -> Measurement:
    return run(0, metrics=(("f1", f1),), notes=(("diagnosis", diagnosis),) if diagnosis else ())


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        ("run-on", "hallucination: reciting training names", False),
        ("hallucination: inventing names", "hallucination: reciting training names", True),
        ("Run-on", "run-on", True),
        ("run-on", "", True),
        ("", "run-on", True),
    ],
)
def test_a_bad_metric_is_of_a_third_kind_where_both_name_a_diagnosis_and_its_kinds_differ(here, there, same) -> None:
    outcome = MetricJudge("f1", 0.8, 0.5).judge(diagnosed(0.1, here), diagnosed(0.2, there), consistent=True)
    assert (outcome.verdict, outcome.alike) == (Verdict.BAD, same)
    assert ("run-on, where the bad end shows hallucination" in outcome.reason) is not same


@pytest.mark.parametrize(("f1", "verdict"), [(0.9, Verdict.GOOD), (0.65, Verdict.UNSURE)])
def test_a_diagnosis_makes_no_verdict(f1: float, verdict: Verdict) -> None:
    outcome = MetricJudge("f1", 0.8, 0.5).judge(diagnosed(f1, "run-on"), diagnosed(0.1, "empty"), consistent=True)
    assert (outcome.verdict, outcome.alike) == (verdict, True)


def test_ends_and_cheaper_levels_are_not_compared_by_diagnosis() -> None:
    judge, other = MetricJudge("f1", 0.8, 0.5), diagnosed(0.1, "empty")
    assert judge.judge(diagnosed(0.1, "run-on"), None, consistent=True).alike
    assert judge.at_level().judge(diagnosed(0.1, "run-on"), other, consistent=True).alike


@settings(deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=1),
    st.text().filter(lambda said: said.strip()),
    st.sampled_from([MetricJudge("f1", 0.8, 0.5), MetricJudge("f1", 0.2, 0.6), MetricJudge("f1"), ExitStatusJudge()]),
)
def test_with_the_same_diagnosis_everywhere_nothing_changes(
    values: list[float], said: str, judge: MetricJudge | ExitStatusJudge
) -> None:
    with_, without = ([None, *(diagnosed(value, text) for value in values)] for text in (said, ""))
    for reference, bare_reference in zip(with_, without, strict=True):
        for measured, bare in zip(with_[1:], without[1:], strict=True):
            assert measured is not None and bare is not None
            outcome = judge.judge(measured, reference, consistent=True)
            assert outcome == judge.judge(bare, bare_reference, consistent=True)


@dataclass
class Diagnosing:
    """A planted world whose runs measure f1 and, perhaps, name a diagnosis; makes one for each seed as a Scenario does.

    What the culprit breaks hallucinates, in one of two ways by the seed; what was broken in passing loses the format.
    """

    say: Callable[[str], str]
    asked: list[Ask] = field(default_factory=list)
    price: float = 3.0

    def planted(self, seed: int) -> Diagnosing:
        self._planted = Scenario(changes=100, mended=1).planted(seed)
        self.world, self.plan = self._planted.world, self._planted.plan
        return self

    def measured(self, candidate: Candidate, seed: int) -> Measurement:
        versions = {name: int(version) for name, version in candidate.values.packages().items()}
        if all(one.there(versions) for one in self.plan.sets[-1]):
            kind = Random(f"{candidate.values.digest} {seed}").choice(("reciting", "inventing"))
            return diagnosed(0.1, self.say(f"hallucination: {kind}"))
        bad = self.plan.bad(candidate)
        return diagnosed(0.1 if bad else 0.9, self.say("format collapse" if bad else "extraction"))

    def outcome(self, ask: Ask) -> Outcome:
        self.asked.append(ask)
        reference = None if ask.purpose in ("good end", "bad end") else self.measured(self.world.bad, 0)
        return MetricJudge("f1", 0.8, 0.5).judge(self.measured(ask.candidate, ask.seed), reference, consistent=True)


def test_a_culprit_is_found_whatever_broke_in_another_way_before_it() -> None:
    third = 0
    for seed in range(8):
        diagnosing = Diagnosing(say=str)
        assert simulate(diagnosing, seed).judgement == "right"  # type: ignore[arg-type]  # in the place of a Scenario
        third += sum(not diagnosing.outcome(ask).alike for ask in tuple(diagnosing.asked))
    assert third > 0


@pytest.mark.parametrize("seed", range(4))
def test_a_search_asks_the_same_where_every_diagnosis_is_the_same_or_none_is_named(seed: int) -> None:
    same, none = Diagnosing(say=lambda _: "run-on"), Diagnosing(say=lambda _: "")
    results = [simulate(one, seed) for one in (same, none)]  # type: ignore[arg-type]  # they stand in for a Scenario
    assert same.asked == none.asked
    assert results[0] == results[1]
