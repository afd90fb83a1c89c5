"""Requirement files as they stood at a date."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mbisect.environments.recover.evidence import Dated, Evidence, Present, Strength
from mbisect.environments.recover.git_history import read_history
from mbisect.errors import ConfigError


def day(number: int) -> datetime:
    return datetime(2024, 11, number, 12, tzinfo=UTC)


def git(folder: Path, *argv: str, on: datetime | None = None) -> None:
    date = {f"GIT_{who}_DATE": on.isoformat() for who in ("AUTHOR", "COMMITTER")} if on else {}
    options = ("-c", "user.name=me", "-c", "user.email=me@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *options, *argv], cwd=folder, check=True, capture_output=True, env={**os.environ, **date})


def commit(folder: Path, on: datetime, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", f"on {on:%d}", on=on)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three versions of requirements.txt, with another commit after each."""
    git(tmp_path, "init", "-q")
    for number, version in ((1, "4.44.0"), (10, "4.45.0"), (20, "4.46.0")):
        commit(tmp_path, day(number), requirements_txt=f"# pinned\ntransformers=={version}\npeft\n")
        commit(tmp_path, day(number + 2), other=str(number))
    return tmp_path


def packages(found: list[Evidence]) -> dict[str, str]:
    return {one.says.package: str(one.says.specifier) for one in found if isinstance(one.says, Present)}


@pytest.mark.parametrize(("until", "version"), [(5, "4.44.0"), (10, "4.45.0"), (19, "4.45.0"), (28, "4.46.0")])
def test_the_file_that_was_in_force_is_the_last_one_before_the_date(repository: Path, until: int, version: str) -> None:
    assert packages(list(read_history(repository, day(until)))) == {"transformers": f"=={version}", "peft": ""}


def test_it_says_where_and_that_the_environment_is_likely_younger_than_the_commit(repository: Path) -> None:
    *stated, last = read_history(repository, day(28))
    hashes = subprocess.run(["git", "rev-list", "HEAD"], cwd=repository, capture_output=True, text=True).stdout.split()
    assert [one.place for one in stated] == [f"commit {hashes[1][:12]}, line {number}" for number in (2, 3)]
    assert {(one.file, one.strength) for one in stated} == {("requirements.txt", Strength.STATED)}
    assert last.says == Dated("not before", day(20))
    assert last.strength is Strength.HINT


def test_before_the_first_commit_and_without_a_repository_there_is_nothing(repository: Path, tmp_path: Path) -> None:
    assert list(read_history(repository, day(1) - timedelta(days=1))) == []
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    assert list(read_history(outside, day(28))) == []
    git(outside, "init", "-q")
    assert list(read_history(outside, day(28))) == []


def test_files_above_the_folder_count_and_those_of_other_folders_do_not(repository: Path) -> None:
    commit(
        repository, day(25), runs__first__requirements_txt="trl==0.12.0\n", requirements__dev_txt="evaluate==0.4.3\n"
    )
    commit(repository, day(26), elsewhere__requirements_txt="einops==0.8.0\n")
    (repository / "runs/first/out").mkdir()
    found = packages(list(read_history(repository / "runs/first/out", day(28))))
    assert set(found) == {"transformers", "peft", "trl", "evaluate"}


def test_a_side_branch_counts_from_its_merge_on(repository: Path) -> None:
    git(repository, "checkout", "-qb", "side")
    commit(repository, day(24), requirements_txt="transformers==5.0.0\n")
    git(repository, "checkout", "-q", "-")
    git(repository, "merge", "-q", "--no-ff", "-m", "merge", "side", on=day(27))
    assert packages(list(read_history(repository, day(26))))["transformers"] == "==4.46.0"
    assert packages(list(read_history(repository, day(28))))["transformers"] == "==5.0.0"


def test_nothing_that_the_repository_configures_is_run(repository: Path) -> None:
    evil = repository / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {repository}/pwned\ncat\n")
    evil.chmod(0o755)
    settings = ("gpg.program", "core.fsmonitor", "core.pager", "core.sshCommand", "diff.x.textconv", "core.editor")
    for setting in settings:
        git(repository, "config", setting, str(evil))
    git(repository, "config", "log.showSignature", "true")
    git(repository, "config", "remote.origin.url", f"ext::{evil}")
    git(repository, "config", "remote.origin.promisor", "true")
    (repository / ".gitattributes").write_text("*.txt diff=x filter=x\n")
    git(repository, "config", "filter.x.smudge", str(evil))
    assert packages(list(read_history(repository, day(28))))
    assert not (repository / "pwned").exists()


def test_a_broken_repository_is_one_line(repository: Path) -> None:
    for path in (repository / ".git/objects").glob("??/*"):
        path.chmod(0o644)
        path.write_bytes(b"broken")
    with pytest.raises(ConfigError, match="git cannot read its history") as caught:
        list(read_history(repository, day(28)))
    assert str(caught.value).isprintable()
