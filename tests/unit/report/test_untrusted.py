from __future__ import annotations

import pytest

from mbisect.report.untrusted import clean, last_lines, one_line


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x9b31mred", "red"),
        ("never ended \x1b]0;title", "never ended "),
        ("be\x07ll\x00\x7f", "bell"),
        ("10 %\r50 %\r100 %\ndone", "100 %\ndone"),
        ("dos\r\nlines", "dos\nlines"),
        ("a\u202eb\u200bc\ufeffd", "abcd"),
        ("half \ud83d", "half \ufffd"),
        ("a\tb", "a   b"),
        ("[red]markup[/red]", "[red]markup[/red]"),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(hostile, harmless):
    assert clean(hostile) == harmless


def test_cleaning_twice_changes_nothing():
    text = "\x1b[31m\x1b\x1b[[0m a \x9b\x1b]x\x07\r b"
    assert clean(clean(text)) == clean(text)


def test_a_line_is_cut_where_it_is_too_long():
    assert one_line("a\n\n  b") == "a b"
    assert one_line("x" * 1000, 10) == "x" * 9 + "…"


def test_the_last_lines_skip_empty_ones_and_keep_indentation():
    assert last_lines("one\n\n  two\n\n\n", 2) == ("one", "  two")
    assert last_lines("", 5) == ()
    assert last_lines("one\nLoading weights: 100%|█████| 12/12 [00:01<00:00]\n", 2) == ("one",)


def test_a_long_line_is_cleaned_in_time_that_grows_with_its_length():
    assert clean("a" * 1_000_000 + "\rb") == "b"
    assert len(clean("a" * 1_000_000)) == 1_000_000
