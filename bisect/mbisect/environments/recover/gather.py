"""Files and folders that a run left behind, and the repository around them → all evidence in them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mbisect.environments.recover.evidence import Dated, Evidence, Present, Strength
from mbisect.environments.recover.git_history import read_history
from mbisect.environments.recover.readers import READERS
from mbisect.errors import ConfigError, MbisectError

MOST_FILES = 20_000
"""Files that are looked at below one folder."""
SKIPPED = {".git", "node_modules", "__pycache__", "site-packages", ".venv", "venv"}
"""Folders that are not gone into: what is in them is not of the run."""
DATED = {"training_args.bin", "trainer_state.json", "adapter_config.json"}
"""Files that the run itself wrote: their dates say by when it had."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was found."""

    evidence: tuple[Evidence, ...]
    files: int
    """Files that one of the readers recognised."""
    unread: tuple[str, ...]
    """One line for each file that could not be read."""


def gather(paths: Iterable[Path]) -> Gathered:
    """Read everything below the paths, in their order and sorted within. Raises ConfigError where one is not there."""
    evidence: list[Evidence] = []
    unread: list[str] = []
    files = 0
    for root in paths:
        for path in _files(root):
            name = str(Path(root.resolve().name, path.relative_to(root)))
            readers = [one for one in READERS if one.recognises(path)]
            files += bool(readers)
            for one in readers:
                try:
                    evidence += one.read(path, name)
                except (MbisectError, RecursionError) as error:
                    unread.append(str(error) or f"{name}: it is nested too deeply")
            if path.name in DATED:
                evidence += _date(path, name)
    return Gathered(tuple(evidence), files, tuple(unread))


def gather_history(paths: Iterable[Path], known: Iterable[Evidence], not_after: datetime) -> tuple[Evidence, ...]:
    """What the requirement files of the repositories around the paths said before a date.

    Of a repository there may be any number of them, of other programs too: only those count that ask for something
    that the run is known to have asked for.
    """
    found: dict[Evidence, None] = {}
    for root in paths:
        folder = root if root.is_dir() else root.parent
        with contextlib.suppress(ConfigError):  # a broken repository takes nothing from what the run itself says
            found |= dict.fromkeys(read_history(folder, not_after))
    roots = {one.says.package for one in known if isinstance(one.says, Present) and one.says.root}
    files = {one.file for one in found if isinstance(one.says, Present) and one.says.package in roots}
    return tuple(one for one in found if one.file in files)


def _files(root: Path) -> Iterator[Path]:
    if not root.exists():
        raise ConfigError(f"{root} does not exist; --from takes what a run left behind: files or folders")
    if root.is_file():
        yield root
        return
    count = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(one for one in folders if one not in SKIPPED)
        for name in sorted(names):
            path = Path(folder, name)
            count += 1
            if count > MOST_FILES:
                raise ConfigError(f"{root} holds more than {MOST_FILES} files; name the folder of the run itself")
            if path.is_file():
                yield path


def _date(path: Path, name: str) -> Iterator[Evidence]:
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    yield Evidence(name, "modified", when.isoformat(timespec="seconds"), Dated("not after", when), Strength.HINT)
