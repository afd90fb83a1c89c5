"""The commit and dataset axes, on small real histories."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import git
import pytest

from mbisect.axes.git import GitAxis, open_repository
from mbisect.errors import ConfigError
from mbisect.terms import COMMIT, DATASET, Change


class History:
    """A repository in which each commit takes one line to write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repo = git.Repo.init(path, initial_branch="main")

    def commit(self, name: str, day: int, *, merge: str | None = None) -> str:
        """Commit a file of that name, or merge a branch, on that day of January 2024; -> the hash."""
        when = f"2024-01-{day:02}T12:00:00+02:00"
        env = {f"GIT_{role}_DATE": when for role in ("AUTHOR", "COMMITTER")}
        env |= {f"GIT_{role}_NAME": "Ann" for role in ("AUTHOR", "COMMITTER")}
        env |= {f"GIT_{role}_EMAIL": "ann@example.org" for role in ("AUTHOR", "COMMITTER")}
        with self.repo.git.custom_environment(**env):
            if merge is not None:
                self.repo.git.merge("--no-ff", "-m", name, merge)
            else:
                (self.path / name).write_text(name)
                self.repo.git.add(name)
                self.repo.git.commit("-m", name)
        return self.repo.head.commit.hexsha

    def branch(self, name: str, at: str) -> None:
        self.repo.git.checkout("-B", name, at)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "repository")


def day(number: int) -> datetime:
    return datetime(2024, 1, number, 10, tzinfo=UTC)


def test_each_commit_is_a_change_at_its_time_in_utc(history: History) -> None:
    a, b, c = (history.commit(name, number) for number, name in enumerate("abc", 1))
    assert GitAxis(history.path).between(COMMIT, a, c) == (Change(COMMIT, a, b, day(2)), Change(COMMIT, b, c, day(3)))


def test_a_merge_is_one_change_on_the_line_that_it_was_merged_into(history: History) -> None:
    a = history.commit("a", 1)
    history.branch("side", a)
    history.commit("x", 2)
    history.commit("y", 3)
    history.branch("main", a)
    b = history.commit("b", 4)
    merged = history.commit("merge", 5, merge="side")
    assert [change.after for change in GitAxis(history.path).between(COMMIT, a, merged)] == [b, merged]


def test_clocks_that_ran_backwards_do_not_change_the_order(history: History) -> None:
    a, b, c, d = (history.commit(name, number) for name, number in (("a", 1), ("b", 9), ("c", 4), ("d", 12)))
    changes = GitAxis(history.path).between(COMMIT, a, d)
    assert [change.after for change in changes] == [b, c, d]
    assert [change.date for change in changes] == [day(9), day(9), day(12)]


def test_going_back_undoes_commits_newest_first_and_undated(history: History) -> None:
    a, b, c = (history.commit(name, number) for number, name in enumerate("abc", 1))
    assert GitAxis(history.path).between(COMMIT, c, a) == (Change(COMMIT, c, b), Change(COMMIT, b, a))


def test_from_a_side_line_the_first_change_leaves_it_for_where_both_began(history: History) -> None:
    a = history.commit("a", 1)
    history.branch("side", a)
    x = history.commit("x", 2)
    history.branch("main", a)
    b, c = history.commit("b", 3), history.commit("c", 4)
    changes = GitAxis(history.path).between(COMMIT, x, c)
    assert [(change.before, change.after) for change in changes] == [(x, a), (a, b), (b, c)]
    assert [change.title for change in changes] == ["a", "b", "c"]


def test_a_history_that_is_cut_off_between_both_ends_is_refused(history: History, tmp_path: Path) -> None:
    """As in a shallow clone: the commits at its edge seem to have no parents."""
    first, *others = [history.commit(name, n) for n, name in enumerate("abcde", 1)]
    shallow = Path(GitAxis(history.path)._repo.common_dir, "shallow")
    shallow.write_text(f"{others[1]}\n")
    with pytest.raises(ConfigError, match=r"holds a part of the history only.*`git fetch --unshallow`"):
        GitAxis(history.path).between(COMMIT, first, others[-1])
    assert len(GitAxis(history.path).between(COMMIT, others[1], others[-1])) == 2


def test_a_revision_may_be_a_branch_a_tag_or_a_part_of_a_hash(history: History) -> None:
    a, b = history.commit("a", 1), history.commit("b", 2)
    history.repo.create_tag("v1", a)
    axis = GitAxis(history.path)
    assert [axis.resolve(name) for name in ("v1", "main", "HEAD~1", b[:8])] == [a, b, a, b]


@pytest.mark.parametrize("revision", ["v9", "f" * 40, "HEAD~99", "", "--all", "main:a"])
def test_an_unknown_revision_is_refused_in_one_line(history: History, revision: str) -> None:
    history.commit("a", 1)
    with pytest.raises(ConfigError, match="git knows no revision") as caught:
        GitAxis(history.path).resolve(revision)
    assert "\n" not in str(caught.value)


def test_a_revision_that_one_side_lacks_is_refused(history: History) -> None:
    a = history.commit("a", 1)
    with pytest.raises(ConfigError, match="the bad snapshot has no dataset"):
        GitAxis(history.path).between(DATASET, a, None)


def test_a_repository_is_found_from_below_and_missing_one_is_named(history: History, tmp_path: Path) -> None:
    (history.path / "deep" / "down").mkdir(parents=True)
    assert open_repository(history.path / "deep" / "down").working_dir == str(history.path)
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigError, match="is not a git repository"):
            open_repository(path)


def test_the_repository_is_only_read(history: History) -> None:
    history.commit("a", 1)
    b = history.commit("b", 2)
    before = {path: path.stat().st_mtime_ns for path in history.path.rglob("*")}
    GitAxis(history.path).between(COMMIT, GitAxis(history.path).resolve("HEAD~1"), b)
    assert {path: path.stat().st_mtime_ns for path in history.path.rglob("*")} == before
