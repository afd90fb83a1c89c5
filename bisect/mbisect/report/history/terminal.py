"""The history of a snapshot's smokes on a terminal: a line for each, with its runs as dots on one scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from mbisect.report.history import words
from mbisect.report.history.words import COLOURS, MARKS, Night
from mbisect.report.untrusted import one_line
from mbisect.report.words import listed, move, number

WIDEST = 112
"""Cells; longer lines are hard to read."""
SCALE = 16
"""Cells of the scale on which runs are dots."""
DOTS = "·•●"
"""One run, two, and more that share a cell."""
SPARKS = "▁▂▃▄▅▆▇█"


def print_history(name: str, nights: Sequence[Night], metric: str, console: Console) -> None:
    """All of them, the oldest first; at 80 cells and without colours too."""
    width = min(console.width, WIDEST)
    smokes = [night.smoke for night in nights]
    low, high = span(nights)
    console.print(Text.assemble((name, "bold"), f": {words.streak(smokes)}"), width=width)
    if any(night.values for night in nights):
        line = Text.assemble(
            (f"{one_line(metric, 60)} ", "dim"),
            *sparks(nights, low, high),
            (f"  {number(low)} to {number(high)}", "dim"),
        )
        console.print(line, width=width, overflow="ellipsis", no_wrap=True)
    console.print()
    for night in nights:
        told = list(_told(night))
        head = Text.assemble(
            f"{night.smoke.at[:10]} ",
            (f"{MARKS[night.smoke.light]} {night.smoke.light:<10} ", COLOURS[night.smoke.light]),
            (f"{number(night.middle):>7} ", ""),
            (dots(night, low, high), COLOURS[night.smoke.light]),
            "  ",
            (told[0] if told else "", "dim"),
        )
        console.print(head, width=width, overflow="ellipsis", no_wrap=True)
        for more in told[1:]:
            console.print(Text(f"           {more}"), width=width, overflow="ellipsis", no_wrap=True)


def span(nights: Sequence[Night]) -> tuple[float, float]:
    """The scale on which all values lie."""
    values = [value for night in nights for value in night.values]
    return (min(values), max(values)) if values else (0.0, 1.0)


def dots(night: Night, low: float, high: float) -> str:
    """`|     ··   |`: the runs of one smoke between the least and the largest value of all."""
    counts = [0] * SCALE
    for value in night.values:
        counts[place(value, low, high, SCALE)] += 1
    return "|" + "".join(" " if not n else DOTS[min(n, len(DOTS)) - 1] for n in counts) + "|"


def sparks(nights: Sequence[Night], low: float, high: float) -> Iterator[tuple[str, str]]:
    """A column for the median of each smoke, the oldest first."""
    for night in nights:
        middle = night.middle
        column = " " if middle is None else SPARKS[place(middle, low, high, len(SPARKS))]
        yield column, COLOURS[night.smoke.light]


def place(value: float, low: float, high: float, cells: int) -> int:
    """Which of so many cells a value falls into."""
    return cells - 1 if high <= low else min(cells - 1, int(cells * (value - low) / (high - low)))


def _told(night: Night) -> Iterator[str]:
    """What moved; then what was found, or why it says nothing."""
    smoke = night.smoke
    if smoke.moved:
        yield listed([move(one) for one in smoke.moved], most=1)
    else:
        yield "nothing moved" if smoke.reference else "the first"
    if smoke.light in ("unsure", "untestable"):
        yield one_line(smoke.why, 300)
    if found := words.found(smoke):
        yield f"→ {found}" + (f" (run {smoke.run})" if smoke.run else "")
