"""Processes are contained."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mbisect import shell
from mbisect.errors import CommandError, InterruptError, MbisectError

ENV = dict(os.environ)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def ended(pid: int) -> bool:
    """Waits for it, as the system takes a moment to end a process."""
    until = time.monotonic() + 30
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not alive(pid)


def test_a_failed_command_shows_its_words_status_and_last_lines() -> None:
    with pytest.raises(CommandError) as caught:
        shell.run([sys.executable, "-c", "import sys; sys.exit('no luck')"])
    assert "status 1" in str(caught.value)
    assert "no luck" in str(caught.value)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(CommandError, match="no-such-program"):
        shell.run(["no-such-program"])


def test_output_goes_to_a_file_as_it_comes(tmp_path: Path) -> None:
    done = shell.Groups().run(
        [sys.executable, "-c", "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"],
        env=ENV, cwd=tmp_path, output=tmp_path / "log", timeout=30,
    )  # fmt: skip
    assert (done.status, done.timed_out) == (3, False)
    assert set((tmp_path / "log").read_text().split()) == {"out", "err"}


def script(folder: Path, text: str) -> str:
    path = folder / "script"
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def test_a_script_without_a_first_line_for_its_interpreter_runs_as_in_a_shell(tmp_path: Path) -> None:
    program = script(tmp_path, 'echo "$1"; exit 3\n')
    done = shell.Groups().run([program, "word"], env=ENV, cwd=tmp_path, output=tmp_path / "log", timeout=30)
    assert (done.status, (tmp_path / "log").read_text()) == (3, "word\n")


@pytest.mark.parametrize(
    "run",
    [shell.run, lambda argv: shell.Groups().run(argv, env=ENV, cwd=Path("/"), output=Path(os.devnull), timeout=9)],
)
def test_what_cannot_be_run_is_named(tmp_path: Path, run: Callable[[list[str]], object]) -> None:
    with pytest.raises(MbisectError, match="script` "):
        run([script(tmp_path, "#!/no/such/interpreter\n")])
    with pytest.raises(MbisectError, match="cannot be run: Permission denied"):
        run([str(tmp_path)])


def test_at_the_time_limit_the_whole_group_is_killed(tmp_path: Path) -> None:
    done = shell.Groups().run(  # a shell, which starts at once also where the machine is busy
        ["sh", "-c", "sleep 60 & echo $!; wait"], env=ENV, cwd=tmp_path, output=tmp_path / "log", timeout=2
    )
    assert (done.status, done.timed_out) == (None, True)
    assert ended(int((tmp_path / "log").read_text()))


def test_children_left_behind_are_killed_when_the_workload_ends(tmp_path: Path) -> None:
    done = shell.Groups().run(
        ["sh", "-c", "sleep 60 & echo $!"], env=ENV, cwd=tmp_path, output=tmp_path / "log", timeout=30
    )
    assert (done.status, done.timed_out) == (0, False)
    assert ended(int((tmp_path / "log").read_text()))


def test_stop_ends_what_runs_and_refuses_what_comes_later(tmp_path: Path) -> None:
    groups = shell.Groups()
    timer = threading.Timer(0.5, groups.stop)
    timer.start()
    with pytest.raises(InterruptError):
        groups.run(["sleep", "60"], env=ENV, cwd=tmp_path, output=tmp_path / "log", timeout=None)
    timer.join()
    with pytest.raises(InterruptError):
        groups.run(["true"], env=ENV, cwd=tmp_path, output=tmp_path / "log", timeout=None)
