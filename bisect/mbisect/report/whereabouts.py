"""Says where a candidate stands on a timeline. Knows nothing of verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from mbisect.report.words import counted, listed, named, shown
from mbisect.terms import Ask, Change, Key, Timeline, Values


def applied(values: Values, timeline: Timeline) -> tuple[int, Change | None]:
    """How many changes of a timeline these values hold, and the one that stands last."""
    steps: dict[Key, list[int]] = {}
    for place, change in enumerate(timeline.changes):
        steps.setdefault(change.key, []).append(place)
    count, last = 0, -1
    for key, places in steps.items():
        if values.get(key) == timeline.good.get(key):
            continue
        reached = [n for n, place in enumerate(places) if timeline.changes[place].after == values.get(key)]
        if reached:
            count, last = count + reached[-1] + 1, max(last, places[reached[-1]])
    return count, timeline.changes[last] if last >= 0 else None


def place_of(ask: Ask, timeline: Timeline) -> str:
    """Where a candidate stands: `130 of 263 changes, up to httpx 0.27.2`, `good with httpx 0.28.0`."""
    wanted = ask.candidate.wanted
    if ask.purpose == "good end":
        return f"none of {counted(len(timeline), 'change')}"
    if ask.purpose == "bad end":
        return f"all of {counted(len(timeline), 'change')}"
    if ask.purpose in ("sufficient", "passing"):
        return f"good with {_held(timeline.good.differing(wanted), wanted)}"
    if ask.purpose == "necessary":
        return f"bad with {_held(timeline.bad.differing(wanted), wanted)}"
    count, last = applied(wanted, timeline)
    where = f"{count} of {counted(len(timeline), 'change')}"
    return where if last is None else f"{where}, up to {_held((last.key,), wanted)}"


def _held(keys: Sequence[Key], values: Values) -> str:
    words = [f"{named(key)} {shown(values[key])}" if key in values else f"no {named(key)}" for key in keys]
    return listed(words, most=2) or "nothing moved"
