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
        """One change per commit. From a diverged side line, the first change leaves it for the common ancestor.

        Where `after` is an ancestor of `before` the commits are undone, newest first, undated. Raises ConfigError where
        the history between them is cut off.
        """
        if before is None or after is None:
            missing = "good" if before is None else "bad"
            raise ConfigError(f"the {missing} snapshot has no {key.axis}, the other one has; give both or neither")
        repo = self._repo
        undone = repo.is_ancestor(repo.commit(after), repo.commit(before))
        first, last = (after, before) if undone else (before, after)
        found = list(repo.iter_commits(f"{first}..{last}", first_parent=self._first_parent, topo_order=True))
        shared = [] if undone else repo.merge_base(before, after)
        self._check_whole(repo, [commit.hexsha for commit in found], shared or undone)
        if undone:
            steps = itertools.pairwise([*found, repo.commit(after)])
            return tuple(Change(key, a.hexsha, b.hexsha, title=_title(b)) for a, b in steps)
        line = [*shared[:1], *reversed(found)] if shared and shared[0].hexsha != before else found[::-1]
        changes, previous, latest = [], before, datetime.min.replace(tzinfo=UTC)
        for commit in line:
            latest = max(latest, commit.committed_datetime.astimezone(UTC))
            changes.append(Change(key, previous, commit.hexsha, latest, _title(commit)))
            previous = commit.hexsha
        return tuple(changes)

    def _check_whole(self, repo: git.Repo, found: Sequence[str], related: object) -> None:
        """A clone with a part of the history only has commits whose parents it lacks."""
        cut = Path(repo.common_dir, "shallow")
        edges = set(cut.read_text(encoding="ascii").split()) if cut.exists() else set()
        if edges and (edges & set(found) or not related):
            raise ConfigError(
                f"{self._path}: this clone holds a part of the history only, and lacks commits between both ends; "
                "`git fetch --unshallow` gets them"
            )


def _title(commit: git.Commit) -> str:
    return str(commit.summary)


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
