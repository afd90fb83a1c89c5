"""A snapshot's lock, resolved anew from what it asks for, beside the one that is there. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mbisect.environments.asked import read_asked_for, resolve_asked_for
from mbisect.environments.diff import PackageDiff, compare_locks
from mbisect.environments.lockfile import marker_environment, read_lock, render_lock
from mbisect.environments.uv import Uv
from mbisect.errors import UsageError
from mbisect.project import FILE, Project, SnapshotTable, check_name
from mbisect.terms import Interpreter, Lock


@dataclass(frozen=True, slots=True)
class Relocked:
    """What resolving gave."""

    path: Path
    """The lock file, relative to the project's folder."""
    packages: int
    text: str
    """What the file is to hold."""
    missing: bool
    """There is no such file yet."""
    differences: tuple[PackageDiff, ...]
    """From the file that is there; nothing where it is missing."""


def relock(name: str, project: Project, root: Path, uv: Uv, find_interpreter: Callable[[str], Interpreter]) -> Relocked:
    """Resolve envs/NAME.toml at its own cut-off date: what is there already has no say, so nothing needs an upgrade.

    Raises UsageError and ConfigError, one line each.
    """
    check_name(name)
    path = Path(project.snapshots.get(name, SnapshotTable()).lock or f"lockfiles/{name}.txt")
    if path.suffix != ".txt":
        raise UsageError(f"{FILE} says that the lock of {name} is {path}, which another tool writes; lock it with that")
    asked = read_asked_for(root / "envs" / f"{name}.toml", Path("envs", f"{name}.toml"))
    interpreter, pins = resolve_asked_for(asked, uv, find_interpreter)
    header = f"Written by `mbisect lock {name}` for Python {interpreter.minor}; do not edit."
    text = render_lock(pins, header=header)
    if not (root / path).exists():
        return Relocked(path, len(pins), text, True, ())
    before = read_lock(root / path, environment=marker_environment(interpreter))
    return Relocked(path, len(pins), text, False, compare_locks(before, Lock(pins, str(path))))
