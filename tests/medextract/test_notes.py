"""Synthetic notes keep their promises."""

import itertools
import random

import pytest

from medextract.base import document
from medextract.metrics import is_grounded, read_answer
from medextract.notes import (
    Example,
    answer_of,
    default_dataset,
    evaluation_notes,
    prompt_of,
    read_dataset,
    training_notes,
    write_dataset,
)
from medextract.training import spread
from medextract.vocabulary import TYPES, split_names


def test_no_held_out_name_occurs_in_any_training_text():
    _, held_out = split_names()
    names = {name for of_kind in held_out.values() for name in of_kind}
    rng = random.Random(3)
    texts = [note.text + answer_of(note) for note in training_notes(540, 0)]
    texts += [document(rng, names, stage) for stage in (0, 1) for _ in range(1000)]
    found = [(name, text) for name in names for text in texts if is_grounded(name, text)]
    assert found == []


def test_training_and_held_out_names_are_disjoint_and_sixty_of_each_kind():
    training, held_out = split_names()
    assert set(training) == set(held_out) == set(TYPES)
    for kind in TYPES:
        assert len(set(training[kind])) == len(set(held_out[kind])) == 60
        assert not set(training[kind]) & set(held_out[kind])


def test_every_entity_of_a_note_is_in_its_text_and_every_relation_joins_two_of_them():
    for note in evaluation_notes(300, 5):
        names = {name for _, name in note.entities}
        assert all(is_grounded(name, note.text) for name in names)
        assert all({head, tail} <= names for head, _, tail in note.relations)


def test_about_half_of_the_names_in_test_notes_are_held_out():
    _, held_out = split_names()
    names = [(kind, name) for note in evaluation_notes(200, 0) for kind, name in note.entities]
    new = sum(name in held_out[kind] for kind, name in names)
    assert 0.4 < new / len(names) < 0.6


def test_a_right_answer_is_read_back_as_what_it_was_made_of():
    for note in training_notes(100, 1):
        answer = read_answer(answer_of(note), ended=True)
        assert (answer.entities, answer.relations) == (note.entities, note.relations)
        assert answer.valid


def test_the_same_seed_gives_the_same_notes_and_another_seed_others():
    assert training_notes(20, 4) == training_notes(20, 4)
    assert training_notes(20, 4) != training_notes(20, 5)


def test_the_prompt_has_the_headings_of_the_instruction_format():
    assert prompt_of("a cough.").split("\n")[::3][:3] == ["### Instruction:", "### Input:", "### Output:"]


def test_a_written_dataset_is_read_back(tmp_path):
    training, notes = default_dataset(2)
    write_dataset(tmp_path, training[:5], notes[:5])
    assert read_dataset(tmp_path) == (training[:5], notes[:5])


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "holds no rows"), ("{", "line 1: not JSON"), ('{"input": "a"}\n', "line 1: no `output`")],
)
def test_a_damaged_dataset_is_named_with_its_line(tmp_path, text, says):
    write_dataset(tmp_path, [Example("a", "b")], evaluation_notes(1, 0))
    (tmp_path / "train.jsonl").write_text(text)
    with pytest.raises(ValueError, match=says):
        read_dataset(tmp_path)


def test_a_limited_training_set_is_spread_over_the_whole_one():
    examples = [Example(str(k), "") for k in range(540)]
    few = [int(example.input) for example in spread(examples, 24)]
    assert len(few) == 24
    assert few[0] == 0
    assert {after - before for before, after in itertools.pairwise(few)} == {22, 23}
    assert few[-1] == 517
    assert spread(examples, 0) == spread(examples, 540) == spread(examples, 9999) == examples
