"""Picks from a record what a report shows as evidence. Pure; knows nothing of how it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mbisect.journal import Record
from mbisect.report.untrusted import last_lines
from mbisect.report.whereabouts import applied
from mbisect.report.words import (
    counted,
    named,
    necessary_sentence,
    shown,
    sufficient_sentence,
    whole_sentence,
)
from mbisect.terms import OTHER, Candidate, Cause, Key, Measurement, Purpose, Trial, Verdict

SUMMARY = "summary"
"""The note in which a workload says in its own words what its measurements mean."""
MOST_METRICS = 12
INSTALLED = re.compile(r"(?:/[^\s\"']+)?/(?:site-packages|lib/python3\.\d+)/")
"""The part of a path that says where an environment is, and nothing else."""
CARETS = re.compile(r"^\s*[~^]+\s*$", re.MULTILINE)
"""The line of a traceback that points at a part of the line above."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two things that are shown beside each other."""

    verdict: Verdict
    title: str
    """`last good`, `first bad`, `good end v1`, `bad end v4`."""
    holds: str
    """What it holds of the change that did it; empty when there is none."""
    place: str
    """Where it stands on the timeline."""
    trial: Trial | None
    """The trial that measured it."""

    @property
    def output(self) -> str | None:
        """The folder that its trial wrote to."""
        return self.trial.measurement.output if self.trial is not None else None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A statement that a cause has to stand, and the trials behind it."""

    name: str
    held: bool | None
    """None: it could not be tested."""
    sentence: str
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of both sides; None where it was not measured."""

    name: str
    good: float | None
    bad: float | None


def sides(record: Record) -> tuple[Side, Side]:
    """The last good and the first bad candidate of a finding; without one, both ends."""
    finding = record.finding
    if finding.last_good is None or finding.first_bad is None or not finding.causes:
        return _end(record, "good end", record.good.name), _end(record, "bad end", record.bad.name)
    low, high = finding.last_good, finding.first_bad
    keys = [cause.change.key for cause in finding.causes]
    key = next((key for key in keys if low.values.get(key) != high.values.get(key)), keys[0])
    return (
        _candidate(record, low, Verdict.GOOD, "last good", key),
        _candidate(record, high, Verdict.BAD, "first bad", key),
    )


def _candidate(record: Record, candidate: Candidate, verdict: Verdict, title: str, key: Key) -> Side:
    value = candidate.values.get(key)
    holds = f"no {named(key)}" if value is None else f"{named(key)} {shown(value)}"
    trial = trial_at(record, candidate, verdict)
    ran = trial.ask.candidate if trial is not None else candidate  # where others wanted the same, as it was shown then
    count, _ = applied((ran if ran.values == candidate.values else candidate).wanted, record.timeline)
    place = f"{count} of {counted(len(record.timeline), 'change')}"
    return Side(verdict, title, holds, place, trial)


def _end(record: Record, purpose: Purpose, name: str) -> Side:
    verdict = Verdict.GOOD if purpose == "good end" else Verdict.BAD
    there = [trial for trial in record.trials if trial.ask.purpose == purpose and not trial.ask.level]
    trial = min(there, key=lambda trial: trial.outcome.verdict is not verdict, default=None)
    return Side(trial.outcome.verdict if trial is not None else verdict, f"{purpose} {name}", "", "", trial)


def trial_at(record: Record, candidate: Candidate, verdict: Verdict) -> Trial | None:
    """The trial that shows a candidate: at full size, with this verdict, the snapshot's own seed before others.

    Where it was never run at full size, the trial of a confirmation that shows the same.
    """
    there = [
        trial
        for trial in record.trials
        if trial.ask.candidate.values == candidate.values
        and not trial.ask.level
        and (trial.outcome.verdict is verdict or trial.outcome.value is not None)
    ]
    confirmed = confirming(record, "necessary" if verdict is Verdict.GOOD else "sufficient")
    other = next((trial for trial in confirmed if trial.outcome.verdict is verdict), None)
    return min(there, key=lambda trial: trial.ask.seed, default=other)


def printed(trial: Trial, count: int) -> tuple[str, ...]:
    """The last lines that a trial printed, without the long paths and pointers of tracebacks."""
    return tuple(INSTALLED.sub("…/", line) for line in last_lines(CARETS.sub("", trial.measurement.tail), count))


def number_of(record: Record, trial: Trial) -> int:
    """The trial's number, from 1, as it was shown while it ran."""
    return record.trials.index(trial) + 1


def confirmations(record: Record) -> tuple[Confirmation, ...]:
    """Both directions; where one half was searched, also what the bad end's other half shows without the causes."""
    finding = record.finding
    found = [
        Confirmation("sufficient", finding.sufficient, sufficient_sentence(finding), confirming(record, "sufficient")),
        Confirmation("necessary", finding.necessary, necessary_sentence(finding), confirming(record, "necessary")),
    ]
    if record.half is not None:
        other = tuple(trial for trial in record.trials if trial.ask.level == OTHER)
        found.append(Confirmation("whole", finding.whole, whole_sentence(finding, record.half), other[-1:]))
    return tuple(found)


def confirming(record: Record, purpose: Purpose) -> tuple[Trial, ...]:
    """The trials that stand behind a confirmation: for causes that are each enough, one of `sufficient` for each."""
    finding = record.finding
    if finding.outcome != "found":
        return ()
    apart = purpose == "sufficient" and finding.relation == "each"
    groups: list[tuple[Cause, ...]] = [(cause,) for cause in finding.causes] if apart else [finding.causes]
    found = [_confirming(record, purpose, causes) for causes in groups]
    return tuple(dict.fromkeys(trial for trial in found if trial is not None))


def _confirming(record: Record, purpose: Purpose, causes: tuple[Cause, ...]) -> Trial | None:
    """The trial of one end with these causes moved, whatever it was run for; else the last one for this purpose."""
    with_ = purpose == "sufficient"
    base = (record.good if with_ else record.bad).values
    moves = {cause.change.key: cause.change.after if with_ else cause.change.before for cause in causes}
    wanted = base.put(moves)
    for trial in reversed(record.trials):
        if trial.ask.candidate.wanted == wanted and not trial.ask.level:
            return trial
    suited = [
        trial
        for trial in record.trials
        if trial.ask.purpose == purpose
        and not trial.ask.level
        and all(trial.ask.candidate.values.get(key) == value for key, value in moves.items())
    ]
    return suited[-1] if suited else None


def metric_rows(record: Record, good: Measurement, bad: Measurement) -> tuple[tuple[MetricRow, ...], int]:
    """The metrics of both sides and how many are left out: the judged one first, then by relative change."""
    goods, bads = dict(good.metrics), dict(bad.metrics)
    judged = record.judge.partition(":")[0]

    def rank(row: MetricRow) -> tuple[bool, float, str]:
        if row.good is None or row.bad is None or row.good == row.bad:
            return row.name != judged, 0.0, row.name
        return row.name != judged, -abs(row.bad - row.good) / max(abs(row.good), abs(row.bad)), row.name

    rows = sorted((MetricRow(name, goods.get(name), bads.get(name)) for name in {*goods, *bads}), key=rank)
    return tuple(rows[:MOST_METRICS]), max(0, len(rows) - MOST_METRICS)


def summaries(record: Record) -> tuple[str, str]:
    """What the workload itself says of the good and of the bad side; empty where it says nothing."""
    good, bad = (
        dict(side.trial.measurement.notes).get(SUMMARY, "") if side.trial is not None else "" for side in sides(record)
    )
    return good, bad


def untestable(record: Record) -> tuple[Trial, ...]:
    """Trials that could not be judged, in their order."""
    silent = (Verdict.UNTESTABLE, Verdict.UNSURE)
    return tuple(t for t in record.trials if t.outcome.verdict in silent and t.outcome.value is None)


def places(record: Record) -> tuple[int, ...]:
    """Where the causes stand on the timeline, 0 the first change; those that do not stand on it are left out."""
    found = {(change.key, change.after): place for place, change in enumerate(record.timeline.changes)}
    keys = [(cause.change.key, cause.change.after) for cause in record.finding.causes]
    return tuple(sorted(found[key] for key in keys if key in found))
