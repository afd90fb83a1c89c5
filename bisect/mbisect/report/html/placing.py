"""Says where trials stand on a timeline and at what they measured. Pure; knows nothing of pictures."""

from __future__ import annotations

import re
from itertools import pairwise

from mbisect.journal import Record
from mbisect.terms import Ask, Key, Timeline, Trial, Verdict

THRESHOLDS = re.compile(r": good [≥≤] (\S+), bad [≥≤] ([^\s,]+)")


def position(ask: Ask, timeline: Timeline, guilty: frozenset[Key] = frozenset()) -> int:
    """How many changes of the timeline stand before a candidate; what is an end but for a change stands at that end.

    `guilty`: keys that do not count, because a search for a partner holds them.
    """
    if ask.purpose in ("good end", "sufficient", "passing"):
        return 0
    if ask.purpose in ("bad end", "necessary", "remedy"):
        return len(timeline)
    held = guilty if ask.purpose == "partner" else frozenset()
    wanted = ask.candidate.wanted
    reached = {(key, value) for key, value in wanted.items() if key not in held and value != timeline.good.get(key)} | {
        (key, None) for key in timeline.good if key not in wanted and key not in held
    }
    places = [place for place, change in enumerate(timeline.changes, 1) if (change.key, change.after) in reached]
    return places[-1] if places else 0


def positions(record: Record) -> tuple[int, ...]:
    """Where each trial stands."""
    guilty = frozenset(cause.change.key for cause in record.finding.causes)
    known: dict[tuple[str, str], int] = {}
    found = []
    for trial in record.trials:
        ask = trial.ask
        place = ask.candidate.wanted.digest, ask.purpose
        if place not in known:
            known[place] = position(ask, record.timeline, guilty)
        found.append(known[place])
    return tuple(found)


def metric_of(record: Record) -> str:
    """The metric that is judged; empty where the exit status is."""
    name = record.judge.partition(":")[0]
    return "" if name == "exit status" else name


def value_of(record: Record, trial: Trial) -> float | None:
    """What a trial measured of the judged metric."""
    if trial.outcome.value is not None:
        return trial.outcome.value
    return trial.measurement.metric(metric_of(record))


def untestable_bands(record: Record, xs: tuple[int, ...]) -> tuple[tuple[float, float], ...]:
    """(from, to) of the stretches of the timeline at whose positions nothing but untestable trials was seen."""
    silent: dict[int, bool] = {}
    for x, trial in zip(xs, record.trials, strict=True):
        mute = trial.outcome.verdict is Verdict.UNTESTABLE
        silent[x] = silent.get(x, True) and mute
    found: list[tuple[float, float]] = []
    for before, x in pairwise([-1, *sorted(silent)]):
        if silent[x] and before >= 0 and silent[before] and found:
            found[-1] = (found[-1][0], x + 0.5)
        elif silent[x]:
            found.append((x - 0.5, x + 0.5))
    return tuple(found)


def thresholds(judge: str) -> tuple[float, float] | None:
    """(good from here, bad from here), where the judge has thresholds."""
    found = THRESHOLDS.search(judge)
    try:
        return (float(found[1]), float(found[2])) if found else None
    except ValueError:
        return None
