"""Shows a running bisection on stderr: drawn in place on a terminal, line by line in a log. Decides nothing."""

from __future__ import annotations

import shlex
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from mbisect.events import Reporter
from mbisect.report.untrusted import clean, cut, one_line
from mbisect.report.whereabouts import place_of
from mbisect.report.words import counted, found_sentence, outcome_word, progress_words, purpose_words, spent_on
from mbisect.terms import Ask, Finding, Snapshot, Stage, Timeline, Trial, Values

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class PlainReporter(Reporter):
    """One line for each event that matters, without cursor control: for the logs of a CI job."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._timeline = Timeline(Values(), Values(), ())
        self._trials = 0
        self._phase = ""
        self._lock = threading.Lock()

    def started(self, good: Snapshot, bad: Snapshot, command: tuple[str, ...], judge: str) -> None:
        """What is compared, and how."""
        self._say(f"good {good.name}  bad {bad.name}  command {shlex.join(command)}")
        self._say(f"judge {judge}")

    def planned(self, timeline: Timeline, trials: int) -> None:
        """The size of the task."""
        self._timeline = timeline
        size = counted(len(timeline), "change")
        self._say(f"{size}, about {counted(trials, 'trial')} for one cause, without noise and gaps")

    def narrowed(self, low: int, high: int, total: int, remaining: int, what: str) -> None:
        """Only a new phase is worth a line."""
        with self._lock:
            changed, self._phase = what != self._phase, what
        if changed:
            self._say(progress_words(what, low, high, total, remaining))

    def finished(self, trial: Trial) -> None:
        """The outcome of a trial."""
        with self._lock:
            self._trials += 1
            number = self._trials
        self._say(
            f"trial {number}  {purpose_words(trial.ask)}  {place_of(trial.ask, self._timeline)}"
            f"  {outcome_word(trial.outcome)}  {one_line(trial.outcome.reason, 160)}  {spent_on(trial)}"
        )

    def found(self, finding: Finding) -> None:
        """The end."""
        self._say(found_sentence(finding) if finding.outcome == "found" else f"{finding.outcome}: {finding.why}")

    def note(self, text: str) -> None:
        """One line."""
        self._say(f"note: {text}")

    def _say(self, text: str) -> None:
        print(cut(clean(text).replace("\n", " "), 400), file=self._stream or sys.stderr, flush=True)


class LiveReporter(Reporter):
    """Draws the board in place, while it is entered."""

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.live import Live

        from mbisect.report.board import Board

        self._clock = clock
        self._lock = threading.Lock()
        self._console = console or Console(stderr=True)
        self._board = Board(began=clock())
        self._live = Live(console=self._console, get_renderable=self.draw, refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Take the drawing away: the report follows."""
        self._live.stop()

    def draw(self) -> RenderableType:
        """The picture as it is now; called by the thread that draws."""
        with self._lock:
            return self._board.draw(self._clock(), self._console.width)

    def started(self, good: Snapshot, bad: Snapshot, command: tuple[str, ...], judge: str) -> None:
        """What is compared."""
        with self._lock:
            self._board.title = one_line(f"{good.name} → {bad.name}  {shlex.join(command)}", 160)

    def planned(self, timeline: Timeline, trials: int) -> None:
        """The bar can be drawn."""
        with self._lock:
            self._board.timeline, self._board.remaining = timeline, trials
            self._board.span = (0, len(timeline), len(timeline))

    def asked(self, ask: Ask) -> None:
        """A trial begins."""
        with self._lock:
            self._board.enter(ask, "resolve", self._clock())

    def stage(self, ask: Ask, stage: Stage) -> None:
        """A trial went on."""
        with self._lock:
            self._board.enter(ask, stage, self._clock())

    def finished(self, trial: Trial) -> None:
        """A trial has ended."""
        with self._lock:
            self._board.leave(trial)

    def narrowed(self, low: int, high: int, total: int, remaining: int, what: str) -> None:
        """The bar moves."""
        with self._lock:
            self._board.span, self._board.remaining = (low, high, total), remaining
            self._board.phase = one_line(what, 60)

    def note(self, text: str) -> None:
        """Stays above the drawing."""
        from rich.text import Text

        self._console.print(Text(f"note: {one_line(text)}", style="dim"))
