"""mbisect.toml is checked, and what is wrong with it is said in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbisect.errors import ConfigError
from mbisect.project import find_project, load_project, setting_text

WHOLE = """
[workload]
command = ["python", "-m", "medextract.train"]
stage = ["medextract"]
metrics = "metrics.json"
timeout = 600

[judge]
metric = "entity_f1"
good = 0.8
bad = 0.5

[dataset]
repository = "data.bundle"

[settings]
epochs = 3
names = ["a", "b"]

[snapshots.v1]
python = "3.11"
commit = "HEAD~3"
dataset = "r1"
seed = 7
settings = { epochs = 5 }
variables = { FLAG = "on" }

[snapshots."v4.1"]
lock = "other/lock.txt"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mbisect.toml"
    path.write_text(text)
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    project = load_project(written(tmp_path, WHOLE))
    assert project.workload is not None
    assert (project.workload.metrics, project.workload.timeout) == ("metrics.json", 600)
    assert project.settings == {"epochs": 3, "names": ["a", "b"]}
    first = project.snapshots["v1"]
    assert (first.seed, first.settings, first.variables) == (7, {"epochs": 5}, {"FLAG": "on"})
    assert project.snapshots["v4.1"].lock == "other/lock.txt"


def test_an_empty_file_is_a_project_without_snapshots(tmp_path: Path) -> None:
    assert load_project(written(tmp_path, "")).snapshots == {}


BROKEN = {
    "not TOML": ("[workload", "not valid TOML"),
    "a misspelt table": ("[workloads]\n", "workloads: unknown key"),
    "a misspelt key": ('[workload]\ncommand = ["x"]\nmetric = "m"\n', r"workload\.metric: unknown key"),
    "a misspelt key of a snapshot": ("[snapshots.v1]\nsed = 1\n", r"snapshots\.v1\.sed: unknown key"),
    "no command": ("[workload]\nstage = []\n", r"workload\.command: "),
    "an empty command": ("[workload]\ncommand = []\n", r"workload\.command: it is empty"),
    "a command as one text": ('[workload]\ncommand = "python x.py"\n', r"workload\.command: it should be a list"),
    "one half alone": (
        '[workload]\ncommand = ["x"]\n[workload.halves]\ntrain = ["x"]\n',
        r"workload\.halves\.evaluate: ",
    ),
    "a level that is called as both halves are": (
        '[workload]\ncommand = ["x"]\n[[workload.fidelity]]\nname = "both halves"\nsettings = { a = 1 }\n',
        r"workload\.fidelity: each level needs a name of its own",
    ),
    "a limit of no time": ('[workload]\ncommand = ["x"]\ntimeout = 0\n', r"workload\.timeout: "),
    "a seed that is no number": ('[snapshots.v1]\nseed = "x"\n', r"snapshots\.v1\.seed: "),
    "a variable of our own": (
        "[snapshots.v1]\nvariables = { MBISECT_SEED = '9' }\n",
        r"snapshots\.v1\.variables\.MBISECT_SEED: mbisect itself",
    ),
    "a setting that JSON has not": ("[settings]\nstart = 2024-01-01\n", r"settings\.start: JSON has no such value"),
    "a variable that is no text": ("[snapshots.v1]\nvariables = { A = 1 }\n", r"snapshots\.v1\.variables\.A: "),
    "no gap between good and bad": ('[judge]\nmetric = "f"\ngood = 1\nbad = 1\n', "judge: good and bad are both 1"),
    "a threshold too few": ('[judge]\nmetric = "f"\ngood = 1\n', "judge: give both thresholds"),
    "a name that is a path": ('[snapshots."../v1"]\n', r"snapshots\.\.\./v1: a snapshot's name holds"),
    "a name that looks like an option": ('[snapshots."-v"]\n', r"snapshots\.-v: a snapshot's name holds"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_file_is_one_line_that_names_the_place(tmp_path: Path, what: str) -> None:
    text, message = BROKEN[what]
    with pytest.raises(ConfigError, match=rf"^mbisect\.toml: {message}") as caught:
        load_project(written(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mbisect.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_project(tmp_path / "mbisect.toml")


def test_a_project_is_found_from_below_and_the_nearest_counts(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    written(tmp_path, "settings = { x = 1 }")
    found = find_project(deep)
    assert found is not None
    assert (found[0].settings, found[1]) == ({"x": 1}, tmp_path)
    written(tmp_path / "a", "settings = { x = 2 }")
    found = find_project(deep)
    assert found is not None
    assert found[1] == tmp_path / "a"


@pytest.mark.parametrize(
    ("one", "other"), [({"a": 1, "b": 2}, {"b": 2, "a": 1}), ([1, 2], [1, 2]), ("x", "x"), (True, True)]
)
def test_equal_settings_are_equal_texts(one: object, other: object) -> None:
    assert setting_text(one) == setting_text(other)


@pytest.mark.parametrize(("one", "other"), [(1, "1"), ([1, 2], [2, 1]), (True, "true"), (0.1, 0.10001)])
def test_different_settings_are_different_texts(one: object, other: object) -> None:
    assert setting_text(one) != setting_text(other)
