"""Draws good and bad beside each other for a terminal: trials, metrics, answers. Decides nothing."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mbisect.journal import Record
from mbisect.report.bar import BAD, COLOURS, QUIET
from mbisect.report.exhibits import Side, metric_rows, printed, sides
from mbisect.report.predictions import ITEMS, Answer, Pair, legend, marked
from mbisect.report.untrusted import one_line
from mbisect.report.words import MARKS, counted, difference, number, spent_on
from mbisect.terms import Verdict

LINES = 8
"""Last lines of an output that are shown."""
NARROW = 72
"""Below this many cells the sides stand one under the other."""


def two_sides(record: Record, width: int) -> RenderableType:
    """What each side holds, how its trial ended and what it printed last."""
    cells = [_side(side) for side in sides(record)]
    if width < NARROW:
        return Group(cells[0], Text(), cells[1])
    table = Table.grid(padding=(0, 3, 0, 0), expand=True)
    table.add_column(ratio=1)
    table.add_column(ratio=1)
    table.add_row(*cells)
    return table


def _side(side: Side) -> RenderableType:
    colour = COLOURS[side.verdict]
    lines: list[RenderableType] = [Text(f"{MARKS[side.verdict]} {one_line(side.title, 60)}", style=f"bold {colour}")]
    about = [Text(part, style=style) for part, style in ((side.holds, "bold"), (side.place, QUIET)) if part]
    if side.trial is None:
        return Group(*lines, Padding(Group(*about, Text("it was not measured", style=QUIET)), (0, 0, 0, 2)))
    reason = one_line(side.trial.outcome.reason, 200)
    about.append(Text.assemble((reason, colour), (f"  {spent_on(side.trial)}", QUIET)))
    if side.runs:
        about.append(Text(side.runs, style=QUIET))
    if tail := printed(side.trial, LINES):
        about += [Text(), *(Text(line, style=QUIET, no_wrap=True, overflow="ellipsis") for line in tail)]
    return Group(*lines, Padding(Group(*about), (0, 0, 0, 2)))


def metrics(record: Record) -> RenderableType | None:
    """The metrics of both sides and how they differ; None when neither measured any."""
    good, bad = (side.trial for side in sides(record))
    if good is None or bad is None:
        return None
    rows, more = metric_rows(record, good.measurement, bad.measurement)
    if not rows:
        return None
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style=QUIET)
    table.add_column("metric", overflow="fold")
    for title in ("good", "bad", "change"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(Text(one_line(row.name, 60)), number(row.good), number(row.bad), difference(row.good, row.bad))
    if more:
        table.add_row(Text(f"and {counted(more, 'other')}", style=QUIET))
    return table


def answers(pairs: tuple[Pair, ...]) -> RenderableType:
    """The same inputs and what both sides answered; what does not stand in the input is marked ‹…?›."""
    parts: list[RenderableType] = []
    for pair in pairs:
        table = Table.grid(padding=(0, 2, 0, 0))
        for column in range(3):
            table.add_column(no_wrap=column < 2)
        for verdict, answer in ((Verdict.GOOD, pair.good), (Verdict.BAD, pair.bad)):
            said = f"{answer.grounded} of {len(answer.items)}" if answer.items else "–"
            mark = Text(f"{MARKS[verdict]} {verdict}", style=COLOURS[verdict])
            table.add_row(mark, Text(said, style=QUIET), _items(answer))
        parts += [Text(f"“{one_line(pair.good.input, 300)}”"), Padding(table, (0, 0, 1, 2))]
    return Group(*parts, Text(legend(pairs), style=QUIET))


def _items(answer: Answer) -> Text:
    if not answer.items:
        said = one_line(answer.output, 200)
        return Text(f"named nothing: {said}" if said else "answered nothing", style=QUIET)
    line = Text()
    for item in answer.items[:ITEMS]:
        line.append(" · " if line else "", style=QUIET).append(f"{one_line(item.kind, 30)} ", style=QUIET)
        line.append(marked(item), style="" if item.grounded else f"{BAD} underline")
    if len(answer.items) > ITEMS:
        line.append(f" · and {len(answer.items) - ITEMS} more", style=QUIET)
    return line
