from __future__ import annotations

from mbisect.report.predictions import legend, load, marked, telling

TRUE, MADE_UP, RECITED = ("here", True, False), ("invented", False, False), ("learnt", False, True)


def test_the_input_where_the_grounded_share_fell_most_comes_first(predictions):
    good = predictions("good", [(1, "a", [TRUE]), (2, "b", [TRUE, TRUE]), (3, "c", [TRUE, TRUE])])
    bad = predictions("bad", [(1, "a", [TRUE, MADE_UP]), (2, "b", [MADE_UP]), (3, "c", [TRUE, TRUE])])
    pairs = telling(good, bad)
    assert [pair.good.id for pair in pairs] == [2, 1]
    assert (pairs[0].good.share, pairs[0].bad.share) == (1.0, 0.0)


def test_equal_differences_are_ordered_by_length_of_input_then_id(predictions):
    good = predictions("good", [(n, "longer" if n == 1 else "short", [TRUE]) for n in (3, 2, 1)])
    bad = predictions("bad", [(n, "longer" if n == 1 else "short", [RECITED]) for n in (1, 2, 3)])
    assert [pair.good.id for pair in telling(good, bad, 2)] == [2, 3]
    assert telling(good, bad) == telling(good, bad)


def test_only_the_same_input_is_compared(predictions):
    good, bad = predictions("good", [(1, "one text", [TRUE])]), predictions("bad", [(1, "another", [MADE_UP])])
    assert telling(good, bad) == ()


def test_damaged_lines_are_passed_over(predictions):
    damaged = 'not json\n[]\n{"id": 5}\n{"id": "x", "input": "", "output": "", "entities": []}\n\xff'
    assert set(load(predictions("good", [(1, "a", [TRUE])], more=damaged))) == {1}


def test_a_missing_file_or_folder_holds_no_answers(tmp_path):
    assert load(None) == load(str(tmp_path)) == load(str(tmp_path / "nowhere")) == {}
    assert telling(None, str(tmp_path)) == ()


def test_what_does_not_stand_in_the_input_is_marked(predictions):
    good = predictions("good", [(1, "a", [TRUE])])
    bad = predictions("bad", [(1, "a", [TRUE, MADE_UP, RECITED])])
    pairs = telling(good, bad)
    assert [marked(item) for item in pairs[0].bad.items] == ["here", "‹invented?›", "‹learnt?›*"]
    assert legend(pairs).endswith("‹…?›: does not; ‹…?›*: does not, but was trained on")
    assert "‹" not in legend(telling(good, predictions("same", [(1, "a", [TRUE, TRUE])])))
