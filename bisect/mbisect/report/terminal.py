"""The report for people at a terminal. A pure function of the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mbisect.journal import Record
from mbisect.report.words import counted, duration, verdict_sentence

if TYPE_CHECKING:
    from rich.console import Console


def print_report(record: Record, console: Console) -> None:
    """Print the whole report."""
    from rich.text import Text

    console.print(Text(verdict_sentence(record), style="bold"))
    console.print(Text(f"{counted(len(record.trials), 'trial')}, {duration(record.seconds)}", style="dim"))
