"""The report as Markdown, for an issue or a pull request. A pure function of the record."""

from __future__ import annotations

from mbisect.journal import Record
from mbisect.report.words import verdict_sentence


def as_markdown(record: Record) -> str:
    """The whole report."""
    return f"## {verdict_sentence(record)}\n"
