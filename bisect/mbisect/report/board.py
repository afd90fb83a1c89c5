"""Draws how a running bisection stands. Knows no clock, no thread and no cursor: a board and a time make a picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from mbisect.report.bar import BAD, COLOURS, GOOD, QUIET, timeline_bar
from mbisect.report.untrusted import one_line
from mbisect.report.whereabouts import place_of
from mbisect.report.words import MARKS, counted, days, duration, outcome_word, purpose_words, spent_on
from mbisect.terms import Ask, Timeline, Trial, Values

RECENT = 5
"""Outcomes that stay on the board."""
RUNNING = 8
"""Running trials that are shown."""


@dataclass(slots=True)
class Board:
    """What is known at a moment; whoever changes it from several threads holds a lock."""

    began: float
    """On the clock whose time draw() is given."""
    title: str = ""
    timeline: Timeline = field(default_factory=lambda: Timeline(Values(), Values(), ()))
    span: tuple[int, int, int] | None = None
    """(low, high, total) of the search at hand."""
    phase: str = "reading both ends"
    remaining: int = 0
    """Trials that are still expected."""
    running: dict[tuple[str, str, int], tuple[Ask, str, float]] = field(default_factory=dict)
    """Candidate, level and seed → the ask, its stage, and when it began."""
    tally: Counter[str] = field(default_factory=Counter)
    recent: list[tuple[Trial, str]] = field(default_factory=list)
    """The last outcomes and where their candidates stand."""
    spinner: Spinner = field(default_factory=lambda: Spinner("dots"))

    def enter(self, ask: Ask, stage: str, now: float) -> None:
        """A trial enters a stage; its first one begins it."""
        place = ask.candidate.values.digest, ask.level, ask.seed
        _, _, began = self.running.get(place, (ask, stage, now))
        self.running[place] = ask, stage, began

    def leave(self, trial: Trial) -> None:
        """A trial has ended."""
        self.running.pop((trial.ask.candidate.values.digest, trial.ask.level, trial.ask.seed), None)
        self.tally[outcome_word(trial.outcome)] += 1
        self.remaining = max(0, self.remaining - 1)
        self.recent = [*self.recent, (trial, place_of(trial.ask, self.timeline))][-RECENT:]

    def draw(self, now: float, width: int) -> RenderableType:
        """The whole picture, in `width` cells."""
        inner = max(20, width - 2)
        parts: list[RenderableType] = [self._head(now, inner), Text()]
        if self.span is not None:
            parts += [*self._bar(*self.span, inner), Text()]
        parts += [self._trials(now, inner), Text(), *self._outcomes(inner), self._counts()]
        return Padding(Group(*parts), (0, 0, 0, 1))

    def _head(self, now: float, width: int) -> Text:
        spent = duration(now - self.began)
        title = Text.assemble(("mbisect  ", "bold"), self.title, no_wrap=True)
        title.truncate(width - len(spent) - 2, overflow="ellipsis", pad=True)
        return title.append(f"  {spent}", style=QUIET)

    def _bar(self, low: int, high: int, total: int, width: int) -> list[RenderableType]:
        numbers = Text(no_wrap=True, overflow="ellipsis")
        numbers.append(f"  {low} good", style=GOOD).append(f"  ·  {high - low} unknown", style=QUIET)
        numbers.append(f"  ·  {total - high} bad", style=BAD)
        if total == len(self.timeline) and (between := days(self.timeline.changes[low:high])):
            numbers.append(f"  ·  {between}", style=QUIET)
        return [timeline_bar(low, high, total, width), numbers]

    def _trials(self, now: float, width: int) -> Table:
        table = _grid(width)
        for ask, stage, began in list(self.running.values())[:RUNNING]:
            table.add_row(
                self.spinner, stage, duration(now - began), Text(purpose_words(ask)), Text(place_of(ask, self.timeline))
            )
        if not self.running:
            table.add_row(self.spinner, Text("resolve", style=QUIET), "", Text(self.phase), "")
        return table

    def _outcomes(self, width: int) -> list[RenderableType]:
        if not self.recent:
            return []
        table = _grid(width)
        for trial, place in self.recent:
            verdict, said = trial.outcome.verdict, outcome_word(trial.outcome)
            mark, name = (Text(text, style=COLOURS[verdict]) for text in (MARKS[verdict], said))
            what = Text(f"{one_line(trial.outcome.reason, 100)}  ", no_wrap=True, overflow="ellipsis")
            table.add_row(mark, name, spent_on(trial), Text(purpose_words(trial.ask)), what.append(place, style=QUIET))
        return [table, Text()]

    def _counts(self) -> Text:
        done = sum(self.tally.values())
        each = ", ".join(f"{number} {verdict}" for verdict, number in sorted(self.tally.items()))
        text = f"{self.phase}: {counted(done, 'trial')} done{f' ({each})' if each else ''}"
        left = f", about {self.remaining} to go" if self.remaining else ""
        return Text(f"{text}{left}", style=QUIET, overflow="ellipsis", no_wrap=True)


def _grid(width: int) -> Table:
    """Five columns: mark, word, seconds, purpose, and what is left of the line."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.width = width
    table.add_column(min_width=1, no_wrap=True)
    table.add_column(min_width=10, no_wrap=True)
    table.add_column(min_width=8, no_wrap=True, justify="right")
    table.add_column(min_width=10, no_wrap=True)
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    return table
