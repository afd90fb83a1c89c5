"""Measures on answers whose right value can be counted by hand."""

import pytest

from medextract.metrics import measure, names_in, read_answer
from medextract.notes import Note, answer_of, training_notes

NOTE = Note(
    "metformin was started for diabetes.",
    (("Medication", "metformin"), ("Disease", "diabetes")),
    (("metformin", "treats", "diabetes"),),
)
RIGHT = answer_of(NOTE)


def measured(*texts, trained=frozenset(), ended=True, swaps=()):
    answers = [read_answer(text, ended) for text in texts]
    return measure([NOTE] * len(texts), answers, frozenset(trained), swaps)


def test_a_right_answer_scores_one_everywhere():
    found = measured(RIGHT)
    for name in ("entity_f1", "entity_f1_lenient", "relation_f1", "grounding", "format_validity", "held_out_recall"):
        assert found[name] == 1.0
    assert found["memorisation"] == found["run_on_rate"] == 0.0


def test_precision_recall_and_f1_are_counted_over_all_notes():
    half = RIGHT.replace("2. [Disease] diabetes", "2. [Disease] gout\n3. [Disease] lupus")
    found = measured(RIGHT, half)
    assert found["entity_precision"] == pytest.approx(3 / 5)
    assert found["entity_recall"] == pytest.approx(3 / 4)
    assert found["entity_f1"] == pytest.approx(2 / 3, abs=1e-6)


def test_a_wrong_kind_or_a_longer_name_is_right_leniently_and_wrong_strictly():
    found = measured(RIGHT.replace("[Disease] diabetes", "[Symptom] diabetes mellitus"))
    assert found["entity_f1"] == 0.5
    assert found["entity_f1_lenient"] == 1.0


def test_many_names_for_one_entity_are_not_recalled_twice():
    found = measured(RIGHT.replace("2. [Disease] diabetes", "2. [Medication] metformin xr"))
    assert found["entity_f1_lenient"] == pytest.approx(2 * 1.0 * 0.5 / 1.5, abs=1e-6)


def test_memorisation_counts_names_that_are_in_the_training_answers_and_not_in_the_text():
    answer = RIGHT.replace("diabetes", "gout")
    assert measured(answer, trained={"gout"})["memorisation"] == 0.5
    assert measured(answer, trained={"lupus"})["memorisation"] == 0.0
    assert measured(answer)["grounding"] == 0.5


def test_a_name_inside_another_word_is_not_grounded():
    assert measured(RIGHT.replace("metformin", "form"))["grounding"] == 0.5


def test_held_out_recall_looks_at_names_that_were_not_trained():
    assert measured(RIGHT.replace("2. [Disease] diabetes\n", ""), trained={"metformin"})["held_out_recall"] == 0.0


def test_the_swap_test_asks_for_the_new_name_and_against_the_old():
    swapped = read_answer(RIGHT.replace("metformin", "aspirin"), True)
    stubborn = read_answer(RIGHT, True)
    found = measured(RIGHT, swaps=[("metformin", "aspirin", swapped), ("metformin", "aspirin", stubborn)])
    assert found["swap_followed"] == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        RIGHT + "\nand so on",
        "### Entities:\n\n### Relations:\n",
        RIGHT.replace("### Relations:", "### Links:"),
        RIGHT + "\n\n" + RIGHT,
        RIGHT.replace("[Disease]", "[Drug]"),
        RIGHT.replace("--[treats]-->", "--[heals]-->"),
        "1. [Disease] diabetes\n" + RIGHT,
    ],
)
def test_whatever_leaves_the_format_is_not_valid(text):
    assert not read_answer(text, True).valid


def test_names_of_the_training_answers_are_found():
    notes = training_notes(50, 0)
    assert names_in(answer_of(note) for note in notes) == {name for note in notes for _, name in note.entities}
