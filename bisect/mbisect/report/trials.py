"""A run's trials as a table, and one of them in full, as far as the run has come; as text and as plain data. Pure."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mbisect.journal import Head
from mbisect.report.bar import COLOURS, QUIET
from mbisect.report.untrusted import last_lines, one_line
from mbisect.report.whereabouts import place_of
from mbisect.report.words import (
    HEADLINES,
    MARKS,
    counted,
    days,
    duration,
    found_sentence,
    move,
    number,
    outcome_word,
    purpose_words,
    spent_on,
)
from mbisect.terms import PYTHON, Change, Finding, Snapshot, Timeline, Trial, Values

MOST = 24
"""Changes and deviations of a candidate that are shown."""
LINES = 40
"""Last lines of an output that are shown."""
RUN_SCHEMA, TRIAL_SCHEMA = "mbisect.run/1", "mbisect.trial/1"


def render_run(head: Head, trials: Sequence[Trial], finding: Finding | None) -> RenderableType:
    """What it is about, and a row for each trial."""
    facts = _grid((name, Text(said)) for name, said in run_facts(head, trials, finding))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=QUIET)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("for", overflow="fold")
    table.add_column("candidate", overflow="fold", min_width=16)
    table.add_column("verdict", no_wrap=True)
    table.add_column("because", overflow="fold", min_width=12)
    table.add_column("took", justify="right", no_wrap=True)
    for place, trial in enumerate(trials, 1):
        verdict = trial.outcome.verdict
        said = Text(f"{MARKS[verdict]} {outcome_word(trial.outcome)}", style=COLOURS[verdict])
        where, reason = place_of(trial.ask, head.timeline), one_line(trial.outcome.reason, 160)
        table.add_row(str(place), Text(purpose_words(trial.ask)), Text(where), said, Text(reason), spent_on(trial))
    return Group(facts, Text(), table if trials else Text("no trial has ended yet", style=QUIET))


def run_facts(head: Head, trials: Sequence[Trial], finding: Finding | None) -> Iterator[tuple[str, str]]:
    """(name, words) of everything that is not a trial."""
    yield "run", head.run
    yield "good", _end(head.good)
    yield "bad", _end(head.bad)
    yield "command", one_line(shlex.join(head.command))
    yield "in", one_line(head.asked.folder)
    yield "judged by", one_line(head.judge)
    between = days(head.timeline.changes)
    yield "timeline", counted(len(head.timeline), "change") + (f", {between}" if between else "") + _axes(head.timeline)
    yield "trials", f"{len(trials)}, {duration(sum(trial.measurement.seconds for trial in trials))} in all"
    yield "found", _answer(finding)


def _end(snapshot: Snapshot) -> str:
    held = counted(len(snapshot.values.packages()), "package")
    return f"{one_line(snapshot.name, 120)} ({held}, Python {snapshot.values.get(PYTHON, 'unknown')})"


def _axes(timeline: Timeline) -> str:
    tally = Counter(str(change.key.axis) for change in timeline.changes)
    return f" ({', '.join(f'{count} {axis}' for axis, count in tally.most_common())})" if tally else ""


def _answer(finding: Finding | None) -> str:
    if finding is None:
        return "it has not ended; the same `mbisect run` goes on where it stopped"
    return found_sentence(finding) if finding.outcome == "found" else f"{HEADLINES[finding.outcome]}: {finding.why}"


def render_trial(head: Head, trial: Trial, place: int) -> RenderableType:
    """Everything that is known of one trial."""
    return Group(
        _grid((name, Text(said)) for name, said in _trial_facts(head, trial, place)),
        *_section("What it holds that the good end does not", _moves(moved(head.timeline, trial))),
        *_section("What the resolver made otherwise than was wanted", _moves(trial.ask.candidate.deviation())),
        *_section("Measured", [f"{one_line(name, 60)} {number(value)}" for name, value in trial.measurement.metrics]),
        *_section("Noted", [f"{one_line(k, 100)}: {one_line(text)}" for k, text in trial.measurement.notes]),
        *_section("Printed last", last_lines(trial.measurement.tail, LINES)),
    )


def _trial_facts(head: Head, trial: Trial, place: int) -> Iterator[tuple[str, str]]:
    ask, measured, outcome = trial.ask, trial.measurement, trial.outcome
    yield "trial", f"{place} of run {head.run}"
    yield "for", purpose_words(ask)
    yield (
        "candidate",
        place_of(ask, head.timeline) + (", put together without regard to metadata" * ask.candidate.exact),
    )
    otherwise = "" if outcome.alike else " (not in the way of the bad end)"
    yield "verdict", f"{MARKS[outcome.verdict]} {outcome_word(outcome)}: {one_line(outcome.reason)}{otherwise}"
    status = "none: it did not run to its end" if measured.exit_status is None else str(measured.exit_status)
    yield "exit status", status + (f", stopped at {measured.stopped_at}" if measured.stopped_at else "")
    yield "took", duration(measured.seconds) + ("; known from an earlier run" if trial.reused else "")
    if trial.overhead:
        yield "beside it", ", ".join(f"{stage} {duration(seconds)}" for stage, seconds in trial.overhead)
    if outcome.clash:
        yield "clash", ", ".join(outcome.clash)
    if measured.output:
        yield "output", one_line(measured.output, 4096)
    yield "again", f"mbisect reproduce {head.run} {place}"


def moved(timeline: Timeline, trial: Trial) -> tuple[Change, ...]:
    """What a candidate holds otherwise than the good end."""
    good, values = timeline.good, trial.ask.candidate.values
    return tuple(Change(key, good.get(key), values.get(key)) for key in good.differing(values))


def _moves(changes: Sequence[Change]) -> list[str]:
    more = [f"and {counted(len(changes) - MOST, 'other')}; --json has all"] if len(changes) > MOST else []
    return [*(move(change) for change in changes[:MOST]), *more]


def _section(title: str, lines: Sequence[str]) -> Iterator[RenderableType]:
    if lines:
        yield from (Text(), Text(title, style="bold"))
        yield from (Padding(Text(line), (0, 0, 0, 2)) for line in lines)


def _grid(rows: Iterator[tuple[str, Text]]) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(style=QUIET, no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def run_as_plain(head: Head, trials: Sequence[Trial], finding: Finding | None) -> dict[str, object]:
    """Schema `mbisect.run/1`."""
    return {
        "schema": RUN_SCHEMA,
        "run": head.run,
        "good": {"name": head.good.name, "values": _values(head.good.values)},
        "bad": {"name": head.bad.name, "values": _values(head.bad.values)},
        "command": list(head.command),
        "folder": head.asked.folder,
        "judge": head.judge,
        "timeline": [_change(c) | {"date": c.date.isoformat() if c.date else None} for c in head.timeline.changes],
        "outcome": finding.outcome if finding is not None else None,
        "found": _answer(finding),
        "trials": [_row(head, trial, place) for place, trial in enumerate(trials, 1)],
    }


def trial_as_plain(head: Head, trial: Trial, place: int) -> dict[str, object]:
    """Schema `mbisect.trial/1`."""
    measured = trial.measurement
    return {
        "schema": TRIAL_SCHEMA,
        "run": head.run,
        **_row(head, trial, place),
        "alike": trial.outcome.alike,
        "clash": list(trial.outcome.clash),
        "changes": [_change(change) for change in moved(head.timeline, trial)],
        "deviations": [_change(change) for change in trial.ask.candidate.deviation()],
        "exact": trial.ask.candidate.exact,
        "values": _values(trial.ask.candidate.values),
        "exit_status": measured.exit_status,
        "stopped_at": measured.stopped_at,
        "timed_out": measured.timed_out,
        "failure": measured.failure,
        "notes": dict(measured.notes),
        "overhead": dict(trial.overhead),
        "tail": measured.tail,
        "output": measured.output,
    }


def _row(head: Head, trial: Trial, place: int) -> dict[str, object]:
    return {
        "number": place,
        "purpose": trial.ask.purpose,
        "repetition": trial.ask.seed,
        "level": trial.ask.level,
        "candidate": place_of(trial.ask, head.timeline),
        "verdict": str(trial.outcome.verdict),
        "reason": trial.outcome.reason,
        "metrics": dict(trial.measurement.metrics),
        "seconds": trial.measurement.seconds,
        "reused": trial.reused,
    }


def _change(change: Change) -> dict[str, object]:
    return {"axis": str(change.key.axis), "name": change.key.name, "from": change.before, "to": change.after}


def _values(values: Values) -> list[dict[str, str]]:
    return [{"axis": str(key.axis), "name": key.name, "value": value} for key, value in values.items()]
