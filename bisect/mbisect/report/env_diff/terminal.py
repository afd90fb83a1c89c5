"""A comparison for people at a terminal. Pure: makes what rich prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mbisect.comparison.dataset import DatasetDiff
from mbisect.comparison.result import Comparison, Shortlog
from mbisect.report.bar import BAD, GOOD, QUIET, UNSURE
from mbisect.report.env_diff import words
from mbisect.report.untrusted import one_line
from mbisect.report.words import counted, shown

WIDE = 120
"""Cells from which facts and reasons stand beside a difference and not below it."""
WIDEST = 160
EXAMPLE = 300
"""Characters of a row that are shown."""
NOTABLE = 0.05
"""A share from which a difference stands out."""


def render(comparison: Comparison, width: int, *, everything: bool = False) -> RenderableType:
    """The whole comparison for a terminal of `width` cells."""
    parts: list[RenderableType] = [Text(words.headline(comparison), style="bold")]
    for title, body in _sections(comparison, min(width, WIDEST), everything):
        parts += [Text(), Text(title, style="bold"), Padding(body, (0, 0, 0, 2), expand=False)]
    notes = [*(f"not known: {one_line(text)}" for text in comparison.unknown), words.trace_sentence(comparison)]
    if any(notes):
        parts += [Text(), *(Text(note, style=QUIET) for note in notes if note)]
    return Group(*parts)


def _sections(comparison: Comparison, width: int, everything: bool) -> Iterator[tuple[str, RenderableType]]:
    if comparison.differences:
        yield "the most suspicious first", _ranking(comparison, width, everything)
    if comparison.dataset is not None:
        yield "dataset", _dataset(comparison.dataset)
    for title, log in (("commits of the dataset", comparison.revisions), ("commits", comparison.commits)):
        if log is not None:
            yield title, _log(log, everything)


def _ranking(comparison: Comparison, width: int, everything: bool) -> RenderableType:
    differences, hidden = words.chosen(comparison, everything=everything)
    rows = [words.row(difference) for difference in differences]
    table = _wide(rows) if width >= WIDE else _narrow(rows)
    if not hidden:
        return table
    return Group(table, Text(words.folded(hidden), style=QUIET))


def _wide(rows: Sequence[words.Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("what", no_wrap=True, max_width=28, overflow="ellipsis")
    table.add_column("old → new", overflow="fold")
    table.add_column("released", no_wrap=True, style=QUIET)
    table.add_column("known", overflow="fold", style=QUIET)
    table.add_column("why", overflow="fold")
    for row in rows:
        style = _style(row)
        share, name = Text(row.share, style=style), Text(row.name, style=style)
        facts, reasons = Text(", ".join(row.facts)), Text(", ".join(row.reasons))
        table.add_row(share, name, _values(row), Text(row.released), facts, reasons)
    return table


def _narrow(rows: Sequence[words.Row]) -> Table:
    """What is known, and why it is suspicious, below the values."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, max_width=24, overflow="ellipsis")
    table.add_column(overflow="fold")
    for row in rows:
        facts = Text(", ".join([*row.facts, *([row.released] if row.released else [])]), style=QUIET)
        below = [text for text in (_values(row), Text(", ".join(row.reasons)), facts) if text]
        style = _style(row)
        table.add_row(Text(row.share, style=style), Text(row.name, style=style), Text("\n").join(below))
    return table


def _values(row: words.Row) -> Text:
    return Text.assemble(row.before, (" → ", QUIET), (row.after, "bold"))


def _style(row: words.Row) -> str:
    return "bold" if row.part >= NOTABLE else ""


def _dataset(dataset: DatasetDiff) -> RenderableType:
    parts: list[RenderableType] = [Text(sentence) for sentence in words.dataset_sentences(dataset)]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    for title in words.SPLIT_TITLES:
        table.add_column(title, justify="left" if title == "split" else "right")
    for split in dataset.splits:
        table.add_row(*(Text(cell) for cell in words.split_cells(split)))
    parts += [Text(), table, Text()]
    parts += [Text(sentence, style=QUIET) for sentence in words.overlap_summary(dataset)]
    if dataset.files:
        parts.append(Text(f"other files: {words.files_sentence(dataset.files)}", style=QUIET))
    parts += [Text(f"not compared: {one_line(text)}", style=UNSURE) for text in dataset.unread]
    for name, example in words.example(dataset):
        parts += [Text(), Text(f"one row of {name}, its output before and now:", style=QUIET)]
        grid = Table.grid(padding=(0, 2, 0, 0))
        for mark, text, style in ((" ", example.input, ""), ("−", example.before, BAD), ("+", example.after, GOOD)):
            grid.add_row(Text(mark, style=style), Text(one_line(text, EXAMPLE), style=style))
        parts.append(grid)
    return Group(*parts)


def _log(log: Shortlog, everything: bool) -> RenderableType:
    lines, hidden = words.logged(log, everything=everything)
    table = Table.grid(padding=(0, 2, 0, 0))
    for mark, commit in lines:
        style = GOOD if mark == "+" else BAD
        who = Text(f"{words.day(commit.date)}  {one_line(commit.author, 30)}", style=QUIET, no_wrap=True)
        table.add_row(Text(mark, style=style), Text(shown(commit.revision)), who, Text(one_line(commit.subject, 200)))
    if not hidden:
        return table
    return Group(table, Text(f"and {counted(hidden, 'more commit')}; --all shows them", style=QUIET))
