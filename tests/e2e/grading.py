"""Grades the report of one run against a case's answer: right, half or wrong, with the reason. Pure; knows no files.

The rules are those of `cases/README.md`. An answer is a parsed `case.json`, a report a parsed `--report` file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from packaging.version import InvalidVersion, Version

Mark = Literal["right", "half", "wrong"]
Json = Mapping[str, Any]

SCHEMA = "mbisect.report/1"
EXIT_STATUS = {"found": 0, "not-reproduced": 3, "good-endpoint-fails": 4, "undecided": 5}
"""What the command must exit with, for each outcome that its report states."""

CAUSE_KEYS = ("axis", "name", "last_good", "first_bad", "first_bad_candidates", "moved_with", "confidence")
OUTCOME_OF_EXPECTATION = {"not-reproduced": "not-reproduced", "good-endpoint-is-bad": "good-endpoint-fails"}
RELATION_OF_KIND = {"pair": "together", "multiple": "each"}


@dataclass(frozen=True, slots=True)
class Grade:
    """One mark and why it was given."""

    mark: Mark
    reason: str


def grade(answer: Json, report: Json | None, exit_status: int) -> Grade:
    """Mark one run: what it reported (None: nothing readable) and how it exited, against the case's answer."""
    if report is None:
        return Grade("wrong", f"no report; exit status {exit_status}")
    if report.get("schema") != SCHEMA:
        return Grade("wrong", f"the report's schema is {report.get('schema')!r}, not {SCHEMA!r}")
    outcome = report.get("outcome")
    if EXIT_STATUS.get(str(outcome)) != exit_status:
        return Grade("wrong", f"exit status {exit_status} does not fit outcome {outcome!r}")
    missing = [key for cause in report.get("causes", []) for key in CAUSE_KEYS if key not in cause]
    if missing:
        return Grade("wrong", f"a cause without {', '.join(missing)}")
    if kind_of(answer) == "none":
        return _grade_none(answer, report)
    if outcome != "found":
        return Grade("wrong", f"there is a cause, and the outcome is {outcome}")
    if not report.get("causes"):
        return Grade("wrong", "found, but no cause is named")
    if kind_of(answer) == "python":
        return _grade_python(answer, report)
    return _grade_packages(answer, report)


def kind_of(answer: Json) -> str:
    """The case's kind; cases that do not state one have a single culprit."""
    return str(answer.get("kind", "single"))


def named(report: Json | None) -> str:
    """The causes that a report names, on one line."""
    causes = report.get("causes", []) if report else []
    return ", ".join(_words(cause) for cause in causes) or "none"


def _grade_none(answer: Json, report: Json) -> Grade:
    wanted = OUTCOME_OF_EXPECTATION[answer["expect"]["outcome"]]
    if report.get("causes"):
        return Grade("wrong", f"there is nothing to find, and it names {named(report)}")
    if report["outcome"] != wanted:
        return Grade("wrong", f"the outcome is {report['outcome']}, not {wanted}")
    return Grade("right", f"{wanted}, and nobody is blamed")


def _grade_python(answer: Json, report: Json) -> Grade:
    causes = report["causes"]
    if any(cause["axis"] != "python" for cause in causes):
        return Grade("wrong", f"the interpreter is the cause, and it names {named(report)}")
    if len(causes) != 1:
        return Grade("wrong", f"one interpreter is the cause, and it names {named(report)}")
    expected = (answer["python_good"], answer["python_bad"])
    got = (causes[0]["last_good"], causes[0]["first_bad"])
    if any(not _same_minor(a, b) for a, b in zip(expected, got, strict=True)):
        return Grade("half", f"the interpreter, but {got[0]} → {got[1]} instead of {expected[0]} → {expected[1]}")
    return Grade("right", "the interpreter, and no package")


def _grade_packages(answer: Json, report: Json) -> Grade:
    """All culprits with their exact releases and nobody else: right. See `cases/README.md` for what is half."""
    culprits: Sequence[Json] = answer["culprit"]
    causes: Sequence[Json] = report["causes"]
    exact, near, innocent = 0, [], []
    for cause in causes:
        faults = [_fault(cause, truth, answer) for truth in _truths(cause, answer)]
        if not faults:
            innocent.append(_words(cause))
        elif None in faults:
            exact += 1
        else:
            near.append(f"{_words(cause)}: {faults[-1]}")
    if exact == 0 and not near:
        return Grade("wrong", f"innocent: {', '.join(innocent)}")
    if exact == 0:
        return Grade("half", "; ".join(near))
    if innocent:
        return Grade("half", f"also names the innocent {', '.join(innocent)}")
    if near:
        return Grade("half", "; ".join(near))
    needed = len(culprits)
    if len({cause["name"] for cause in causes}) != len(causes):
        return Grade("half", f"names one package twice: {named(report)}")
    if exact < int(answer.get("expect", {}).get("min_found", 1)):
        return Grade("wrong", f"only {exact} of {needed} causes")
    if exact < needed:
        return Grade("half", f"{exact} of {needed} causes")
    relation = RELATION_OF_KIND.get(kind_of(answer), "single")
    if exact == needed and report.get("relation") != relation:
        return Grade("half", f"the right causes, but related as {report.get('relation')!r}, not {relation!r}")
    return Grade("right", "cause and releases" if needed == 1 else f"all {needed} causes and releases, {relation}")


def _truths(cause: Json, answer: Json) -> list[Json]:
    """The culprit, and the entries accepted in its place, that speak of the package this cause names."""
    if cause["axis"] != "package":
        return []
    entries = [*answer["culprit"], *answer.get("accept", [])]
    return [entry for entry in entries if entry["package"] == cause["name"]]


def _fault(cause: Json, truth: Json, answer: Json) -> str | None:
    """What is wrong with the releases a cause names, or None when they are those of this truth."""
    candidates = cause.get("first_bad_candidates") or [cause["first_bad"]]
    if truth.get("removed"):
        return None if cause["first_bad"] is None else f"it was removed, not moved to {cause['first_bad']}"
    if "one_of" in truth:
        return _fault_in_band(cause, candidates, truth["one_of"], answer)
    if not _same(cause["first_bad"], truth["first_bad"]):
        return f"first bad is {truth['first_bad']}"
    if len(candidates) != 1 or not _same(candidates[0], truth["first_bad"]):
        return f"first bad is {truth['first_bad']} alone, not one of {', '.join(map(str, candidates))}"
    return _fault_of_last_good(cause, answer)


def _fault_in_band(cause: Json, candidates: Sequence[str | None], band: Sequence[str], answer: Json) -> str | None:
    """A band that could not be tested: the candidates must lie in it and hold the truth, after the true last good."""
    truths = [entry["first_bad"] for entry in answer["culprit"] if entry["package"] == cause["name"]]
    if not all(any(_same(candidate, one) for one in band) for candidate in (*candidates, cause["first_bad"])):
        return f"first bad is in {', '.join(band)}"
    if not any(_same(candidate, truth) for candidate in candidates for truth in truths):
        return f"{', '.join(truths)} is not among the candidates"
    return _fault_of_last_good(cause, answer)


def _fault_of_last_good(cause: Json, answer: Json) -> str | None:
    """Right are the neighbour by version order and those of a parallel line; an accepted stand-in may state none."""
    entries = [*answer["culprit"], *answer.get("accept", [])]
    stated = [e["last_good"] for e in entries if e["package"] == cause["name"] and "last_good" in e]
    others = answer.get("also_ok", {}).get("last_good", [])
    if isinstance(others, Mapping):
        others = others.get(cause["name"], [])
    if not stated or any(_same(cause["last_good"], good) for good in [*stated, *others]):
        return None
    return f"last good is {stated[0] or 'absence'}"


def _same(one: str | None, other: str | None) -> bool:
    """Equal as releases (`2.0` is `2.0.0`); None, for a package that is not there, equals only None."""
    if one is None or other is None:
        return one is other
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def _same_minor(one: str, other: str | None) -> bool:
    return other is not None and one.split(".")[:2] == other.split(".")[:2]


def _words(cause: Json) -> str:
    first_bad = " or ".join(map(str, cause.get("first_bad_candidates") or [cause.get("first_bad")]))
    return (
        f"{cause.get('name')} {cause.get('last_good') or 'absent'} → {first_bad if first_bad != 'None' else 'absent'}"
    )
