"""Pytest as a workload: the words of its command line, and what it says of each test. No opinion on what that means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as Xml

from mbisect.errors import UsageError
from mbisect.terms import Measurement

OUT = "$MBISECT_OUT"
"""Stands in the command for the folder of the trial's output, where a shell would put it too."""
RESULTS = "pytest.xml"
"""What pytest writes there: a test case for each test (JUnit XML, as its `--junitxml`)."""
COMMAND = ("python", "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:randomly")
"""Nothing is kept from one run to the next, the order is the file's, and pytest's own frames are left out."""
CONFIGURED = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "conftest.py")
"""Files that decide how the tests beside them, and below them, are run."""
USAGE_ERROR, NOTHING_COLLECTED = 4, 5
"""Exit statuses of pytest: it was called wrongly; there was no test to run."""
DURING = re.compile(r"(?:failed on (?P<during>setup|teardown) with|test (?P<old>setup|teardown) failure)")
QUOTED = re.compile(r'failed on (?:setup|teardown) with "(?P<said>.*?)"?$', re.DOTALL)
EXCEPTION = re.compile(r"^(?:E\s+)?(?P<name>(?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*|[A-Z]\w*)(?:: (?P<text>.*))?$")
PLACE = re.compile(r"\(?(?:/[^\s/'\"()]+){2,}\)?")
"""A path, which differs from environment to environment."""
MODULE = re.compile(r"test_\w*|\w+_test")
"""A module of tests, as pytest finds them unless it is told otherwise."""
HEADING = re.compile(r"^_{3,} .+ _{3,}$")
SHORT_FRAME = re.compile(r"^(?P<path>\S.*?):(?P<line>\d+): in (?P<where>.+)$")
CHAINED = re.compile(r"^(?:The above exception was the direct cause|During handling of the above exception)")
TRACEBACK = "Traceback (most recent call last):"
LONGEST = 240
MOST = 3
"""Failures that are named in a line."""

Phase = Literal["passed", "skipped", "call", "setup", "teardown", "collect"]
GRAVITY: tuple[Phase, ...] = ("passed", "skipped", "teardown", "setup", "collect", "call")
"""Of several things that are said of one test the last of these counts."""


@dataclass(frozen=True, slots=True)
class Result:
    """How one test ended."""

    test: str
    """As pytest's report names it: `tests.test_x::test_y`; for what could not be collected the module."""
    phase: Phase
    """In which phase it failed, or that it has passed or was skipped."""
    said: str = ""
    """The exception, "TypeError: …", or why it was skipped."""


def command(nodes: Sequence[str]) -> tuple[str, ...]:
    """The command that runs these tests."""
    return (*COMMAND, f"--junitxml={OUT}/{RESULTS}", *nodes)


def check_nodes(nodes: Sequence[str], folder: Path | None) -> None:
    """Refuse what is no test of the folder (None: of some revision). Raises UsageError."""
    for node in nodes:
        path = node.partition("::")[0]
        if not path or path.startswith("-"):
            raise UsageError(f"--pytest {node}: give a test such as tests/test_x.py::test_y, or a file of tests")
        if folder is not None and not (folder / path).exists():
            raise UsageError(f"--pytest {node}: there is no {path} in {folder}")


def files_of(nodes: Sequence[str], folder: Path) -> Iterator[Path]:
    """The files of tests, and those that configure them, as far as they lie below a folder; sorted, each once."""
    found: set[Path] = set()
    for node in nodes:
        path = folder / node.partition("::")[0]
        found |= set(path.rglob("*.py")) if path.is_dir() else {path}
        for above in [path, *path.parents]:
            found |= {above / name for name in CONFIGURED}
            if above == folder:
                break
    yield from (path for path in sorted(found) if path.is_file())


def read_results(path: Path) -> tuple[Result, ...]:
    """How each test ended; nothing where pytest did not come so far as to write it."""
    try:
        root = Xml.fromstring(path.read_bytes())
    except (OSError, Xml.ParseError):
        return ()
    found: dict[str, Result] = {}
    for case in root.iter("testcase"):
        result = _result(case)
        before = found.get(result.test)
        if before is None or GRAVITY.index(result.phase) > GRAVITY.index(before.phase):
            found[result.test] = result
    return tuple(found.values())


def _result(case: Xml.Element) -> Result:
    test = _node(case.get("classname") or "", case.get("name") or "")
    failure, error, skipped = (case.find(kind) for kind in ("failure", "error", "skipped"))
    if failure is not None:
        return Result(test, "call", _exception(failure))
    if error is not None:
        match = DURING.search(error.get("message", ""))
        during = match and (match["during"] or match["old"])
        return Result(test, "setup" if during == "setup" else "teardown" if during else "collect", _exception(error))
    if skipped is not None:
        return Result(test, "skipped", _line(skipped.get("message") or skipped.get("type") or ""))
    return Result(test, "passed")


def _node(path: str, name: str) -> str:
    """A test as pytest takes it, `tests/test_x.py::TestY::test_z`, from its dotted path, `tests.test_x.TestY`, and its
    name. What cannot be collected has a name alone, which is then its path. One that is no usual test stays dotted."""
    parts = (path or name).split(".")
    modules = [n for n, part in enumerate(parts, 1) if MODULE.fullmatch(part)]
    if not modules:
        return "::".join(part for part in (path, name) if part)
    file = "/".join(parts[: modules[-1]]) + ".py"
    return "::".join((file, *parts[modules[-1] :], *([name] if path else [])))


def _exception(element: Xml.Element) -> str:
    """The exception's name and message on one line, without the paths that differ between environments."""
    message, text = element.get("message", ""), element.text or ""
    quoted = QUOTED.search(message)
    first = (quoted["said"] if quoted is not None else message).partition("\n")[0].strip()
    if first.startswith("assert ") or first == "assert":  # pytest leaves the name of these out
        return _line(f"AssertionError: {first}")
    # A test's own message is the exception; of what could not be collected only the traceback's end is.
    for line in (first, *reversed(text.splitlines())):
        match = EXCEPTION.match(line.rstrip())
        if match is not None:
            name = match["name"].rpartition(".")[2]
            return _line(f"{name}: {match['text']}" if match["text"] else name)
    return _line(f"Failed: {first}" if first else "Failed")


def _line(text: str) -> str:
    return " ".join(PLACE.sub("…", text).split())[:LONGEST]


def measured(found: Measurement, results: Sequence[Result]) -> Measurement:
    """The facts of a run with those of its tests: how many ended how, and how each one did."""
    tally = {"passed": 0, "failed": 0, "errors": 0, "skipped": 0}
    words = {"passed": "passed", "skipped": "skipped", "call": "failed"}
    for result in results:
        tally[words.get(result.phase, "errors")] += 1
    return replace(
        found,
        metrics=tuple((name, float(count)) for name, count in sorted(tally.items())) if results else (),
        notes=tuple((r.test, f"{r.phase}: {r.said}" if r.said else r.phase) for r in results),
        failure=_failure(results) or found.failure,
    )


def _failure(results: Sequence[Result]) -> str | None:
    """What failed, in a line; None where nothing did."""
    failed = [result for result in results if result.phase not in ("passed", "skipped")]
    told = [f"{r.said} ({r.test if r.phase == 'call' else f'{r.phase} of {r.test}'})" for r in failed[:MOST]]
    more = [f"{len(failed) - MOST} more"] if len(failed) > MOST else []
    return "; ".join([*told, *more]) or None


def as_traceback(tail: str) -> str:
    """The last failure that pytest printed, its frames as Python itself prints them."""
    lines: list[str] = []
    for line in tail.splitlines():
        frame = SHORT_FRAME.match(line)
        if HEADING.match(line):
            lines = [TRACEBACK]
        elif frame is not None:
            lines.append(f'  File "{frame["path"]}", line {frame["line"]}, in {frame["where"]}')
        elif CHAINED.match(line):
            lines += [line, TRACEBACK]
        elif line.startswith("E   "):
            lines.append(line[4:].strip())
    return "\n".join(lines)


def unusable(found: Measurement) -> str | None:
    """Why pytest could not be asked at all, where that is so: at an end this is for the user to mend."""
    if any(not note.startswith(("passed", "skipped")) for _, note in found.notes):
        return None  # it says itself what failed: so does a module that cannot be imported, with exit status 4
    if found.exit_status == NOTHING_COLLECTED:
        return "pytest has found no test to run; check what --pytest names"
    if found.exit_status == USAGE_ERROR:
        said = [line for line in found.tail.splitlines() if line.startswith(("ERROR", "error:", "pytest: error"))]
        return "pytest cannot run it: " + (" ".join(said[0].split()) if said else "exit status 4")
    return None
