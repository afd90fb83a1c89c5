"""What is checked out is known by its commit and by what differs from it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mbisect.axes.git import working_tree

GIT = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")


def git(folder: Path, *words: str) -> str:
    return subprocess.run([*GIT, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    for path in ("code/a.py", "mbisect.toml", "code/picture.bin"):
        (tmp_path / path).write_bytes(b"1\0\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    return tmp_path


def test_a_clean_one_is_its_commit_alone(repository: Path) -> None:
    tree = working_tree(repository)
    assert tree is not None
    assert (tree.commit, tree.dirty, tree.diff) == (git(repository, "rev-parse", "HEAD"), False, None)


def test_changed_added_and_removed_files_differ_and_untracked_ones_are_no_part_of_it(repository: Path) -> None:
    (repository / "code" / "a.py").write_bytes(b"2\0\xff\n")
    (repository / "code" / "picture.bin").unlink()
    (repository / "new.py").touch()
    (repository / "untracked.py").touch()
    git(repository, "add", "new.py")
    tree = working_tree(repository)
    assert tree is not None
    assert tree.files == ("code/a.py", "code/picture.bin", "new.py")
    assert tree.diff is not None
    assert tree.size > 0
    (repository / "code" / "a.py").write_bytes(b"3\0\xff\n")
    other = working_tree(repository)
    assert other is not None
    assert other.diff != tree.diff


def test_a_folder_is_looked_at_by_itself_and_without_what_is_excluded(repository: Path) -> None:
    (repository / "mbisect.toml").write_text("2\n")
    for tree in (working_tree(repository / "code"), working_tree(repository, without=("mbisect.toml", "envs"))):
        assert tree is not None
        assert not tree.dirty


def test_where_there_is_no_repository_or_no_commit_nothing_is_known(tmp_path: Path) -> None:
    assert working_tree(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert working_tree(tmp_path) is None
