"""Sentences that all reports share."""

from __future__ import annotations

from mbisect.journal import Record


def verdict_sentence(record: Record) -> str:
    """The verdict."""
    return f"{record.finding.outcome}: {'; '.join(str(cause.change) for cause in record.finding.causes)}"
