"""The program that a workload names is the candidate's own, and what cannot be run is told in one line."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import git
import pytest
from filelock import FileLock

from tests.cli.conftest import PROGRAM, Said

pytestmark = pytest.mark.network

PROJECT = """
[workload]
command = ["./train.sh"]

[snapshots.a]
lock = "lock.txt"
settings = { n = 1 }

[snapshots.b]
lock = "lock.txt"
settings = { n = 2 }
"""
TRAIN = 'grep -q "\\"n\\": 1" "$MBISECT_SETTINGS"\n'
RUN = ("run", "--good", "a", "--bad", "b", "--quiet")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A workload that is a script of the project's, without a line that names its interpreter."""
    repo = git.Repo.init(tmp_path / "project", initial_branch="main")
    root = Path(repo.working_dir)
    (root / "mbisect.toml").write_text(PROJECT)
    (root / "lock.txt").write_text("six==1.16.0\n")
    (root / "train.sh").write_text(TRAIN)
    (root / "train.sh").chmod(0o755)
    (root / "folder").mkdir()
    repo.git.add("-A")
    return root


def test_a_program_of_the_source_is_found_from_any_folder(mbisect: Callable[..., Said], project: Path) -> None:
    said = mbisect(project / "folder", *RUN)
    assert (said.status, said.stdout) == (0, "setting n 1 → 2 turns good into bad\n"), said.stderr


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("#!/no/such/interpreter\n", 0o755, "cannot be run: the interpreter that its first line names is not there"),
        (TRAIN + "# again\n", 0o644, "or it is not executable"),
    ],
)
def test_one_that_cannot_be_run_is_one_line(
    mbisect: Callable[..., Said], project: Path, text: str, mode: int, why: str
) -> None:
    (project / "train.sh").write_text(text)
    (project / "train.sh").chmod(mode)
    said = mbisect(project, *RUN)
    assert (said.status, said.stderr.count("\n")) == (2, 1)
    assert "`./train.sh`" in said.stderr
    assert why in said.stderr


def test_an_interrupt_does_not_wait_for_a_trial_of_another_process(
    mbisect: Callable[..., Said], cache: Path, project: Path
) -> None:
    (project / "train.sh").write_text("exit 1\n")
    mbisect(project, *RUN)  # both ends fail; their trials' locks are there now
    held = [FileLock(path) for path in sorted((cache / "trials").glob("*.lock"))]
    for lock in held:
        lock.acquire()
    env = {**os.environ, "MBISECT_CACHE": str(cache)}
    process = subprocess.Popen([PROGRAM, *RUN, "--fresh"], cwd=project, env=env, stderr=subprocess.DEVNULL)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(6)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130  # the locks are held until the end of the test
    for lock in held:
        lock.release()
