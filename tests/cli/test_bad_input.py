"""What the user must mend is one line on stderr that says where, no traceback, and exit status 2."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import git
import pytest

Refused = Callable[..., str]
LINE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two locks that differ, and a test that tells them apart."""
    (tmp_path / "good.txt").write_text("six==1.15.0\n")
    (tmp_path / "bad.txt").write_text("six==1.16.0\n")
    (tmp_path / "test.py").write_text("import six; assert six.__version__ < '1.16'")
    return tmp_path


@pytest.fixture
def refused(mbisect: Any, folder: Path) -> Callable[..., str]:
    """Runs what must be refused; -> its one line."""

    def run(*argv: str) -> str:
        said = mbisect(folder, *argv)
        assert "Traceback" not in said.stderr, said.stderr
        assert said.stderr.count("\n") == 1, said.stderr
        assert said.stderr.startswith("mbisect: ")
        assert (said.status, said.stdout) == (2, "")
        return str(said.stderr)

    return run


RUN = ("run", "--good", "good.txt", "--bad", "bad.txt", "--quiet")
COMMAND = ("--", "python", "test.py")


def test_a_missing_file(refused: Refused) -> None:
    said = refused("run", "--good", "none.txt", "--bad", "bad.txt", *COMMAND)
    assert "none.txt does not exist" in said


def test_an_unknown_snapshot(refused: Refused) -> None:
    said = refused("run", "--good", "v1", "--bad", "bad.txt", *COMMAND)
    assert "--good: `v1` is neither a snapshot (no mbisect.toml here or above names any) nor a file" in said


def test_the_same_snapshot_twice(refused: Refused) -> None:
    said = refused("run", "--good", "good.txt", "--bad", "good.txt", *COMMAND)
    assert "nothing differs between good.txt and good.txt" in said


@pytest.mark.network
def test_a_lock_for_another_python(folder: Path, refused: Refused) -> None:
    """No file of numpy 1.21.5 admits Python 3.11 or later."""
    (folder / "good.txt").write_text("numpy==1.21.5\n")
    said = refused(*RUN, "--python", LINE, *COMMAND)
    assert f"good.txt: numpy 1.21.5 does not exist for Python {LINE} on this platform" in said
    assert "--python" in said


@pytest.mark.network
def test_a_package_that_the_index_does_not_know(folder: Path, refused: Refused) -> None:
    (folder / "bad.txt").write_text("mbisect-no-such-package-anywhere==1.0\n")
    said = refused(*RUN, *COMMAND)
    assert "no package `mbisect-no-such-package-anywhere`" in said


@pytest.mark.network
def test_a_list_of_what_was_asked_for_is_no_lock(folder: Path, refused: Refused) -> None:
    (folder / "bad.txt").write_text("requests==2.31.0\nrich==13.7.1\n")
    said = refused(*RUN, *COMMAND)
    assert "bad.txt holds no certifi, charset-normalizer, idna, markdown-it-py and 3 more" in said
    assert "certifi is needed by requests" in said
    assert "`uv pip compile bad.txt -o FILE`" in said


@pytest.mark.network
def test_a_lock_that_lacks_a_package_is_used_as_it_is_and_that_is_said(mbisect: Any, folder: Path) -> None:
    lock = "certifi==2024.2.2\nidna==3.6\nurllib3==2.2.1\nrequests==2.31.0\n"
    (folder / "good.txt").write_text(lock + "six==1.15.0\n")
    (folder / "bad.txt").write_text(lock + "six==1.16.0\n")
    said = mbisect(folder, "run", "--dry-run", "--good", "good.txt", "--bad", "bad.txt", *COMMAND)
    assert said.status == 0
    assert (
        "good.txt holds no charset-normalizer; charset-normalizer is needed by requests: its environment" in said.stderr
    )


@pytest.mark.network
def test_a_release_that_the_index_does_not_know(folder: Path, refused: Refused) -> None:
    (folder / "bad.txt").write_text("six==99.0\n")
    assert "bad.txt: six 99.0 does not exist" in refused(*RUN, *COMMAND)


@pytest.mark.network
def test_a_metric_that_the_good_end_does_not_measure(folder: Path, refused: Refused) -> None:
    (folder / "mbisect.toml").write_text(
        '[workload]\ncommand = ["python", "train.py"]\nmetrics = "metrics.json"\n'
        '[judge]\nmetric = "f1"\ngood = 0.8\nbad = 0.5\n'
    )
    (folder / "train.py").write_text(
        "import os, pathlib; pathlib.Path(os.environ['MBISECT_OUT'], 'metrics.json').write_text('{\"loss\": 0.1}')"
    )
    assert "good end: metrics.json holds no `f1`; it holds loss" in refused(*RUN)


@pytest.mark.network
def test_no_metrics_at_the_good_end(folder: Path, refused: Refused) -> None:
    (folder / "mbisect.toml").write_text(
        '[workload]\ncommand = ["python", "test.py"]\nmetrics = "metrics.json"\n'
        '[judge]\nmetric = "f1"\ngood = 0.8\nbad = 0.5\n'
    )
    assert "good end: the workload wrote no metrics.json into $MBISECT_OUT" in refused(*RUN)


@pytest.mark.network
def test_a_command_that_does_not_exist(refused: Refused) -> None:
    said = refused(*RUN, "--", "no-such-program", "x")
    assert "there is no program `no-such-program`" in said


@pytest.mark.network
def test_a_path_that_the_commit_of_an_end_does_not_hold(folder: Path, refused: Refused) -> None:
    repo = git.Repo.init(folder)
    repo.index.add(["test.py"])
    revision = repo.index.commit("first").hexsha
    (folder / "mbisect.toml").write_text(
        '[workload]\ncommand = ["python", "test.py"]\nstage = ["lib"]\n'
        f'[snapshots.v1]\nlock = "good.txt"\ncommit = "{revision}"\n'
        f'[snapshots.v4]\nlock = "bad.txt"\ncommit = "{revision}"\n'
    )
    said = refused("run", "--good", "v1", "--bad", "v4", "--quiet")
    assert f"good end: commit {revision[:12]} cannot be staged" in said


def test_a_folder_that_is_no_git_repository(folder: Path, refused: Refused) -> None:
    (folder / "mbisect.toml").write_text(
        '[workload]\ncommand = ["python", "test.py"]\n'
        '[snapshots.v1]\nlock = "good.txt"\ncommit = "HEAD"\n[snapshots.v4]\nlock = "bad.txt"\ncommit = "HEAD"\n'
    )
    assert "is not a git repository" in refused("run", "--good", "v1", "--bad", "v4")


LINES = {
    "an empty lock": ("", "the lock is empty"),
    "a line that is not pinned": ("six>=1.15\n", "good.txt:1: `six>=1.15` is not pinned to one version"),
    "a repository": ("six==1.15.0\ngit+https://host.example/a/b.git\n", "good.txt:2: "),
    "an editable install": ("-e .\n", "good.txt:1: `-e .` is an editable install"),
    "two versions": ("six==1.15.0\nsix==1.14.0\n", "good.txt:2: six is pinned twice"),
}


@pytest.mark.parametrize("what", LINES)
def test_a_lock_that_locks_nothing(folder: Path, refused: Refused, what: str) -> None:
    text, message = LINES[what]
    (folder / "good.txt").write_text(text)
    assert message in refused(*RUN, *COMMAND)


def test_a_folder_or_a_binary_file_as_a_lock(folder: Path, refused: Refused) -> None:
    (folder / "sub").mkdir()
    assert "sub is a folder" in refused("run", "--good", "sub", "--bad", "bad.txt", *COMMAND)
    (folder / "good.txt").write_bytes(bytes(range(256)))
    assert "not a text file" in refused(*RUN, *COMMAND)


PROJECTS = {
    "no TOML": ("[workload", "mbisect.toml: not valid TOML"),
    "a misspelt key": ("[workload]\ncomand = ['x']\n", "mbisect.toml: workload."),
    "no gap": ("[judge]\nmetric = 'f'\ngood = 1\nbad = 1\n", "mbisect.toml: judge: good and bad are both 1"),
    "a snapshot without its lock": ("[snapshots.v1]\n", "lockfiles/v1.txt is missing; write it with `mbisect lock v1`"),
}


@pytest.mark.parametrize("what", PROJECTS)
def test_a_project_file_that_cannot_be_honoured(folder: Path, refused: Refused, what: str) -> None:
    text, message = PROJECTS[what]
    (folder / "mbisect.toml").write_text(text)
    assert message in refused("run", "--good", "v1", "--bad", "bad.txt", *COMMAND)


def test_an_unknown_interpreter(refused: Refused) -> None:
    assert "no Python 3.99 on this machine; found" in refused(*RUN, "--python", "3.99", *COMMAND)
    assert "there is no Python at ./none" in refused(*RUN, "--bad-python", "./none", *COMMAND)
    assert "give a version such as 3.11" in refused(*RUN, "--python", "new", *COMMAND)


def test_no_command(refused: Refused) -> None:
    assert "no command to run: there is no mbisect.toml here" in refused(*RUN)


@pytest.mark.network
@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--dry-run", "--json")], ids=" ".join)
def test_a_suspect_that_names_no_change(refused: Refused, more: tuple[str, ...]) -> None:
    said = refused(*RUN, "--suspect", "six", "--suspect", "torch", *more, *COMMAND)
    assert "--suspect torch: no change between the good and the bad end is named so" in said


OTHERS = {
    "a prior of no plan": ((*RUN, "--verbose", *COMMAND), "it goes with --dry-run"),
    "an unknown axis": ((*RUN, "--axis", "weather", *COMMAND), "--axis weather: there is no such axis; known: package"),
    "an unknown run": (("reproduce", "0a1b2c3d4e5f", "bad"), "there is no run `0a1b2c3d4e5f`"),
    "a run that is a path": (("reproduce", "../../x", "bad"), "there is no run `../../x`"),
    "a pin of an unknown run": (("pin", "0a1b2c3d4e5f"), "there is no run `0a1b2c3d4e5f`"),
    "a pin in an unknown form": (("pin", "latest", "--format", "poetry"), "--format poetry: there is no such form"),
    "an unknown side": (
        ("reproduce", "0a1b2c3d4e5f", "ugly"),
        "say `good`, `bad` or the number of a trial, not `ugly`",
    ),
    "a size that is none": (("cache", "--prune", "--limit", "much"), "--limit much: give a size such as 20GB"),
    "a lock that nobody asked for": (("lock", "v9"), "envs/v9.toml does not exist"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_else_cannot_be(refused: Refused, what: str) -> None:
    argv, message = OTHERS[what]
    assert message in refused(*argv)


USAGE = {
    "no arguments that are needed": (("run", "--good", "good.txt"), "--bad"),
    "an unknown option": ((*RUN, "--fast"), "--fast"),
    "an unknown command": (("bisct",), "bisct"),
    "a number that is none": ((*RUN, "--jobs", "many"), "--jobs"),
    "a number too small": ((*RUN, "--max-trials", "1"), "--max-trials"),
}


@pytest.mark.parametrize("what", USAGE)
def test_a_command_line_that_cannot_be_parsed_says_where_it_is_told(refused: Refused, what: str) -> None:
    argv, message = USAGE[what]
    said = refused(*argv)
    assert message in said
    assert " -h` shows how it is used" in said
