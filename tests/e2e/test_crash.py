"""A run that is killed anywhere goes on where it stopped: same answer, nothing measured twice, nothing half-built used.

Bisected are real small releases: idna 3.4 → 3.10 beside six 1.15.0 → 1.17.0, where the test wants idna < 3.7.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from mbisect.journal import Journal

pytestmark = [pytest.mark.slow, pytest.mark.network]

PROGRAM = Path(sys.executable).with_name("mbisect")
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TEST = """
import os, pathlib, sys, time
from importlib.metadata import version

lock = version("idna") + " " + version("six")
done = pathlib.Path("finished.txt")
if pathlib.Path("hold").exists() and len(done.read_text().splitlines()) >= int(pathlib.Path("hold").read_text()):
    pathlib.Path("holding.new").write_text(str(os.getpid()))
    pathlib.Path("holding.new").rename("holding")
    time.sleep(300)
with done.open("a") as file:
    file.write(lock + "\\n")
sys.exit(tuple(map(int, version("idna").split("."))) >= (3, 7))
"""


class Run:
    """One bisection in a folder, with a cache of its own; may be started again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        (folder / "good.txt").write_text("idna==3.4\nsix==1.15.0\n")
        (folder / "bad.txt").write_text("idna==3.10\nsix==1.17.0\n")
        (folder / "test.py").write_text(TEST)
        (folder / "finished.txt").touch()

    def start(self) -> subprocess.Popen[str]:
        argv = [PROGRAM, "run", "--good", "good.txt", "--bad", "bad.txt", "--python", PYTHON, "--quiet"]
        argv += ["--report", "out.json", "--", "python", "test.py"]
        env = {**os.environ, "MBISECT_CACHE": str(self.cache)}
        return subprocess.Popen(
            argv, cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip

    def kill_when(self, ready: Callable[[], object], number: signal.Signals = signal.SIGKILL) -> tuple[int, str]:
        """Start it, and kill its whole process group the moment that something is so; -> its status and stderr."""
        process = self.start()
        deadline = time.monotonic() + 120
        while not ready():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "what was waited for never was so"
            time.sleep(0.001)
        os.killpg(process.pid, number)
        _, stderr = process.communicate(timeout=60)
        return process.returncode, stderr

    def kill_in_trial(self, number: int) -> None:
        """Kill it, and the trial too, as a machine that goes down does, while trial `number` (from 0) runs."""
        (self.folder / "hold").write_text(str(number))
        status, _ = self.kill_when((self.folder / "holding").exists)
        assert status == -signal.SIGKILL
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int((self.folder / "holding").read_text()), signal.SIGKILL)
        (self.folder / "hold").unlink()
        (self.folder / "holding").unlink()

    def finish(self) -> None:
        """Run it to its end, and check the answer."""
        process = self.start()
        stdout, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stdout + stderr
        report = json.loads((self.folder / "out.json").read_text())
        assert (report["outcome"], report["relation"]) == ("found", "single")
        [cause] = report["causes"]
        assert (cause["name"], cause["last_good"], cause["first_bad"]) == ("idna", "3.6", "3.7")
        assert report["confirmed"] == {"sufficient": True, "necessary": True}

    @property
    def finished(self) -> Counter[str]:
        """How often each lock was measured to the end."""
        return Counter((self.folder / "finished.txt").read_text().splitlines())

    @property
    def journal(self) -> Path:
        [path] = self.cache.glob("runs/*/journal.jsonl")
        return path

    def unbuilt(self) -> list[Path]:
        """Environments without the marker that says complete."""
        folders = [path for path in (self.cache / "environments").glob("*") if path.is_dir()]
        return [path for path in folders if not (path / "complete.json").exists()]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def check_nothing_was_repeated(run: Run) -> None:
    assert set(run.finished.values()) == {1}, run.finished


@pytest.mark.parametrize("trial", [0, 1, 3])
def test_killed_in_a_trial_it_goes_on_with_that_trial(run: Run, trial: int) -> None:
    run.kill_in_trial(trial)
    assert sum(run.finished.values()) == trial
    run.finish()
    check_nothing_was_repeated(run)


def test_killed_again_and_again_it_still_comes_to_its_answer(run: Run) -> None:
    for trial in range(4):
        run.kill_in_trial(trial)
    run.finish()
    check_nothing_was_repeated(run)


@pytest.mark.parametrize("environment", [1, 3])
def test_killed_in_a_build_it_builds_that_environment_anew(run: Run, environment: int) -> None:
    """The half-built one is spoilt further, so that using it would change the answer."""

    def building() -> bool:
        folders = run.unbuilt()
        complete = len(list(run.cache.glob("environments/*/complete.json")))
        return complete >= environment - 1 and any((path / "pyvenv.cfg").exists() for path in folders)

    status, _ = run.kill_when(building)
    assert status == -signal.SIGKILL
    [half] = run.unbuilt()
    (half / "spoilt").touch()
    run.finish()
    check_nothing_was_repeated(run)
    assert not (half / "spoilt").exists()
    assert run.unbuilt() == []


@pytest.mark.parametrize("lost", [1, 2, 60, 700])
def test_killed_while_the_journal_was_written_the_torn_line_never_was(run: Run, lost: int) -> None:
    run.kill_in_trial(3)
    whole = run.journal.read_bytes()
    run.journal.write_bytes(whole[:-lost])
    run.finish()
    check_nothing_was_repeated(run)
    kept = Journal(run.journal).read()
    assert kept is not None
    _, trials, finding = kept
    assert finding is not None
    assert len(trials) == len({(trial.ask.candidate.values, trial.ask.seed) for trial in trials})
    assert json.loads((run.folder / "out.json").read_text())["trials"] == len(trials)


def test_a_run_that_lost_only_its_finding_measures_nothing_again(run: Run) -> None:
    run.finish()
    before = run.finished
    run.journal.write_bytes(run.journal.read_bytes()[:-30])
    run.finish()
    assert run.finished == before


def test_a_finished_run_is_played_back(run: Run) -> None:
    run.finish()
    before, journal = run.finished, run.journal.read_bytes()
    run.finish()
    assert (run.finished, run.journal.read_bytes()) == (before, journal)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_it_ends_its_trial_and_says_how_to_go_on(run: Run, told: signal.Signals) -> None:
    (run.folder / "hold").write_text("2")
    status, stderr = run.kill_when((run.folder / "holding").exists, told)
    assert status == 130
    assert stderr == "mbisect: interrupted; the same command goes on where this one stopped\n"
    trial = int((run.folder / "holding").read_text())
    assert not Path(f"/proc/{trial}").exists()
    (run.folder / "hold").unlink()
    run.finish()
    check_nothing_was_repeated(run)
