"""Picks from a record what a report shows as evidence. Pure; knows nothing of how it is shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mbisect.journal import Record
from mbisect.report.untrusted import last_lines, one_line
from mbisect.report.whereabouts import applied
from mbisect.report.words import (
    counted,
    listed,
    move,
    named,
    necessary_sentence,
    number,
    outcome_word,
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
    runs: str = ""
    """What its other runs showed, where there were several: see `tally`."""

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
    return Side(verdict, title, holds, place, trial, tally(record, trial))


def _end(record: Record, purpose: Purpose, name: str) -> Side:
    verdict = Verdict.GOOD if purpose == "good end" else Verdict.BAD
    there = [trial for trial in record.trials if trial.ask.purpose == purpose and not trial.ask.level]
    showing = [trial for trial in there if trial.outcome.verdict is verdict] or there
    trial = typical(record, showing, verdict)
    shown = trial.outcome.verdict if trial is not None else verdict
    return Side(shown, f"{purpose} {name}", "", "", trial, tally(record, trial))


def trial_at(record: Record, candidate: Candidate, verdict: Verdict) -> Trial | None:
    """The trial that shows a candidate: at full size, with this verdict; see `typical`.

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
    return typical(record, there, verdict) or other


def typical(record: Record, trials: Sequence[Trial], verdict: Verdict) -> Trial | None:
    """The one of a candidate's trials that is shown for all: with the snapshot's own seed before others.

    Where a metric is compared, the middle one. On the bad side, if that measures no other than the good end does in the
    middle, the one that is farthest from it: a metric that is bad with some seeds alone is bad with those.
    """
    valued = sorted(
        (trial.outcome.value, trial.ask.seed, n) for n, trial in enumerate(trials) if trial.outcome.value is not None
    )
    if not valued:
        return min(trials, key=lambda trial: trial.ask.seed, default=None)
    middle = valued[(len(valued) - 1) // 2]
    good = [t.outcome.value for t in record.trials if t.ask.purpose == "good end" and not t.ask.level]
    known = sorted(value for value in good if value is not None)
    if verdict is Verdict.BAD and known and middle[0] == (usual := known[(len(known) - 1) // 2]):
        middle = max(valued, key=lambda one: abs(one[0] - usual))
    return trials[middle[2]]


def tally(record: Record, trial: Trial | None) -> str:
    """What all runs of a trial's candidate showed: `bad in 5 of 6 runs`, `6 runs from 0.21 to 0.3`; empty for one."""
    if trial is None:
        return ""
    at = trial.ask.candidate.values, trial.ask.level
    runs = [one for one in record.trials if (one.ask.candidate.values, one.ask.level) == at]
    values = [one.outcome.value for one in runs if one.outcome.value is not None]
    if len(runs) < 2:
        return ""
    if len(values) == len(runs):
        return f"{len(runs)} runs from {number(min(values))} to {number(max(values))}"
    verdict = trial.outcome.verdict
    return f"{verdict} in {sum(one.outcome.verdict is verdict for one in runs)} of {len(runs)} runs"


def told(record: Record, trial: Trial) -> str:
    """How a trial came out, and what the other runs of its candidate showed: `bad, exit 1 (bad in 5 of 6 runs)`."""
    runs = tally(record, trial)
    return f"{outcome_word(trial.outcome)}, {one_line(trial.outcome.reason, 160)}" + (f" ({runs})" if runs else "")


def companions(trial: Trial) -> str:
    """What moved in a trial beside what it was run for, since its packages need it; empty where nothing did."""
    moved = [move(change) for change in trial.ask.candidate.deviation()]
    return f"moved with it, as its packages need: {listed(moved)}" if moved else ""


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
    """The trial of one end with these causes moved, whatever it was run for; else the last one for this purpose.

    Of several candidates that are that, one that shows what was found, and one that holds together, before others.
    """
    with_ = purpose == "sufficient"
    held = record.finding.sufficient if with_ else record.finding.necessary
    verdict = Verdict.BAD if with_ is (held is not False) else Verdict.GOOD

    base = (record.good if with_ else record.bad).values
    moves = {cause.change.key: cause.change.after if with_ else cause.change.before for cause in causes}
    wanted = base.put(moves)
    tried = None if with_ else record.finding.without

    def rank(trial: Trial) -> tuple[bool, bool, bool, bool]:
        shows = trial.outcome.verdict is verdict or trial.outcome.value is not None
        candidate = trial.ask.candidate
        itself = tried is not None and candidate.values == tried.values
        return shows, itself, candidate.wanted == wanted, not candidate.exact

    found = [
        trial
        for trial in record.trials
        if not trial.ask.level
        and (
            trial.ask.candidate.wanted == wanted
            or (tried is not None and trial.ask.candidate.values == tried.values)
            or (
                trial.ask.purpose == purpose
                and all(trial.ask.candidate.values.get(key) == value for key, value in moves.items())
            )
        )
    ]
    best = max(found, key=rank, default=None)
    if best is None:
        return None
    held_by = best.ask.candidate.values
    runs = [one for one in found if one.ask.candidate.values == held_by and rank(one) == rank(best)]
    return typical(record, runs, verdict)


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
