"""Reads the curves that a workload wrote and draws both sides in one picture. Knows no subject matter.

`curves.json` below a trial's output holds a JSON object: {"loss": [[1, 2.31], [2, 2.05], …]}, name → [step, value].
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from mbisect.report.untrusted import one_line
from mbisect.report.words import number

NAME = "curves.json"
MOST_BYTES = 8 * 2**20
MOST = 4
"""Curves that are shown."""
POINTS = 600
"""Points of a curve; of a longer one every n-th, and the last."""

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Both:
    """One curve of both sides; empty where a side has none."""

    name: str
    good: Curve
    bad: Curve

    @property
    def said(self) -> tuple[str, ...]:
        """The curves in words: where each begins and ends."""
        sides = (("good", self.good), ("bad", self.bad))
        return tuple(
            f"{side}: {number(curve[0][1])} at step {curve[0][0]:g}, {number(curve[-1][1])} at step {curve[-1][0]:g}"
            for side, curve in sides
            if curve
        )


def load(folder: str | None) -> dict[str, Curve]:
    """Name → points; empty where there is no file or it cannot be read. What is no finite number is passed over."""
    if folder is None:
        return {}
    try:
        with Path(folder, NAME).open("rb") as file:
            found = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    curves = found.items() if isinstance(found, dict) else ()
    return {one_line(name, 60): curve for name, points in curves if (curve := _curve(points))}


def both(good: str | None, bad: str | None) -> tuple[Both, ...]:
    """The curves of two output folders, those that both have first."""
    goods, bads = load(good), load(bad)
    names = sorted({*goods, *bads}, key=lambda name: (name not in goods or name not in bads, name != "loss", name))
    return tuple(Both(name, goods.get(name, ()), bads.get(name, ())) for name in names[:MOST])


def figure(curves: Both) -> dict[str, object]:
    """The picture for plotly; colours that begin with @ are the page's."""
    lines = [
        {
            "type": "scatter", "mode": "lines", "name": side, "x": [x for x, _ in curve], "y": [y for _, y in curve],
            "line": {"color": f"@{side}", "width": 2, "dash": dash}, "hovertemplate": "%{y:.4g}",
        }
        for side, curve, dash in (("good", curves.good, "solid"), ("bad", curves.bad, "dash"))
        if curve
    ]  # fmt: skip
    layout = {
        "height": 260, "showlegend": False, "hovermode": "x unified", "dragmode": False,
        "margin": {"l": 52, "r": 12, "t": 8, "b": 40},
        "xaxis": {"title": {"text": "step"}, "zeroline": False, "gridcolor": "@line"},
        "yaxis": {"zeroline": False, "gridcolor": "@line", "rangemode": "tozero"},
    }  # fmt: skip
    return {"data": lines, "layout": layout}


def _curve(points: object) -> Curve:
    found = []
    for point in points if isinstance(points, list) else ():
        try:
            x, y = (float(value) for value in point)
        except (TypeError, ValueError):
            continue
        if isfinite(x) and isfinite(y):
            found.append((x, y))
    every = -(-len(found) // POINTS)
    return tuple(found[::every] + (found[-1:] if (len(found) - 1) % every else [])) if found else ()
