"""The command line and its contract, without torch."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from medextract.base import SHIPPED, SUMS, verify
from medextract.settings import Settings, read_settings

ROOT = Path(__file__).parents[2]


def medextract(*words, **env):
    argv = [sys.executable, "-m", "medextract", *words]
    clean = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    return subprocess.run(argv, cwd=ROOT, env=clean | env, capture_output=True, text=True)


@pytest.mark.parametrize("command", [[], ["train"], ["evaluate"], ["run"], ["diagnose"], ["base"], ["data"]])
def test_every_command_has_help(command):
    done = medextract(*command, "--help")
    assert done.returncode == 0
    assert "usage: python -m medextract" in done.stdout


def test_data_writes_a_dataset(tmp_path):
    assert medextract("data", "--out", str(tmp_path)).returncode == 0
    assert len((tmp_path / "train.jsonl").read_text().splitlines()) == 540
    assert len((tmp_path / "test.jsonl").read_text().splitlines()) == 100


def test_the_shipped_base_is_the_one_that_was_built():
    done = medextract("base")
    assert done.returncode == 0
    digest = hashlib.sha256((SHIPPED / "model.safetensors").read_bytes()).hexdigest()
    assert f"{digest}  model.safetensors" in done.stdout


def test_a_changed_base_is_refused(tmp_path):
    for path in SHIPPED.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    verify(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ValueError, match=r"config\.json of the base checkpoint is not the file"):
        verify(tmp_path)
    (tmp_path / SUMS).unlink()
    with pytest.raises(ValueError, match="is missing"):
        verify(tmp_path)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"epoch": 3}, "there is no setting `epoch`"),
        ({"epochs": "3"}, "setting epochs: '3' is not a int"),
        ({"epochs": True}, "setting epochs"),
        ({"epochs": 0}, "setting epochs: at least 1"),
        ({"trainer": "lightning"}, "`lightning` is none of loop, transformers, trl, unsloth"),
        ([], "not a JSON object"),
    ],
)
def test_bad_settings_are_one_line_and_status_2(tmp_path, settings, says):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(settings))
    done = medextract("run", MBISECT_SETTINGS=str(path), MBISECT_OUT=str(tmp_path / "out"))
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_dataset_is_one_line_and_status_2(tmp_path):
    done = medextract("run", MBISECT_DATASET=str(tmp_path), MBISECT_OUT=str(tmp_path / "out"))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "train.jsonl is missing" in done.stderr


def test_a_missing_adapter_is_one_line_and_status_2(tmp_path):
    done = medextract("evaluate", "--out", str(tmp_path))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


def test_settings_that_are_not_given_have_their_defaults(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"learning_rate": 1}')
    assert read_settings(path) == Settings(learning_rate=1)
    assert read_settings(None) == Settings()


def test_importing_it_needs_the_standard_library_alone():
    code = """
import sys
before = set(sys.modules)
import medextract.__main__, medextract.training, medextract.evaluation, medextract.compat, medextract.telling
print(sorted({name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)))
"""
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "['medextract']"
