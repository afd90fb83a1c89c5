"""Four cells, and which half broke."""

from __future__ import annotations

import pytest

from mbisect.matrix import Matrix, measure
from mbisect.terms import Ask, Asked, Candidate, Measurement, Outcome, Trial, Values, Verdict

HERE = Candidate(Values(), Values())


def a_trial(outcome: Outcome) -> Trial:
    return Trial(Ask(HERE, 0, "boundary"), Measurement(0, 1.0), outcome)


class Cells:
    """What each cell would show, "trained evaluated" by their ends; notes what was run."""

    def __init__(self, **shown: str | float | tuple[str | float, ...]) -> None:
        self.shown = shown
        self.ran: list[tuple[int, int, int]] = []

    def __call__(self, trained: int, evaluated: int, seed: int) -> Trial:
        self.ran.append((trained, evaluated, seed))
        shown = self.shown["gb"[trained] + "gb"[evaluated]]
        one = shown[seed] if isinstance(shown, tuple) else shown
        if isinstance(one, float):
            return a_trial(Outcome(Verdict.UNSURE, f"f1 {one}", value=one))
        if one == "third":
            return a_trial(Outcome(Verdict.BAD, "exit status 1: KeyError", alike=False))
        return a_trial(Outcome(Verdict(one), f"it is {one}"))


def ask(cells: Cells, seeds: int = 1) -> Matrix:
    return measure(Asked("v1", "v3"), "f1", cells, seeds)


@pytest.mark.parametrize(
    ("gb", "bg", "answer", "guilty"),
    [
        ("bad", "good", "evaluation", "evaluation"),
        ("good", "bad", "training", "training"),
        ("bad", "bad", "each", None),
        ("good", "good", "together", None),
    ],
)
def test_what_the_crossed_cells_show_says_which_half_broke(gb: str, bg: str, answer: str, guilty: str | None) -> None:
    matrix = ask(Cells(gg="good", bb="bad", gb=gb, bg=bg))
    assert (matrix.answer, matrix.guilty, matrix.why) == (answer, guilty, "")


@pytest.mark.parametrize(
    ("gg", "bb", "answer", "why"),
    [
        ("bad", "bad", "good-endpoint-fails", "the good end is bad: it is bad"),
        ("good", "good", "not-reproduced", "the bad end is good: it is good"),
        ("untestable", "bad", "undecided", "the good end is untestable: it is untestable"),
        ("good", "unsure", "undecided", "the bad end is unsure: it is unsure"),
    ],
)
def test_where_an_end_is_not_what_it_should_be_nothing_is_crossed(gg: str, bb: str, answer: str, why: str) -> None:
    cells = Cells(gg=gg, bb=bb)
    matrix = ask(cells)
    assert (matrix.answer, matrix.why) == (answer, why)
    assert cells.ran == [(0, 0, 0), (1, 1, 0)]


@pytest.mark.parametrize("shown", ["untestable", "unsure", "third"])
def test_a_cell_that_says_neither_leaves_it_undecided_and_says_which(shown: str) -> None:
    matrix = ask(Cells(gg="good", bb="bad", gb=shown, bg="good"))
    assert matrix.answer == "undecided"
    assert matrix.why.startswith("trained at the good end and evaluated at the bad one it is un")


def test_a_metric_without_thresholds_goes_by_the_end_that_it_is_near_to() -> None:
    matrix = ask(Cells(gg=(0.9, 0.91), bb=(0.1, 0.2), gb=(0.15, 0.2), bg=(0.88, 0.9)), seeds=2)
    assert matrix.answer == "evaluation"
    assert [cell.outcome.verdict for cell in matrix.cells[2:]] == [Verdict.BAD, Verdict.GOOD]


def test_a_metric_in_the_middle_is_unsure() -> None:
    assert ask(Cells(gg=0.9, bb=0.1, gb=0.5, bg=0.9)).answer == "undecided"


def test_ends_whose_metrics_overlap_are_alike() -> None:
    cells = Cells(gg=(0.9, 0.5), bb=(0.6, 0.1))
    assert ask(cells, seeds=2).answer == "not-reproduced"
    assert len(cells.ran) == 4


def test_seeds_that_disagree_make_a_cell_unsure_and_are_counted() -> None:
    matrix = ask(Cells(gg="good", bb="bad", gb=("bad", "good", "bad"), bg="good"), seeds=3)
    assert matrix.answer == "undecided"
    assert matrix.why.endswith("it is unsure: 2 of 3 runs are bad")


def test_each_cell_is_told_when_it_is_there() -> None:
    told: list[tuple[str, str]] = []
    measure(
        Asked("v1", "v3"), "f1", Cells(gg="good", bb="bad", gb="bad", bg="good"), 1,
        tell=lambda cell: told.append((cell.trained, cell.evaluated)),
    )  # fmt: skip
    assert told == [("good", "good"), ("bad", "bad"), ("good", "bad"), ("bad", "good")]


def test_where_the_bad_end_fails_a_cell_that_measures_something_is_good() -> None:
    assert ask(Cells(gg=0.9, bb="bad", gb="bad", bg=0.7)).answer == "evaluation"
    assert ask(Cells(gg="bad", bb=0.9)).answer == "good-endpoint-fails"
