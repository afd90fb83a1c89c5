"""What the smokes of one snapshot saw, night after night: a file that only grows, and the locks that it names.

FOLDER/history.jsonl    a line for each smoke; a later line of the same time replaces an earlier one
FOLDER/locks/           DAY-DIGEST.txt, written once and never changed
FOLDER/lock             held while a smoke of this snapshot goes on

The reference is the lock of the newest green line: there is no other state, so whatever is interrupted, and whenever,
what was green before is green still. Knows nothing of how anything was measured.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mbisect.environments.atomic import write_whole
from mbisect.environments.lockfile import render, render_lock
from mbisect.errors import ConfigError
from mbisect.jsonl import adapter, append_line, whole_lines
from mbisect.terms import Change, Finding, Measurement, Pin, Verdict

SCHEMA = "mbisect.history/1"
Light = Literal["green", "red", "unsure", "untestable"]
"""What a smoke may say: as before, worse, cannot tell, and there is nothing to run."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the workload with today's lock."""

    seed: int
    measurement: Measurement
    """Without what it printed and wrote."""
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Smoke:
    """One smoke: what was resolved, measured and found."""

    at: str
    """ISO 8601, UTC; no two smokes of a history have the same."""
    against: str
    """The snapshot whose asked-for ranges were resolved."""
    lock: str
    """Name of today's lock file; empty where nothing could be resolved."""
    python: str
    command: tuple[str, ...]
    judge: str
    """The judge's rule in words."""
    metric: str
    """What is judged; empty: the exit status."""
    content: str
    """A digest of all that was measured: lock, source, dataset, settings, workload, interpreter."""
    light: Light
    why: str
    """The reason in a few words."""
    runs: tuple[Run, ...] = ()
    """By seed."""
    reference: str = ""
    """What it was compared with: a lock file of an earlier smoke, or the snapshot; empty: there was nothing."""
    moved: tuple[Change, ...] = ()
    """Packages, from the reference to today."""
    remembered: bool = False
    """Nothing moved, and nothing was run: the runs are those of the reference."""
    run: str = ""
    """Id of the run that searched for the cause; empty: none did."""
    finding: Finding | None = None
    """What it found, without the candidates; or why nothing was searched, where it is not green."""
    schema: str = SCHEMA


class History:
    """One folder. Whoever writes holds `alone`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "history.jsonl"

    @contextmanager
    def alone(self, waiting: Callable[[], None]) -> Iterator[None]:
        """One smoke at a time; who comes second waits, and `waiting` is called first."""
        from filelock import FileLock, Timeout

        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{self.folder} cannot be made: {error.strerror}") from None
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            waiting()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def keep(self, pins: tuple[Pin, ...], *, day: str, header: str) -> str:
        """Write a lock, unless there is one like it; -> its name."""
        digest = hashlib.sha256(render(pins).encode()).hexdigest()[:12]
        locks = self.folder / "locks"
        there = sorted(locks.glob(f"*-{digest}.txt"))
        if there:
            return there[0].name
        locks.mkdir(parents=True, exist_ok=True)
        name = f"{day}-{digest}.txt"
        write_whole(locks / name, render_lock(pins, header=header))
        return name

    def path(self, lock: str) -> Path:
        """Where a lock is."""
        return self.folder / "locks" / lock

    def append(self, smoke: Smoke) -> None:
        """Add a line, on disk before this returns."""
        append_line(self._file, adapter(Smoke).dump_python(smoke, mode="json"))

    def smokes(self) -> tuple[Smoke, ...]:
        """All of them, in order; what is torn or of another version is passed over."""
        found: dict[str, Smoke] = {}
        for line in whole_lines(self._file):
            if line.get("schema") != SCHEMA:
                continue
            try:
                smoke: Smoke = adapter(Smoke).validate_python(line)
            except ValueError:
                continue
            found[smoke.at] = smoke
        return tuple(found.values())

    def reference(self, command: tuple[str, ...], metric: str) -> Smoke | None:
        """The newest green one that measured the same thing and whose lock is still there."""
        same = (s for s in reversed(self.smokes()) if (s.command, s.metric) == (command, metric))
        return next((s for s in same if s.light == "green" and s.lock and self.path(s.lock).is_file()), None)
