"""Green or red: what is run, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mbisect.judge import ExitStatusJudge, Judge, MetricJudge
from mbisect.light import MOST_RUNS, Ends, light_of
from mbisect.terms import Ask, Measurement, Outcome, Trial, Values, Verdict, package

TODAY, BEFORE = (Values({package("six"): version}) for version in ("2", "1"))
SCORE = MetricJudge("score")


class World:
    """Runs by seed, of today's lock and of the reference's; counts what is asked of it."""

    def __init__(self, judge: Judge, today: Sequence[float | None], before: Sequence[float | None]) -> None:
        """A number is what was measured; None is a crash."""
        self.judge, self.scripts = judge, {TODAY: today, BEFORE: before}
        self.ran: list[tuple[Values, int]] = []

    def trial(self, ask: Ask) -> Trial:
        values = ask.candidate.values
        self.ran.append((values, ask.seed))
        found = self.scripts[values][ask.seed]
        measured = Measurement(1 if found is None else 0, 1.0, () if found is None else (("score", found),))
        return Trial(ask, measured, self.judge.judge(measured, None, consistent=True))

    def light(self, seeds: int, *, reference: bool = True, remembered: Sequence[Outcome] = ()) -> tuple[str, str]:
        before = (BEFORE, lambda: self.trial) if reference else None
        ends = Ends((TODAY, lambda: self.trial), before, remembered, 1, lambda _: None)
        return light_of(ends, seeds, self.judge)


def test_what_is_good_by_the_thresholds_in_every_run_is_green_without_a_run_of_the_reference() -> None:
    world = World(MetricJudge("score", 0.8, 0.5), [0.9, 0.85], [])
    assert world.light(2) == ("green", "score 0.9, score 0.85")
    assert world.ran == [(TODAY, 0), (TODAY, 1)]


def test_what_is_bad_in_every_run_is_red_and_the_search_looks_at_the_reference() -> None:
    world = World(ExitStatusJudge(), [None, None], [])
    assert world.light(2) == ("red", "exit status 1 (2 runs)")


def test_what_fails_as_an_accepted_reference_does_is_green() -> None:
    remembered = [Outcome(Verdict.BAD, "exit status 1")] * 2
    assert World(ExitStatusJudge(), [None, None], []).light(2, remembered=remembered)[0] == "green"


def test_what_lies_between_the_thresholds_cannot_be_told() -> None:
    world = World(MetricJudge("score", 0.8, 0.5), [0.7, 0.6], [0.9] * 9)
    assert world.light(2)[0] == "unsure"


def test_what_cannot_be_run_is_untestable() -> None:
    class Broken(World):
        def trial(self, ask: Ask) -> Trial:
            measured = Measurement(None, 0.0, stopped_at="build", failure="no wheel")
            return Trial(ask, measured, self.judge.judge(measured, None, consistent=True))

    assert Broken(ExitStatusJudge(), [], []).light(2) == ("untestable", "could not build: no wheel (2 runs)")


def test_a_flake_is_run_again_on_both_sides_until_it_is_one() -> None:
    world = World(ExitStatusJudge(), [1.0, None, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [1.0] * 8)
    light, said = world.light(2)
    assert light == "green"
    assert "exit status 1" in said
    assert 2 < sum(values == TODAY for values, _ in world.ran) <= MOST_RUNS


def test_what_fails_as_often_as_the_reference_did_is_green() -> None:
    world = World(ExitStatusJudge(), [1.0, None] * 4, [None, 1.0] * 4)
    assert world.light(4)[0] == "green"


def test_a_metric_without_thresholds_is_compared_with_the_reference() -> None:
    good, bad = [0.90, 0.92, 0.91, 0.89, 0.9, 0.91, 0.9, 0.92], [0.30, 0.33, 0.31, 0.3, 0.32, 0.33, 0.3, 0.29]
    assert World(SCORE, good[1:] + good[:1], good).light(2)[0] == "green"
    assert World(SCORE, bad, good).light(2)[0] == "red"


def test_the_first_measurement_without_anything_to_compare_is_green_and_says_so() -> None:
    light, said = World(SCORE, [0.9, 0.92], []).light(2, reference=False)
    assert (light, said) == ("green", "score 0.9, score 0.92; the first, with nothing to compare it with")


def test_where_nothing_has_moved_it_is_compared_with_what_is_remembered() -> None:
    remembered = [Outcome(Verdict.UNSURE, f"score {value}", value=value) for value in (0.9, 0.91)]
    world = World(SCORE, [0.3, 0.31, 0.3, 0.32, 0.3, 0.3, 0.31, 0.3], [])
    assert world.light(2, reference=False, remembered=remembered)[0] == "red"
    assert {values for values, _ in world.ran} == {TODAY}


@pytest.mark.parametrize("seeds", [1, 9])
def test_it_ends_whatever_happens(seeds: int) -> None:
    world = World(SCORE, [0.5, 0.9, 0.2, 0.7, 0.4, 0.8, 0.1, 0.6, 0.3], [0.6, 0.8, 0.3, 0.7, 0.5, 0.9, 0.2, 0.4, 0.1])
    assert world.light(seeds)[0] in ("green", "unsure")
    assert len(world.ran) <= 2 * max(seeds, MOST_RUNS)
