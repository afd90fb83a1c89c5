"""Says where trials stand on a timeline and at what they measured. Pure; knows nothing of pictures."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise

from mbisect.journal import Record
from mbisect.terms import Ask, Key, Timeline, Trial, Verdict

THRESHOLDS = re.compile(r": good [≥≤] (\S+), bad [≥≤] ([^\s,]+)")


def position(ask: Ask, timeline: Timeline) -> int:
    """How many changes of the timeline stand before a candidate: where most keys hold what it holds.

    A prefix stands at its length. Of one that holds a change out of its turn, or companions of one, all other keys say
    where it stands; one that is an end but for a change stands at that end.
    """
    if ask.purpose in ("good end", "sufficient", "passing"):
        return 0
    if ask.purpose in ("bad end", "necessary", "remedy"):
        return len(timeline)
    steps: dict[Key, list[int]] = {}
    for place, change in enumerate(timeline.changes, 1):
        steps.setdefault(change.key, []).append(place)
    votes = [0] * (len(timeline) + 2)
    for key, places in steps.items():
        value = ask.candidate.wanted.get(key)
        reached = [place for place in places if timeline.changes[place - 1].after == value]
        if value == timeline.good.get(key):
            reached = [0]
        if reached:
            votes[reached[-1]] += 1
            votes[next((place for place in places if place > reached[-1]), len(timeline) + 1)] -= 1
    held = list(accumulate(votes[:-1]))
    return held.index(max(held))


def positions(record: Record) -> tuple[int, ...]:
    """Where each trial stands."""
    known: dict[tuple[str, str], int] = {}
    found = []
    for trial in record.trials:
        place = trial.ask.candidate.wanted.digest, trial.ask.purpose
        if place not in known:
            known[place] = position(trial.ask, record.timeline)
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
