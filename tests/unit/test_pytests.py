"""What real pytest says of real tests is read as it is meant, and judged by whether it is what the bad end does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mbisect.errors import UsageError
from mbisect.judge import PytestJudge, failures
from mbisect.pytests import OUT, RESULTS, as_traceback, check_nodes, command, files_of, read_results, unusable
from mbisect.terms import Measurement, Verdict
from mbisect.workload import Workload, measurement_of

Ran = Callable[..., Measurement]
TEST = "test_it.py::test_y"
RAISES = "def test_y():\n    raise {}\n"
SETUP = "import pytest\n@pytest.fixture\ndef x():\n    raise {}\ndef test_y(x): pass\n"
TEARDOWN = "import pytest\n@pytest.fixture\ndef x():\n    yield\n    raise {}\ndef test_y(x): pass\n"
PASSES = "def test_y(): pass\n"


@pytest.fixture
def ran(tmp_path: Path) -> Ran:
    """Runs pytest on a file's source as a trial does; -> the measurement."""

    def run(source: str, *nodes: str) -> Measurement:
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        (out / RESULTS).unlink(missing_ok=True)
        (tmp_path / "test_it.py").write_text(source)
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        asked = nodes or ("test_it.py::test_y",)
        workload = Workload(command(asked), folder=tmp_path, tests=asked)
        argv = [sys.executable, *workload.arguments(out)]
        with (tmp_path / "log").open("wb") as log:
            env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # none of this environment's own plugins
            done = subprocess.run(argv, cwd=tmp_path, env=env, stdout=log, stderr=subprocess.STDOUT)
        return measurement_of(workload, done.returncode, 1.0, False, tmp_path / "log", out)

    return run


def test_a_test_that_passes_is_good(ran: Ran) -> None:
    measured = ran(PASSES)
    assert measured.notes == ((TEST, "passed"),)
    assert measured.failure is None
    outcome = PytestJudge().judge(measured, None, consistent=True)
    assert (outcome.verdict, outcome.reason) == (Verdict.GOOD, "1 test passed")


SAYS = {
    "an exception": (RAISES.format("TypeError('unexpected x')"), "call: TypeError: unexpected x"),
    "one without words": (RAISES.format("KeyError"), "call: KeyError"),
    "one of the test's own": ("class Odd(Exception): pass\n" + RAISES.format("Odd('a')"), "call: Odd: a"),
    "one in small letters": ("import struct\ndef test_y(): struct.unpack('i', b'')\n", "call: error: unpack requires"),
    "several lines": (RAISES.format("ValueError('a\\n\\nb')"), "call: ValueError: a"),
    "an assertion": ("def test_y():\n    x = 1\n    assert x == 2\n", "call: AssertionError: assert 1 == 2"),
    "one with words": ("def test_y():\n    assert False, 'so'\n", "call: AssertionError: so"),
    "a bare one": ("def test_y():\n    assert 0\n", "call: AssertionError: assert 0"),
    "what was not raised": (
        "import pytest\ndef test_y():\n    with pytest.raises(ValueError): pass\n",
        "call: Failed: DID NOT RAISE",
    ),
    "a path": (RAISES.format("OSError('no /some/where/file')"), "call: OSError: no …"),
    "a fixture": (SETUP.format("RuntimeError('no server')"), "setup: RuntimeError: no server"),
    "a missing fixture": ("def test_y(none): pass\n", "setup: "),
    "what follows a test": (TEARDOWN.format("RuntimeError('open')"), "teardown: RuntimeError: open"),
    "a skipped test": ("import pytest\ndef test_y(): pytest.skip('no gpu')\n", "skipped: no gpu"),
    "one that was to pass and may not": (
        "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_y(): pass\n",
        "call: Failed: [XPASS(strict)]",
    ),
}


@pytest.mark.parametrize("what", SAYS)
def test_what_pytest_says_is_phase_exception_and_message(ran: Ran, what: str) -> None:
    source, said = SAYS[what]
    [(test, note)] = ran(source).notes
    assert test == TEST
    assert note.startswith(said)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import nothing_there\n" + PASSES, "collect: ModuleNotFoundError: No module named 'nothing_there'"),
        (
            "from os import nothing_there\n" + PASSES,
            "collect: ImportError: cannot import name 'nothing_there' from 'os'",
        ),
        ("raise TypeError('at import')\n" + PASSES, "collect: TypeError: at import"),
        ("def (\n" + PASSES, "collect: SyntaxError"),
    ],
)
@pytest.mark.parametrize("node", ["test_it.py::test_y", "test_it.py"])
def test_what_cannot_be_collected_says_why(ran: Ran, source: str, said: str, node: str) -> None:
    measured = ran(source, node)
    [(test, note)] = measured.notes
    assert test == "test_it.py"
    assert note.startswith(said)
    assert unusable(measured) is None


def test_a_test_that_fails_twice_failed_in_its_call(ran: Ran) -> None:
    both = TEARDOWN.format("RuntimeError").replace("test_y(x): pass", "test_y(x): raise TypeError")
    measured = ran(both)
    assert measured.notes == ((TEST, "call: TypeError"),)


def test_a_test_is_named_as_pytest_takes_it(ran: Ran) -> None:
    source = "import pytest\nclass TestA:\n    @pytest.mark.parametrize('x', ['1.5'])\n    def test_y(self, x): pass\n"
    assert ran(source, "test_it.py").notes == (("test_it.py::TestA::test_y[1.5]", "passed"),)


@pytest.mark.parametrize(
    ("path", "name", "node"),
    [
        ("tests.unit.test_x", "test_y", "tests/unit/test_x.py::test_y"),
        ("tests.x_test.TestY.TestZ", "test_a", "tests/x_test.py::TestY::TestZ::test_a"),
        ("", "tests.test_x", "tests/test_x.py"),
        ("checks.odd", "test_y", "checks.odd::test_y"),
        ("", "odd", "odd"),
    ],
)
def test_a_dotted_path_is_made_a_file_where_it_is_one(tmp_path: Path, path: str, name: str, node: str) -> None:
    (tmp_path / "results.xml").write_text(f'<a><testcase classname="{path}" name="{name}"/></a>')
    assert [result.test for result in read_results(tmp_path / "results.xml")] == [node]


def test_the_failure_names_exception_phase_and_test(ran: Ran) -> None:
    assert ran(SETUP.format("RuntimeError('a')")).failure == f"RuntimeError: a (setup of {TEST})"
    many = "".join(f"def test_{n}(): raise KeyError({n})\n" for n in range(5))
    measured = ran(many, "test_it.py")
    said = "; ".join(f"KeyError: {n} (test_it.py::test_{n})" for n in range(3))
    assert measured.failure == f"{said}; 2 more"
    assert dict(measured.metrics) == {"passed": 0, "failed": 5, "errors": 0, "skipped": 0}


BAD = RAISES.format("TypeError('x')")
OTHERWISE = {
    "the same": (RAISES.format("TypeError('y')"), Verdict.BAD, True),
    "another exception": (RAISES.format("KeyError('x')"), Verdict.BAD, False),
    "another phase": (SETUP.format("TypeError('x')"), Verdict.BAD, False),
    "another test": (PASSES + "def test_z(): raise TypeError('x')\n", Verdict.BAD, False),
    "that and another test": (BAD + "def test_z(): raise KeyError('x')\n", Verdict.BAD, True),
    "a missing module in the call": ("def test_y():\n    import nothing_there\n", Verdict.UNTESTABLE, True),
    "not collected": ("raise TypeError('x')\n" + PASSES, Verdict.UNTESTABLE, True),
    "skipped": ("import pytest\ndef test_y(): pytest.skip('so')\ndef test_z(): pass\n", Verdict.UNTESTABLE, True),
    "passed": (PASSES, Verdict.GOOD, True),
    "passed beside a skipped one": (
        "import pytest\n" + PASSES + "def test_z(): pytest.skip('so')\n",
        Verdict.GOOD,
        True,
    ),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_only_what_fails_as_the_bad_end_does_is_alike(ran: Ran, what: str) -> None:
    reference = ran(BAD, "test_it.py")
    source, verdict, alike = OTHERWISE[what]
    outcome = PytestJudge().judge(ran(source, "test_it.py"), reference, consistent=True)
    assert (outcome.verdict, outcome.alike) == (verdict, alike), outcome.reason


def test_a_bad_end_that_cannot_be_collected_is_bad_and_others_like_it_are(ran: Ran) -> None:
    broken = ran("from os import nothing_there\n" + PASSES)
    judge = PytestJudge()
    assert judge.judge(broken, None, consistent=True).verdict is Verdict.BAD
    again = judge.judge(ran("from os import nothing_there\n" + PASSES), broken, consistent=True)
    assert (again.verdict, again.alike) == (Verdict.BAD, True)
    assert judge.judge(ran(PASSES), broken, consistent=True).verdict is Verdict.GOOD
    other = judge.judge(ran("import nothing_there\n" + PASSES), broken, consistent=True)
    assert other.verdict is Verdict.UNTESTABLE


def test_in_a_contradictory_environment_only_the_same_failure_counts(ran: Ran) -> None:
    reference, other = ran(BAD), ran(RAISES.format("KeyError"))
    assert PytestJudge().judge(other, reference, consistent=False).verdict is Verdict.UNTESTABLE
    assert PytestJudge().judge(reference, reference, consistent=False).verdict is Verdict.BAD


def test_where_every_test_is_skipped_nothing_is_known(ran: Ran) -> None:
    outcome = PytestJudge().judge(ran("import pytest\ndef test_y(): pytest.skip('no gpu')\n"), None, consistent=True)
    assert outcome.verdict is Verdict.UNTESTABLE
    assert "skipped: no gpu" in outcome.reason


def test_a_crash_of_pytest_itself_is_bad_only_where_the_bad_end_crashes_likewise(ran: Ran) -> None:
    crash = ran("import os\ndef test_y(): os._exit(7)\n")
    assert (crash.notes, crash.exit_status) == ((), 7)
    judge = PytestJudge()
    assert judge.judge(crash, ran(BAD), consistent=True).verdict is Verdict.UNTESTABLE
    assert judge.judge(crash, crash, consistent=True).verdict is Verdict.BAD
    assert judge.judge(replace(crash, exit_status=-11), crash, consistent=True).verdict is Verdict.UNTESTABLE


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ("test_it.py::test_none", "not found: "),
        ("none.py", "file or directory not found: none.py"),
        ("empty", "has found no test"),
    ],
)
def test_what_pytest_cannot_run_says_why(ran: Ran, tmp_path: Path, node: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    assert said in str(unusable(ran(PASSES, node)))


def test_a_failing_test_is_no_reason_not_to_run_it(ran: Ran) -> None:
    assert unusable(ran(BAD)) is None
    assert unusable(ran(PASSES)) is None


def test_a_traceback_names_the_files_as_python_does(ran: Ran) -> None:
    source = (
        "import json\ndef test_y():\n    try: json.loads('[')\n    except ValueError as e: raise KeyError('k') from e\n"
    )
    lines = as_traceback(ran(source).tail).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert '  File "test_it.py", line 3, in test_y' in lines
    assert any(line.endswith("in raw_decode") and "json/decoder.py" in line for line in lines)
    assert lines[-1] == "KeyError: 'k'"
    assert "The above exception was the direct cause of the following exception:" in lines


def test_results_that_are_not_there_or_torn_are_none(tmp_path: Path) -> None:
    assert read_results(tmp_path / "none.xml") == ()
    (tmp_path / "torn.xml").write_text("<testsuites><testsuite>")
    assert read_results(tmp_path / "torn.xml") == ()


def test_the_kind_of_a_missing_module_is_its_name_too() -> None:
    notes = (("a", "call: ModuleNotFoundError: No module named 'x'"), ("b", "call: KeyError: 'x'"), ("c", "passed"))
    assert failures(Measurement(1, 1.0, notes=notes)) == {
        ("a", "call", "ModuleNotFoundError: No module named 'x'"),
        ("b", "call", "KeyError"),
    }


def test_the_folder_is_filled_in_for_pytest_alone(tmp_path: Path) -> None:
    asked = Workload(("python", f"{OUT}/x"), tests=("t.py",))
    assert asked.arguments(tmp_path) == (f"{tmp_path}/x",)
    assert Workload(("python", f"{OUT}/x")).arguments(tmp_path) == (f"{OUT}/x",)


def test_the_files_of_tests_are_theirs_and_those_that_configure_them(tmp_path: Path) -> None:
    for name in ("tests/deep/test_a.py", "tests/conftest.py", "pytest.ini", "other.py", "tests/deep/test_b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    found = [str(path.relative_to(tmp_path)) for path in files_of(["tests/deep/test_a.py::test_x"], tmp_path)]
    assert found == ["pytest.ini", "tests/conftest.py", "tests/deep/test_a.py"]
    found = [str(path.relative_to(tmp_path)) for path in files_of(["tests"], tmp_path)]
    assert found == ["pytest.ini", "tests/conftest.py", "tests/deep/test_a.py", "tests/deep/test_b.py"]


@pytest.mark.parametrize("node", ["", "-x", "::test_y", "none.py::test_y"])
def test_what_is_no_test_is_refused(tmp_path: Path, node: str) -> None:
    with pytest.raises(UsageError, match="--pytest"):
        check_nodes([node], tmp_path)
