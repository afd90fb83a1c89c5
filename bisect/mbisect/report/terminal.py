"""The report for people at a terminal. A pure function of the record and of the outputs that it names."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mbisect.journal import Record
from mbisect.report import beside, exhibits, words
from mbisect.report.bar import COLOURS, GOOD, QUIET, UNSURE, culprit_bar
from mbisect.report.predictions import telling
from mbisect.report.untrusted import one_line
from mbisect.report.whereabouts import place_of
from mbisect.terms import Trial, Verdict

WIDEST = 112
"""Cells; longer lines are hard to read."""
MOST = 4
"""Trials that could not be judged that are shown."""


def print_report(record: Record, console: Console, *, paths: bool = True) -> None:
    """Print the whole report; without `paths` nothing that is true on this machine alone."""
    width = min(console.width, WIDEST)
    console.print(_headline(record, width), width=width)
    for title, body in _sections(record, width - 4):
        console.print()
        console.print(Text(f"  {title}", style="bold"), width=width)
        console.print(Padding(body, (0, 2, 0, 2)), width=width)
    if commands := words.reproduce_commands(record):
        console.print()
        console.print(Text("  Run it once more", style="bold"))
        for _, command in commands:
            console.print(Text(f"    {command}"), soft_wrap=True)
    if heals := words.heal_command(record):
        console.print()
        console.print(Text("  What heals it", style="bold"))
        console.print(Text(f"    {heals}"), soft_wrap=True)
    if paths:
        _print_paths(record, console)


def _headline(record: Record, width: int) -> Panel:
    finding = record.finding
    found = finding.outcome == "found"
    parts: list[RenderableType] = [Text(words.verdict_sentence(record), style="bold")]
    if found:
        parts += [*_about(record), Text(), *_bar(record, width - 6), _confirmations(record)]
    elif advice := words.advice(record):
        parts += [Text(), Text(advice, style=QUIET)]
    title = Text(words.HEADLINES[finding.outcome])
    return Panel(
        Group(*parts),
        title=title,
        title_align="left",
        border_style=GOOD if found else UNSURE,
        padding=(1, 2),
    )


def _about(record: Record) -> Iterator[Text]:
    """When it happened, how sure that is, what may be it instead and what moved with it; one line or more a cause."""
    causes = record.finding.causes
    for cause in causes:
        said = [text for text in (words.when(cause.change), words.confidence_words(cause)) if text]
        whose = f"{words.named(cause.change.key)}: " if len(causes) > 1 else ""
        yield Text(whose + ", ".join(said), style=QUIET)
        for sentence in (words.interval_sentence(cause), words.moved_with_sentence(cause)):
            if sentence:
                yield Text(sentence)


def _bar(record: Record, width: int) -> Iterator[RenderableType]:
    places, total = exhibits.places(record), len(record.timeline)
    if not places or total < 2:
        return
    border = places[0] if record.finding.relation == "each" else places[-1]
    yield culprit_bar(places, border, total, width)
    first, last = ((words.days([change])) for change in (record.timeline.changes[0], record.timeline.changes[-1]))
    if first and last:
        room = max(1, width - 4 - len(first) - len(last))
        yield Text(f"  {first}{' ' * room}{last}", style=QUIET, no_wrap=True)
    yield Text()


def _confirmations(record: Record) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for shown in exhibits.confirmations(record):
        mark, style = {True: ("✓", GOOD), False: ("✗", UNSURE), None: ("∅", UNSURE)}[shown.held]
        table.add_row(Text(mark, style=style), shown.name, shown.sentence)
        for trial in shown.trials:
            said = f"trial {exhibits.number_of(record, trial)}: {exhibits.told(record, trial)}"
            for line in (said, exhibits.companions(trial)):
                if line:
                    table.add_row("", "", Text(line, style=QUIET))
    return table


def _sections(record: Record, width: int) -> Iterator[tuple[str, RenderableType]]:
    """Title and body of everything between the headline and the end; what says nothing is left out."""
    yield "Side by side", beside.two_sides(record, width)
    if (table := beside.metrics(record)) is not None:
        yield "Measured", table
    if any(said := exhibits.summaries(record)):
        yield "In the workload's own words", _own_words(*said)
    good, bad = exhibits.sides(record)
    if pairs := telling(good.output, bad.output):
        yield "The same inputs, answered by both", beside.answers(pairs)
    if healed := words.healed_sentence(record.finding):
        yield "Healed in passing", Text(healed)
    if trials := exhibits.untestable(record):
        yield "Could not be judged", _untestable(record, trials)
    yield "The search", _search(record)


def _own_words(good: str, bad: str) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for verdict, said in ((Verdict.GOOD, good), (Verdict.BAD, bad)):
        mark = Text(f"{words.MARKS[verdict]} {verdict}", style=COLOURS[verdict], no_wrap=True)
        table.add_row(mark, Text(one_line(said, 600) or "–"))
    return table


def _untestable(record: Record, trials: tuple[Trial, ...]) -> RenderableType:
    parts: list[RenderableType] = []
    if between := len(record.finding.untestable):
        where = "stands" if between == 1 else "stand"
        parts.append(Text(f"{words.counted(between, 'candidate')} of these {where} between last good and first bad"))
    table = Table.grid(padding=(0, 2, 0, 0))
    for trial in trials[:MOST]:
        mark = Text(words.MARKS[trial.outcome.verdict], style=COLOURS[trial.outcome.verdict])
        said = Text(place_of(trial.ask, record.timeline))
        table.add_row(mark, said.append(f"\n{one_line(trial.outcome.reason, 200)}", style=QUIET))
    parts.append(table)
    if len(trials) > MOST:
        parts.append(Text(f"and {words.counted(len(trials) - MOST, 'more trial')}; the journal has them", style=QUIET))
    return Group(*parts)


def _search(record: Record) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style=QUIET, no_wrap=True)
    table.add_column()
    for name, said in words.search_facts(record):
        table.add_row(name, Text(said))
    return table


def _print_paths(record: Record, console: Console) -> None:
    """Where everything is, unwrapped so that it can be copied."""
    console.print()
    good, bad = exhibits.sides(record)
    for name, path in (("journal", record.journal), ("good output", good.output), ("bad output", bad.output)):
        if path:
            console.print(Text(f"  {name:<13}{one_line(path, 4096)}", style=QUIET), soft_wrap=True)
