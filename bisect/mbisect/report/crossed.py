"""The matrix of trainings and evaluations, for people, Markdown and programs. Pure; runs nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mbisect.matrix import SIDES, Cell, Matrix, Side
from mbisect.report.bar import COLOURS
from mbisect.report.untrusted import one_line
from mbisect.report.words import MARKS

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = "mbisect.matrix/1"
NOT_RUN = "not run"


def sentence(matrix: Matrix) -> str:
    """The answer in a sentence."""
    crossed = [_told(matrix, cell) for cell in matrix.cells[2:]]
    if matrix.answer == "evaluation":
        return f"the evaluation broke: {crossed[0]}; {crossed[1]}"
    if matrix.answer == "training":
        return f"the training broke: {crossed[1]}; {crossed[0]}"
    if matrix.answer == "each":
        return f"both halves broke, and each is enough: {crossed[0]}; {crossed[1]}"
    if matrix.answer == "together":
        return f"neither half broke by itself, only both together: {crossed[0]}; {crossed[1]}"
    return f"{matrix.answer.replace('-', ' ')}: {_named(matrix, one_line(matrix.why))}"


def next_command(matrix: Matrix) -> str:
    """What to type next; empty where there is nothing to search."""
    if matrix.answer in ("not-reproduced", "good-endpoint-fails"):
        return ""
    return replace(matrix.asked, half=matrix.guilty).line()


def cell_line(good: str, bad: str, cell: Cell) -> str:
    """A cell as it is told while the matrix is measured."""
    names = {"good": one_line(good, 60), "bad": one_line(bad, 60)}
    spent = sum(trial.measurement.seconds for trial in cell.trials if not trial.reused)
    took = f"{spent:.1f} s" if spent else "known"
    return f"trained in {names[cell.trained]}, evaluated in {names[cell.evaluated]}: {_shown(cell)}  {took}"


def as_table(matrix: Matrix) -> Table:
    """For a terminal: where it was trained down, where it was evaluated across."""
    from rich.table import Table
    from rich.text import Text

    def coloured(cell: Cell | None) -> Text:
        return Text(NOT_RUN, style="dim") if cell is None else Text(_shown(cell), style=COLOURS[cell.outcome.verdict])

    table = Table()
    for head in _heads(matrix):
        table.add_column(Text(head))
    for side in SIDES:
        table.add_row(Text(f"trained in {_name(matrix, side)}"), *map(coloured, _row(matrix, side)))
    return table


def as_markdown(matrix: Matrix) -> str:
    """The sentence, the table, and what to type next."""
    from mbisect.report.markdown import code, escape, table

    rows = [
        (f"trained in {code(_name(matrix, side))}", *(escape(_shown(c)) if c else NOT_RUN for c in _row(matrix, side)))
        for side in SIDES
    ]
    first, *others = _heads(matrix)
    parts = [f"## mbisect: {escape(sentence(matrix))}", table((first, *map(escape, others)), rows)]
    parts.append(f"Judged by {code(one_line(matrix.judge))}.")
    if command := next_command(matrix):
        parts.append(f"Next: {code(one_line(command, 4096))}")
    return "\n\n".join(parts) + "\n"


def as_plain(matrix: Matrix) -> dict[str, Any]:
    """For programs."""
    return {
        "schema": SCHEMA,
        "good": matrix.asked.good,
        "bad": matrix.asked.bad,
        "judge": matrix.judge,
        "answer": matrix.answer,
        "why": matrix.why,
        "guilty": matrix.guilty,
        "next": next_command(matrix),
        "cells": [
            {
                "trained": cell.trained,
                "evaluated": cell.evaluated,
                "verdict": str(cell.outcome.verdict),
                "reason": cell.outcome.reason,
                "trials": [
                    {
                        "seed": trial.ask.seed,
                        "verdict": str(trial.outcome.verdict),
                        "reason": trial.outcome.reason,
                        "metrics": dict(trial.measurement.metrics),
                        "seconds": round(trial.measurement.seconds, 3),
                        "reused": trial.reused,
                        "output": trial.measurement.output,
                    }
                    for trial in cell.trials
                ],
            }
            for cell in matrix.cells
        ],
    }


def _heads(matrix: Matrix) -> tuple[str, ...]:
    return "", *(f"evaluated in {_name(matrix, side)}" for side in SIDES)


def _row(matrix: Matrix, side: Side) -> list[Cell | None]:
    return [matrix.cell(side, other) for other in SIDES]


def _told(matrix: Matrix, cell: Cell) -> str:
    names = _name(matrix, cell.trained), _name(matrix, cell.evaluated)
    return f"what {names[0]} trained, evaluated in {names[1]}, is {cell.outcome.verdict} ({_reasons(cell)})"


def _shown(cell: Cell) -> str:
    return f"{MARKS[cell.outcome.verdict]} {cell.outcome.verdict}, {_reasons(cell)}"


def _reasons(cell: Cell) -> str:
    """The reason of each run; of what was measured at several seeds the name only once."""
    reasons = [one_line(trial.outcome.reason, 160) for trial in cell.trials]
    first = reasons[0].rpartition(" ")[0]
    if len(reasons) > 1 and all(reason.rpartition(" ")[0] == first for reason in reasons):
        return f"{first} {', '.join(reason.rpartition(' ')[2] for reason in reasons)}"
    return ", ".join(dict.fromkeys(reasons))


def _name(matrix: Matrix, side: Side) -> str:
    return one_line(matrix.asked.good if side == "good" else matrix.asked.bad, 60)


def _named(matrix: Matrix, why: str) -> str:
    """A reason that speaks of the ends, with their names."""
    return why.replace("the good end", f"the good end, {_name(matrix, 'good')},", 1).replace(
        "the bad end", f"the bad end, {_name(matrix, 'bad')},", 1
    )
