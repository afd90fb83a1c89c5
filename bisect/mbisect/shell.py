"""The only module that starts processes. Knows nothing of what they do."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from mbisect.errors import CommandError, InterruptError, NotStartedError

GRACE = 5.0
"""Seconds between the polite and the final signal to a process group."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that ended by itself."""

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str
    seconds: float

    def describe(self) -> str:
        """Its words, its status and the last lines that it printed, for an error message."""
        said = (self.stderr.strip() or self.stdout.strip()).splitlines()[-8:]
        return f"`{shlex.join(self.argv)}` ended with status {self.status}" + ("".join(f"\n  {s}" for s in said))


def run(
    argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None, check: bool = True
) -> Completed:
    """Run a short command to its end and keep what it prints.

    Raises CommandError when the program is missing or cannot be run or, with check, when its status is not 0.
    """
    began = time.monotonic()
    try:
        done = subprocess.run(
            argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
    except FileNotFoundError as error:
        raise CommandError(f"`{argv[0]}` is not installed or not on PATH") from error
    except OSError as error:
        raise CommandError(f"`{argv[0]}` cannot be run: {error.strerror}") from error
    result = Completed(tuple(argv), done.returncode, done.stdout, done.stderr, time.monotonic() - began)
    if check and result.status != 0:
        raise CommandError(result.describe())
    return result


@dataclass(frozen=True, slots=True)
class Contained:
    """A workload that ran in a process group of its own."""

    status: int | None
    """Exit status, negative for a signal; None when it was killed at the time limit."""
    seconds: float
    timed_out: bool


class Groups:
    """The process groups that are running now, so that an interrupt can end them all."""

    def __init__(self) -> None:
        self._running: set[int] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """End every running group; what starts later is refused."""
        with self._lock:
            self._stopped = True
            groups = tuple(self._running)
        for group in groups:
            _signal(group, signal.SIGTERM)
        time.sleep(0.2 if groups else 0)
        for group in groups:
            _signal(group, signal.SIGKILL)

    def check(self) -> None:
        """Raises InterruptError after stop()."""
        if self._stopped:
            raise InterruptError("interrupted")

    def run(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path,
        output: Path,
        timeout: float | None,
    ) -> Contained:
        """Run a workload in a new session; stdout and stderr go to the file `output` as they come.

        After `timeout` seconds, and also when it ends and leaves children behind, the whole group is killed.
        Raises NotStartedError when the program does not exist or cannot be run, and InterruptError after stop().
        """
        began = time.monotonic()
        with output.open("wb") as sink:
            with self._lock:
                self.check()
                process = _started(argv, env, cwd, sink)
                self._running.add(process.pid)
            try:
                try:
                    status, late = process.wait(timeout), False
                except subprocess.TimeoutExpired:
                    status, late = None, True
                    _signal(process.pid, signal.SIGTERM)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(GRACE)
            finally:
                _signal(process.pid, signal.SIGKILL)
                process.wait()
                with self._lock:
                    self._running.discard(process.pid)
        self.check()
        return Contained(status, time.monotonic() - began, late)


def _started(argv: Sequence[str], env: Mapping[str, str], cwd: Path, sink: BinaryIO) -> subprocess.Popen[bytes]:
    """A process in a session of its own. A script that does not name its interpreter is one for /bin/sh, as anywhere.

    Raises NotStartedError.
    """
    for words in (argv, ("/bin/sh", *argv)):
        try:
            return subprocess.Popen(
                words,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            why = error
            if error.errno != errno.ENOEXEC:
                break
    scripted = why.errno == errno.ENOENT and Path(argv[0]).is_file()
    said = "the interpreter that its first line names is not there" if scripted else why.strerror
    raise NotStartedError(f"`{argv[0]}` cannot be run: {said}", 126) from why


def become(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Replace this process by a program: its input, output, signals and exit status are then those of the caller's.

    Raises NotStartedError where there is no such program, or it cannot be run.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these, which a program would inherit
        signal.signal(ignored, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], list(argv), dict(env))
    except FileNotFoundError:
        raise NotStartedError(f"`{argv[0]}` is neither in the environment nor on PATH", 127) from None
    except OSError as error:
        raise NotStartedError(f"`{argv[0]}` cannot be run: {error.strerror}", 126) from error


def _signal(group: int, number: signal.Signals) -> None:
    """Signal a process group that may be gone already."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
