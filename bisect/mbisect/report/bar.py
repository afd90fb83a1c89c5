"""Draws how far a search has narrowed its timeline. Knows nothing of trials."""

from __future__ import annotations

from rich.text import Text

GOOD, BAD, UNSURE, QUIET = "green", "red", "yellow", "dim"
"""The colours of all reports; marks carry the meaning too."""
MARKS = {"good": "✓", "bad": "✗", "untestable": "∅", "unsure": "?"}
"""Verdict → its mark."""
COLOURS = {"good": GOOD, "bad": BAD, "untestable": QUIET, "unsure": UNSURE}
"""Verdict → its colour."""


def timeline_bar(low: int, high: int, total: int, width: int) -> Text:
    """`✓ ━━━━━━······━━━━ ✗`: known good, unknown, known bad, in `width` cells; the unknown part never vanishes."""
    room = max(3, width - 4)
    total = max(1, total)
    left = min(room - 1, round(room * low / total))
    right = max(left + 1, round(room * high / total))
    return Text.assemble(
        ("✓ ", GOOD),
        ("━" * left, GOOD),
        ("·" * (right - left), QUIET),
        ("━" * (room - right), BAD),
        (" ✗", BAD),
        no_wrap=True,
    )
