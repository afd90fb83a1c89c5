"""One smoke as Markdown, for the summary of a CI job or an issue; the report of its search follows."""

from __future__ import annotations

from collections.abc import Iterator

from mbisect.history import Smoke
from mbisect.journal import Record
from mbisect.report.history import words
from mbisect.report.history.words import MARKS
from mbisect.report.markdown import as_markdown, bullets, code, escape, fence, table
from mbisect.report.words import counted, move
from mbisect.terms import Asked

MOST = 40
"""Packages that are listed."""


def smoke_as_markdown(smoke: Smoke, asked: Asked, reference: Smoke | None, record: Record | None) -> str:
    """Ends with a newline."""
    text = "\n\n".join(part for part in _parts(smoke, asked, reference) if part) + "\n"
    return text if record is None else f"{text}\n{as_markdown(record)}"


def _parts(smoke: Smoke, asked: Asked, reference: Smoke | None) -> Iterator[str]:
    yield f"## {MARKS[smoke.light]} {escape(smoke.against)}: {escape(words.headline(smoke))}"
    if found := words.found(smoke):
        yield escape(found)
    moves = f"{counted(len(smoke.moved), 'package')} moved" if smoke.moved else "nothing moved"
    facts = [words.since(smoke, reference), moves]
    yield bullets(escape(fact) for fact in [*facts, f"Python {smoke.python}", f"judged by {smoke.judge}"])
    if smoke.runs:
        rows = [(str(run.seed + 1), str(run.verdict), code(run.reason)) for run in smoke.runs]
        yield table(("run", "verdict", "because"), rows)
    if smoke.moved:
        names = [escape(move(one)) for one in smoke.moved[:MOST]]
        rest = [f"and {len(smoke.moved) - MOST} more"] if len(smoke.moved) > MOST else []
        yield f"<details><summary>{len(smoke.moved)} moved</summary>\n\n{bullets([*names, *rest])}\n\n</details>"
    if smoke.moved and smoke.light != "green":
        yield f"The same search:\n\n{fence([asked.line()], 'sh')}"
