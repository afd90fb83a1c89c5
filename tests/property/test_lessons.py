"""Mixtures that do not work in the middle of the range: the search goes around them, and is never led astray."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mbisect.lessons import Lessons
from mbisect.search import Search
from mbisect.simulate import NumberedWorld
from mbisect.terms import Candidate, Finding, Key, Outcome, Values, Verdict, package

BAD, GOOD = (Outcome(v, v) for v in (Verdict.BAD, Verdict.GOOD))
Oracle = Callable[[dict[str, int]], Outcome]


class LearningWorld(NumberedWorld):
    """Numbered packages that are moved as the lessons demand."""

    def __init__(self, packages: int, releases: int) -> None:
        super().__init__(packages, releases)
        self.lessons = Lessons(self.timeline(self.good, self.bad))

    def realise(
        self, wanted: Values, good: Candidate, bad: Candidate, *, held: frozenset[Key] = frozenset()
    ) -> Candidate | None:
        candidate = Candidate(wanted, wanted)
        if wanted in (good.values, bad.values):
            return candidate
        for _ in range(4):
            moved = {package(limit.name): limit.version for limit in self.lessons.limits(candidate, held)}
            candidate = Candidate(wanted, candidate.values.put(moved))
        return candidate

    def learn(self, candidate: Candidate, outcome: Outcome, good: Candidate, bad: Candidate) -> None:
        self.lessons.learn(candidate, outcome)

    def advises_against(self, candidate: Candidate) -> bool:
        return self.lessons.concern(candidate)

    def learnt(self) -> tuple[str, ...]:
        return self.lessons.learnt()


def broken(newer: int, since: int, older: int, until: int, then: Oracle, *, pointed: bool = True) -> Oracle:
    """Package `newer` from `since` on fails in a way of its own with `older` up to `until`; else `then`."""
    clash = (f"p{older}", f"p{newer}") if pointed else ()

    def oracle(v: dict[str, int]) -> Outcome:
        if v[f"p{newer}"] >= since and v[f"p{older}"] <= until:
            return Outcome(Verdict.BAD, "another error", alike=False, clash=clash)
        return then(v)

    return oracle


def drive(world: NumberedWorld, oracle: Oracle) -> tuple[Finding, int]:
    search, trials = Search(world, world.good, world.bad), 0
    while not isinstance(asks := search.select(), Finding):
        for ask in asks:
            search.record(ask, oracle({n: int(v) for n, v in ask.candidate.values.packages().items()}))
            trials += 1
        assert trials < 200, "the search does not end"
    return asks, trials


def named(finding: Finding) -> set[tuple[str, str | None]]:
    return {(cause.change.key.name, cause.change.after) for cause in finding.causes}


settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@given(st.integers(3, 8), st.integers(2, 10), st.data())
def test_a_cause_behind_a_broken_mixture_is_named_and_nothing_else(
    packages: int, releases: int, data: st.DataObject
) -> None:
    newer, older, guilty = data.draw(st.permutations(range(packages)))[:3]
    since, until = data.draw(st.integers(1, releases)), data.draw(st.integers(0, releases - 1))
    at = data.draw(st.integers(1, releases))
    oracle = broken(newer, since, older, until, lambda v: BAD if v[f"p{guilty}"] >= at else GOOD)
    finding, _ = drive(LearningWorld(packages, releases), oracle)
    assert named(finding) == {(f"p{guilty}", str(at))}
    assert (finding.sufficient, finding.necessary) == (True, True)


@given(st.integers(2, 8), st.integers(2, 10), st.booleans(), st.data())
def test_a_companion_that_is_the_culprit_itself_is_not_hidden(
    packages: int, releases: int, of_newer: bool, data: st.DataObject
) -> None:
    newer, older = data.draw(st.permutations(range(packages)))[:2]
    since, until = data.draw(st.integers(1, releases)), data.draw(st.integers(0, releases - 1))
    guilty, at = newer if of_newer else older, data.draw(st.integers(1, releases))
    oracle = broken(newer, since, older, until, lambda v: BAD if v[f"p{guilty}"] >= at else GOOD)
    finding, _ = drive(LearningWorld(packages, releases), oracle)
    assert finding.outcome == "found"
    held = {cause.change.key.name for cause in finding.causes}
    held |= {moved.key.name for cause in finding.causes for moved in cause.moved_with}
    assert f"p{guilty}" in held


@pytest.mark.parametrize("pointed", [True, False])
def test_the_same_outcomes_teach_the_same(pointed: bool) -> None:
    def ask_for(world: LearningWorld) -> list[str]:
        oracle = broken(0, 3, 1, 7, lambda v: BAD if v["p2"] >= 5 else GOOD, pointed=pointed)
        search, asked = Search(world, world.good, world.bad), []
        while not isinstance(asks := search.select(), Finding):
            for ask in asks:
                asked.append(ask.candidate.values.digest)
                search.record(ask, oracle({n: int(v) for n, v in ask.candidate.values.packages().items()}))
        return [*asked, *asks.learnt]

    assert ask_for(LearningWorld(4, 9)) == ask_for(LearningWorld(4, 9))


def test_learning_saves_trials_and_wrong_answers() -> None:
    rng = random.Random(7)
    trials, wrong = {True: 0, False: 0}, {True: 0, False: 0}
    for _ in range(60):
        newer, older, guilty = rng.sample(range(6), 3)
        since = rng.randint(2, 6)
        until, at = rng.randint(since + 1, 9), rng.randint(since, 10)
        for pointed in (True, False):
            oracle = broken(
                newer,
                since,
                older,
                until,
                lambda v, p=guilty, at=at: BAD if v[f"p{p}"] >= at else GOOD,
                pointed=pointed,
            )
            finding, took = drive(LearningWorld(6, 10), oracle)
            trials[pointed] += took
            wrong[pointed] += named(finding) != {(f"p{guilty}", str(at))}
    print(trials, wrong)
    assert wrong[True] == 0
    assert trials[True] < 0.9 * trials[False]
