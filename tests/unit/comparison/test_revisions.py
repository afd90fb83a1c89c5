"""What lies between two revisions, read from small real repositories."""

from __future__ import annotations

import json
from pathlib import Path

import git
import pytest

from mbisect.comparison.revisions import dataset_diff, shortlog

ROW = {"input": "Who?", "output": "She."}


class History:
    """A repository whose commits are files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.repo = git.Repo.init(path, initial_branch="main")

    def commit(self, subject: str, **files: str | None) -> str:
        """Write or remove files, dots as `__`; -> the hash."""
        for name, text in files.items():
            path = self.path / name.replace("__", ".")
            path.unlink() if text is None else path.write_text(text)
        self.repo.git.add("--all")
        with self.repo.git.custom_environment(
            **{f"GIT_{r}_{p}": v for r in ("AUTHOR", "COMMITTER") for p, v in (("NAME", "Ann"), ("EMAIL", "a@b.c"))}
        ):
            self.repo.git.commit("--allow-empty", "-m", subject)
        return self.repo.head.commit.hexsha


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_the_newest_commit_stands_first_and_the_first_revision_is_not_among_them(history: History) -> None:
    a, b, c = (history.commit(subject) for subject in "abc")
    log = shortlog(history.path, a, c)
    assert [(commit.revision, commit.subject, commit.author) for commit in log.applied] == [
        (c, "c", "Ann"),
        (b, "b", "Ann"),
    ]
    assert log.undone == ()


def test_going_back_undoes_commits_and_a_side_line_does_both(history: History) -> None:
    a, b = history.commit("a"), history.commit("b")
    assert [commit.subject for commit in shortlog(history.path, b, a).undone] == ["b"]
    history.repo.git.checkout("-q", "-b", "side", a)
    log = shortlog(history.path, b, history.commit("x"))
    assert ([c.subject for c in log.applied], [c.subject for c in log.undone]) == (["x"], ["b"])


def test_rows_are_compared_and_other_files_named(history: History) -> None:
    a = history.commit("a", train__jsonl=lines(ROW), card__md="old", gone__py="")
    b = history.commit("b", train__jsonl=lines(ROW, {**ROW, "input": "Where?"}), card__md="new", gone__py=None)
    found = dataset_diff(history.path, a, b)
    assert [(split.name, split.before, split.after, split.added) for split in found.splits] == [("train", 1, 2, 1)]
    assert found.files == (("card.md", "changed"), ("gone.py", "removed"))


def test_a_json_file_may_hold_a_list_of_rows(history: History) -> None:
    a = history.commit("a", rows__json=json.dumps([ROW]))
    b = history.commit("b", rows__json=json.dumps([{**ROW, "output": "He."}]))
    assert [split.changed for split in dataset_diff(history.path, a, b).splits] == [1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{not json\n", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("3\n", "no list of rows"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "its rows are kept outside git"),
    ],
)
def test_what_cannot_be_compared_is_said(history: History, text: str, why: str) -> None:
    a = history.commit("a", train__jsonl=lines(ROW), test__jsonl=lines(ROW))
    b = history.commit("b", train__jsonl=text)
    found = dataset_diff(history.path, a, b)
    assert found.unread == (f"train.jsonl: {why}",)
    assert [split.name for split in found.splits] == ["test"]
