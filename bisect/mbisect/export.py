"""A snapshot's lock → a file that other tools read. Reads mbisect.toml and the lock; writes nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mbisect.environments.formats import (
    conda_environment,
    cyclonedx,
    dockerfile,
    pylock,
    python_of,
    read_source,
    requirements,
)
from mbisect.environments.lockfile import marker_environment
from mbisect.environments.sources import load
from mbisect.errors import ConfigError, UsageError
from mbisect.project import find_project, lock_file
from mbisect.terms import Interpreter, Lock, Pin

Listing = Callable[[str, str], Iterable[tuple[str, str]]]
"""(package, version) → names of its files, each with its `sha256:…`."""

WRITERS: dict[str, Callable[[Lock, str, pylock.Files], str]] = {
    "requirements": lambda lock, name, files: requirements.write(lock, name),
    "pylock": pylock.write,
    "conda": lambda lock, name, files: conda_environment.write(lock, name),
    "dockerfile": lambda lock, name, files: dockerfile.write(lock, name),
    "cyclonedx": lambda lock, name, files: cyclonedx.write(lock, name),
}
"""Format, as --format names it → what writes it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The text of the file, and the lock that it was written from."""

    text: str
    lock: Lock


def export(
    name: str,
    to: str,
    folder: Path,
    find_interpreter: Callable[[str], Interpreter],
    listing: Listing,
    *,
    hashes: bool = True,
) -> Exported:
    """Write a snapshot of the project at or above a folder in another format, for its interpreter's line.

    Raises UsageError and ConfigError, one line each, and NetworkError where file names are asked for in vain.
    """
    if to not in WRITERS:
        raise UsageError(f"--format {to}: there is no such format; known: {', '.join(WRITERS)}")
    found = find_project(folder)
    if found is None:
        raise ConfigError("there is no mbisect.toml here; export writes one of its snapshots")
    project, root = found
    table = project.snapshots.get(name)
    if table is None:
        known = ", ".join(project.snapshots) or "none"
        raise UsageError(f"`{name}` is not a snapshot of mbisect.toml (known: {known})")
    source = load(root / lock_file(root, name, table))
    interpreter = find_interpreter(table.python or python_of(source) or "3")
    lock = replace(read_source(source, marker_environment(interpreter)), python=interpreter.minor)
    if not hashes:
        lock = replace(lock, pins=tuple(replace(pin, hashes=()) for pin in lock.pins))
    return Exported(WRITERS[to](lock, name, lambda pin: _files(pin, listing)), lock)


def _files(pin: Pin, listing: Listing) -> list[tuple[str, str]]:
    """The files that a pin admits; all of its release where it has no hashes."""
    return [(file, digest) for file, digest in listing(pin.name, pin.version) if digest in pin.hashes or not pin.hashes]
