"""The cache on disk: where it is, how large it is, and what may go. Knows nothing of how its parts are made.

environments/KEY/   a lock built on disk; KEY.lock beside it is held while it is built
trials/KEY/         what a trial measured, wrote and loaded; KEY.lock beside it is held while it runs
runs/ID/            journals, which nothing here ever removes; beside them, which is the latest of a folder
smoke/              histories of smokes with their locks, which nothing here ever removes either
staged/  datasets/  sources and datasets, unpacked; clones of dataset bundles
bytecode/  index/   compiled modules; what the package index said
records/            what is in wheels, file by file
images/             what Docker images hold
uv/                 uv's own cache, whose files the environments are linked from
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from mbisect.environments.build import COMPLETE
from mbisect.environments.uv import Uv
from mbisect.errors import UsageError

PARTS = (
    *("environments", "trials", "runs", "smoke", "staged", "datasets", "bytecode"),
    *("index", "records", "images", "uv"),
)
"""A file that several parts link to counts for the first of them: uv's own share is what no environment uses."""
MEASURED = "trial.json"
"""A trial's measurement, which outlives its output."""
LOADED = "loaded.json"
"""Which installed files its workload loaded; outlives its output too."""
UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
         "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}  # fmt: skip
DAY = 86400.0
"""Seconds. Nothing is unpacked or collected for longer, so an older scratch folder belongs to a killed run."""


def cache_root() -> Path:
    """$MBISECT_CACHE, else the user's cache folder."""
    given = os.environ.get("MBISECT_CACHE")
    if given:
        return Path(given).absolute()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("mbisect"))


def parse_size(text: str) -> int:
    """Bytes of "2GB", "500 MiB" or "0". Raises UsageError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", text, re.IGNORECASE)
    if match is None or match[2].lower() not in UNITS:
        raise UsageError(f"--limit {' '.join(text.split())}: give a size such as 20GB, 500 MiB or 0")
    return int(float(match[1]) * UNITS[match[2].lower()])


def human_size(size: float) -> str:
    """Bytes in words, by powers of 1000: "1.5 GB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


@dataclass(frozen=True, slots=True)
class Usage:
    """One part of the cache."""

    name: str
    entries: int
    size: int
    """Bytes that no part before it holds."""


@dataclass(frozen=True, slots=True)
class Freed:
    """What pruning removed."""

    environments: int
    size: int
    """Bytes."""
    busy: bool = False
    """Trials were running, so environments and staged sources had to stay."""


class Store:
    """One cache folder. May be pruned while runs go on: what they use stays."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def usage(self) -> tuple[Usage, ...]:
        """Every part with its size; a file with several links counts once."""
        seen: set[tuple[int, int]] = set()
        found = []
        for name in PARTS:
            folder = self.root / name
            found.append(Usage(name, len(_entries(folder)), _size(folder, seen)))
        return tuple(found)

    def prune(self, limit: int) -> Freed:
        """Remove what was used least recently until at most `limit` bytes stay, as far as that is possible.

        First what killed runs left behind, whatever the limit. Then environments; then what the oldest trials wrote,
        not what they measured; then staged sources, compiled modules and the contents of wheels; last the downloads of
        uv that no environment uses.
        """
        before = self._total()
        self._remove_leftovers()
        environments = self._prune_environments(limit)
        self._prune_outputs(limit)
        self._prune_kept(limit, _folders(self.root / "staged"), lambda path: _take(path, self._unused))
        compiled = [path for python in _folders(self.root / "bytecode") for path in _folders(python)]
        self._prune_kept(limit, compiled, self._unused)
        for part in ("records", "images"):
            self._prune_kept(limit, _entries(self.root / part), self._unused)
        for more in ((), ("--ci",)):  # --ci: also the wheels that can be downloaded again
            if self._total() > limit and (self.root / "uv").is_dir():
                Uv(self.root / "uv").run(["cache", "prune", "--quiet", *more])
        return Freed(environments, before - self._total(), self._busy())

    def _total(self) -> int:
        return sum(part.size for part in self.usage())

    def _excess(self, limit: int) -> int:
        """Bytes above the limit without uv's share, which goes last but goes whole."""
        return sum(part.size for part in self.usage() if part.name != "uv") - limit

    def _busy(self) -> bool:
        """A trial is running. It may use any environment, and holds its own lock before it takes one."""
        locks = (self.root / "trials").glob("*.lock")
        return not all(_take(path.with_suffix(""), lambda _: True) for path in locks)

    def _unused(self, path: Path) -> bool:
        return not self._busy() and _discard(path)

    def _remove_leftovers(self) -> None:
        """Half-built environments, trials that never ended, and scratch folders of killed processes."""
        self._remove_unfinished("environments", COMPLETE)
        self._remove_unfinished("trials", MEASURED)
        scratch = list(_hidden(self.root / "staged"))
        scratch += [path for python in _folders(self.root / "bytecode") for path in _hidden(python)]
        scratch += [path for path in _folders(self.root / "datasets") if path.suffix]
        for path in scratch:
            if time.time() - _used(path) > DAY:
                shutil.rmtree(path, ignore_errors=True)

    def _remove_unfinished(self, part: str, marker: str) -> None:
        for path in _hidden(self.root / part):
            owner = re.split(r"[.-]", path.name[1:], maxsplit=1)[0]
            _take(path.with_name(owner), partial(_destroy, path))
        for path in _folders(self.root / part):
            if not (path / marker).exists():
                _take(path, lambda path: not (path / marker).exists() and _discard(path))

    def _prune_environments(self, limit: int) -> int:
        """Keep the most recently used ones that fit together; -> how many of the others are gone."""
        folder = self.root / "environments"
        seen: set[tuple[int, int]] = set()
        room = limit - sum(_size(self.root / part, seen) for part in PARTS[1:-1])
        gone = 0
        for path in sorted(_folders(folder), key=lambda path: _used(path / COMPLETE), reverse=True):
            room -= _size(path, seen)
            gone += room < 0 and _take(path, self._unused)
        return gone

    def _prune_outputs(self, limit: int) -> None:
        excess = self._excess(limit)
        for path in sorted(_folders(self.root / "trials"), key=lambda path: _used(path / MEASURED)):
            if excess <= 0:
                return
            size = _size(path, set())
            if _take(path, _discard_output):
                excess -= size - _size(path, set())

    def _prune_kept(self, limit: int, kept: Iterable[Path], remove: Callable[[Path], bool]) -> None:
        """Remove of these what was made first: any of it can be made again."""
        excess = self._excess(limit)
        for path in sorted(kept, key=_used):
            if excess <= 0:
                return
            size = _size(path, set())
            if remove(path):
                excess -= size


def _take(path: Path, act: Callable[[Path], bool]) -> bool:
    """Act on a folder under the lock that whoever makes it holds; -> whether it was free and the act succeeded."""
    try:
        with FileLock(f"{path}.lock", blocking=False):
            return act(path)
    except Timeout:
        return False


def _destroy(path: Path, owner: Path) -> bool:
    """Remove a scratch folder, while the lock of its owner is held."""
    del owner
    shutil.rmtree(path, ignore_errors=True)
    return True


def _discard_output(trial: Path) -> bool:
    """Whoever finds the measurement finds the output whole or not at all."""
    for path in tuple(trial.glob("*")):
        if path.name not in (MEASURED, LOADED):
            _discard(path)
    return True


def _discard(path: Path) -> bool:
    """Remove a file or folder under another name, so that nobody ever sees a half of it; -> whether it was there."""
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{path.name}-", dir=path.parent, ignore_cleanup_errors=True
        ) as doomed:
            path.rename(Path(doomed, path.name))
    except FileNotFoundError:
        return False
    return True


def _entries(folder: Path) -> list[Path]:
    """What a part holds, without lock files, scratch folders, and what says which run is the latest of a folder."""
    with contextlib.suppress(FileNotFoundError):
        return [p for p in folder.iterdir() if not p.name.startswith(".") and p.suffix not in (".lock", ".latest")]
    return []


def _folders(folder: Path) -> list[Path]:
    return [p for p in _entries(folder) if p.is_dir()]


def _hidden(folder: Path) -> Iterable[Path]:
    return folder.glob(".*/") if folder.is_dir() else ()


def _used(path: Path) -> float:
    """When it was changed last, in seconds since 1970; 0 for what is gone."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _size(path: Path, seen: set[tuple[int, int]]) -> int:
    """Bytes of all files in a folder, or of one file; a file that is among the `seen` counts nothing."""
    total = 0
    for found in _files(path):
        if found.st_nlink > 1:
            inode = found.st_dev, found.st_ino
            if inode in seen:
                continue
            seen.add(inode)
        total += found.st_size
    return total


def _files(path: Path) -> Iterator[os.stat_result]:
    """All files below a path; what vanishes meanwhile is passed over."""
    if not path.is_dir() or path.is_symlink():
        with contextlib.suppress(FileNotFoundError):
            yield path.lstat()
        return
    stack = [os.fspath(path)]
    while stack:
        with contextlib.suppress(FileNotFoundError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                    continue
                with contextlib.suppress(FileNotFoundError):
                    yield entry.stat(follow_symlinks=False)
