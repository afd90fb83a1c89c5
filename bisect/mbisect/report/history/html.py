"""The history as one HTML file: its picture is inline SVG, there is no script and nothing comes from elsewhere.

Pure; all texts are escaped by the template.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mbisect.history import Light
from mbisect.report.history import words
from mbisect.report.history.words import MARKS, Night
from mbisect.report.untrusted import one_line
from mbisect.report.words import move, number

WIDTH, HEIGHT = 1000.0, 280.0
"""Of the picture, in its own units."""
LEFT, RIGHT, TOP, BOTTOM = 70.0, 20.0, 16.0, 36.0
"""Margins for the words at the axes."""
MOST_LABELS = 8
MOST_DRAWN = 120
"""Smokes in the picture, the newest; the table has all."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One smoke in the picture."""

    x: float
    ys: tuple[float, ...]
    """Of each run."""
    middle: float | None
    light: Light
    mark: str
    title: str
    """What a pointer that hovers is told."""
    room: float
    """Between it and the next."""


def as_html(name: str, metric: str, nights: Sequence[Night]) -> str:
    """The whole page, the newest smoke first in its table."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("mbisect.report", "history")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    drawn = nights[-MOST_DRAWN:]
    low, high = _scale(drawn)
    marks = [_mark(night, i, len(drawn), low, high) for i, night in enumerate(drawn)]
    smokes = [night.smoke for night in nights]
    return environment.get_template("page.html.j2").render(
        name=name,
        metric=metric,
        streak=words.streak(smokes),
        last=words.headline(smokes[-1]) if smokes else "",
        found=words.found(smokes[-1]) if smokes else "",
        marks=marks,
        line=" ".join(f"{mark.x:.1f},{mark.middle:.1f}" for mark in marks if mark.middle is not None),
        rows=[_row(night) for night in reversed(nights)],
        ticks=[(_y(value, low, high), number(value)) for value in _ticks(low, high)],
        days=_days(drawn, marks),
        size=(WIDTH, HEIGHT),
        plot=(LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM),
    )


def _scale(nights: Sequence[Night]) -> tuple[float, float]:
    values = [value for night in nights for value in night.values] or [0.0, 1.0]
    low, high = min(values), max(values)
    room = 0.08 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Four values from the bottom to the top."""
    return [low + (high - low) * part for part in (0.08, 0.36, 0.64, 0.92)]


def _mark(night: Night, place: int, of: int, low: float, high: float) -> Mark:
    smoke = night.smoke
    told = [f"{smoke.at[:10]} {smoke.light}", words.measured(night), words.moved(smoke, 3), words.found(smoke)]
    middle, room = night.middle, (WIDTH - LEFT - RIGHT) / max(1, of)
    return Mark(
        LEFT + room * (place + 0.5),
        tuple(_y(value, low, high) for value in night.values),
        None if middle is None else _y(middle, low, high),
        smoke.light,
        MARKS[smoke.light],
        "\n".join(text for text in told if text),
        room,
    )


def _y(value: float, low: float, high: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low))


def _days(nights: Sequence[Night], marks: Sequence[Mark]) -> list[tuple[float, str]]:
    """Some dates below the picture."""
    step = max(1, -(-len(nights) // MOST_LABELS))
    shown = [(mark.x, datetime.fromisoformat(n.smoke.at)) for n, mark in list(zip(nights, marks, strict=True))[::step]]
    return [(x, f"{day.day} {day:%b}") for x, day in shown]


def _row(night: Night) -> dict[str, object]:
    smoke = night.smoke
    listed = night.values and smoke.why == ", ".join(run.reason for run in smoke.runs)
    return {
        "at": smoke.at,
        "day": smoke.at[:10],
        "light": smoke.light,
        "mark": MARKS[smoke.light],
        "values": words.measured(night),
        "why": "" if listed else one_line(smoke.why),
        "found": words.found(smoke),
        "confirmed": words.confirmed(smoke),
        "run": smoke.run,
        "reference": smoke.reference,
        "moved": [move(one) for one in smoke.moved],
        "python": smoke.python,
    }
