"""How many runs it takes to say that a remedy heals, and what says so."""

from __future__ import annotations

import pytest

from mbisect.heal import heals, runs_needed
from mbisect.terms import Ask, Candidate, Measurement, Outcome, Purpose, Trial, Values, Verdict, package

GOOD, BAD = Outcome(Verdict.GOOD, "exit status 0"), Outcome(Verdict.BAD, "exit status 1")
UNTESTABLE = Outcome(Verdict.UNTESTABLE, "could not build")


def trials(purpose: Purpose, *outcomes: Outcome, level: str = "") -> list[Trial]:
    values = Values({package("tool"): purpose})
    return [
        Trial(Ask(Candidate(values, values), seed, purpose, level), Measurement(0, 1.0), outcome)
        for seed, outcome in enumerate(outcomes)
    ]


def metric(*values: float) -> list[Outcome]:
    return [Outcome(Verdict.UNSURE, f"f1 {value}", value=value) for value in values]


def test_one_run_is_enough_where_runs_never_differ() -> None:
    assert runs_needed([*trials("good end", GOOD, GOOD), *trials("bad end", BAD, BAD)]) == 1


@pytest.mark.parametrize(("fails", "runs"), [(1, 12), (3, 9), (5, 5), (9, 3)])
def test_the_rarer_the_bad_end_fails_the_more_good_runs_it_takes(fails: int, runs: int) -> None:
    assert runs_needed([*trials("good end", GOOD), *trials("bad end", *[BAD] * fails, *[GOOD] * (10 - fails))]) == runs


def test_where_any_candidate_differed_or_a_metric_is_the_evidence_it_takes_three() -> None:
    assert runs_needed([*trials("bad end", BAD), *trials("boundary", GOOD, BAD)]) == 3
    assert runs_needed(trials("bad end", *metric(0.2))) == 3
    assert runs_needed([*trials("bad end", BAD), *trials("boundary", GOOD, BAD, level="cheap")]) == 1


def test_runs_that_are_like_those_of_the_good_end_heal() -> None:
    assert heals([GOOD], [GOOD], [BAD])
    assert not heals([BAD], [GOOD], [BAD])
    assert heals([GOOD] * 8 + [BAD], [GOOD] * 9 + [BAD], [BAD] * 5 + [GOOD] * 5)
    assert heals(metric(0.82, 0.9, 0.3), metric(0.9, 0.88), metric(0.4, 0.41))
    assert not heals(metric(0.5, 0.52), metric(0.9), metric(0.4))
    assert heals(metric(0.5), metric(0.9), [BAD])
    assert not heals([BAD], metric(0.9), [BAD])


def test_what_could_not_be_run_does_not_heal() -> None:
    assert not heals([UNTESTABLE], [GOOD], [BAD])
    assert not heals([GOOD, UNTESTABLE], [GOOD], [BAD])
