"""What a running bisection tells the outside. Methods are empty by default; knows nothing of terminals."""

from __future__ import annotations

from mbisect.terms import Ask, Finding, Snapshot, Stage, Timeline, Trial


class Reporter:
    """Progress leaves the engine through these calls, which may come from several threads at once."""

    def started(self, good: Snapshot, bad: Snapshot, command: tuple[str, ...], judge: str) -> None:
        """The endpoints are read; `judge` is the judge's rule in words."""

    def planned(self, timeline: Timeline, trials: int) -> None:
        """The timeline is known, and how many trials one cause takes without noise and gaps."""

    def asked(self, ask: Ask) -> None:
        """The search wants this outcome; a trial may begin, or an earlier one is found."""

    def stage(self, ask: Ask, stage: Stage) -> None:
        """The trial for this ask entered a stage: resolve, build, stage or run."""

    def finished(self, trial: Trial) -> None:
        """A trial has its outcome."""

    def narrowed(self, low: int, high: int, total: int, remaining: int, what: str) -> None:
        """The guilty change stands between positions low and high of `total` changes.

        `remaining` is the number of trials still expected; `what` names the phase in words.
        """

    def found(self, finding: Finding) -> None:
        """The search is over."""

    def note(self, text: str) -> None:
        """Something that the user should know, in one line."""
