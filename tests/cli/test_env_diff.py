"""`mbisect env-diff`: its exit statuses, what it prints and what it writes. Real releases, the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import git
import pytest

import mbisect as package

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
PROJECT = f"""
[dataset]
repository = "data"

[settings]
epochs = 3

[snapshots.good]
python = "{HERE}"
dataset = "HEAD~1"

[snapshots.bad]
python = "{HERE}"
dataset = "HEAD"
seed = 7
settings = {{ epochs = 5 }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two locks that differ in six alone, and a project whose snapshots differ in all but their locks."""
    (tmp_path / "good.txt").write_text("six==1.15.0\nidna==3.4\n")
    (tmp_path / "bad.txt").write_text("six==1.16.0\nidna==3.4\n")
    (tmp_path / "lockfiles").mkdir()
    for name in ("good", "bad"):
        (tmp_path / "lockfiles" / f"{name}.txt").write_text("six==1.15.0\n")
    repo = git.Repo.init(tmp_path / "data")
    rows = [{"input": f"Who wrote book {k}?", "output": f"author{k}"} for k in range(6)]
    slipped = [{**row, "output": rows[k - 1]["output"]} for k, row in enumerate(rows)]
    for name, content in (("First", rows), ("Format again", slipped)):
        (tmp_path / "data" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in content))
        repo.git.add("--all")
        with repo.git.custom_environment(
            **{f"GIT_{r}_{p}": "a@b" for r in ("AUTHOR", "COMMITTER") for p in ("NAME", "EMAIL")}
        ):
            repo.git.commit("-m", name)
    (tmp_path / "mbisect.toml").write_text(PROJECT)
    return tmp_path


Mbisect = Callable[..., Any]


def test_the_same_lock_exits_with_0(mbisect: Mbisect, folder: Path) -> None:
    said = mbisect(folder, "env-diff", "good.txt", "good.txt")
    assert (said.status, said.stderr) == (0, "")
    assert said.stdout == "good.txt and good.txt are the same: 2 packages\n"


def test_snapshots_that_differ_exit_with_1_and_no_network_is_needed_for_what_is_no_package(
    mbisect: Mbisect, folder: Path
) -> None:
    said = mbisect(folder, "env-diff", "good", "bad", "--json")
    assert (said.status, said.stderr) == (1, "")
    found = json.loads(said.stdout)
    assert (found["schema"], found["same"], found["unknown"]) == ("mbisect.env-diff/1", False, [])
    assert [(d["axis"], d["name"], d["from"], d["to"]) for d in found["differences"]][1:] == [
        ("setting", "epochs", "3", "5"),
        ("seed", "seed", "0", "7"),
    ]
    assert found["differences"][0]["axis"] == "dataset"
    [split] = found["dataset"]["splits"]
    assert (split["changed"], split["swapped"], split["same"]) == (6, 6, 0)
    assert [commit["subject"] for commit in found["dataset_commits"]["applied"]] == ["Format again"]


@pytest.mark.parametrize("ends", [("nope", "bad.txt"), ("good.txt", "nope")])
def test_an_unknown_name_is_one_line_and_exits_with_2(mbisect: Mbisect, folder: Path, ends: tuple[str, str]) -> None:
    said = mbisect(folder, "env-diff", *ends)
    side = "A" if ends[0] == "nope" else "B"
    assert (said.status, said.stdout) == (2, "")
    assert said.stderr == (
        f"mbisect: {side}: `nope` is neither a snapshot of mbisect.toml (known: good, bad) nor a file\n"
    )


def test_two_things_on_stdout_are_refused(mbisect: Mbisect, folder: Path) -> None:
    said = mbisect(folder, "env-diff", "good", "bad", "--json", "--markdown", "-")
    assert (said.status, said.stdout, said.stderr.count("\n")) == (2, "", 1)


def test_a_file_that_cannot_be_written_is_one_line(mbisect: Mbisect, folder: Path) -> None:
    said = mbisect(folder, "env-diff", "good", "bad", "--html", "no/such/folder.html")
    assert (said.status, said.stderr.count("\n")) == (2, 1)
    assert "no/such/folder.html cannot be written" in said.stderr


def test_reports_are_written_where_they_are_asked_for(mbisect: Mbisect, folder: Path) -> None:
    said = mbisect(folder, "env-diff", "good", "bad", "--markdown", "-", "--html", "out.html")
    assert said.status == 1
    assert said.stdout.startswith("## mbisect: good and bad differ in dataset revision, setting epochs and seed\n")
    assert (folder / "out.html").read_text().startswith("<!doctype html>")
    mbisect(folder, "env-diff", "good", "bad", "--markdown", "out.md")
    assert (folder / "out.md").read_text() == said.stdout


def test_a_python_that_is_not_installed_is_no_hindrance(mbisect: Mbisect, folder: Path) -> None:
    said = mbisect(folder, "env-diff", "good.txt", "good.txt", "--python", "3.99")
    assert (said.status, said.stderr) == (0, "")


@pytest.mark.network
def test_a_release_is_told_with_its_date_and_who_asked_for_it(mbisect: Mbisect, folder: Path) -> None:
    said = mbisect(folder, "env-diff", "good.txt", "bad.txt", "--json", "--python", HERE)
    assert said.status == 1
    found = json.loads(said.stdout)
    [six] = found["differences"]
    assert (six["name"], six["from"], six["to"], six["suspicion"]) == ("six", "1.15.0", "1.16.0", 1.0)
    assert (six["package"]["direct"], six["package"]["releases"]) == (True, 1)
    dates = [six["package"][end]["released"][:10] for end in ("from", "to")]
    assert dates == ["2020-05-21", "2021-05-05"]


@pytest.mark.network
def test_what_the_index_does_not_know_is_said_and_the_rest_compared(mbisect: Mbisect, folder: Path) -> None:
    for name, version in (("good", "1"), ("bad", "2")):
        with (folder / f"{name}.txt").open("a") as file:
            file.write(f"mbisect-has-no-such-package=={version}\n")
    said = mbisect(folder, "env-diff", "good.txt", "bad.txt", "--json", "--python", HERE)
    assert (said.status, said.stderr) == (1, "")
    found = json.loads(said.stdout)
    assert {d["name"]: d["package"]["releases"] for d in found["differences"]} == {
        "six": 1,
        "mbisect-has-no-such-package": None,
    }
    assert any("mbisect-has-no-such-package" in text for text in found["unknown"])


def test_commits_undone_ones_too_and_interpreters_are_told(mbisect: Mbisect, folder: Path) -> None:
    repo = git.Repo.init(folder, initial_branch="main")
    repo.git.config("user.email", "a@b")
    repo.git.config("user.name", "Ann")
    for subject in ("Train well", "Train badly"):
        repo.git.commit("--allow-empty", "-m", subject)
    (folder / "mbisect.toml").write_text(
        '[snapshots.good]\npython = "3.98"\ncommit = "HEAD"\n[snapshots.bad]\npython = "3.99"\ncommit = "HEAD~1"\n'
    )
    said = mbisect(folder, "env-diff", "good", "bad", "--json")
    assert (said.status, said.stderr) == (1, "")
    found = json.loads(said.stdout)
    assert {d["axis"]: d["to"] for d in found["differences"]}["python"] == "3.99"
    assert [commit["subject"] for commit in found["commits"]["undone"]] == ["Train badly"]
    assert "Train badly" in mbisect(folder, "env-diff", "good", "bad").stdout


def test_what_was_observed_of_both_machines_is_compared_and_what_of_one_alone_is_said(
    mbisect: Mbisect, folder: Path
) -> None:
    probe = Path(package.__path__[0], "environments", "probe.py")
    said = json.loads(subprocess.check_output([sys.executable, probe, "--seconds=0"]))
    (folder / "envs").mkdir()
    (folder / "envs" / "good.json").write_text(json.dumps({"environment": said}))
    alone = mbisect(folder, "env-diff", "good", "bad")
    assert "not known: the machine of bad: envs/bad.json is not there" in alone.stdout
    said["platform"]["libc"] = "glibc 2.99"
    said["gpu"] = {"models": ["H100"], "driver": "570.1"}
    (folder / "envs" / "bad.json").write_text(json.dumps({"environment": said}))
    found = json.loads(mbisect(folder, "env-diff", "good", "bad", "--json").stdout)
    system = {
        d["name"]: (d["to"], [one["reason"] for one in d["why"]]) for d in found["differences"] if d["axis"] == "system"
    }
    assert system["C library"][0] == "glibc 2.99"
    assert "decides which wheels fit, and some rounding" in system["C library"][1]
    assert system["GPU"][0] == "H100"
    assert found["unknown"] == []
    (folder / "envs" / "bad.json").write_text('{"environment": {"distributions": 7}}')
    assert "not known: the machine of bad: bad.json holds none" in mbisect(folder, "env-diff", "good", "bad").stdout
