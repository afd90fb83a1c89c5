"""Draws how far a search has narrowed its timeline. Knows nothing of trials."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

GOOD, BAD, UNSURE, QUIET = "green", "red", "yellow", "dim"
"""The colours of all reports; marks carry the meaning too."""
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


def culprit_bar(places: Sequence[int], border: int, total: int, width: int) -> Text:
    """`✓ ━━━━━━━◆━━━━ ✗`: the causes where they stand on a timeline, good before place `border` and bad after it."""
    room = max(3, width - 4)
    cells = [min(room - 1, room * place // max(1, total)) for place in places]
    turn = min(room - 1, room * border // max(1, total))
    bar = Text("✓ ", style=GOOD, no_wrap=True)
    for cell in range(room):
        bar.append("◆" if cell in cells else "━", style="bold" if cell in cells else GOOD if cell < turn else BAD)
    return bar.append(" ✗", style=BAD)
