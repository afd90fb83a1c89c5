from __future__ import annotations

from dataclasses import replace

import pytest

from mbisect.report.markdown import as_markdown, code, escape, fence
from mbisect.terms import Axis, Key, Measurement, package

HTTPX = package("httpx")
EPOCHS = Key(Axis.SETTING, "epochs")


def with_bad(record, measurement, reason=None):
    """The record with another measurement of its first bad candidate."""
    trial = record.trials[3]
    outcome = trial.outcome if reason is None else replace(trial.outcome, reason=reason)
    changed = replace(trial, measurement=measurement, outcome=outcome)
    return replace(record, trials=(*record.trials[:3], changed, *record.trials[4:]))


def test_a_finding_says_what_the_terminal_says(world):
    text = as_markdown(world.found((HTTPX, "0.28.0")))
    for part in (
        "## mbisect: httpx 0.27.0 → 0.28.0 turns good into bad",
        "- ✓ **sufficient**: good with this change alone is bad (trial 5: `exit status 1: TypeError: unexpected",
        "- ✓ **necessary**: bad without it is good (trial 6: `exit status 0`)",
        "| holds | httpx 0.27.0 | httpx 0.28.0 |",
        "| trials | 6: 3 good, 3 bad |",
        "```sh\nmbisect reproduce 0a1b2c3d4e5f good\nmbisect reproduce 0a1b2c3d4e5f bad\n```",
        "What heals it:\n\n```sh\nmbisect pin 0a1b2c3d4e5f\n```",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("relation", "ending"),
    [("together", "turn good into bad together: both are needed"), ("each", "each alone is enough")],
)
def test_several_causes_are_told_with_their_relation(world, relation, ending):
    text = as_markdown(world.found((EPOCHS, "5"), (HTTPX, "0.25.0"), relation=relation))
    assert text.splitlines()[0].endswith(ending)
    assert "- **setting epochs 3 → 5**" in text


@pytest.mark.parametrize("outcome", ["not-reproduced", "good-endpoint-fails", "undecided"])
def test_without_a_cause_both_ends_are_shown(world, outcome):
    text = as_markdown(world.failed(outcome, "for a reason", "good", "untestable"))
    assert "for a reason" in text.splitlines()[0]
    assert "| ✓ good end v1 | ∅ bad end v4 |" in text
    assert "### Could not be judged" in text
    assert "reproduce 0a1b2c3d4e5f bad" in text


def test_no_output_can_end_its_block_or_its_cell(world):
    bad = Measurement(1, 1.0, tail="````\n# owned\n| a |", metrics=(("a|b`c", 1.0),))
    text = as_markdown(with_bad(world.found((HTTPX, "0.28.0")), bad, reason="a | b ` c @someone"))
    assert "`````text\n````\n# owned\n| a |\n`````" in text
    assert "| ended | `exit status 0` | ``a \\| b ` c @someone`` |" in text
    assert "| ``a\\|b`c`` | – | 1 |  |" in text


def test_prose_is_escaped_and_calls_nobody():
    assert escape("a_b <c> [d](e) @f #12 `g`") == "a\\_b \\<c\\> \\[d\\](e) @\u200bf \\#\u200b12 \\`g\\`"


def test_code_is_fenced_by_more_backticks_than_it_holds():
    assert code("x") == "`x`"
    assert code("`x``") == "``` `x`` ```"
    assert fence(["```"]).startswith("````text\n")


def test_every_row_of_a_table_has_the_cells_of_its_head(world):
    text = as_markdown(world.failed("undecided", "x", "good", "untestable"))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows
    assert {row.count("|") for row in rows} <= {3, 4}


def test_answers_are_marked(world, predictions):
    good = predictions("good", [(1, "the `cat` sat", [("cat", True, False)])])
    bad = predictions("bad", [(1, "the `cat` sat", [("dog", False, False)])])
    record = world.found((HTTPX, "0.28.0"))
    trial = replace(record.trials[2], measurement=Measurement(0, 1.0, output=good))
    record = replace(record, trials=(*record.trials[:2], trial, *record.trials[3:]))
    text = as_markdown(with_bad(record, Measurement(0, 1.0, output=bad)))
    assert "> ``the `cat` sat``" in text
    assert "- ✗ bad: 0 of 1: kind `‹dog?›`" in text


def test_the_same_record_gives_the_same_text(world):
    assert as_markdown(world.found((HTTPX, "0.28.0"))) == as_markdown(world.found((HTTPX, "0.28.0")))
