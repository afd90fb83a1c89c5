"""What a run would search and cost, before it starts. Knows nothing of how the timeline was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mbisect.priors import Prior
from mbisect.report.bar import QUIET
from mbisect.report.untrusted import cut, one_line
from mbisect.report.words import counted, days, move, named, shown
from mbisect.terms import Axis, Change, Key, Timeline

LONGEST = 28
"""Characters of a value in the table."""
LIKELY = 15
"""Changes whose prior is shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """All changes of one key."""

    key: Key
    before: str | None
    after: str | None
    changes: tuple[Change, ...]


def render_plan(timeline: Timeline, cost: Mapping[str, str]) -> RenderableType:
    """The plan for a terminal: a table for each axis, what rides along, what it may cost."""
    between = days(timeline.changes)
    head = Text(counted(len(timeline), "change"), style="bold")
    head.append(f" between good and bad{f', {between}' if between else ''}", style="not bold")
    parts: list[RenderableType] = [head, Text()]
    for axis, rows in _axes(timeline):
        number = sum(len(row.changes) for row in rows)
        parts += [Text(f"{axis}: {counted(number, 'change')}", style="bold"), Padding(_table(rows), (0, 0, 1, 2))]
    if timeline.riders:
        carried = [f"{move(rider)} (with {one_line(carrier, 80)})" for rider, carrier in timeline.riders]
        parts += [Text("come and go with another", style="bold"), *(Text(f"  {line}") for line in carried), Text()]
    if not len(timeline):
        parts += [Text("Both ends are the same: there is nothing to search."), Text()]
    parts.append(_cost(cost))
    return Group(*parts)


def render_priors(priors: Sequence[Prior], *, traced: bool) -> RenderableType:
    """The likeliest changes for a terminal, with the reasons."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    table.add_column("prior", justify="right", no_wrap=True)
    table.add_column("change", overflow="fold")
    table.add_column("why", overflow="fold")
    likely = sorted(priors, key=lambda prior: -prior.share)
    for prior in likely[:LIKELY]:
        why = ", ".join(f"{factor.reason} ×{factor.times:g}" for factor in prior.factors)
        table.add_row(percent(prior.share), Text(move(prior.change)), Text(why, style=QUIET))
    parts: list[RenderableType] = [
        Text(),
        Text("likeliest before any trial", style="bold"),
        Padding(table, (0, 0, 0, 2)),
    ]
    if len(likely) > LIKELY:
        rest = sum(prior.share for prior in likely[LIKELY:])
        parts.append(Text(f"  {percent(rest)} for {counted(len(likely) - LIKELY, 'other change')}"))
    if not traced:
        parts.append(Text("  the good end has not run yet, so what the workload loads is not known", style=QUIET))
    return Group(*parts)


def percent(share: float) -> str:
    """A share for people: "12 %", "0.4 %", "< 0.1 %"."""
    return "< 0.1 %" if share < 0.001 else f"{100 * share:.2g} %" if share < 0.995 else "100 %"


def plan_as_json(timeline: Timeline, cost: Mapping[str, object], priors: Sequence[Prior]) -> dict[str, object]:
    """The plan as plain JSON values; changes stand in the order of the timeline, and so do the priors."""
    return {
        "timeline": len(timeline),
        "estimate": dict(cost),
        "axes": {str(axis): sum(len(row.changes) for row in rows) for axis, rows in _axes(timeline)},
        "changes": [
            {**_change(prior.change), "prior": prior.share, "why": [asdict(factor) for factor in prior.factors]}
            for prior in priors
        ],
        "riders": [{**_change(rider), "with": carrier} for rider, carrier in timeline.riders],
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "axis": str(change.key.axis),
        "name": change.key.name,
        "from": change.before,
        "to": change.after,
        "date": None if change.date is None else change.date.isoformat(),
    }


def _axes(timeline: Timeline) -> list[tuple[Axis, tuple[Row, ...]]]:
    """Axis → its keys, those with most changes first."""
    steps: dict[Key, list[Change]] = {}
    for change in timeline.changes:
        steps.setdefault(change.key, []).append(change)
    rows = [Row(key, timeline.good.get(key), timeline.bad.get(key), tuple(found)) for key, found in steps.items()]
    rows.sort(key=lambda row: (-len(row.changes), row.key))
    present = [axis for axis in Axis if any(row.key.axis is axis for row in rows)]
    return [(axis, tuple(row for row in rows if row.key.axis is axis)) for axis in present]


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    for title in ("name", "good", "bad", "changes"):
        table.add_column(title, justify="right" if title == "changes" else "left", no_wrap=True, overflow="ellipsis")
    table.add_column("dated")
    for row in rows:
        ends = [Text(cut(shown(value), LONGEST)) for value in (row.before, row.after)]
        dated = Text(days(row.changes), style=QUIET, no_wrap=True, overflow="ellipsis")
        name = row.key.name if row.key.axis is Axis.SETTING else named(row.key)
        table.add_row(Text(one_line(name, 60)), *ends, str(len(row.changes)), dated)
    return table


def _cost(cost: Mapping[str, str]) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style=QUIET, no_wrap=True)
    table.add_column(overflow="fold")
    for name, said in cost.items():
        table.add_row(Text(one_line(name, 40)), Text(one_line(said)))
    return table
