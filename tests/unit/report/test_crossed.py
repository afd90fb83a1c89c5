"""The matrix in words, as a table, as Markdown and for programs."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mbisect.matrix import Answer, Cell, Matrix
from mbisect.report.crossed import as_markdown, as_plain, as_table, cell_line, next_command, sentence
from mbisect.terms import Ask, Asked, Candidate, Measurement, Outcome, Trial, Values, Verdict

HERE = Candidate(Values(), Values())
VALUES = {("good", "good"): 0.91, ("bad", "bad"): 0.14, ("good", "bad"): 0.15, ("bad", "good"): 0.9}


def cell(trained: str, evaluated: str, *values: float, reused: bool = False) -> Cell:
    outcomes = [Outcome(Verdict.GOOD if value > 0.5 else Verdict.BAD, f"entity_f1 {value}") for value in values]
    trials = tuple(
        Trial(Ask(HERE, seed, "boundary"), Measurement(0, 7.25, (("entity_f1", value),)), outcome, reused=reused)
        for seed, (value, outcome) in enumerate(zip(values, outcomes, strict=True))
    )
    return Cell(trained, evaluated, trials, outcomes[0])  # type: ignore[arg-type]  # a test says what it means


def matrix(answer: Answer, cells: int = 4, why: str = "") -> Matrix:
    tried = tuple(cell(*at, f1) for at, f1 in VALUES.items())[:cells]
    return Matrix(Asked("v1", "v3"), "entity_f1", tried, answer, why)


V3_EVALUATES = "what v1 trained, evaluated in v3, is bad (entity_f1 0.15)"
V3_TRAINS = "what v3 trained, evaluated in v1, is good (entity_f1 0.9)"


@pytest.mark.parametrize(
    ("answer", "said", "command"),
    [
        ("evaluation", f"the evaluation broke: {V3_EVALUATES}; {V3_TRAINS}", " --half evaluation"),
        ("training", f"the training broke: {V3_TRAINS}; {V3_EVALUATES}", " --half training"),
        ("each", f"both halves broke, and each is enough: {V3_EVALUATES}; {V3_TRAINS}", ""),
        ("together", f"neither half broke by itself, only both together: {V3_EVALUATES}; {V3_TRAINS}", ""),
    ],
)
def test_the_answer_is_a_sentence_with_what_was_measured(answer: Answer, said: str, command: str) -> None:
    assert sentence(matrix(answer)) == said
    assert next_command(matrix(answer)) == f"mbisect run --good v1 --bad v3{command}"


def test_an_end_that_is_not_what_it_should_be_is_named_and_there_is_nothing_to_search() -> None:
    ended = matrix("not-reproduced", 2, "the bad end is good: entity_f1 0.9")
    assert sentence(ended) == "not reproduced: the bad end, v3, is good: entity_f1 0.9"
    assert next_command(ended) == ""
    assert "not run" in as_markdown(ended)


def test_the_table_has_trainings_down_and_evaluations_across() -> None:
    stream = io.StringIO()
    Console(file=stream, width=100).print(as_table(matrix("evaluation")))
    lines = [" ".join(line.strip("│┃ ").split()) for line in stream.getvalue().splitlines()]
    assert "evaluated in v1 ┃ evaluated in v3" in lines
    assert "trained in v1 │ ✓ good, entity_f1 0.91 │ ✗ bad, entity_f1 0.15" in lines
    assert "trained in v3 │ ✓ good, entity_f1 0.9 │ ✗ bad, entity_f1 0.14" in lines


def test_markdown_says_it_and_what_to_type_next() -> None:
    text = as_markdown(matrix("evaluation"))
    assert text.startswith("## mbisect: the evaluation broke: what v1 trained")
    assert "Next: `mbisect run --good v1 --bad v3 --half evaluation`" in text


def test_what_to_type_next_asks_with_the_interpreter_that_was_asked_with() -> None:
    asked = Asked("old lock.txt", "new.txt", (), "3.11", "3.11", allow_builds=True)
    assert next_command(replace(matrix("training"), asked=asked)) == (
        "mbisect run --good 'old lock.txt' --bad new.txt --half training --python 3.11 --allow-builds"
    )


def test_several_seeds_name_the_metric_once_and_a_cell_says_what_it_took() -> None:
    assert cell_line("v1", "v3", cell("good", "bad", 0.15, 0.12)) == (
        "trained in v1, evaluated in v3: ✗ bad, entity_f1 0.15, 0.12  14.5 s"
    )
    assert cell_line("v1", "v3", cell("bad", "good", 0.9, reused=True)).endswith("entity_f1 0.9  known")


def test_programs_get_every_trial_of_every_cell() -> None:
    plain = as_plain(matrix("evaluation"))
    assert (plain["schema"], plain["answer"], plain["guilty"]) == ("mbisect.matrix/1", "evaluation", "evaluation")
    assert [(c["trained"], c["evaluated"], c["verdict"]) for c in plain["cells"]] == [
        ("good", "good", "good"), ("bad", "bad", "bad"), ("good", "bad", "bad"), ("bad", "good", "good"),
    ]  # fmt: skip
    assert plain["cells"][2]["trials"][0]["metrics"] == {"entity_f1": 0.15}
