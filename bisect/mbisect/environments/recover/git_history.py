"""Requirement files as a repository had them before a date. Writes nothing, runs nothing that the repository names.

A repository that somebody sent may have a configuration that starts programs: only commands that read objects are used,
and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import git
from git.exc import GitError, ODBError

from mbisect.axes.git import open_repository
from mbisect.environments.pins import shown
from mbisect.environments.recover.checked import dated
from mbisect.environments.recover.evidence import Evidence, Strength
from mbisect.environments.recover.readers.requirement_files import kind_of, said
from mbisect.environments.sources import SIZE
from mbisect.errors import ConfigError

WITHIN = ("requirements", "constraints")
"""Folders that hold nothing else."""
FILES = 50
"""Requirement files that are read; more are some library's own collection."""
HERMETIC = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1"}  # fmt: skip


def read_history(folder: Path, not_after: datetime) -> Iterator[Evidence]:
    """What the requirement files of a folder, and of those above it, said when the last commit up to a date was made.

    The first-parent line of HEAD counts, by the dates of its commits. Each statement is at "commit 0123456789ab, line
    4"; that the environment was made after the commit that last changed such a file is a hint. Once the date is better
    known, ask again. Without a repository, or a commit that old, there is nothing. Raises ConfigError for a repository
    that git cannot read.
    """
    try:
        repo = open_repository(folder)
    except ConfigError:
        return
    repo.git.update_environment(**HERMETIC)
    try:
        top = Path(repo.working_tree_dir or repo.git_dir).resolve()
        yield from _read(repo, PurePosixPath(folder.resolve().relative_to(top).as_posix()), not_after)
    except (GitError, ODBError, OSError, ValueError, LookupError, TypeError, AssertionError) as error:  # broken objects
        words = shown(error, 120) or type(error).__name__
        raise ConfigError(f"{folder}: git cannot read its history ({words}); try `git fsck`") from None
    finally:
        repo.close()


def _read(repo: git.Repo, folder: PurePosixPath, not_after: datetime) -> Iterator[Evidence]:
    before = _last(repo, not_after)
    changed: list[git.Commit] = []
    for path, blob in _requirement_files(before, folder) if before is not None else ():
        last = _last(repo, not_after, path)
        if last is None or blob.size > SIZE["text"]:
            continue
        changed.append(last)
        text = blob.data_stream.read().decode("utf-8-sig", "replace").replace("\r\n", "\n")
        try:
            yield from said(Path(path), text, path, f"commit {last.hexsha[:12]}, ")
        except ConfigError:
            continue  # a broken file of a history cannot be mended
    if changed:
        newest = max(changed, key=lambda one: one.committed_datetime)
        place, when = f"commit {newest.hexsha[:12]}", newest.committed_datetime.astimezone(UTC)
        yield from dated(".git", place, newest.summary, when, Strength.HINT, "not before")


def _last(repo: git.Repo, not_after: datetime, *paths: str) -> git.Commit | None:
    """The last commit of HEAD's first-parent line that is not newer, and that touched a path."""
    if not repo.git.rev_parse("--verify", "--quiet", "HEAD", with_exceptions=False):
        return None
    before = f"--before={int(not_after.timestamp())}"
    name = repo.git.rev_list("HEAD", "--first-parent", "--max-count=1", before, "--", *paths)
    return repo.commit(name) if name else None


def _requirement_files(commit: git.Commit, folder: PurePosixPath) -> list[tuple[str, git.Blob]]:
    """Those nearest to the folder first; a folder that the commit did not have is passed over."""
    found: list[tuple[str, git.Blob]] = []
    for one in (folder, *folder.parents):
        for below in (one, *(one / name for name in WITHIN)):
            try:
                tree = commit.tree.join(str(below)) if below.parts else commit.tree
            except KeyError:
                continue
            for blob in tree.blobs if isinstance(tree, git.Tree) else ():
                if kind_of(PurePosixPath(str(blob.path))) is not None and all(blob.path != path for path, _ in found):
                    found.append((str(blob.path), blob))
    return found[:FILES]
