"""Where trials run. Each module is one place; all keep the contract of Executor."""

from __future__ import annotations

from typing import Protocol

from mbisect.terms import Ask, Trial


class Executor(Protocol):
    """Runs trials side by side."""

    jobs: int
    """How many trials may run at once."""

    @property
    def running(self) -> tuple[Ask, ...]:
        """What is being measured now."""

    def submit(self, ask: Ask) -> None:
        """Start a trial."""

    def completed(self) -> list[Trial]:
        """Wait until at least one trial has ended; -> those that have. An error in a trial is raised here."""

    def close(self) -> None:
        """End what is still running."""
