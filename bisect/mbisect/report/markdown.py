"""The report as Markdown, for an issue or a pull request. A pure function of the record and the outputs it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from mbisect.journal import Record
from mbisect.report import exhibits, words
from mbisect.report.predictions import ITEMS, Answer, legend, marked, telling
from mbisect.report.untrusted import one_line
from mbisect.report.whereabouts import place_of
from mbisect.terms import Trial

LINES = 12
"""Last lines of an output that are shown."""
MOST = 8
"""Trials that could not be judged that are shown."""
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~#!&])")
BAR = re.compile(r"(?<!\\)\|")
"""A pipe that would end a table's cell, in backticks too."""
CALLS = re.compile(r"([@#])(?=\w)")
"""What would call a user or link an issue; a zero-width space after it prevents that."""


LEFT_OUT = "The rest of the report is left out: there is no room for it here."


def as_markdown(record: Record, most: int | None = None) -> str:
    """The whole report; ends with a newline. `most`: bytes that it may take; what is too much is left out."""
    parts = [part for part in _parts(record) if part]
    if most is None or _size(parts) <= most:
        return _joined(parts)
    while parts and _size([*parts, LEFT_OUT]) > most:
        parts.pop()
    return _joined([*parts, LEFT_OUT]) if parts else ""


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _size(parts: Sequence[str]) -> int:
    return len(_joined(parts).encode("utf-8", "replace"))


def _parts(record: Record) -> Iterator[str]:
    """Paragraphs, lists, tables and fences, in order."""
    finding = record.finding
    yield f"## mbisect: {escape(words.verdict_sentence(record))}"
    if finding.outcome == "found":
        yield from (bullets(_about(record)), bullets(_confirmations(record)))
    else:
        yield escape(words.advice(record))
    yield from _beside(record)
    yield from _answers(record)
    yield escape(words.healed_sentence(finding))
    yield from _untestable(record)
    yield "### The search"
    yield table(("", ""), [(name, escape(said)) for name, said in words.search_facts(record)])
    if commands := words.reproduce_commands(record):
        yield from ("Run it once more:", fence([command for _, command in commands], "sh"))
    if heals := words.heal_command(record):
        yield from ("What heals it:", fence([heals], "sh"))


def _about(record: Record) -> Iterator[str]:
    for cause in record.finding.causes:
        sentences = words.when(cause.change), words.confidence_words(cause)
        yield f"**{escape(words.move(cause.change))}**: {escape(', '.join(text for text in sentences if text))}"
        for sentence in (words.interval_sentence(cause), words.moved_with_sentence(cause)):
            if sentence:
                yield escape(sentence)


def _confirmations(record: Record) -> Iterator[str]:
    for shown in exhibits.confirmations(record):
        mark = {True: "✓", False: "✗", None: "∅"}[shown.held]
        told = [_told(record, trial) for trial in shown.trials]
        yield f"{mark} **{shown.name}**: {escape(shown.sentence)}" + (f" ({', '.join(told)})" if told else "")


def _told(record: Record, trial: Trial) -> str:
    said = [f"trial {exhibits.number_of(record, trial)}: {code(trial.outcome.reason)}"]
    said += [escape(more) for more in (exhibits.tally(record, trial), exhibits.companions(trial)) if more]
    return "; ".join(said)


def _beside(record: Record) -> Iterator[str]:
    """Both sides: what they hold, how they ended, their metrics, own words and last lines."""
    yield "### Side by side"
    both = exhibits.sides(record)
    rows = [("", *(f"{words.MARKS[side.verdict]} {escape(one_line(side.title, 60))}" for side in both))]
    rows.append(("holds", *(escape(side.holds) for side in both)))
    rows.append(("stands at", *(escape(side.place) for side in both)))
    rows.append(("ended", *(code(side.trial.outcome.reason) if side.trial else "not measured" for side in both)))
    rows.append(("in all", *(escape(side.runs) for side in both)))
    rows.append(("took", *(words.spent_on(side.trial) if side.trial else "" for side in both)))
    rows.append(("says", *(code(said) if said else "" for said in exhibits.summaries(record))))
    yield table(rows[0], [row for row in rows[1:] if any(row[1:])])
    good, bad = (side.trial for side in both)
    if good is not None and bad is not None:
        found, more = exhibits.metric_rows(record, good.measurement, bad.measurement)
        if found:
            numbers = [
                (code(r.name), words.number(r.good), words.number(r.bad), words.difference(r.good, r.bad))
                for r in found
            ]
            yield table(("metric", "good", "bad", "change"), numbers)
        if more:
            yield f"and {words.counted(more, 'other')}"
    for side in both:
        if side.trial is not None and (lines := exhibits.printed(side.trial, LINES)):
            yield f"{words.MARKS[side.verdict]} {escape(one_line(side.title, 60))} printed last:"
            yield fence(lines)


def _answers(record: Record) -> Iterator[str]:
    good, bad = exhibits.sides(record)
    pairs = telling(good.output, bad.output)
    if not pairs:
        return
    yield "### The same inputs, answered by both"
    for pair in pairs:
        yield f"> {code(one_line(pair.good.input, 300))}"
        yield bullets(
            f"{words.MARKS[side]} {side}: {_items(a)}" for side, a in (("good", pair.good), ("bad", pair.bad))
        )
    yield escape(legend(pairs))


def _items(answer: Answer) -> str:
    if not answer.items:
        return f"named nothing: {code(one_line(answer.output, 200))}" if answer.output.strip() else "answered nothing"
    items = [f"{escape(one_line(i.kind, 30))} {code(marked(i))}" for i in answer.items[:ITEMS]]
    more = [f"and {len(answer.items) - ITEMS} more"] if len(answer.items) > ITEMS else []
    return f"{answer.grounded} of {len(answer.items)}: {' · '.join([*items, *more])}"


def _untestable(record: Record) -> Iterator[str]:
    trials = exhibits.untestable(record)
    if not trials:
        return
    yield "### Could not be judged"
    if between := len(record.finding.untestable):
        yield f"{words.counted(between, 'candidate')} of these between last good and first bad."
    rows = [
        (str(trial.outcome.verdict), escape(place_of(trial.ask, record.timeline)), code(trial.outcome.reason))
        for trial in trials[:MOST]
    ]
    yield table(("", "candidate", "reason"), rows)
    if len(trials) > MOST:
        yield f"and {words.counted(len(trials) - MOST, 'more trial')}; the journal has them"


def escape(text: str) -> str:
    """Text that Markdown shows as it is, and that calls nobody."""
    return CALLS.sub("\\1\u200b", SPECIAL.sub(r"\\\1", text))


def code(text: str) -> str:
    """One line in backticks, whatever it holds."""
    text = one_line(text)
    ticks = _ticks(text, 1)
    space = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def fence(lines: Sequence[str], language: str = "text") -> str:
    """A block that none of its lines can end."""
    ticks = _ticks("\n".join(lines), 3)
    return "\n".join([f"{ticks}{language}", *lines, ticks])


def _ticks(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    return "`" * max(least, longest + 1)


def bullets(lines: Iterable[str]) -> str:
    """A list."""
    return "\n".join(f"- {line}" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose cells hold inline Markdown on one line."""
    lines = [head, ["---"] * len(head), *([BAR.sub(r"\|", cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)
