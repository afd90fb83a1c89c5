"""The commit and dataset axes: a git history's first-parent line between two revisions. Writes nothing into it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import git

from mbisect.errors import ConfigError
from mbisect.terms import Change, Key


class GitAxis:
    """Revisions of one repository."""

    def __init__(self, path: Path, *, first_parent: bool = True) -> None:
        self._path = path
        self._first_parent = first_parent

    @cached_property
    def _repo(self) -> git.Repo:
        return open_repository(self._path)

    def resolve(self, revision: str) -> str:
        """The full hash that a revision means. Raises ConfigError for an unknown one."""
        try:
            return self._repo.commit(revision).hexsha
        except (git.BadName, git.BadObject, git.GitCommandError, ValueError, IndexError) as error:
            raise ConfigError(f"{self._path}: git knows no revision `{revision}`; see `git log`") from error

    def between(self, key: Key, before: str | None, after: str | None) -> tuple[Change, ...]:
        """One change per commit. From a diverged side line, the first change leaves it for the common ancestor's line.

        Where `after` is an ancestor of `before` the commits are undone, newest first, undated.
        """
        if before is None or after is None:
            missing = "good" if before is None else "bad"
            raise ConfigError(f"the {missing} snapshot has no {key.axis}, the other one has; give both or neither")
        undone = self._repo.is_ancestor(self._repo.commit(after), self._repo.commit(before))
        first, last = (after, before) if undone else (before, after)
        found = self._repo.iter_commits(f"{first}..{last}", first_parent=self._first_parent, topo_order=True)
        line = [(commit.hexsha, commit.committed_datetime.astimezone(UTC)) for commit in found]
        if undone:
            hashes = [h for h, _ in line] + [after]
            return tuple(Change(key, a, b) for a, b in itertools.pairwise(hashes))
        changes, previous, latest = [], before, datetime.min.replace(tzinfo=UTC)
        for commit, date in reversed(line):
            latest = max(latest, date)
            changes.append(Change(key, previous, commit, latest))
            previous = commit
        return tuple(changes)


@dataclass(frozen=True, slots=True)
class WorkingTree:
    """A folder in a git repository as it is on disk. What git does not track is never staged, so it does not count."""

    commit: str
    files: tuple[str, ...] = ()
    """Those that differ from the commit."""
    diff: str | None = None
    """`sha256:…` of the difference."""
    size: int = 0
    """Bytes of the difference."""

    @property
    def dirty(self) -> bool:
        """Something differs from the commit."""
        return bool(self.files)

    def as_plain(self) -> dict[str, object]:
        """As it is written down."""
        return {
            "commit": self.commit,
            "dirty": self.dirty,
            "files": list(self.files),
            "diff": self.diff,
            "diff_bytes": self.size,
        }


def working_tree(folder: Path, *, without: Sequence[str] = ()) -> WorkingTree | None:
    """What is checked out in a folder, some paths in it apart; None where there is no git, or no commit yet."""
    try:
        repo = open_repository(folder)
        commit = repo.head.commit.hexsha
    except (ConfigError, ValueError):
        return None
    within = git.Git(folder)
    paths = [".", *(f":(exclude){path}" for path in without)]
    options = ("--no-ext-diff", "--no-textconv", "--no-color")
    names = within.diff("HEAD", "--name-only", "-z", "--relative", *options, "--", *paths).split("\0")
    files = tuple(name for name in names if name)
    if not files:
        return WorkingTree(commit)
    diff = within.diff(
        "HEAD", "--binary", *options, "--", *paths, stdout_as_string=False, strip_newline_in_stdout=False
    )
    return WorkingTree(commit, files, f"sha256:{hashlib.sha256(diff).hexdigest()}", len(diff))


def open_repository(path: Path) -> git.Repo:
    """The git repository at or above a path. Raises ConfigError when there is none."""
    try:
        return git.Repo(path, search_parent_directories=True)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError) as error:
        raise ConfigError(f"{path} is not a git repository") from error
