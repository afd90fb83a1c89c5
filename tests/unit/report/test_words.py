from __future__ import annotations

from dataclasses import replace

import pytest

from mbisect.report import exhibits, words
from mbisect.report.machine import as_report
from mbisect.report.whereabouts import place_of
from mbisect.terms import COMMIT, DATASET, PYTHON, Ask, Asked, Axis, Cause, Change, Finding, Healed, Key, package

HTTPX = package("httpx")
EPOCHS = Key(Axis.SETTING, "epochs")
NEW = "2" * 40


@pytest.mark.parametrize(
    ("key", "after", "sentence"),
    [
        (HTTPX, "0.28.0", "httpx 0.27.0 → 0.28.0 turns good into bad"),
        (package("simplejson"), "3.19.1", "adding simplejson 3.19.1 turns good into bad"),
        (package("chardet"), None, "removing chardet 4.0.0 turns good into bad"),
        (PYTHON, "3.12.1", "python 3.11.7 → 3.12.1 turns good into bad"),
        (COMMIT, NEW, "commit 1111111111 → 2222222222 turns good into bad"),
        (DATASET, NEW, "dataset revision 1111111111 → 2222222222 turns good into bad"),
        (EPOCHS, "5", "setting epochs 3 → 5 turns good into bad"),
    ],
)
def test_a_single_cause_is_named_in_the_words_of_its_axis(world, key, after, sentence):
    assert words.verdict_sentence(world.found((key, after))) == sentence


def test_two_causes_that_need_each_other_are_both_needed(world):
    record = world.found((EPOCHS, "5"), (HTTPX, "0.25.0"), relation="together")
    assert words.verdict_sentence(record) == (
        "setting epochs 3 → 5 and httpx 0.24.0 → 0.25.0 turn good into bad together: both are needed"
    )


def test_three_causes_that_need_each_other_are_all_needed(world):
    record = world.found((EPOCHS, "5"), (COMMIT, NEW), (HTTPX, "0.25.0"), relation="together")
    assert words.verdict_sentence(record).endswith("turn good into bad together: all are needed")


def test_independent_causes_are_each_enough(world):
    record = world.found((EPOCHS, "5"), (HTTPX, "0.25.0"), relation="each")
    assert words.verdict_sentence(record).endswith("each turn good into bad: each alone is enough")


@pytest.mark.parametrize(
    ("outcome", "start"),
    [
        ("not-reproduced", "not reproduced: because"),
        ("good-endpoint-fails", "the good end fails: because"),
        ("undecided", "undecided: because"),
    ],
)
def test_without_a_cause_the_sentence_says_why_and_there_is_advice(world, outcome, start):
    record = world.failed(outcome, "because", "good", "good")
    assert words.verdict_sentence(record) == start
    assert words.advice(record) == words.ADVICE[outcome] != ""
    assert words.heal_command(record) is None
    assert [command for _, command in words.reproduce_commands(record)] == [
        f"mbisect reproduce {record.run} good",
        f"mbisect reproduce {record.run} bad",
    ]


@pytest.mark.parametrize(
    ("held", "sufficient", "necessary"),
    [
        (True, "good with this change alone is bad", "bad without it is good"),
        (False, "good with this change alone is still good", "bad without it is still bad"),
        (None, "good with this change alone could not be tested", "bad without it could not be tested"),
    ],
)
def test_confirmations_say_what_was_shown_or_that_nothing_could_be(world, held, sufficient, necessary):
    finding = world.found((HTTPX, "0.28.0"), sufficient=held, necessary=held).finding
    assert words.sufficient_sentence(finding).startswith(sufficient)
    assert words.necessary_sentence(finding).startswith(necessary)


def test_several_first_bad_candidates_make_an_interval():
    cause = Cause(Change(HTTPX, "1", "4"), ("2", "3", "4"))
    assert words.interval_sentence(cause) == "the first bad httpx is one of 2, 3 and 4: nothing between could be tested"
    many = replace(cause, candidates=tuple(str(n) for n in range(2, 20)))
    assert "one of 2 to 19 (18 values)" in words.interval_sentence(many)
    assert words.interval_sentence(replace(cause, candidates=("4",))) == ""


def test_companions_are_named():
    cause = Cause(Change(HTTPX, "1", "2"), ("2",), (Change(package("h11"), "0.14", "0.16"),))
    assert words.moved_with_sentence(cause) == "httpx moves together with h11 0.14 → 0.16"
    assert words.moved_with_sentence(replace(cause, moved_with=())) == ""


def test_confidence_is_never_rounded_up_to_certainty():
    cause = Cause(Change(HTTPX, "1", "2"), ("2",), confidence=0.9999)
    assert words.confidence_words(cause) == "99 % sure"
    assert words.confidence_words(replace(cause, confidence=1 / 3)) == "33 % sure"


def test_both_sides_have_their_command(world):
    record = world.found((HTTPX, "0.28.0"))
    assert words.heal_command(record) == "mbisect pin 0a1b2c3d4e5f"
    assert words.reproduce_commands(record) == (
        ("good", "mbisect reproduce 0a1b2c3d4e5f good"),
        ("bad", "mbisect reproduce 0a1b2c3d4e5f bad"),
    )


def test_breaks_that_were_healed_are_told():
    finding = Finding("undecided", healed=(Healed(Change(HTTPX, "1", "2")),))
    assert words.healed_sentence(finding) == "broke in passing and was mended before the bad end: httpx 1 → 2"


def test_a_candidate_is_placed_by_its_purpose(world):
    t, good, bad = world.timeline, world.timeline.good, world.timeline.bad
    alone, without = world.moved(good, {HTTPX: "0.28.0"}), world.moved(bad, {package("simplejson"): None})
    assert place_of(Ask(world.prefix(0), 0, "good end"), t) == "none of 14 changes"
    assert place_of(Ask(world.prefix(14), 0, "bad end"), t) == "all of 14 changes"
    assert place_of(Ask(world.prefix(3), 0, "boundary"), t) == "3 of 14 changes, up to httpx 0.22.0"
    assert place_of(Ask(world.prefix(14), 0, "boundary"), t) == "14 of 14 changes, up to no chardet"
    assert place_of(Ask(alone, 0, "sufficient"), t) == "good with httpx 0.28.0"
    assert place_of(Ask(without, 0, "necessary"), t) == "bad with no simplejson"


@pytest.mark.parametrize(
    ("seconds", "words_"),
    [(0.04, "0.0 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s"), (3720, "1 h 02 min")],
)
def test_a_duration_reads_like_a_clock(seconds, words_):
    assert words.duration(seconds) == words_


def test_numbers_show_the_digits_that_count():
    assert [words.number(n) for n in (None, 0.123456, 12, 1234567.8)] == ["–", "0.1235", "12", "1,234,568"]
    assert [words.difference(*p) for p in ((0.998, 0.162), (1, 3), (2, 2), (None, 1))] == ["−0.836", "+2", "=", ""]


def test_a_search_of_one_half_says_so_and_what_the_other_half_showed(world):
    record = replace(world.found((HTTPX, "0.28.0"), whole=True), asked=Asked("v1", "v4", half="evaluation"))
    assert words.verdict_sentence(record) == "httpx 0.27.0 → 0.28.0 turns good into bad, in the evaluation"
    assert ("searched", "the evaluation alone, of what v1 trained") in words.search_facts(record)
    both = exhibits.confirmations(record)[-1]
    said = "what the bad end trained, evaluated without it, is good"
    assert (both.name, both.held, both.sentence) == ("whole", True, said)
    broken = replace(record.finding, whole=False)
    assert words.whole_sentence(broken, "training") == (
        "what the bad end evaluates, trained without it, is still bad: the evaluation broke too"
    )
    assert as_report(record)["half"] == "evaluation"


def test_a_half_that_did_not_break_by_itself_is_told_with_what_says_which_did(world):
    record = replace(
        world.failed("not-reproduced", "the bad end is good", "good", "good"), asked=Asked("v1", "v4", half="training")
    )
    assert words.advice(record) == (
        "It is not the training by itself: `mbisect run --good v1 --bad v4 --half auto` says which half it is."
    )


@pytest.mark.parametrize(
    ("phase", "said"),
    [
        ("boundary", "boundary: probably in 5 of 14 changes (4 to 9), 3 more trials expected"),
        ("confirming (24 rows)", "confirming (24 rows): 3 more trials expected"),
    ],
)
def test_what_the_boundary_leaves_open_is_not_said_of_a_cause_that_is_confirmed(phase, said):
    assert words.progress_words(phase, 4, 9, 14, 3) == said
    assert words.progress_words(phase, 4, 9, 14, 1).endswith("1 more trial expected")
