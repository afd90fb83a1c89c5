"""`mbisect snapshot`, `build` and `exec`: an environment is written down, built again and entered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from mbisect.environments.uv import find_uv
from mbisect.snapshot import held_while_writing
from tests.cli.conftest import PROGRAM

pytestmark = pytest.mark.network
GIT = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")
TOML = """# ours
[settings]
epochs = 3

[snapshots.old]
commit = "HEAD"
seed = 1
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with three small packages, one of which requires another."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    uv = [find_uv(), "--quiet", "--no-config"]
    subprocess.run([*uv, "venv", "--python", sys.executable, str(folder)], check=True)
    packages = ["six==1.16.0", "python-dateutil==2.8.2", "idna==3.7"]
    subprocess.run([*uv, "pip", "install", "--python", str(folder / "bin" / "python"), *packages], check=True)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git repository with a settings table and one older snapshot."""
    (tmp_path / "mbisect.toml").write_text(TOML)
    (tmp_path / "train.py").write_text("1\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*GIT, *words], cwd=tmp_path, check=True)
    return tmp_path


def written(project: Path) -> set[str]:
    files = (path.relative_to(project) for path in project.rglob("*") if path.is_file())
    return {str(path) for path in files if ".git" not in path.parts} - {"train.py"}


def test_it_writes_what_was_asked_for_and_got_and_observed_and_the_entry(
    mbisect: Any, project: Path, environment: Path
) -> None:
    said = mbisect(project, "snapshot", "v1", "--python", str(environment), "--seed", "4")
    assert (said.status, said.stderr) == (0, "")
    assert "3 in the lock, 3 of them hashed; 2 top-level" in said.stdout
    assert written(project) == {"mbisect.toml", "envs/v1.toml", "envs/v1.json", "lockfiles/v1.txt"}
    text = (project / "mbisect.toml").read_text()
    assert text.startswith(TOML)
    entry = tomllib.loads(text)["snapshots"]["v1"]
    head = subprocess.run([*GIT, "rev-parse", "HEAD"], cwd=project, capture_output=True, text=True, check=True)
    assert entry["commit"] == head.stdout.strip()
    assert (entry["seed"], entry["settings"]) == (4, {"epochs": 3})
    asked = tomllib.loads((project / "envs" / "v1.toml").read_text())
    assert asked["requirements"] == ["idna==3.7", "python-dateutil==2.8.2"]
    assert asked["exclude-newer"] == "2024-04-11"
    lock = (project / "lockfiles" / "v1.txt").read_text()
    assert "six==1.16.0 \\\n    --hash=sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926" in lock
    facts = json.loads((project / "envs" / "v1.json").read_text())
    assert (facts["schema"], facts["git"]["dirty"]) == ("mbisect.observed/1", False)


def test_what_is_there_is_only_replaced_by_force(mbisect: Any, project: Path, environment: Path) -> None:
    said = mbisect(project, "snapshot", "old", "--python", str(environment))
    assert (said.status, written(project)) == (2, {"mbisect.toml"})
    assert said.stderr == (
        "mbisect: there is a snapshot old already: its entry in mbisect.toml; take another name, or --force\n"
    )
    assert mbisect(project, "snapshot", "old", "--python", str(environment), "--force").status == 0
    again = mbisect(project, "snapshot", "old", "--python", str(environment), "--force", "--seed", "9")
    assert (again.status, again.stderr) == (0, "")
    text = (project / "mbisect.toml").read_text()
    assert text.startswith(TOML.partition("[snapshots")[0])
    assert tomllib.loads(text)["snapshots"]["old"]["seed"] == 9


def test_as_json_it_says_what_was_recorded(mbisect: Any, project: Path, environment: Path) -> None:
    said = mbisect(project, "snapshot", "v1", "--python", str(environment), "--json")
    found = json.loads(said.stdout)
    assert found["packages"] == {"idna": "3.7", "python-dateutil": "2.8.2", "six": "1.16.0"}
    assert (found["unhashed"], found["left_out"], found["warnings"]) == ([], [], [])


def test_uncommitted_changes_are_warned_of(mbisect: Any, project: Path, environment: Path) -> None:
    (project / "train.py").write_text("2\n")
    said = mbisect(project, "snapshot", "v1", "--python", str(environment))
    assert "mbisect: 1 file differs from commit" in said.stderr
    git = json.loads((project / "envs" / "v1.json").read_text())["git"]
    assert (git["dirty"], git["files"]) == (True, ["train.py"])


def test_a_commit_that_no_other_snapshot_has_is_warned_of(mbisect: Any, project: Path, environment: Path) -> None:
    (project / "mbisect.toml").write_text("[snapshots.bare]\n")
    said = mbisect(project, "snapshot", "v1", "--python", str(environment))
    assert (said.status, said.stderr) == (
        0,
        "mbisect: no other snapshot has a commit: to compare one with this, give it one, or take this one's out\n",
    )


def test_a_package_that_no_index_has_is_left_out_and_named(mbisect: Any, project: Path, tmp_path: Path) -> None:
    (project / "own").mkdir()
    (project / "own" / "pyproject.toml").write_text('[project]\nname = "planted-by-us"\nversion = "1.0"\n')
    uv, folder = [find_uv(), "--quiet", "--no-config"], tmp_path / "venv"
    subprocess.run([*uv, "venv", "--python", sys.executable, str(folder)], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([*uv, "pip", "install", "--python", python, "six==1.16.0", "-e", str(project / "own")], check=True)
    said = mbisect(project, "snapshot", "v1", "--python", str(folder), "--json")
    found = json.loads(said.stdout)
    assert found["packages"] == {"six": "1.16.0"}
    assert [one["name"] for one in found["left_out"]] == ["planted-by-us"]
    assert "planted-by-us 1.0 is left out of the lock: editable install of file://" in said.stderr
    assert "# Left out: planted-by-us 1.0" in (project / "lockfiles" / "v1.txt").read_text()
    [site] = folder.glob("lib/python3.*/site-packages")
    (site / "six.py").unlink()  # the file in place is a link to that of uv's cache, which must not change
    (site / "six.py").write_text("patched\n")
    assert "six 1.16.0: changed since it was installed: six.py" in (
        mbisect(project, "snapshot", "v1", "--python", str(folder), "--force").stderr
    )


BROKEN = {
    "a name that is a path": (["../v1"], "cannot name a snapshot"),
    "no such Python": (["v1", "--python", "/nowhere"], "there is no Python at /nowhere"),
    "no environment at all": (["v1"], "no virtual environment is active, and the project has no .venv"),
    "a dataset without a repository": (["v1", "--python", sys.executable, "--dataset", "x"], "has no [dataset]"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_is_one_line_and_nothing_is_written(
    mbisect: Any, project: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    argv, message = BROKEN[what]
    said = mbisect(project, "snapshot", *argv)
    assert (said.status, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert message in said.stderr
    assert written(project) == {"mbisect.toml"}


def test_the_active_environment_comes_first_and_then_the_projects_own(
    mbisect: Any, project: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    (project / ".venv").symlink_to(environment)
    assert mbisect(project, "snapshot", "own").status == 0
    (project / ".venv").unlink()
    monkeypatch.setenv("VIRTUAL_ENV", str(environment))
    assert mbisect(project, "snapshot", "active").status == 0
    assert tomllib.loads((project / "mbisect.toml").read_text())["snapshots"].keys() == {"old", "own", "active"}


@pytest.fixture
def taken(mbisect: Any, project: Path, environment: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a snapshot v1, taken where a variable was set that is not set any more."""
    with monkeypatch.context() as then:
        then.setenv("PYTHONHASHSEED", "7")
        assert mbisect(project, "snapshot", "v1", "--python", str(environment)).status == 0
    return project


def test_build_prints_the_path_and_says_the_rest_on_stderr(mbisect: Any, taken: Path) -> None:
    said = mbisect(taken, "build", "v1")
    assert said.status == 0
    folder = Path(said.stdout.removesuffix("\n"))
    names = {path.name.partition("-")[0] for path in folder.glob("lib/*/site-packages/*.dist-info")}
    assert names == {"idna", "python_dateutil", "six"}
    again = mbisect(taken, "build", "v1")
    assert (again.stdout, again.stderr) == (said.stdout, "")
    assert mbisect(taken, "build", "lockfiles/v1.txt").stdout == said.stdout


def test_what_is_built_is_said_on_stderr_the_first_time(mbisect: Any, project: Path) -> None:
    (project / "own.txt").write_text("six==1.15.0\n")
    said = mbisect(project, "build", "own.txt")
    assert said.stderr.startswith("mbisect: building own.txt: 1 package for Python 3.")
    assert mbisect(project, "exec", "own.txt", "--", "python", "-c", "import six").stderr == ""


def test_exec_runs_in_the_environment_and_passes_output_and_status_on(mbisect: Any, taken: Path) -> None:
    program = "import os, sys, six; print(six.__version__, os.getcwd()); print('err', file=sys.stderr); sys.exit(37)"
    said = mbisect(taken, "exec", "v1", "--", "python", "-c", program)
    assert (said.status, said.stdout) == (37, f"1.16.0 {taken}\n")
    assert said.stderr.splitlines()[-1] == "err"


def test_exec_sees_the_variables_of_the_snapshot_and_no_pythonpath(
    mbisect: Any, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    wanted = tomllib.loads((taken / "mbisect.toml").read_text())["snapshots"]["v1"]["variables"]
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    seen = json.loads(mbisect(taken, "exec", "v1", "--", "python", "-c", program).stdout)
    assert wanted["PYTHONHASHSEED"] == "7"
    assert wanted.items() <= seen.items()
    assert "PYTHONPATH" not in seen


def test_a_command_that_is_not_there_ends_as_in_a_shell(mbisect: Any, taken: Path) -> None:
    said = mbisect(taken, "exec", "v1", "--", "no-such-program")
    assert (said.status, said.stderr.splitlines()[-1]) == (
        127,
        "mbisect: `no-such-program` is neither in the environment nor on PATH",
    )
    assert mbisect(taken, "exec", "v1", "--", "./train.py").status == 126


def test_signals_reach_the_command_which_is_the_very_process(mbisect: Any, taken: Path, cache: Path) -> None:
    mbisect(taken, "build", "v1")
    program = (
        "import signal, sys, time; signal.signal(15, lambda *a: sys.exit(5)); print('up', flush=True); time.sleep(60)"
    )
    argv = [PROGRAM, "exec", "v1", "--", "python", "-c", program]
    env = {**os.environ, "MBISECT_CACHE": str(cache)}
    running = subprocess.Popen(argv, cwd=taken, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert running.stdout is not None
    assert running.stdout.readline() == b"up\n"
    said = mbisect(taken, "cache", "--prune", "--limit", "0")
    assert "trials are running: environments and staged sources stay" in said.stderr
    running.send_signal(signal.SIGTERM)
    assert running.wait(20) == 5
    time.sleep(0.1)
    assert "stay" not in mbisect(taken, "cache", "--prune", "--limit", "20GB").stderr


def test_what_cannot_be_built_is_one_line_that_names_the_lock(mbisect: Any, project: Path) -> None:
    (project / "lockfiles").mkdir()
    (project / "lockfiles" / "old.txt").write_text("six==999.0\n")
    said = mbisect(project, "build", "old")
    assert (said.status, said.stdout) == (2, "")
    assert "lockfiles/old.txt cannot be built for Python" in said.stderr
    assert mbisect(project, "exec", "nonsense", "--", "true").stderr == (
        "mbisect: NAME: `nonsense` is neither a snapshot of mbisect.toml (known: old) nor a file\n"
    )


def test_one_waits_while_another_writes_and_keeps_its_entry(project: Path, environment: Path, cache: Path) -> None:
    argv = [PROGRAM, "snapshot", "v1", "--python", str(environment)]
    with FileLock(held_while_writing(project, cache)):
        running = subprocess.Popen(argv, cwd=project, env={**os.environ, "MBISECT_CACHE": str(cache)})
        with pytest.raises(subprocess.TimeoutExpired):
            running.wait(4)
        with (project / "mbisect.toml").open("a") as file:
            file.write("[snapshots.others]\n")
    assert running.wait(60) == 0
    entries = tomllib.loads((project / "mbisect.toml").read_text())["snapshots"]
    assert entries.keys() == {"old", "others", "v1"}


def test_no_file_says_where_on_this_machine_things_are(mbisect: Any, project: Path, tmp_path: Path) -> None:
    (project / "own").mkdir()
    (project / "own" / "pyproject.toml").write_text('[project]\nname = "planted-by-us"\nversion = "1.0"\n')
    uv, folder = [find_uv(), "--quiet", "--no-config"], tmp_path / "venv"
    subprocess.run([*uv, "venv", "--python", sys.executable, str(folder)], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([*uv, "pip", "install", "--python", python, "six==1.16.0", "-e", str(project / "own")], check=True)
    assert mbisect(project, "snapshot", "v1", "--python", str(folder)).status == 0
    for name in ("envs/v1.toml", "envs/v1.json", "lockfiles/v1.txt", "mbisect.toml"):
        text = (project / name).read_text()
        assert str(tmp_path) not in text
        assert f"{Path.home()}/" not in text
    said = json.loads((project / "envs" / "v1.json").read_text())["environment"]
    assert said["interpreter"]["executable"] == "{prefix}/bin/python"
    [own] = [one for one in said["distributions"] if one["name"] == "planted-by-us"]
    assert own["source"]["url"] == "file://{project}/own"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_at_any_moment_it_leaves_a_whole_snapshot_or_none(
    project: Path, environment: Path, cache: Path, number: signal.Signals
) -> None:
    whole = {"mbisect.toml", "envs/v1.toml", "envs/v1.json", "lockfiles/v1.txt"}
    outcomes = set()
    for delay in (0.05, 0.5, 0.8, 1.0, 1.2, 1.4, 1.6, 2.0):
        argv = [PROGRAM, "snapshot", "v1", "--force", "--python", str(environment)]
        env = {**os.environ, "MBISECT_CACHE": str(cache)}
        running = subprocess.Popen(
            argv,
            cwd=project,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        time.sleep(delay)
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
        assert running.returncode in (0, 130, -number), said.decode()
        entered = "[snapshots.v1]" in (project / "mbisect.toml").read_text()
        assert written(project) == (whole if entered else {"mbisect.toml"})
        outcomes.add(entered)
        (project / "mbisect.toml").write_text(TOML)
        for name in whole - {"mbisect.toml"}:
            (project / name).unlink(missing_ok=True)
    assert False in outcomes


def test_where_no_index_answers_it_says_so_and_can_be_taken_offline(
    mbisect: Any, project: Path, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    said = mbisect(project, "snapshot", "v1", "--python", str(environment))
    assert (said.status, len(said.stderr.splitlines())) == (70, 1)
    assert "does not answer" in said.stderr
    assert "take the snapshot with --offline" in said.stderr
    assert written(project) == {"mbisect.toml"}

    said = mbisect(project, "snapshot", "v1", "--python", str(environment), "--offline")
    assert said.status == 0
    assert "no package index was asked: the lock has no hashes" in said.stderr
    lines = (project / "lockfiles" / "v1.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "idna==3.7",
        "python-dateutil==2.8.2",
        "six==1.16.0",
    ]
    asked = tomllib.loads((project / "envs" / "v1.toml").read_text())
    assert asked["requirements"] == ["idna==3.7", "python-dateutil==2.8.2"]
    assert asked["exclude-newer"] >= "2026-01-01"
