"""Rows are matched by their input: answers that slipped are told from rows that are new."""

from __future__ import annotations

import json
import random

from mbisect.comparison.dataset import Overlap, Row, SplitDiff, compare_datasets, grounded

NAMES = [f"{a}{b}in" for a in ("bar", "cor", "dul", "fen", "gam", "hex") for b in ("mide", "stat", "cill", "pril")]


def rows(count: int, first: int = 0) -> list[Row]:
    """An answer names what its own question names."""
    numbers = range(first, first + count)
    names = [NAMES[k % len(NAMES)] + str(k) for k in numbers]
    return [{"input": f"The patient takes {name} daily.", "output": f"Medication: {name}"} for name in names]


def compared(before: list[Row], after: list[Row]) -> SplitDiff:
    [split] = compare_datasets({"train": before}, {"train": after}).splits
    return split


def numbers(split: SplitDiff) -> tuple[int, int, int, int, int]:
    return split.added, split.removed, split.changed, split.same, split.swapped


def test_the_same_rows_in_another_order_are_the_same() -> None:
    mixed = rows(20)
    random.Random(0).shuffle(mixed)
    found = compare_datasets({"train": rows(20)}, {"train": mixed})
    assert (found.touched, numbers(found.splits[0])) == (0, (0, 0, 0, 20, 0))


def test_new_rows_are_added_and_old_ones_removed() -> None:
    assert numbers(compared(rows(20), rows(20, first=5))) == (5, 5, 0, 15, 0)


def test_a_corrected_answer_is_changed_and_not_swapped() -> None:
    after = [*rows(19), {**rows(20)[19], "output": "Symptom: none"}]
    split = compared(rows(20), after)
    assert numbers(split) == (0, 0, 1, 19, 0)
    [example] = split.examples
    assert (json.loads(example.before), json.loads(example.after)) == (rows(20)[19]["output"], "Symptom: none")


def test_answers_that_slipped_by_one_are_swapped_and_lose_their_ground() -> None:
    good = rows(40)
    slipped = [{**row, "output": good[k - 1]["output"]} for k, row in enumerate(good)]
    split = compared(good, slipped)
    assert numbers(split) == (0, 0, 40, 0, 40)
    assert split.grounded == (1.0, 0.0)


def test_repeated_rows_are_counted() -> None:
    one = rows(1)
    assert numbers(compared(one * 3, one * 2)) == (0, 0, 1, 2, 0)
    assert numbers(compared(one, [*one, {**one[0], "output": "x"}])) == (0, 0, 1, 1, 0)


def test_a_split_that_only_one_revision_has() -> None:
    found = compare_datasets({"train": rows(3)}, {"train": rows(3), "valid": rows(2)})
    assert [(s.name, s.before, s.after, s.added) for s in found.splits] == [("train", 3, 3, 0), ("valid", None, 2, 2)]


def test_inputs_that_splits_share_are_counted_before_and_after() -> None:
    found = compare_datasets({"train": rows(5), "test": rows(5, 5)}, {"train": rows(8), "test": rows(5, 5)})
    assert found.overlaps == (Overlap("test", "train", 0, 3),)


def test_a_conversation_is_matched_by_all_but_its_last_turn() -> None:
    def chat(answer: str) -> list[Row]:
        return [{"messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": answer}]}]

    assert numbers(compared(chat("Hi"), chat("Bye"))) == (0, 0, 1, 0, 0)


def test_instruction_and_input_are_one_input() -> None:
    before: list[Row] = [{"instruction": "Extract", "input": text, "output": text} for text in "ab"]
    after: list[Row] = [{"instruction": "Translate", "input": text, "output": text} for text in "ab"]
    assert numbers(compared(before, after)) == (2, 2, 0, 0, 0)


def test_rows_without_a_known_input_are_matched_whole() -> None:
    assert numbers(compared([{"x": 1}, {"x": 2}], [{"x": 1}, {"x": 3}])) == (1, 1, 0, 1, 0)


def test_without_words_nothing_is_said_of_grounding() -> None:
    assert grounded([]) is None
    assert grounded([{"input": "a", "output": "b"}]) is None
