"""A run's journal: append-only, the only source of reports and of resuming. Knows nothing of searching or judging."""

from __future__ import annotations

from dataclasses import dataclass

from mbisect.terms import Finding, Snapshot, Timeline, Trial


@dataclass(frozen=True, slots=True)
class Record:
    """All that one run knows; every report is a pure function of it."""

    run: str
    """Its id, 12 hexadecimal digits."""
    good: Snapshot
    bad: Snapshot
    command: tuple[str, ...]
    judge: str
    """The judge's rule in words."""
    timeline: Timeline
    trials: tuple[Trial, ...]
    """In the order in which they ended, those of earlier runs included when this search used them."""
    finding: Finding
    environments: int
    """How many different locks were tried."""
    seconds: float
    """Wall time of this invocation."""
    ran: int
    """Trials that this invocation really ran; the others were replayed."""
    journal: str
    """Path of the journal file."""
