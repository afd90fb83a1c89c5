"""Sentences that all reports share. Knows nothing of terminals and Markdown."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mbisect.journal import Record
from mbisect.report.untrusted import one_line
from mbisect.terms import (
    BOTH,
    OTHER,
    Ask,
    Asked,
    Axis,
    Cause,
    Change,
    Finding,
    Half,
    Key,
    Outcome,
    Purpose,
    Trial,
    Verdict,
)

HASH = re.compile(r"\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b")
SHORT = 10
"""Digits of a hash that are shown."""
HELD = {
    "evaluation": "the evaluation alone, of what {0} trained",
    "training": "the training alone, evaluated in {0}",
}
"""Half that was searched → what was done about the other one, which stayed as at the good end."""
MARKS = {"good": "✓", "bad": "✗", "untestable": "∅", "unsure": "?"}
"""Verdict → its mark."""
HEADLINES = {
    "found": "cause found",
    "not-reproduced": "not reproduced",
    "good-endpoint-fails": "the good end fails",
    "undecided": "undecided",
}
"""Outcome → the few words that head a report."""
OTHER_HALF: dict[Half, Half] = {"training": "evaluation", "evaluation": "training"}
ADVICE = {
    "found": "",
    "not-reproduced": "What broke it is not in these snapshots: look at the machine, its drivers, services, data that "
    "no snapshot names, or an axis that was not searched.",
    "good-endpoint-fails": "The good snapshot does not hold all that made it work, or the world around it has changed: "
    "check its lock, or choose an older one.",
    "undecided": "The same command goes on from here; what was measured is kept.",
}
"""Outcome → what to do next."""
CHANCE = (
    "No change between them makes a difference: look for it in the seed, in races and in whatever both ends share, or "
    "choose a good end that never fails."
)
"""What to do next where both ends fail, or measure, alike."""
HANGS = (
    "Give it more time with --timeout. If that it hangs is what you look for, let the command itself give up: with "
    "`timeout 60` before it, it fails."
)
"""What to do next where an end did not come to its end in time."""


def shown(value: str | None) -> str:
    """A value as prose shows it: hashes short, on one line."""
    return "∅" if value is None else HASH.sub(lambda match: match[0][:SHORT], one_line(value, 120))


def named(key: Key) -> str:
    """What changed: `httpx`, `setting epochs`, `python`, `GPU driver`."""
    if key.axis is Axis.SYSTEM:
        return one_line(key.name, 80)
    return "dataset revision" if key.axis is Axis.DATASET and key.name == Axis.DATASET else one_line(str(key), 80)


def move(change: Change) -> str:
    """A change as a noun: `httpx 0.27.2 → 0.28.0`, `adding simplejson 3.19.1`, `removing chardet 4.0.0`."""
    name = named(change.key)
    if change.key.axis is Axis.PACKAGE and change.before is None:
        return f"adding {name} {shown(change.after)}"
    if change.key.axis is Axis.PACKAGE and change.after is None:
        return f"removing {name} {shown(change.before)}"
    before, after = ("not set" if value is None else shown(value) for value in (change.before, change.after))
    return f"{name} {before} → {after}"


def listed(words: Sequence[str], most: int = 5) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c, d, e and 7 more`."""
    names = list(words) if len(words) <= most else [*words[:most], f"{len(words) - most} more"]
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def outcome_word(outcome: Outcome) -> str:
    """The verdict, or that a metric was measured which is compared and not judged by itself."""
    return str(outcome.verdict) if outcome.value is None else "measured"


def purpose_words(ask: Ask) -> str:
    """What a trial is run for: `boundary`, `bad end, run 3`, `boundary (24 rows)`."""
    again = f", run {ask.seed + 1}" if ask.seed else ""
    return f"{ask.purpose}{again}{f' ({one_line(ask.level, 24)})' if ask.level else ''}"


def verdict_sentence(record: Record) -> str:
    """The answer in one sentence."""
    finding = record.finding
    if finding.outcome == "found":
        return found_sentence(finding) + (f", in the {record.half}" if record.half is not None else "")
    reason = one_line(finding.why) or "no reason was given"
    return f"{HEADLINES[finding.outcome]}: {reason}"


def advice(record: Record) -> str:
    """What to do next, where no cause was found."""
    if record.asked is not None and record.half is not None and record.finding.outcome == "not-reproduced":
        command = one_line(f"{replace(record.asked, half=None).line()} --half auto", 4096)
        return f"It is not the {record.half} by itself: `{command}` says which half it is."
    if record.asked is not None and record.asked.axes and record.finding.outcome == "good-endpoint-fails":
        axes = " and ".join(map(str, record.asked.axes))
        command = one_line(replace(record.asked, axes=()).line(), 4096)
        bad, good = one_line(record.bad.name, 80), one_line(record.good.name, 80)
        return f"{bad} with the {axes} of {good} was run: it is not the {axes} alone. `{command}` searches everything."
    ends = [trial.outcome for trial in record.trials if trial.ask.purpose in ("good end", "bad end")]
    if record.finding.outcome == "not-reproduced" and any(
        outcome.verdict is Verdict.BAD or outcome.value is not None for outcome in ends
    ):
        return CHANCE
    for purpose in ("good end", "bad end"):
        there = [trial for trial in record.trials if trial.ask.purpose == purpose and not trial.ask.level]
        if there and all(trial.measurement.timed_out for trial in there):
            return HANGS
        if there and all(trial.measurement.stopped_at is not None for trial in there):
            return f"Nothing can be searched before the {purpose} can be built and run; then the same command goes on."
    return ADVICE[record.finding.outcome]


def causes_listed(finding: Finding) -> str:
    """`httpx 0.27.2 → 0.28.0 and starlette 0.20.4 → 0.21.0`."""
    return listed([move(cause.change) for cause in finding.causes], most=8)


def found_sentence(finding: Finding) -> str:
    """Which changes turn good into bad, and whether all or any of them do."""
    moves = causes_listed(finding)
    if finding.relation == "single" or len(finding.causes) < 2:
        return f"{moves} turns good into bad"
    if finding.relation == "each":
        return f"{moves} each turn good into bad: each alone is enough"
    return f"{moves} turn good into bad together: {'both' if len(finding.causes) == 2 else 'all'} are needed"


def sufficient_sentence(finding: Finding) -> str:
    """What the trial of good with the causes alone has shown."""
    each = finding.relation == "each"
    subject = "each of these changes" if each else "this change" if len(finding.causes) == 1 else "these changes"
    if finding.sufficient is None:
        return f"good with {subject} alone could not be tested"
    return f"good with {subject} alone is {'bad' if finding.sufficient else 'still good: something else is needed too'}"


def necessary_sentence(finding: Finding) -> str:
    """What the trial of bad without the causes has shown."""
    subject = "it" if len(finding.causes) == 1 else "any of them" if finding.relation == "each" else "them"
    if finding.necessary is None:
        return f"bad without {subject} could not be tested"
    return f"bad without {subject} is {'good' if finding.necessary else 'still bad: there is another cause'}"


def whole_sentence(finding: Finding, half: Half) -> str:
    """What the bad end's other half has shown with the searched one without the causes."""
    subject, other = "it" if len(finding.causes) == 1 else "them", OTHER_HALF[half]
    said = (
        f"what the bad end {'trained, evaluated' if half == 'evaluation' else 'evaluates, trained'} without {subject},"
    )
    if finding.whole is None:
        return f"{said} could not be tested"
    return f"{said} is {'good' if finding.whole else f'still bad: the {other} broke too'}"


def interval_sentence(cause: Cause) -> str:
    """Which releases may be the first bad one, where those between could not be tested; else empty."""
    if len(cause.candidates) < 2:
        return ""
    values = [shown(value) for value in cause.candidates]
    which = listed(values) if len(values) <= 6 else f"{values[0]} to {values[-1]} ({len(values)} values)"
    return f"the first bad {named(cause.change.key)} is one of {which}: nothing between could be tested"


def moved_with_sentence(cause: Cause) -> str:
    """What moved in the same step; empty when the change stands alone."""
    if not cause.moved_with:
        return ""
    return f"{named(cause.change.key)} moves together with {listed([move(change) for change in cause.moved_with])}"


def confidence_words(cause: Cause) -> str:
    """How sure it is; never rounded up to certainty."""
    if cause.confidence >= 1:
        return "no trial speaks against it"
    return f"{min(99, round(100 * cause.confidence))} % sure"


def when(change: Change) -> str:
    """When it happened, and a commit's subject: `committed 2024-11-28, “a subject”`; empty when neither is known."""
    verb = {Axis.PACKAGE: "released", Axis.PYTHON: "released", Axis.COMMIT: "committed"}.get(change.key.axis, "dated")
    said = [f"{verb} {change.date:%Y-%m-%d}"] if change.date is not None else []
    said += [f"“{one_line(change.title, 100)}”"] if change.title else []
    return ", ".join(said)


def healed_sentence(finding: Finding) -> str:
    """What broke in passing, and what mended it where that is known; empty when nothing did."""
    if not finding.healed:
        return ""
    told = [
        move(healed.change) + (f" (healed at {healed.mended.after or '∅'})" if healed.mended is not None else "")
        for healed in finding.healed
    ]
    return f"broke in passing and was mended before the bad end: {listed(told)}"


def reproduce_commands(record: Record) -> tuple[tuple[str, str], ...]:
    """Side → the command that runs it once more: beside the cause, or the ends where none was found."""
    return tuple((side, f"mbisect reproduce {record.run} {side}") for side in ("good", "bad"))


def run_command(record: Record) -> str:
    """The command that asks the same question, in the project's folder."""
    return one_line((record.asked or Asked(record.good.name, record.bad.name)).line(), 4096)


def end_sentence(record: Record, purpose: Purpose) -> str:
    """How the runs of one end came out, at full size: `good end v1: 3 of 4 runs good, 1 bad`."""
    tally = Counter(outcome_word(t.outcome) for t in record.trials if t.ask.purpose == purpose and not t.ask.level)
    total = tally.total()
    end = record.good if purpose == "good end" else record.bad
    title = f"{purpose} {one_line(end.name, 80)}"
    if not total:
        return f"{title}: it was not measured"
    (first, most), *others = tally.most_common()
    more = "".join(f", {count} {word}" for word, count in others)
    return f"{title}: {most} of {counted(total, 'run')} {first}{more}"


def heal_command(record: Record) -> str | None:
    """The command that looks for what heals the bad end, where a cause was found."""
    return f"mbisect pin {record.run}" if record.finding.outcome == "found" else None


def search_facts(record: Record) -> tuple[tuple[str, str], ...]:
    """What the search was about and what it took: (name, words)."""
    tally = Counter(outcome_word(trial.outcome) for trial in record.trials)
    each = ", ".join(f"{tally[word]} {word}" for word in (*Verdict, "measured") if tally[word])
    between = days(record.timeline.changes)
    reused = len(record.trials) - record.ran
    known = f"; {reused} of them known from before" if reused > 0 else ""
    levels = Counter(trial.ask.level for trial in record.trials if trial.ask.level not in ("", BOTH, OTHER))
    cheap = "".join(f"; {count} at level {one_line(level, 40)}" for level, count in levels.most_common())
    held = (("searched", HELD[record.half].format(one_line(record.good.name, 120))),) if record.half else ()
    learnt = tuple(("learnt", one_line(lesson, 300)) for lesson in record.finding.learnt)
    return (
        ("compared", f"{one_line(record.good.name, 120)} → {one_line(record.bad.name, 120)}"),
        ("command", one_line(shlex.join(record.command))),
        *held,
        ("judged by", one_line(record.judge)),
        ("timeline", counted(len(record.timeline), "change") + (f", {between}" if between else "")),
        ("trials", f"{len(record.trials)}{f': {each}' if each else ''}{cheap}{known}"),
        ("environments", str(record.environments)),
        ("took", duration(record.seconds)),
        *learnt,
    )


def duration(seconds: float) -> str:
    """`0.4 s`, `48 s`, `2 min 05 s`, `3 h 07 min`."""
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"


def spent_on(trial: Trial) -> str:
    """How long the workload ran, or that this was known."""
    return "known" if trial.reused else duration(trial.measurement.seconds)


def days(changes: Sequence[Change]) -> str:
    """The days of the first and the last dated change; empty when none has a date."""
    dated = sorted(f"{change.date:%Y-%m-%d}" for change in changes if change.date is not None)
    return "" if not dated else dated[0] if dated[0] == dated[-1] else f"{dated[0]} to {dated[-1]}"


def counted(number: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{number} {noun if number == 1 else noun + 's'}"


def progress_words(phase: str, low: int, high: int, size: int, remaining: int) -> str:
    """What a search does, what is left of its timeline, and how long it may take.

    While a cause is confirmed the changes that are left are its own, whatever the boundary still leaves open: the cheap
    level of a workload may have found it, and the full one was never asked about anything between.
    """
    left = "" if phase.startswith("confirming") else f"probably in {high - low} of {size} changes ({low} to {high}), "
    return f"{phase}: {left}{counted(remaining, 'more trial')} expected"


def number(value: float | None) -> str:
    """Four digits that count; – where nothing was measured."""
    return "–" if value is None else f"{value:,.0f}" if abs(value) >= 10000 else f"{value:.4g}"


def difference(good: float | None, bad: float | None) -> str:
    """From good to bad: `−0.836`, `+12`, `=`."""
    if good is None or bad is None:
        return ""
    return "=" if good == bad else f"{bad - good:+.3g}".replace("-", "−")
