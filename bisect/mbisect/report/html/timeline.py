"""Draws a timeline to scale, with every trial and the posterior as it narrowed. Pure; knows nothing of the browser.

The picture is a figure of plotly as plain values. Colours that begin with @ are the page's, and texts are none of its
concern: point n of the trials is row n of the page's table of trials, point n of the changes line n of `Drawn.labels`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from mbisect.journal import Narrowed, Record
from mbisect.report import exhibits
from mbisect.report.html.backdrop import names, shapes
from mbisect.report.html.placing import metric_of, positions, value_of
from mbisect.report.untrusted import one_line
from mbisect.report.words import move, when
from mbisect.terms import Axis, Timeline, Trial, Verdict

SYMBOLS = {
    "good end": "square", "bad end": "square", "boundary": "circle", "refine": "circle", "partner": "diamond",
    "sufficient": "triangle-up", "necessary": "triangle-down", "passing": "pentagon", "remedy": "star",
}  # fmt: skip
"""Purpose → its sign."""
LANES = {Verdict.GOOD: 2.0, Verdict.UNSURE: 1.0, Verdict.UNTESTABLE: 1.0, Verdict.BAD: 0.0}
LANE_TITLES = {0.0: "fails", 1.0: "not judged", 2.0: "passes"}
STACKED = 0.07
"""Lanes between two trials that stand at the same place."""
DATES = 7
"""Dates along the timeline at most."""
STEPS = 400
"""Steps of the posterior that are drawn at most."""
MOST_CHANGES = 4000
"""Changes that are drawn; of more only those on other axes than the packages'."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture and what belongs to it."""

    figure: dict[str, object]
    labels: tuple[str, ...]
    """What the marks along the timeline stand for."""
    near: tuple[float, float]
    """The stretch around what was found."""


def draw(record: Record) -> Drawn:
    """The whole picture."""
    size = max(1, len(record.timeline))
    xs = positions(record)
    steps = [step for step in record.narrowed if step.total == len(record.timeline)]
    trials, measured = _trials(record, xs)
    marks, labels = _marks(record)
    posterior = _posterior(steps, len(record.trials))
    layout = {
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "height": (560 if posterior else 420) - (0 if metric_of(record) else 100),
        "margin": {"l": 70, "r": 18, "t": 44, "b": 36},
        **_axes(record, measured, posterior=bool(posterior)),
        "shapes": shapes(record, xs),
        "annotations": names(record, size),
    }
    return Drawn({"data": [trials, marks, *posterior], "layout": layout}, labels, _near(record, size))


def _axes(record: Record, measured: dict[str, object], *, posterior: bool) -> dict[str, object]:
    """Three rooms above each other: what was measured, the changes, the posterior."""
    size, ticks = max(1, len(record.timeline)), _dates(record.timeline)
    base = 0.34 if posterior else 0.1
    fixed = {"zeroline": False, "gridcolor": "@line", "fixedrange": True}
    axes: dict[str, object] = {
        "xaxis": {
            "range": [-0.03 * size, 1.03 * size],
            "tickvals": [x for x, _ in ticks],
            "ticktext": [text for _, text in ticks],
            "tickangle": 0,
            "zeroline": False,
            "gridcolor": "@line",
            "anchor": "y3" if posterior else "y2",
        },
        "yaxis": {**fixed, "domain": [base + 0.06, 1], **measured},
        "yaxis2": {"domain": [base - 0.08, base], "visible": False, "fixedrange": True, "range": [-1, 1]},
    }
    if posterior:
        down = {"range": [len(record.trials) + 0.5, -0.5], "title": {"text": "trials", "standoff": 6}, "nticks": 5}
        axes["yaxis3"] = {**fixed, "domain": [0, base - 0.12], **down}
    return axes


def _trials(record: Record, xs: tuple[int, ...]) -> tuple[dict[str, object], dict[str, object]]:
    """The trials, and what their axis says."""
    metric = metric_of(record)
    values = [value_of(record, trial) if metric else None for trial in record.trials]
    known = [value for value in values if value is not None]
    if known:
        low, high = min(0.0, *known), max(known)
        span = (high - low) or 1.0
        bottom = low - 0.18 * span
        ys = [bottom if value is None else value for value in values]
        axis: dict[str, object] = {
            "range": [low - (0.08 if None not in values else 0.28) * span, high + 0.08 * span],
            "tickvals": [*round_numbers(low, high), *([bottom] if None in values else [])],
            "ticktext": [f"{tick:g}" for tick in round_numbers(low, high)] + ["none"],
            "title": {"text": escape(one_line(metric, 30)), "standoff": 6},
        }
    else:
        ys = _stacked(record, xs)
        used = {LANES[trial.outcome.verdict] for trial in record.trials} | {0.0, 2.0}
        axis = {
            "range": [-0.5, 2.9],
            "tickvals": sorted(used),
            "ticktext": [LANE_TITLES[lane] for lane in sorted(used)],
        }
    many = len(xs) > 400
    marker = {
        "size": 7 if many else 12,
        "opacity": 0.6 if many else 0.95,
        "color": [colour_of(trial) for trial in record.trials],
        "symbol": [SYMBOLS[trial.ask.purpose] + ("-open" if trial.ask.level else "") for trial in record.trials],
        "line": {"width": 1, "color": "@card"},
    }
    return {"type": "scatter", "mode": "markers", "name": "trials", "x": list(xs), "y": ys, "marker": marker,
            "hoverinfo": "none", "cliponaxis": False}, axis  # fmt: skip


def round_numbers(low: float, high: float) -> list[float]:
    """Three to seven round numbers from low to high."""
    step = 10 ** floor(log10((high - low) / 2 or 1.0))
    step = next((step * part for part in (2.0, 1.0, 0.5, 0.2) if (high - low) / (step * part) >= 3), step)
    return [round(k * step, 12) for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def colour_of(trial: Trial) -> str:
    """Its verdict's; a metric that is compared and not judged has none."""
    return "@measured" if trial.outcome.value is not None else f"@{trial.outcome.verdict}"


def _stacked(record: Record, xs: tuple[int, ...]) -> list[float]:
    """A lane for each verdict; trials at one place stand above each other, closer where they are many."""
    at = [(x, LANES[trial.outcome.verdict]) for x, trial in zip(xs, record.trials, strict=True)]
    total, seen, found = Counter(at), Counter[tuple[int, float]](), []
    for place in at:
        found.append(round(place[1] + min(STACKED, 0.8 / total[place]) * seen[place], 4))
        seen[place] += 1
    return found


def _marks(record: Record) -> tuple[dict[str, object], tuple[str, ...]]:
    """A mark for each change, and what it is."""
    changes = list(enumerate(record.timeline.changes))
    if len(changes) > MOST_CHANGES:
        changes = [(k, change) for k, change in changes if change.key.axis is not Axis.PACKAGE][:MOST_CHANGES]
    guilty = set(exhibits.places(record))
    colours = ["@bad" if k in guilty else "@quiet" if c.key.axis is Axis.PACKAGE else "@mark" for k, c in changes]
    sizes = [22 if k in guilty else 9 if c.key.axis is Axis.PACKAGE else 16 for k, c in changes]
    widths = [3 if k in guilty else 1 if c.key.axis is Axis.PACKAGE else 2 for k, c in changes]
    labels = tuple(f"change {k + 1}: {move(c)}" + (f", {when(c)}" if when(c) else "") for k, c in changes)
    marker = {"symbol": "line-ns-open", "size": sizes, "color": colours, "line": {"width": widths, "color": colours}}
    return {"type": "scatter", "mode": "markers", "name": "changes", "x": [k + 0.5 for k, _ in changes],
            "y": [0] * len(changes), "yaxis": "y2", "marker": marker, "hoverinfo": "none",
            "cliponaxis": False}, labels  # fmt: skip


def _posterior(steps: list[Narrowed], trials: int) -> list[dict[str, object]]:
    """Bars from the first trial down to the last: where the boundary lay with 95 %, and with 50 %."""
    every = -(-len(steps) // STEPS) or 1
    kept = steps[::every]
    if not kept:
        return []
    ends = [*(after.trials for after in kept[1:]), max(trials, kept[-1].trials + 1)]
    heights = [max(0.5, end - step.trials) for step, end in zip(kept, ends, strict=True)]
    middles = [step.trials + height / 2 for step, height in zip(kept, heights, strict=True)]
    said = [
        f"after {step.trials} trials ({step.phase}): the boundary is one of {step.high - step.low} with 95 %, "
        f"of {step.half[1] - step.half[0]} with 50 %; the likeliest has {100 * step.sure:.0f} %"
        for step in kept
    ]
    return [
        {"type": "bar", "orientation": "h", "name": name, "y": middles, "width": heights, "yaxis": "y3",
         "base": [low for low, _ in spans], "x": [high - low for low, high in spans], "customdata": said,
         "marker": {"color": colour, "line": {"width": 0}}, "hoverinfo": "none"}
        for name, colour, spans in (
            ("95 %", "@posterior/0.3", [(step.low, step.high) for step in kept]),
            ("50 %", "@posterior/0.85", [step.half for step in kept]),
        )
    ]  # fmt: skip


def _dates(timeline: Timeline) -> list[tuple[int, str]]:
    """Positions and dates for the axis: evenly spaced, each the date of the change that stands there."""
    changes = timeline.changes
    dated = [k for k, change in enumerate(changes) if change.date is not None]
    if not dated:
        return [(0, "0"), (len(changes), str(len(changes)))]
    first, last = dated[0], dated[-1]
    count = min(DATES, len(dated))
    wanted = [dated[round(n * (len(dated) - 1) / max(1, count - 1))] for n in range(count)]
    days = (changes[last].date - changes[first].date).days  # type: ignore[operator]  # both are dated
    form = "%Y-%m" if days > 200 else "%Y-%m-%d"
    found: list[tuple[int, str]] = []
    for k in wanted:
        date = changes[k].date
        text = date.strftime(form) if date else ""
        if not found or found[-1][1] != text:
            found.append((k + 1, text))
    return found


def _near(record: Record, size: int) -> tuple[float, float]:
    """A twentieth of the timeline on both sides of what was found, or of what is left open; at least ten changes."""
    places = exhibits.places(record)
    steps = [step for step in record.narrowed if step.total == size]
    low, high = (places[0], places[-1] + 1) if places else (steps[-1].low, steps[-1].high) if steps else (0, size)
    room = max(10.0, size / 20)
    return max(-0.03 * size, low - room), min(1.03 * size, high + room)
