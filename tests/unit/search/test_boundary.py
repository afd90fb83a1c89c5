"""The belief over positions."""

from __future__ import annotations

from mbisect.search.boundary import Belief, Sign


def test_nothing_known_asks_the_middle() -> None:
    assert Belief.from_signs(8, {}).choose() == 4


def test_good_and_bad_narrow_from_both_sides() -> None:
    belief = Belief.from_signs(100, {40: Sign.GOOD, 60: Sign.BAD})
    assert (belief.low, belief.high, belief.choose()) == (40, 60, 50)
    assert belief.remaining() == 5


def test_after_a_gap_the_next_question_keeps_away_from_it() -> None:
    choice = Belief.from_signs(64, {32: Sign.GAP}).choose()
    assert choice is not None
    assert abs(choice - 32) >= 8


def test_several_questions_at_once_divide_the_range_evenly() -> None:
    belief = Belief.from_signs(90, {})
    first = belief.choose()
    assert first == 45
    second = belief.choose([first])
    assert second is not None
    assert 20 <= min(second, 90 - second) <= 25


def test_nothing_is_left_to_ask_between_neighbours() -> None:
    assert Belief.from_signs(9, {3: Sign.GOOD, 4: Sign.BAD}).choose() is None


def test_when_good_comes_after_bad_the_first_break_is_kept() -> None:
    belief = Belief.from_signs(9, {2: Sign.GOOD, 4: Sign.BAD, 6: Sign.GOOD, 8: Sign.BAD})
    assert (belief.low, belief.high) == (2, 4)
