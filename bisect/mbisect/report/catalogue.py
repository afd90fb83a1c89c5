"""The runs of a cache as a table and as plain data. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from mbisect.catalogue import Entry
from mbisect.report.bar import GOOD, QUIET, UNSURE
from mbisect.report.untrusted import one_line
from mbisect.report.words import HEADLINES, causes_listed

PYTEST = "pytest"
"""What stands for the command where pytest is the judge."""


WIDE = 100
"""Cells."""


def render_runs(entries: Sequence[Entry], width: int) -> Table:
    """A row for each run; what it ran is told where there is room for it."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET, expand=False)
    table.add_column("run", no_wrap=True, min_width=12)
    table.add_column("when", no_wrap=True, min_width=16)
    table.add_column("good → bad", overflow="fold", max_width=28)
    table.add_column("trials", justify="right", no_wrap=True, min_width=6)
    table.add_column("found", overflow="fold", min_width=20)
    if width >= WIDE:
        table.add_column("command", no_wrap=True, overflow="ellipsis", max_width=max(20, width - WIDE + 8))
    for entry in entries:
        when = f"{entry.when.astimezone():%Y-%m-%d %H:%M}"
        ends = Text(f"{one_line(entry.good, 60)} → {one_line(entry.bad, 60)}")
        command = Text(one_line(command_of(entry), 120), style=QUIET)
        row = entry.run, Text(when, style=QUIET), ends, str(entry.trials), _found(entry), command
        table.add_row(*(row if width >= WIDE else row[:-1]))
    return table


def command_of(entry: Entry) -> str:
    """What was run, in words."""
    if entry.tests:
        return shlex.join((PYTEST, *entry.tests))
    return shlex.join(entry.command) if entry.command else "the project's workload"


def _found(entry: Entry) -> Text:
    if entry.finding is None:
        return Text("has not ended", style=UNSURE)
    if entry.finding.outcome != "found":
        return Text(HEADLINES[entry.finding.outcome], style=UNSURE)
    return Text(causes_listed(entry.finding), style=GOOD)


def runs_as_plain(entries: Sequence[Entry]) -> list[dict[str, object]]:
    """An object for each run."""
    return [
        {
            "run": entry.run,
            "when": entry.when.isoformat(timespec="seconds"),
            "good": entry.good,
            "bad": entry.bad,
            "command": list(entry.command),
            "tests": list(entry.tests),
            "folder": entry.folder,
            "trials": entry.trials,
            "outcome": entry.finding.outcome if entry.finding is not None else None,
            "relation": entry.finding.relation if entry.finding is not None else None,
            "causes": [
                {
                    "axis": str(cause.change.key.axis),
                    "name": cause.change.key.name,
                    "last_good": cause.change.before,
                    "first_bad": cause.change.after,
                    "confidence": cause.confidence,
                }
                for cause in (entry.finding.causes if entry.finding is not None else ())
            ],
        }
        for entry in entries
    ]
