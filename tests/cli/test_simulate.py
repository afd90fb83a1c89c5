"""`mbisect simulate` says how many runs a search will need."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from .conftest import PROGRAM

FAST = ("--searches", "10", "--changes", "64")


def numbers(mbisect: Any, folder: Path, *argv: str) -> dict[str, Any]:
    said = mbisect(folder, "simulate", *FAST, *argv, "--json")
    assert (said.status, said.stderr) == (0, "")
    return dict(json.loads(said.stdout))


def test_it_says_what_was_planted_what_it_takes_and_how_often_it_is_right(mbisect: Any, tmp_path: Path) -> None:
    said = mbisect(tmp_path, "simulate", *FAST)
    assert (said.status, said.stderr) == (0, "")
    lines = said.stdout.splitlines()
    assert lines[0] == "64 changes, one culprit, good candidates fail 0 %, bad ones 100 %"
    assert lines[-1] == "right 100 %, undecided 0 %, wrong 0 % of 10 searches"
    runs = next(line for line in lines if line.startswith("runs")).split()
    assert [0 < float(number) <= 20 for number in runs[1:]] == [True, True]


def test_as_json_it_gives_numbers_and_what_was_asked(mbisect: Any, tmp_path: Path) -> None:
    said = numbers(mbisect, tmp_path, "--culprits", "2", "--jobs", "2", "--seed", "3")
    assert (said["right"], said["wrong"], said["searches"]) == (1.0, 0.0, 10)
    assert said["runs"]["median"] <= said["runs"]["most"]
    assert (said["scenario"]["culprits"], said["scenario"]["jobs"], said["scenario"]["seed"]) == (2, 2, 3)


def test_dearer_environments_are_fewer_and_a_metric_has_cheap_ones(mbisect: Any, tmp_path: Path) -> None:
    noisy = ("--good-fails", "0.1", "--bad-fails", "0.7", "--searches", "40")
    cheap, dear = (numbers(mbisect, tmp_path, *noisy, "--build-cost", cost) for cost in ("0", "4"))
    assert cheap["environments"]["median"] > dear["environments"]["median"]
    assert cheap["runs"]["median"] < dear["runs"]["median"]
    assert [numbers(mbisect, tmp_path, *of)["scenario"]["build_cost"] for of in ((), ("--gap-sigma", "9"))] == [3, 1]
    said = mbisect(tmp_path, "simulate", *FAST, "--build-cost", "1")
    assert said.stdout.splitlines()[0].endswith("bad ones 100 %, a new environment costs 1 run")


def test_the_same_seed_gives_the_same_and_another_one_does_not(mbisect: Any, tmp_path: Path) -> None:
    noisy = ("--good-fails", "0.1", "--bad-fails", "0.8", "--untestable", "0.2")
    first, again, other = (numbers(mbisect, tmp_path, *noisy, "--seed", seed) for seed in ("1", "1", "2"))
    assert first == again
    assert first != other


def test_where_nothing_changed_no_cause_is_named(mbisect: Any, tmp_path: Path) -> None:
    said = mbisect(tmp_path, "simulate", *FAST, "--nothing")
    assert said.stdout.startswith("64 changes, nothing changed, good candidates fail 0 %\n")
    assert said.stdout.endswith("right 100 %, undecided 0 %, wrong 0 % of 10 searches\n")


def test_a_search_that_is_stopped_is_told(mbisect: Any, tmp_path: Path) -> None:
    said = mbisect(tmp_path, "simulate", *FAST, "--max-runs", "4")
    assert "undecided 100 %" in said.stdout
    assert "100 % wanted more runs than --max-runs allows" in said.stdout


REFUSED = {
    "rates the wrong way round": (("--good-fails", "0.7", "--bad-fails", "0.1"), "bad candidates must fail more often"),
    "two kinds of evidence": (("--gap-sigma", "2", "--bad-fails", "0.7"), "give either"),
    "no gap": (("--gap-sigma", "0"), "both sides are the same"),
    "a bad side where nothing changed": (("--nothing", "--bad-fails", "0.7"), "--bad-fails says nothing"),
    "a gap where nothing changed": (("--nothing", "--gap-sigma", "2"), "there is no gap"),
    "culprits where nothing changed": (("--nothing", "--culprits", "2"), "--nothing: there is no culprit"),
    "more culprits than changes": (("--changes", "2", "--culprits", "3"), "2 changes are too few for 3 breaks"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_simulated_is_one_line_and_status_2(mbisect: Any, tmp_path: Path, what: str) -> None:
    argv, message = REFUSED[what]
    said = mbisect(tmp_path, "simulate", *argv)
    assert (said.status, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert message in said.stderr


@pytest.mark.parametrize(
    "argv", [("--good-fails", "1.5"), ("--searches", "0"), ("--untestable", "nan"), ("--gap-sigma", "inf")]
)
def test_numbers_out_of_range_are_status_2(mbisect: Any, tmp_path: Path, argv: tuple[str, ...]) -> None:
    said = mbisect(tmp_path, "simulate", *argv)
    assert (said.status, said.stdout) == (2, "")
    assert argv[0] in said.stderr
    assert "Traceback" not in said.stderr


def test_ctrl_c_ends_all_its_processes_with_one_line() -> None:
    argv = [PROGRAM, "simulate", "--searches", "100000"]
    program = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    children = Path(f"/proc/{program.pid}/task/{program.pid}/children")
    deadline = time.monotonic() + 10
    while not children.read_text().split() and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.3)
    os.killpg(program.pid, signal.SIGINT)
    stdout, stderr = program.communicate(timeout=20)
    assert (program.returncode, stdout, stderr) == (130, "", "mbisect: interrupted\n")
    with pytest.raises(ProcessLookupError):
        os.killpg(program.pid, 0)


def test_at_a_terminal_a_bar_on_stderr_counts_the_searches() -> None:
    parent, child = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    done = subprocess.run([PROGRAM, "simulate", *FAST], stdout=subprocess.PIPE, stderr=child, env=env, check=True)
    os.close(child)
    assert b"10/10" in os.read(parent, 100_000)
    assert b"10 searches" in done.stdout
