"""JUnit XML that CI systems read: the structure that their schemas ask for, and what they show of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as Xml

import junitparser
import pytest

from mbisect.journal import Record
from mbisect.report.junit import as_junit
from mbisect.terms import Measurement, package

HTTPX = package("httpx")
WHEN = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)
HOSTILE = "<b>&\"'\x00\x08\x1b[31mred\x1b[0m\ud800\ufffe ]]> …"
COUNT = re.compile(r"[0-9]+")
SECONDS = re.compile(r"[0-9]+\.[0-9]+")


def check(text: str) -> Xml.Element:
    """What the schemas of Ant's and of Jenkins' JUnit reports demand of both; -> the suite.

    Both want one root `testsuites` of `testsuite`, the counts as whole numbers that are true, times in seconds, a
    class and a name for each case; Ant's also host, a timestamp without zone, properties before cases and the two
    outputs after them, at most one ending in a case, and a type of each failure and error.
    """
    root = Xml.fromstring(text.encode())
    assert (root.tag, [suite.tag for suite in root]) == ("testsuites", ["testsuite"])
    [suite] = root
    cases = suite.findall("testcase")
    order = ["properties", *["testcase"] * len(cases), "system-out", "system-err"]
    assert [child.tag for child in suite] == order
    for element in (root, suite):
        assert int(element.attrib["tests"]) == len(cases)
        for name, tag in (("failures", "failure"), ("errors", "error")):
            assert int(element.attrib[name]) == sum(case.find(tag) is not None for case in cases)
        assert SECONDS.fullmatch(element.attrib["time"])
    assert COUNT.fullmatch(suite.attrib["skipped"])
    assert suite.attrib["hostname"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
    for one in suite.iterfind("properties/property"):
        assert set(one.attrib) == {"name", "value"}
    names = []
    for case in cases:
        assert set(case.attrib) == {"name", "classname", "time"}
        assert SECONDS.fullmatch(case.attrib["time"])
        assert len(case) <= 1
        for ending in case:
            assert ending.tag in ("failure", "error", "skipped")
            assert ending.attrib["message"]
            assert ("type" in ending.attrib) == (ending.tag != "skipped")
        names.append(case.attrib["name"])
    assert len(names) == len(set(names)), "two cases of one name are one test to a CI system"
    return suite


def told(record: Record) -> dict[str, str]:
    """Case → how it ended, as another program reads it."""
    check(text := as_junit(record, WHEN))
    found: dict[str, str] = {}
    for suite in junitparser.JUnitXml.fromstring(text.encode()):
        for case in suite:
            found[case.name] = case.result[0].__class__.__name__ if case.result else "Passed"
    return found


def test_a_cause_is_a_failure_with_the_sentence_and_the_commands(world: Any) -> None:
    suite = check(as_junit(world.found((HTTPX, "0.28.0")), WHEN))
    assert suite.attrib["timestamp"] == "2026-01-02T03:04:05"
    [failure] = suite.iter("failure")
    assert failure.attrib["message"] == "httpx 0.27.0 → 0.28.0 turns good into bad"
    assert failure.text is not None
    assert "mbisect reproduce 0a1b2c3d4e5f bad\n" in failure.text
    assert "mbisect pin 0a1b2c3d4e5f\n" in failure.text
    assert failure.text.endswith("TypeError: no")


def test_ends_and_confirmations_that_hold_have_passed(world: Any) -> None:
    assert told(world.found((HTTPX, "0.28.0"))) == {
        "good end v1 is good": "Passed",
        "bad end v4 is bad": "Passed",
        "no change from v1 to v4 turns good into bad": "Failure",
        "the cause is sufficient": "Passed",
        "the cause is necessary": "Passed",
    }


@pytest.mark.parametrize(
    ("held", "ending"), [(True, "Passed"), (False, "Failure"), (None, "Skipped")], ids=["held", "refuted", "unknown"]
)
def test_a_confirmation_says_whether_it_held(world: Any, held: bool | None, ending: str) -> None:
    found = told(world.found((HTTPX, "0.28.0"), sufficient=held, necessary=held))
    assert (found["the cause is sufficient"], found["the cause is necessary"]) == (ending, ending)


def test_what_could_not_be_tested_is_skipped_with_its_reason(world: Any) -> None:
    record = world.found((HTTPX, "0.28.0"))
    gap = world.trial(world.prefix(3), "boundary", "untestable", "could not build: no wheel")
    record = replace(record, trials=(*record.trials, gap))
    suite = check(as_junit(record, WHEN))
    [skipped] = suite.iter("skipped")
    assert skipped.attrib["message"] == "untestable: could not build: no wheel"
    assert told(record)["trial 7, boundary: 3 of 14 changes, up to httpx 0.22.0"] == "Skipped"


OTHERWISE = {
    "not-reproduced": ("good", "good", "Passed", "Failure", "Skipped"),
    "good-endpoint-fails": ("bad", "bad", "Failure", "Passed", "Skipped"),
    "undecided": ("good", "bad", "Passed", "Passed", "Error"),
}


@pytest.mark.parametrize("outcome", OTHERWISE)
def test_without_a_cause_it_says_which_end_is_not_so_or_that_it_is_undecided(world: Any, outcome: str) -> None:
    good, bad, *endings = OTHERWISE[outcome]
    found = told(world.failed(outcome, "so it is", good, bad))
    names = ["good end v1 is good", "bad end v4 is bad", "no change from v1 to v4 turns good into bad"]
    assert found == dict(zip(names, endings, strict=True))


def test_an_end_that_could_not_be_tested_is_an_error(world: Any) -> None:
    found = told(world.failed("undecided", "the bad end could not be tested", "good", "untestable"))
    assert found["bad end v4 is bad"] == "Error"


def test_whatever_a_workload_prints_it_stays_xml(world: Any) -> None:
    record = world.found((HTTPX, "0.28.0"))
    hostile = world.trial(world.prefix(9), "boundary", "bad", HOSTILE, Measurement(1, 1.0, tail=HOSTILE))
    gap = world.trial(world.prefix(3), "boundary", "untestable", HOSTILE)
    trials = (hostile, gap, *record.trials)
    record = replace(
        record,
        trials=trials,
        command=("sh", "-c", HOSTILE),
        judge=HOSTILE,
        good=world.snapshot(HOSTILE, record.good.values),
    )
    suite = check(as_junit(record, WHEN))
    said = "".join(suite.itertext()) + "".join(value for element in suite.iter() for value in element.attrib.values())
    assert "<b>&\"'" in said
    assert not re.search("[\x00-\x08\x1b\ud800\ufffe]", said)


def test_without_a_journal_on_disk_it_has_no_timestamp(world: Any) -> None:
    assert "timestamp" not in as_junit(world.found((HTTPX, "0.28.0")))
