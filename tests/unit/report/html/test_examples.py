"""Each item of an answer stands as what it is, and each filter keeps what it says."""

from __future__ import annotations

import json

from mbisect.report.html.examples import MOST, Standing, as_plain, check, counts
from mbisect.report.predictions import Answer, Item, Pair, paired

GOLD = (("Disease", "diabetes"), ("Medication", "metformin"))


def answer(*items, gold=GOLD, said="said", id=1):
    return Answer(id, "Patient has diabetes and takes metformin daily.", said, items, gold)


RIGHT = Item("Disease", "Diabetes", True, False)
WRONG = Item("Symptom", "metformin", True, False)
EXTRA = Item("Person", "Patient", True, False)
MADE_UP = Item("Disease", "gout", False, False)
RECITED = Item("Disease", "asthma", False, True)


def test_an_item_is_right_of_another_kind_extra_made_up_or_recited():
    found = check(answer(RIGHT, WRONG, EXTRA, MADE_UP, RECITED)).standings
    assert found == (
        Standing.RIGHT, Standing.WRONG_KIND, Standing.EXTRA, Standing.UNGROUNDED, Standing.MEMORISED,
    )  # fmt: skip


def test_what_was_named_under_another_kind_is_not_missed():
    assert check(answer(WRONG)).missed == (GOLD[0],)
    assert check(answer(RIGHT, WRONG)).missed == ()


def test_where_nobody_says_what_is_right_nothing_is_missed_or_of_a_wrong_kind():
    checked = check(answer(RIGHT, MADE_UP, gold=None))
    assert (checked.standings, checked.missed) == ((Standing.EXTRA, Standing.UNGROUNDED), ())
    assert checked.problems == ("hallucinated",)


def test_filters_count_inputs_by_the_good_side_the_bad_side_and_either():
    pairs = [
        Pair(answer(RIGHT, WRONG), answer(MADE_UP)),
        Pair(answer(RIGHT), answer(RECITED, RIGHT)),
        Pair(answer(RIGHT, Item("Medication", "metformin", True, False)), answer(RIGHT, WRONG)),
    ]
    assert counts(pairs) == {"hallucinated": (0, 2, 2), "missed": (1, 2, 2), "wrong-kind": (1, 1, 2)}


def test_plain_values_hold_every_item_with_its_kind_by_number():
    [one] = as_plain([Pair(answer(RIGHT, WRONG), answer(MADE_UP))])["examples"]  # type: ignore[misc]  # a list of one
    kinds = as_plain([Pair(answer(RIGHT, WRONG), answer(MADE_UP))])["kinds"]
    assert [(kinds[k], text, standing) for k, text, standing in one["good"]["items"]] == [
        ("Disease", "Diabetes", 0),
        ("Symptom", "metformin", 1),
    ]
    assert [(kinds[k], text) for k, text in one["bad"]["missed"]] == list(GOLD)


def test_no_more_examples_than_a_page_bears_and_no_endless_texts():
    long = Answer(1, "a" * 10**6, "b" * 10**6, (MADE_UP,) * 300, ())
    plain = as_plain([Pair(long, long)] * (MOST + 5))
    assert len(plain["examples"]) == MOST  # type: ignore[arg-type]  # a list
    assert len(json.dumps(plain["examples"][0])) < 60_000  # type: ignore[index]  # a list


def test_all_inputs_are_paired_those_that_differ_most_first_and_those_answered_alike_last(predictions):
    true, made_up = ("here", True, False), ("invented", False, False)
    good = predictions("good", [(1, "a", [true]), (2, "b", [true]), (3, "c", [true]), (4, "only here", [true])])
    bad = predictions("bad", [(1, "a", [true]), (2, "b", [true, made_up]), (3, "c", [made_up])])
    pairs = paired(good, bad)
    assert [(pair.good.id, pair.differ) for pair in pairs] == [(3, True), (2, True), (1, False)]


def test_what_is_right_and_whether_it_ended_is_read_where_it_stands(tmp_path):
    rows = [
        {"id": 1, "input": "", "output": "", "entities": [], "gold": [{"type": "A", "text": "b"}], "ended": False},
        {"id": 2, "input": "", "output": "", "entities": [], "gold": [{"type": "A"}]},
        {"id": 3, "input": "", "output": "", "entities": [], "gold": 5},
    ]
    (tmp_path / "predictions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = [(pair.good.gold, pair.good.ended) for pair in paired(str(tmp_path), str(tmp_path))]
    assert found == [((("A", "b"),), False), (None, True), (None, True)]
