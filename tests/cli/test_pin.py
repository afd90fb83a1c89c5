"""`mbisect pin` on real runs with tiny wheels: the constraint that heals, tried before it is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.wheels import wheel as planted

pytestmark = pytest.mark.network  # the index is asked for the packages, which it does not know

LINE = f"{sys.version_info[0]}.{sys.version_info[1]}"
NAME = "mbisect-brittle"
MODULE = NAME.replace("-", "_")


def wheel(folder: Path, version: str, *, works: bool, name: str = NAME) -> None:
    """A wheel of one module that says whether it works."""
    planted(folder, name, version, f"WORKS = {works}\n")


@pytest.fixture
def searched(mbisect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Searches between two releases of the package, of which some work; -> the id of the run.

    The cache is common to all tests, so a release works in all of them or in none.
    """
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))

    def search(good: str, bad: str, releases: dict[str, bool]) -> str:
        for version, works in releases.items():
            wheel(tmp_path / "wheels", version, works=works)
        (tmp_path / "good.txt").write_text(f"{NAME}=={good}\n")
        (tmp_path / "bad.txt").write_text(f"{NAME}=={bad}\n")
        (tmp_path / "test.py").write_text(f"import {MODULE}; assert {MODULE}.WORKS\n")
        ends = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE)
        said = mbisect(tmp_path, "run", *ends, "--json", "--", "python", "test.py")
        assert said.status == 0, said.stderr
        return str(json.loads(said.stdout)["run"])

    return search


def test_a_break_that_lasts_is_healed_by_staying_below_it(
    mbisect: Any, searched: Callable[..., str], tmp_path: Path
) -> None:
    run = searched("1.0", "1.2", {"1.0": True, "1.1": False, "1.2": False})
    said = mbisect(tmp_path, "pin", run)
    assert said.status == 0, said.stderr
    assert said.stdout.startswith(f"{NAME}<1.1 heals bad.txt\n")
    assert f"{NAME} 1.0 → 1.1 turns good into bad" in said.stdout
    assert f"bad.txt with {NAME} 1.2 → 1.0 is good: exit status 0 (known from the run)" in said.stdout


def test_a_break_that_a_later_release_mended_is_healed_by_leaving_out_what_is_bad_alone(
    mbisect: Any, searched: Callable[..., str], tmp_path: Path
) -> None:
    run = searched("2.0", "2.1.1", {"2.0": True, "2.1.0": False, "2.1.1": False, "2.2": True})
    said = mbisect(tmp_path, "pin", run, "--format", "requirements")
    assert (said.status, said.stdout) == (0, f"{NAME}!=2.1.*\n"), said.stderr
    again = json.loads(mbisect(tmp_path, "pin", "latest", "--json").stdout)
    assert (again["heals"], again["verified"], again["run"]) == (True, True, run)
    [tried] = again["tried"]
    assert tried["moved"] == [{"axis": "package", "name": NAME, "before": "2.1.1", "after": "2.2"}]


def test_where_the_latest_release_is_bad_too_the_narrow_constraint_is_given_up_for_the_wide_one(
    mbisect: Any, searched: Callable[..., str], tmp_path: Path
) -> None:
    run = searched("3.0", "3.1", {"3.0": True, "3.1": False, "3.2": False})
    said = mbisect(tmp_path, "pin", run[:8])
    assert said.status == 0, said.stderr
    assert said.stdout.startswith(f"{NAME}<3.1 heals bad.txt\n")
    assert f"too little  {NAME}!=3.1: bad: exit status 1: AssertionError" in said.stdout


def test_what_only_breaks_together_is_healed_by_one_constraint(
    mbisect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the first package two releases are bad, of the second one."""
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    names = ("mbisect-one", "mbisect-two")
    for version in ("1.0", "1.1", "1.2"):
        wheel(tmp_path / "wheels", version, works=version == "1.0", name=names[0])
    for version in ("1.0", "1.1"):
        wheel(tmp_path / "wheels", version, works=version == "1.0", name=names[1])
    (tmp_path / "good.txt").write_text("mbisect-one==1.0\nmbisect-two==1.0\n")
    (tmp_path / "bad.txt").write_text("mbisect-one==1.2\nmbisect-two==1.1\n")
    (tmp_path / "test.py").write_text(
        "import mbisect_one, mbisect_two; assert mbisect_one.WORKS or mbisect_two.WORKS\n"
    )
    ends = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE)
    assert mbisect(tmp_path, "run", *ends, "--quiet", "--", "python", "test.py").status == 0
    said = mbisect(tmp_path, "pin", "latest")
    assert said.status == 0, said.stderr
    assert said.stdout.startswith("mbisect-two<1.1 heals bad.txt\n")
    assert "any one of the causes is enough" in said.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two snapshots that differ by settings, of which one breaks the second."""
    here = tmp_path / "project"
    here.mkdir()
    (here / "mbisect.toml").write_text(
        '[workload]\ncommand = ["python", "train.py"]\n'
        '[snapshots.v1]\nlock = "lock.txt"\nsettings = { epochs = 3, rate = 0.1 }\n'
        '[snapshots.v2]\nlock = "lock.txt"\nsettings = { epochs = 30, rate = 0.2 }\n'
    )
    (here / "lock.txt").write_text("six==1.16.0\n")
    (here / "train.py").write_text(
        "import json, os; assert json.load(open(os.environ['MBISECT_SETTINGS']))['epochs'] < 10\n"
    )
    return here


def test_a_setting_has_no_constraint_but_a_value(mbisect: Any, project: Path) -> None:
    assert mbisect(project, "run", "--good", "v1", "--bad", "v2", "--quiet").status == 0
    said = mbisect(project, "pin", "latest")
    assert said.status == 0, said.stderr
    assert said.stdout.startswith("setting epochs = 3 heals v2\n")
    assert said.stdout.endswith("mbisect.toml:\n  [snapshots.v2]\n  settings.epochs = 3\n")


def test_what_was_asked_in_a_folder_that_is_gone_is_asked_again_in_its_copy(mbisect: Any, project: Path) -> None:
    train = project / "train.py"
    train.write_text(f"# {project}, so that no other test has asked the same\n{train.read_text()}")
    run = json.loads(mbisect(project, "run", "--good", "v1", "--bad", "v2", "--json").stdout)["run"]
    copy = project.rename(project.with_name("copy"))
    assert mbisect(copy, "pin", run).stdout.startswith("setting epochs = 3 heals v2\n")
    assert mbisect(copy, "reproduce", run, "good").status == 0
    assert mbisect(copy, "log", run, "--replay").status == 0
    (elsewhere := project.with_name("elsewhere")).mkdir()
    said = mbisect(elsewhere, "reproduce", run, "good")
    assert (said.status, said.stdout) == (2, "")
    assert f"run {run} was asked in {project}, which is gone" in said.stderr


def test_a_run_that_found_no_cause_has_nothing_to_pin(mbisect: Any, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("six==1.15.0\n")
    (tmp_path / "bad.txt").write_text("six==1.16.0\n")
    ends = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE)
    assert mbisect(tmp_path, "run", *ends, "--quiet", "--seeds", "1", "--", "python", "-c", "").status == 3
    said = mbisect(tmp_path, "pin", "latest")
    assert (said.status, said.stdout) == (2, "")
    assert "found no cause (not-reproduced): there is nothing to pin" in said.stderr


def test_without_a_trial_it_says_so(mbisect: Any, searched: Callable[..., str], tmp_path: Path) -> None:
    run = searched("1.0", "1.2", {"1.0": True, "1.1": False, "1.2": False})
    said = mbisect(tmp_path, "pin", run, "--no-verify", "--format", "conda")
    assert (said.status, said.stdout) == (0, f"dependencies:\n  - {NAME} <1.1\n")
    assert "not verified" in said.stderr


def test_a_run_whose_lock_has_changed_since_is_refused(
    mbisect: Any, searched: Callable[..., str], tmp_path: Path
) -> None:
    run = searched("1.0", "1.2", {"1.0": True, "1.1": False, "1.2": False})
    (tmp_path / "bad.txt").write_text(f"{NAME}==1.1\n")
    said = mbisect(tmp_path, "pin", run)
    assert (said.status, said.stdout) == (2, "")
    assert f"what run {run} was about has changed since" in said.stderr
    assert f"`mbisect run --good good.txt --bad bad.txt --python {LINE} -- python test.py`" in said.stderr
