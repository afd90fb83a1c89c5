"""Which run tells most for what it costs."""

from __future__ import annotations

import itertools

import numpy as np

from mbisect.search.boundary import Belief, Place, pooled
from mbisect.search.noise import RateNoise, Runs
from mbisect.search.planning import Again, End, Fresh, Price, plan

NOISE = RateNoise()


def belief(size: int, places: dict[int, Runs], gaps: frozenset[int] = frozenset(), ends: int = 1) -> Belief:
    known = pooled(NOISE, [], [Runs(passes=ends)], [Runs(fails=ends)])
    return Belief(size, NOISE, known, tuple(Place((k,), runs) for k, runs in places.items()), gaps)


def open_of(found: Belief) -> list[int]:
    taken = {k for place in found.places for k in place.positions} | found.gaps
    return [k for k in range(1, found.size) if k not in taken]


def test_nothing_known_asks_the_middle() -> None:
    found = belief(64, {})
    assert plan(found, open_=open_of(found)) == [Fresh(32)]


def test_known_positions_leave_the_middle_of_what_is_between_them() -> None:
    found = belief(64, {32: Runs(passes=1), 48: Runs(fails=1)})
    assert plan(found, open_=open_of(found)) == [Fresh(40)]


def test_after_a_gap_the_next_question_keeps_away_from_it() -> None:
    found = belief(64, {}, frozenset({32}))
    [choice] = plan(found, open_=open_of(found))
    assert isinstance(choice, Fresh)
    assert abs(choice.position - 32) >= 6


def test_several_questions_at_once_divide_the_range() -> None:
    found = belief(90, {})
    choices = plan(found, open_=open_of(found), slots=3)
    positions = sorted(choice.position for choice in choices if isinstance(choice, Fresh))
    assert len(positions) == 3
    assert positions[0] < 36 < positions[2]
    assert min(b - a for a, b in itertools.pairwise(positions)) >= 12


def test_what_is_running_is_not_asked_again() -> None:
    found = belief(64, {})
    [choice] = plan(found, open_=[k for k in open_of(found) if k != 32], pending=[found.beyond(32)])
    assert isinstance(choice, Fresh)
    assert abs(choice.position - 32) > 8


def test_where_runs_differ_a_doubtful_place_is_run_again_before_a_new_environment_is_built() -> None:
    found = belief(64, {32: Runs(2, 2), 31: Runs(0, 3), 33: Runs(3, 1)})
    [choice] = plan(found, open_=open_of(found), price=Price(build=50))
    assert isinstance(choice, Again | End)


def test_a_position_that_needs_no_new_environment_is_preferred() -> None:
    found = belief(64, {})
    [choice] = plan(found, open_=open_of(found), built={20}, price=Price(build=20))
    assert choice == Fresh(20)


def test_between_neighbours_that_are_sure_nothing_is_worth_asking() -> None:
    found = belief(2, {1: Runs(passes=4)}, ends=4)
    assert plan(found, open_=[]) == []


def test_weights_move_the_question_to_where_the_mass_is() -> None:
    weights = np.ones(64)
    weights[:8] = 50
    known = pooled(NOISE, [], [Runs(passes=1)], [Runs(fails=1)])
    [choice] = plan(Belief(64, NOISE, known, weights=weights), open_=list(range(1, 64)))
    assert isinstance(choice, Fresh)
    assert 3 <= choice.position <= 6
