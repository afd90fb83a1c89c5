"""What stands behind the trials in a timeline's picture: fields, bands, lines, names. Pure; plain values of plotly."""

from __future__ import annotations

from html import escape
from itertools import pairwise

from mbisect.journal import Record
from mbisect.report import exhibits
from mbisect.report.html.placing import thresholds, untestable_bands
from mbisect.report.untrusted import one_line
from mbisect.report.words import named, shown

MOST_NAMES = 3
"""Causes that are named in the picture; more would cover each other."""


def shapes(record: Record, xs: tuple[int, ...]) -> list[dict[str, object]]:
    """All that is drawn behind the trials, which stand at `xs`."""
    size = max(1, len(record.timeline))
    return [*_regions(record, size), *_bands(record, xs), *_borders(record), *_thresholds(record)]


def _rectangle(left: float, right: float, colour: str) -> dict[str, object]:
    return {"type": "rect", "xref": "x", "yref": "paper", "x0": left, "x1": right, "y0": 0, "y1": 1,
            "fillcolor": colour, "line": {"width": 0}, "layer": "below"}  # fmt: skip


def _line(x: float, colour: str, dash: str) -> dict[str, object]:
    return {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1,
            "line": {"width": 1.5, "color": colour, "dash": dash}, "layer": "below"}  # fmt: skip


def _regions(record: Record, size: int) -> list[dict[str, object]]:
    """What is good and what is bad: good up to the cause, but for what broke in passing and was mended."""
    places = exhibits.places(record)
    if not places:
        return []
    border = (places[0] if record.finding.relation == "each" else places[-1]) + 0.5
    edges, good = [0.0], True
    for broke, mended in sorted(_passing(record), key=lambda pair: pair[0]):
        if mended is not None and edges[-1] < broke + 0.5 < mended + 0.5 < border:
            edges += [broke + 0.5, mended + 0.5]
    found = []
    for left, right in pairwise([*edges, border]):
        found.append(_rectangle(left, right, "@good/0.07" if good else "@bad/0.07"))
        good = not good
    return [*found, _rectangle(border, size, "@bad/0.07")]


def _borders(record: Record) -> list[dict[str, object]]:
    """A line at each cause, and a dotted one at what broke in passing and at what mended it."""
    found = [_line(k + 0.5, "@bad", "solid") for k in exhibits.places(record)]
    passing = [k for pair in _passing(record) for k in pair if k is not None]
    return found + [_line(k + 0.5, "@unsure", "dot") for k in passing]


def _passing(record: Record) -> list[tuple[int, int | None]]:
    """Where on the timeline something broke in passing, and where it was mended, as far as both stand on it."""
    known = {(change.key, change.after): k for k, change in enumerate(record.timeline.changes)}
    found = []
    for healed in record.finding.healed:
        broke, mended = known.get((healed.change.key, healed.change.after)), healed.mended
        if broke is not None:
            found.append((broke, None if mended is None else known.get((mended.key, mended.after))))
    return found


def _bands(record: Record, xs: tuple[int, ...]) -> list[dict[str, object]]:
    """The stretches that could not be tested: neighbours of which every trial was untestable."""
    return [_rectangle(a, b, "@untestable/0.22") for a, b in untestable_bands(record, xs)]


def _thresholds(record: Record) -> list[dict[str, object]]:
    found = thresholds(record.judge)
    return [
        {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": y, "y1": y, "layer": "below",
         "line": {"width": 1.5, "color": colour, "dash": "dash"}}
        for y, colour in zip(found or (), ("@good", "@bad"), strict=False)
    ]  # fmt: skip


def names(record: Record, size: int) -> list[dict[str, object]]:
    """Which end is which, and above it the causes by name. Texts are escaped: plotly reads some HTML."""
    good, bad = (escape(one_line(end.name, 24)) for end in (record.good, record.bad))
    above: dict[str, object] = {"yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False}
    found = [
        {**above, "xref": "paper", "x": 0, "xanchor": "left", "text": f"good end {good}", "font": {"color": "@good"}},
        {**above, "xref": "paper", "x": 1, "xanchor": "right", "text": f"bad end {bad}", "font": {"color": "@bad"}},
    ]
    changes = [record.timeline.changes[k] for k in exhibits.places(record)[:MOST_NAMES]]
    for k, change in zip(exhibits.places(record), changes, strict=False):
        text = f"<b>{escape(named(change.key))} {escape(shown(change.after)[:24])}</b>"
        side = "left" if k < size / 3 else "right" if k > 2 * size / 3 else "center"
        found.append({**above, "xref": "x", "x": k + 0.5, "xanchor": side, "yshift": 18, "text": text})
    return found
