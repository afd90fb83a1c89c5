"""The report as JUnit XML, for the test pages of CI systems. A pure function of the record and of when it ended.

There is no standard; what is written here is what the widespread readings of the format (Ant's, Jenkins', GitLab's)
have in common: times in seconds, the counts as attributes, texts on one line in attributes and more in the element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from xml.etree import ElementTree as Xml

from mbisect.journal import Record
from mbisect.report import exhibits, words
from mbisect.report.untrusted import clean, one_line
from mbisect.report.whereabouts import place_of
from mbisect.terms import Purpose, Verdict

NAME = "mbisect"
UNKNOWN_HOST = "localhost"
"""What the format wants where the machine's name is not told: a report names no machine."""
LINES = 12
"""Last lines of an output that stand below a failure."""
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 does not admit, not even escaped (section 2.2)."""

Ending = Literal["failure", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class Case:
    """One test case; without an ending it has passed."""

    name: str
    seconds: float = 0.0
    ending: Ending | None = None
    message: str = ""
    kind: str = ""
    """The type of a failure or error."""
    body: tuple[str, ...] = ()


def as_junit(record: Record, ended: datetime | None = None) -> str:
    """The whole document; ends with a newline."""
    cases = list(_cases(record))
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.ending == "failure" for case in cases)),
        "errors": str(sum(case.ending == "error" for case in cases)),
    }
    skipped = str(sum(case.ending == "skipped" for case in cases))
    root = Xml.Element("testsuites", {"name": NAME, **counts, "time": f"{record.seconds:.3f}"})
    about = {"hostname": UNKNOWN_HOST, "skipped": skipped, "time": f"{record.seconds:.3f}"}
    if ended is not None:
        about["timestamp"] = f"{ended.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    suite = Xml.SubElement(root, "testsuite", {"name": NAME, "id": "0", "package": NAME, **counts, **about})
    properties = Xml.SubElement(suite, "properties")
    for name, said in (("run", record.run), ("outcome", record.finding.outcome), *words.search_facts(record)):
        Xml.SubElement(properties, "property", {"name": name, "value": text(one_line(said))})
    for case in cases:
        _append(suite, case)
    Xml.SubElement(suite, "system-out")
    Xml.SubElement(suite, "system-err")
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def text(said: str) -> str:
    """Text that may stand in XML, whatever a workload wrote."""
    return FORBIDDEN.sub("\ufffd", clean(said))


def _append(suite: Xml.Element, case: Case) -> None:
    about = {"name": text(case.name), "classname": NAME, "time": f"{case.seconds:.3f}"}
    element = Xml.SubElement(suite, "testcase", about)
    if case.ending is not None:
        said = {"message": text(case.message)} | ({"type": case.kind} if case.kind else {})
        Xml.SubElement(element, case.ending, said).text = text("\n".join(case.body)) or None


def _cases(record: Record) -> Iterator[Case]:
    """Both ends, the cause, its confirmations, and every trial that could not be judged."""
    outcome = record.finding.outcome
    yield _end(record, "good end", Verdict.GOOD)
    yield _end(record, "bad end", Verdict.BAD)
    said = words.verdict_sentence(record)
    name = f"no change from {one_line(record.good.name, 60)} to {one_line(record.bad.name, 60)} turns good into bad"
    if outcome == "found":
        yield Case(name, record.seconds, "failure", said, "cause", tuple(_about(record)))
        yield _confirmation(record, "sufficient")
        yield _confirmation(record, "necessary")
    elif outcome == "undecided":
        yield Case(name, record.seconds, "error", said, outcome, (words.ADVICE[outcome],))
    else:
        yield Case(name, record.seconds, "skipped", said)
    for trial in exhibits.untestable(record):
        number = exhibits.number_of(record, trial)
        title = f"trial {number}, {words.purpose_words(trial.ask)}: {place_of(trial.ask, record.timeline)}"
        reason = f"{trial.outcome.verdict}: {one_line(trial.outcome.reason)}"
        yield Case(title, trial.measurement.seconds, "skipped", reason)


def _end(record: Record, purpose: Purpose, expected: Verdict) -> Case:
    """An end that is what the user says has passed; one that is not is a failure."""
    good = expected is Verdict.GOOD
    name = f"{purpose} {one_line((record.good if good else record.bad).name, 120)} is {expected}"
    there = [trial for trial in record.trials if trial.ask.purpose == purpose and not trial.ask.level]
    if not there:
        return Case(name, 0.0, "skipped", "it was not measured")
    seconds = sum(trial.measurement.seconds for trial in there)
    if record.finding.outcome == ("good-endpoint-fails" if good else "not-reproduced"):
        last = exhibits.printed(there[0], LINES)
        return Case(name, seconds, "failure", words.verdict_sentence(record), record.finding.outcome, last)
    if all(trial.outcome.verdict is Verdict.UNTESTABLE for trial in there):
        reason = f"untestable: {one_line(there[0].outcome.reason)}"
        return Case(name, seconds, "error", reason, "untestable", exhibits.printed(there[0], LINES))
    return Case(name, seconds)


def _about(record: Record) -> Iterator[str]:
    """What is known of each cause, how to run both sides once more, and what the first bad one printed."""
    for cause in record.finding.causes:
        told = [words.when(cause.change), words.confidence_words(cause)]
        yield f"{words.move(cause.change)}: {', '.join(part for part in told if part)}"
        yield from (said for said in (words.interval_sentence(cause), words.moved_with_sentence(cause)) if said)
    yield from (command for _, command in words.reproduce_commands(record))
    if heals := words.heal_command(record):
        yield heals
    _, bad = exhibits.sides(record)
    if bad.trial is not None:
        yield from ("", *exhibits.printed(bad.trial, LINES))


def _confirmation(record: Record, purpose: Literal["sufficient", "necessary"]) -> Case:
    finding = record.finding
    sentence = words.sufficient_sentence if purpose == "sufficient" else words.necessary_sentence
    held = finding.sufficient if purpose == "sufficient" else finding.necessary
    seconds = sum(trial.measurement.seconds for trial in exhibits.confirming(record, purpose))
    said = sentence(finding)
    if held is None:
        return Case(f"the cause is {purpose}", seconds, "skipped", said)
    if not held:
        return Case(f"the cause is {purpose}", seconds, "failure", said, "unconfirmed")
    return Case(f"the cause is {purpose}", seconds)
