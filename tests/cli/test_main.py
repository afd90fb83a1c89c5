"""What the process as a whole owes its caller: exit statuses, signals, encodings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import PROGRAM


def main(app: str, **more: object) -> subprocess.CompletedProcess[str]:
    """The entry point with something else in place of all commands: an expression that is called."""
    code = f"import signal, mbisect.cli as cli; cli.app = lambda **_: {app}; cli.main()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, **more)  # type: ignore[call-overload,no-any-return]  # as subprocess takes them


def test_a_fault_of_ours_has_a_status_of_its_own_and_shows_where_it_is() -> None:
    done = main("1 // 0")
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("mbisect: this is a fault of mbisect")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("six==1.15.0\n")
    (tmp_path / "bad.txt").write_text("six==1.16.0\n")
    argv = [PROGRAM, "run", "--good", "good.txt", "--bad", "bad.txt", "--", "true"]
    env = {**os.environ, "MBISECT_CACHE": str(tmp_path / "good.txt" / "below a file")}
    done = subprocess.run(argv, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "Not a directory" in done.stderr
    assert "below a file" in done.stderr


@pytest.mark.parametrize("ignored", [True, False])
def test_a_hang_up_is_ignored_where_the_caller_ignores_it(ignored: bool) -> None:
    handler = signal.SIG_IGN if ignored else signal.SIG_DFL
    done = main(
        "print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, handler),
    )
    assert done.stdout == f"{ignored}\n"


@pytest.mark.parametrize("argv", [("simulate", "--changes", "4", "--searches", "1"), ("report", "--schema")])
def test_where_nobody_reads_on_it_ends_as_any_program_does(argv: tuple[str, ...]) -> None:
    """By the status of SIGPIPE, and not by one that means an answer."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([PROGRAM, *argv], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_terminal_that_lacks_a_character_gets_another() -> None:
    env = {**os.environ, "PYTHONIOENCODING": "latin-1", "LC_ALL": "C"}
    done = subprocess.run([PROGRAM, "run", "--help"], env=env, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"--good" in done.stdout
