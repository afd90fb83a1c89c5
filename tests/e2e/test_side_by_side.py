"""Runs at the same time on one cache do not disturb each other: both right, and each environment is built once."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network]

PROGRAM = Path(sys.executable).with_name("mbisect")
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TEST = """
import pathlib, sys, time
from importlib.metadata import version

with pathlib.Path("finished.txt").open("a") as file:
    file.write(sys.argv[0] + " " + version("idna") + " " + version("six") + "\\n")
time.sleep(0.3)
sys.exit(tuple(map(int, version("idna").split("."))) >= {})
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two locks, and two tests of which each breaks at another release of idna."""
    (tmp_path / "good.txt").write_text("idna==3.4\nsix==1.15.0\n")
    (tmp_path / "bad.txt").write_text("idna==3.10\nsix==1.17.0\n")
    (tmp_path / "seven.py").write_text(TEST.format("(3, 7)"))
    (tmp_path / "nine.py").write_text(TEST.format("(3, 9)"))
    return tmp_path


def start(folder: Path, test: str, report: str, *more: str) -> subprocess.Popen[str]:
    argv = [PROGRAM, "run", "--good", "good.txt", "--bad", "bad.txt", "--python", PYTHON, "--quiet"]
    argv += ["--report", report, *more, "--", "python", test]
    env = {**os.environ, "MBISECT_CACHE": str(folder / "cache")}
    return subprocess.Popen(argv, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def watch(folder: Path, processes: list[subprocess.Popen[str]]) -> Counter[str]:
    """Wait for all to end well; -> how often each environment was begun, by the files that venv creates first.

    Another file, or one that comes back after it was gone, is another beginning; one that is written to is none.
    """
    begun, there = Counter[str](), dict[str, int]()
    while any(process.poll() is None for process in processes):
        now = dict[str, int]()
        for path in (folder / "cache").glob("environments/*/pyvenv.cfg"):
            with contextlib.suppress(FileNotFoundError):
                now[path.parent.name] = path.stat().st_ino
        begun.update(name for name, file in now.items() if there.get(name) != file)
        there = now
        time.sleep(0.005)
    for process in processes:
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stdout + stderr
    return begun


def cause(folder: Path, report: str) -> tuple[str, str]:
    found = json.loads((folder / report).read_text())
    assert (found["outcome"], found["relation"]) == ("found", "single")
    [one] = found["causes"]
    assert one["name"] == "idna"
    return one["last_good"], one["first_bad"]


def finished(folder: Path) -> Counter[str]:
    return Counter((folder / "finished.txt").read_text().splitlines())


def check_each_was_built_once(folder: Path, begun: Counter[str]) -> None:
    complete = {path.parent.name for path in (folder / "cache").glob("environments/*/complete.json")}
    assert begun == Counter(complete)


def test_two_questions_share_their_environments(folder: Path) -> None:
    begun = watch(folder, [start(folder, "seven.py", "seven.json"), start(folder, "nine.py", "nine.json")])
    assert cause(folder, "seven.json") == ("3.6", "3.7")
    assert cause(folder, "nine.json") == ("3.8", "3.9")
    check_each_was_built_once(folder, begun)
    assert set(finished(folder).values()) == {1}


def test_the_same_question_asked_twice_at_once_is_measured_once(folder: Path) -> None:
    begun = watch(folder, [start(folder, "seven.py", f"{name}.json") for name in ("one", "two")])
    assert cause(folder, "one.json") == cause(folder, "two.json") == ("3.6", "3.7")
    check_each_was_built_once(folder, begun)
    assert set(finished(folder).values()) == {1}


def test_the_same_question_asked_twice_at_once_leaves_one_whole_journal(folder: Path) -> None:
    watch(folder, [start(folder, "seven.py", f"{name}.json") for name in ("one", "two")])
    [journal] = (folder / "cache").glob("runs/*/journal.jsonl")
    kinds = [kind for line in journal.read_text().splitlines() for kind in json.loads(line)]
    assert (kinds[0], *kinds[-2:]) == ("head", "effort", "finding")
    assert set(kinds[1:-2]) == {"trial", "narrowed"}
    watch(folder, [start(folder, "seven.py", "three.json")])
    one, three = (json.loads((folder / f"{name}.json").read_text()) for name in ("one", "three"))
    assert three["trials"] == one["trials"] == kinds.count("trial")


def test_trials_of_one_run_side_by_side_build_each_environment_once(folder: Path) -> None:
    begun = watch(folder, [start(folder, "seven.py", "seven.json", "--jobs", "2")])
    assert cause(folder, "seven.json") == ("3.6", "3.7")
    check_each_was_built_once(folder, begun)
    assert max(finished(folder).values()) <= 2  # where nothing new is left to ask, a free slot makes sure
