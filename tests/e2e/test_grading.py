"""The marks are earned: for each kind of case, a report that is right, one that is half right and one that is wrong."""

from typing import Any

import pytest
from grading import EXIT_STATUS, Grade, grade, named

SINGLE = {"kind": "single", "culprit": [{"package": "httpx", "last_good": "0.27.2", "first_bad": "0.28.0"}]}
PAIR = {
    "kind": "pair",
    "culprit": [
        {"package": "starlette", "last_good": "0.20.4", "first_bad": "0.21.0"},
        {"package": "httpx", "last_good": "0.27.2", "first_bad": "0.28.0"},
    ],
}
MULTIPLE = {**PAIR, "kind": "multiple", "expect": {"min_found": 1}}
ADDED = {"kind": "added", "culprit": [{"package": "lxml", "last_good": None, "first_bad": "5.3.0"}]}
REMOVED = {
    "kind": "removed",
    "culprit": [{"package": "chardet", "last_good": "4.0.0", "first_bad": None}],
    "accept": [{"package": "chardet", "removed": True}, {"package": "requests", "first_bad": "2.26.0"}],
}
DOWNGRADE = {
    "kind": "single",
    "culprit": [{"package": "jsonschema", "last_good": "4.0.1", "first_bad": "3.2.0"}],
    "direction": {"jsonschema": "down"},
}
BAND = {
    "kind": "single",
    "culprit": [{"package": "pyyaml", "last_good": "5.3.1", "first_bad": "6.0"}],
    "accept": [{"package": "pyyaml", "one_of": ["5.4", "5.4.1", "6.0"]}],
}
BACKPORTS = {
    "kind": "single",
    "culprit": [{"package": "django", "last_good": "4.2.16", "first_bad": "5.0"}],
    "also_ok": {"last_good": ["4.2.7", "4.2.8"]},
}
PYTHON = {"kind": "python", "culprit": [], "python_good": "3.11", "python_bad": "3.12"}
BOTH_GOOD = {"kind": "none", "culprit": [], "expect": {"outcome": "not-reproduced"}}
GOOD_IS_BAD = {"kind": "none", "culprit": [], "expect": {"outcome": "good-endpoint-is-bad"}}


def cause(name: str, last_good: str | None, first_bad: str | None, *candidates: str, axis: str = "package") -> dict:
    return {
        "axis": axis,
        "name": name,
        "last_good": last_good,
        "first_bad": first_bad,
        "first_bad_candidates": list(candidates) or [first_bad],
        "moved_with": [{"name": "companion", "from": "1.0", "to": "2.0"}],
        "confidence": 0.98,
    }


def report(*causes: dict, outcome: str = "found", relation: str = "single") -> dict[str, Any]:
    return {"schema": "mbisect.report/1", "outcome": outcome, "relation": relation, "causes": list(causes)}


def mark(answer: dict, told: dict | None) -> Grade:
    return grade(answer, told, EXIT_STATUS.get(told["outcome"], 70) if told else 70)


HTTPX = cause("httpx", "0.27.2", "0.28.0")
STARLETTE = cause("starlette", "0.20.4", "0.21.0")
RICH = cause("rich", "13.0.0", "13.1.0")
PY = cause("python", "3.11", "3.12", axis="python")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(SINGLE, report(HTTPX), id="the culprit and its release"),
        pytest.param({"culprit": SINGLE["culprit"]}, report(HTTPX), id="a case that states no kind is single"),
        pytest.param(PAIR, report(HTTPX, STARLETTE, relation="together"), id="both of a pair, in any order"),
        pytest.param(MULTIPLE, report(STARLETTE, HTTPX, relation="each"), id="all independent causes"),
        pytest.param(ADDED, report(cause("lxml", None, "5.3.0")), id="an added package"),
        pytest.param(REMOVED, report(cause("chardet", "4.0.0", None)), id="a removed package"),
        pytest.param(REMOVED, report(cause("requests", "2.25.1", "2.26.0")), id="an accepted stand-in"),
        pytest.param(
            REMOVED,
            report(cause("chardet", "4.0.0", None), cause("requests", "2.25.1", "2.26.0"), relation="together"),
            id="a culprit and its accepted stand-in",
        ),
        pytest.param(DOWNGRADE, report(cause("jsonschema", "4.0.1", "3.2.0")), id="a downgrade"),
        pytest.param(BAND, report(cause("pyyaml", "5.3.1", "6.0")), id="the exact release after an untestable band"),
        pytest.param(
            BAND, report(cause("pyyaml", "5.3.1", "5.4", "5.4", "5.4.1", "6.0")), id="the whole untestable band"
        ),
        pytest.param(BACKPORTS, report(cause("django", "4.2.16", "5.0")), id="the neighbour by version order"),
        pytest.param(BACKPORTS, report(cause("django", "4.2.8", "5.0.0")), id="the neighbour by date, 5.0 as 5.0.0"),
        pytest.param(
            {**BACKPORTS, "also_ok": {"last_good": {"django": ["4.2.8"]}}},
            report(cause("django", "4.2.8", "5.0")),
            id="neighbours given for each package",
        ),
        pytest.param(PYTHON, report(PY), id="the interpreter"),
        pytest.param(PYTHON, report(cause("python", "3.11.7", "3.12.1", axis="python")), id="its exact versions"),
        pytest.param(BOTH_GOOD, report(outcome="not-reproduced"), id="both ends good"),
        pytest.param(GOOD_IS_BAD, report(outcome="good-endpoint-fails"), id="the good end is bad"),
    ],
)
def test_it_is_right_to_name(answer: dict, told: dict) -> None:
    assert mark(answer, told).mark == "right", mark(answer, told)


@pytest.mark.parametrize(
    ("answer", "told", "because"),
    [
        pytest.param(
            SINGLE, report(cause("httpx", "0.27.0", "0.27.2")), "first bad is 0.28.0", id="another release of it"
        ),
        pytest.param(
            SINGLE, report(cause("httpx", "0.27.0", "0.28.0")), "last good is 0.27.2", id="another last good release"
        ),
        pytest.param(
            SINGLE,
            report(cause("httpx", "0.27.2", "0.28.0", "0.28.0", "0.28.1")),
            "0.28.0 alone",
            id="an interval where all could be tested",
        ),
        pytest.param(SINGLE, report(HTTPX, RICH, relation="together"), "innocent rich", id="an innocent one besides"),
        pytest.param(SINGLE, report(HTTPX, PY, relation="each"), "innocent python", id="the interpreter besides"),
        pytest.param(SINGLE, report(HTTPX, relation="together"), "related as 'together'", id="one cause as a pair"),
        pytest.param(SINGLE, report(HTTPX, HTTPX), "one package twice", id="the same one twice"),
        pytest.param(PAIR, report(HTTPX), "1 of 2", id="one of a pair"),
        pytest.param(PAIR, report(HTTPX, HTTPX, relation="together"), "twice", id="one of a pair, twice"),
        pytest.param(PAIR, report(HTTPX, STARLETTE, relation="each"), "related as 'each'", id="a pair as alternatives"),
        pytest.param(
            PAIR,
            report(HTTPX, cause("starlette", "0.20.3", "0.20.4"), relation="together"),
            "first bad is 0.21.0",
            id="a pair with one wrong release",
        ),
        pytest.param(MULTIPLE, report(HTTPX), "1 of 2", id="some of the independent causes"),
        pytest.param(
            MULTIPLE, report(HTTPX, STARLETTE, relation="together"), "'together'", id="independent causes as a pair"
        ),
        pytest.param(ADDED, report(cause("lxml", "5.2.0", "5.3.0")), "last good is absence", id="added as an upgrade"),
        pytest.param(ADDED, report(cause("lxml", None, "5.2.0")), "5.3.0", id="an added package's other release"),
        pytest.param(REMOVED, report(cause("chardet", "4.0.0", "5.0.0")), "it was removed", id="removed as an upgrade"),
        pytest.param(REMOVED, report(cause("requests", "2.26.0", "2.27.0")), "2.26.0", id="a stand-in's other release"),
        pytest.param(DOWNGRADE, report(cause("jsonschema", "3.2.0", "4.0.1")), "3.2.0", id="a downgrade upside down"),
        pytest.param(BAND, report(cause("pyyaml", "5.3.1", "6.0.1")), "first bad", id="a release after the band"),
        pytest.param(BAND, report(cause("pyyaml", "5.3.1", "5.4")), "not among", id="the band without the truth"),
        pytest.param(
            BAND, report(cause("pyyaml", "5.4.1", "6.0")), "last good is 5.3.1", id="last good inside the untested band"
        ),
        pytest.param(
            BAND,
            report(cause("pyyaml", "5.3.1", "6.0", "5.4", "5.4.1", "6.0", "6.0.1")),
            "first bad",
            id="more than the band",
        ),
        pytest.param(
            BACKPORTS, report(cause("django", "4.1.0", "5.0")), "last good is 4.2.16", id="a neighbour of neither kind"
        ),
        pytest.param(
            PYTHON, report(cause("python", "3.10", "3.11", axis="python")), "instead of", id="another interpreter step"
        ),
    ],
)
def test_it_is_half_right_to_name(answer: dict, told: dict, because: str) -> None:
    given = mark(answer, told)
    assert given.mark == "half", given
    assert because in given.reason


@pytest.mark.parametrize(
    ("answer", "told", "because"),
    [
        pytest.param(SINGLE, None, "no report", id="no report"),
        pytest.param(SINGLE, report(outcome="undecided"), "undecided", id="undecided where there is a cause"),
        pytest.param(SINGLE, report(HTTPX, outcome="not-reproduced"), "not-reproduced", id="a cause not reproduced"),
        pytest.param(SINGLE, report(HTTPX, outcome="good-endpoint-fails"), "fails", id="a cause at a failing end"),
        pytest.param(SINGLE, report(), "no cause is named", id="found without a cause"),
        pytest.param(SINGLE, report(RICH), "innocent: rich", id="an innocent package"),
        pytest.param(SINGLE, report(cause("httpx", "0.27.2", "0.28.0", axis="setting")), "innocent", id="another axis"),
        pytest.param(SINGLE, report(HTTPX, outcome="well"), "does not fit", id="an unknown outcome"),
        pytest.param(SINGLE, {**report(HTTPX), "schema": "mbisect.report/0"}, "schema", id="another schema"),
        pytest.param(PAIR, report(RICH, relation="together"), "innocent", id="an innocent one for a pair"),
        pytest.param({**MULTIPLE, "expect": {"min_found": 2}}, report(HTTPX), "only 1", id="fewer than are asked for"),
        pytest.param(PYTHON, report(RICH), "interpreter is the cause", id="a package for the interpreter"),
        pytest.param(PYTHON, report(PY, RICH), "interpreter is the cause", id="a package beside the interpreter"),
        pytest.param(PYTHON, report(PY, PY), "one interpreter", id="the interpreter twice"),
        pytest.param(BOTH_GOOD, report(RICH), "nothing to find", id="a cause for nothing"),
        pytest.param(BOTH_GOOD, report(outcome="good-endpoint-fails"), "not not-reproduced", id="the other end"),
        pytest.param(BOTH_GOOD, report(RICH, outcome="not-reproduced"), "nothing to find", id="blame all the same"),
        pytest.param(GOOD_IS_BAD, report(outcome="undecided"), "undecided", id="undecided at a bad good end"),
    ],
)
def test_it_is_wrong_to_report(answer: dict, told: dict | None, because: str) -> None:
    given = mark(answer, told)
    assert given.mark == "wrong", given
    assert because in given.reason


@pytest.mark.parametrize("exit_status", [1, 3, 5, 70, 124])
def test_a_right_report_counts_for_nothing_with_another_exit_status(exit_status: int) -> None:
    assert grade(SINGLE, report(HTTPX), exit_status).mark == "wrong"


def test_a_cause_that_lacks_a_field_is_wrong() -> None:
    lacking = {key: value for key, value in HTTPX.items() if key != "last_good"}
    assert mark(SINGLE, report(lacking)) == Grade("wrong", "a cause without last_good")


def test_companions_that_moved_along_are_not_blamed() -> None:
    told = report({**HTTPX, "moved_with": [{"name": "rich", "from": "13.0.0", "to": "13.1.0"}]})
    assert mark(SINGLE, told).mark == "right"


def test_causes_are_named_on_one_line_with_absence_in_words() -> None:
    told = report(HTTPX, cause("lxml", None, "5.3.0"), cause("chardet", "4.0.0", None))
    assert named(told) == "httpx 0.27.2 → 0.28.0, lxml absent → 5.3.0, chardet 4.0.0 → absent"
    assert named(report(cause("pyyaml", "5.3.1", "5.4", "5.4", "6.0"))) == "pyyaml 5.3.1 → 5.4 or 6.0"
    assert named(None) == "none"
