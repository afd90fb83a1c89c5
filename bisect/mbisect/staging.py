"""Puts source and dataset of a candidate on disk: a git revision becomes a plain folder. The user's repository and
working tree are only read. Knows nothing of environments."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import git
from filelock import FileLock

from mbisect.axes.git import open_repository
from mbisect.errors import ConfigError
from mbisect.terms import COMMIT, DATASET, Values

SUBMODULE = "160000 "
"""How git marks the entry of a submodule in an index."""
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
            digest.update(str(path).encode() + b"\0" + hashlib.sha256(_content(self._root / path)).digest())
        return digest.hexdigest()

    def source(self, values: Values, target: Path) -> None:
        """Fill the folder `target` with the candidate's source: what lies in and below the project's folder."""
        commit = values.get(COMMIT)
        if commit is not None:
            unpacked = self._unpacked(self._root, commit, self._paths)
            shutil.copytree(unpacked, target, symlinks=True, dirs_exist_ok=True)
            return
        for path in self._tracked():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._root / path, target / path, follow_symlinks=(self._root / path).is_file())

    def dataset(self, values: Values, target: Path) -> Path | None:
        """Fill the folder `target` with the candidate's dataset revision; -> that folder, None where there is none.

        Its files are links to those of the cache, which only root may write to: what a workload lays beside them is in
        its own folder, and no other trial's.
        """
        revision = values.get(DATASET)
        if revision is None:
            return None
        assert self._dataset is not None, "a dataset revision was resolved, so there is a repository"
        unpacked = self._unpacked(self._dataset, revision, (), read_only=True)
        shutil.copytree(unpacked, target, symlinks=True, copy_function=os.link)
        return target

    def _tracked(self) -> list[Path]:
        """The files of the working tree that would be staged: those that git tracks in the project's folder, or all
        where there is no git. Paths that are asked for and that git does not know yet are staged whole.

        Raises ConfigError where there are none.
        """
        found = self._known_to_git()
        if not found and found is not None and not self._paths:
            raise ConfigError(f"git tracks nothing in {self._root}: `git add` it, or name it in `workload.stage`")
        if not found:
            starts = [self._root / path for path in self._paths or (".",)]
            files = [f for start in starts for f in ([start] if start.is_file() else start.rglob("*")) if f.is_file()]
            found = [f for f in (f.relative_to(self._root) for f in files) if not NOT_SOURCE & set(f.parts)]
        if not found:
            raise ConfigError(f"nothing to stage: {', '.join(self._paths) or self._root} holds no files")
        return sorted(found)

    def _known_to_git(self) -> list[Path] | None:
        """The files among the paths that git tracks; None where there is no git."""
        try:
            open_repository(self._root)
        except ConfigError:
            return None
        try:
            names = git.Git(self._root).ls_files("-z", "--recurse-submodules", "--", *self._paths).split("\0")
        except git.GitCommandError as error:
            raise ConfigError(f"{self._root} cannot be staged: {_said(error)}") from error
        return [Path(name) for name in names if name and _is_content(self._root / name)]

    def _unpacked(self, repository: Path, commit: str, paths: tuple[str, ...], *, read_only: bool = False) -> Path:
        """A revision of a folder as a folder in the cache; complete as soon as it is there, since it is moved there
        whole. Links are kept as they are.

        Raises ConfigError for one that lacks a path.
        """
        repo = open_repository(repository)
        folder, top = repository.resolve(), Path(repo.working_dir).resolve()
        whole = repo.bare or folder in (top, Path(repo.git_dir).resolve())
        tree = commit if whole else f"{commit}:{folder.relative_to(top).as_posix()}"
        what = hashlib.sha256(repr((tree, paths, read_only)).encode()).hexdigest()[:20]
        target = self._cache / what
        self._cache.mkdir(parents=True, exist_ok=True)
        with FileLock(self._cache / f"{what}.lock"):
            if target.exists():
                return target
            scratch = Path(tempfile.mkdtemp(dir=self._cache, prefix=".unpacking-"))
            try:
                _check_out(repo, tree, paths, scratch, repository)
            except git.GitCommandError as error:
                shutil.rmtree(scratch)
                raise ConfigError(f"commit {commit[:12]} cannot be staged: {_said(error)}") from error
            except ConfigError:
                shutil.rmtree(scratch)
                raise
            if read_only:
                for path in scratch.rglob("*"):
                    if path.is_file() and not path.is_symlink():
                        path.chmod(path.stat().st_mode & 0o555)
            scratch.chmod(0o755)
            scratch.rename(target)
        return target


def _check_out(repo: git.Repo, tree: str, paths: tuple[str, ...], target: Path, top: Path) -> None:
    """Write the files of a tree into a folder, by an index of its own: nothing of the repository changes.

    Not by `git archive`, which leaves out what is marked `export-ignore`, and submodules. Raises git.GitCommandError,
    and ConfigError for a submodule whose commit is not there.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as names:
        program = git.Git(target)
        index = str(Path(folder, "index"))
        with program.custom_environment(GIT_DIR=str(repo.git_dir), GIT_WORK_TREE=str(target), GIT_INDEX_FILE=index):
            program.read_tree(tree)
            program.ls_files("-z", "--error-unmatch", "--", *(paths or (".",)), output_stream=names)
            names.seek(0)
            program.checkout_index("-z", "--stdin", istream=names)
            staged = program.ls_files("-z", "--stage", "--", *(paths or (".",))).split("\0")
    for entry in staged:
        about, _, path = entry.partition("\t")
        if about.startswith(SUBMODULE):
            _submodule(top / path, path, about.split()[1], target / path)


def _submodule(there: Path, path: str, commit: str, target: Path) -> None:
    """Write a submodule at the commit that the tree names. Raises ConfigError where that is not there."""
    try:
        repo = git.Repo(there)
        repo.commit(commit)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError, git.BadName, ValueError) as error:
        raise ConfigError(
            f"submodule {path} is not here at {commit[:12]}: `git submodule update --init`, or `git fetch` in it, gets "
            "it; or name in `workload.stage` what is needed"
        ) from error
    target.mkdir(parents=True, exist_ok=True)
    _check_out(repo, commit, (), target, there)


def _is_content(path: Path) -> bool:
    """A file, or a link that is staged as it is: to a folder, or to nothing."""
    return path.is_file() or path.is_symlink()


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else os.fsencode(path.readlink())


def _said(error: git.GitCommandError) -> str:
    """What git complained of, in one line."""
    said = str(error.stderr).strip().removeprefix("stderr:").strip().strip("'")
    return " ".join(said.split()) or str(error)


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
            scratch = Path(tempfile.mkdtemp(dir=cache, prefix=".cloning-"))
            try:
                git.Repo.clone_from(str(path), str(scratch), mirror=True)
            except git.GitCommandError as error:
                shutil.rmtree(scratch)
                raise ConfigError(f"{path} is not a git bundle: {_said(error)}") from error
            scratch.chmod(0o755)
            scratch.rename(target)
    return target
