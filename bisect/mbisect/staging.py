"""Puts source and dataset of a candidate on disk: a git revision becomes a plain folder. The user's repository and
working tree are only read. Knows nothing of environments."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

import git
from filelock import FileLock

from mbisect.axes.git import open_repository
from mbisect.errors import ConfigError
from mbisect.terms import COMMIT, DATASET, Values

NOT_SOURCE = {"__pycache__", ".git", ".mbisect"}
"""Where there is no git to say what belongs to the source, these do not."""


class Stager:
    """Revisions unpacked once into a cache, and copied from there for each trial that may write to them."""

    def __init__(self, cache: Path, root: Path, paths: Sequence[str], dataset: Path | None) -> None:
        self._cache = cache
        self._root = root
        self._paths = tuple(paths)
        self._dataset = dataset

    def identity(self, values: Values) -> str:
        """What the source is: the commit, or a digest of the files of the working tree that would be staged."""
        commit = values.get(COMMIT)
        if commit is not None:
            return f"{commit} {self._paths}"
        digest = hashlib.sha256()
        for path in self._tracked():
            digest.update(str(path).encode() + b"\0" + hashlib.sha256((self._root / path).read_bytes()).digest())
        return digest.hexdigest()

    def source(self, values: Values, target: Path) -> None:
        """Fill the folder `target` with the candidate's source."""
        commit = values.get(COMMIT)
        if commit is not None:
            shutil.copytree(self._unpacked(self._root, commit, self._paths), target, dirs_exist_ok=True)
            return
        for path in self._tracked():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._root / path, target / path)

    def dataset(self, values: Values) -> Path | None:
        """The folder of the candidate's dataset revision, shared and not to be written to."""
        revision = values.get(DATASET)
        if revision is None:
            return None
        assert self._dataset is not None, "a dataset revision was resolved, so there is a repository"
        return self._unpacked(self._dataset, revision, ())

    def _tracked(self) -> list[Path]:
        """The files of the working tree that would be staged: those that git tracks, or all where there is no git."""
        try:
            names = open_repository(self._root).git.ls_files("-z", "--", *self._paths).split("\0")
            found = [Path(name) for name in names if name and (self._root / name).is_file()]
        except ConfigError:
            found = []
        if not found:
            starts = [self._root / path for path in self._paths or (".",)]
            files = [f for start in starts for f in ([start] if start.is_file() else start.rglob("*")) if f.is_file()]
            found = [f for f in (f.relative_to(self._root) for f in files) if not NOT_SOURCE & set(f.parts)]
        if not found:
            raise ConfigError(f"nothing to stage: {', '.join(self._paths) or self._root} holds no files")
        return sorted(found)

    def _unpacked(self, repository: Path, commit: str, paths: tuple[str, ...]) -> Path:
        """A revision as a folder in the cache; complete as soon as it is there, since it is moved there whole.

        Raises ConfigError for one that lacks a path, or that holds what must not be unpacked.
        """
        what = hashlib.sha256(repr((commit, paths)).encode()).hexdigest()[:20]
        target = self._cache / what
        self._cache.mkdir(parents=True, exist_ok=True)
        with FileLock(self._cache / f"{what}.lock"):
            if target.exists():
                return target
            scratch = Path(tempfile.mkdtemp(dir=self._cache, prefix=".unpacking-"))
            try:
                with tempfile.TemporaryFile() as file:
                    open_repository(repository).archive(cast("BinaryIO", file), commit, path=list(paths) or None)
                    file.seek(0)
                    with tarfile.open(fileobj=file) as archive:
                        archive.extractall(scratch, filter="data")
            except (git.GitCommandError, tarfile.TarError) as error:
                shutil.rmtree(scratch)
                why = getattr(error, "stderr", None) or str(error)
                raise ConfigError(f"commit {commit[:12]} cannot be staged: {' '.join(str(why).split())}") from error
            scratch.chmod(0o755)
            scratch.rename(target)
        return target


def repository_of(path: Path, cache: Path) -> Path:
    """A dataset's repository: the folder itself, or a clone of a git bundle, made once for each content of the file.

    Raises ConfigError when the path is neither.
    """
    if path.is_dir():
        open_repository(path)
        return path
    if not path.is_file():
        raise ConfigError(f"{path} is neither a git repository nor a git bundle")
    target = cache / hashlib.sha256(path.read_bytes()).hexdigest()[:20]
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not target.exists():
            scratch = f"{target}.{os.getpid()}"
            try:
                git.Repo.clone_from(str(path), scratch, mirror=True)
            except git.GitCommandError as error:
                raise ConfigError(f"{path} is not a git bundle") from error
            Path(scratch).rename(target)
    return target
