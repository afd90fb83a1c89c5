"""The real fine-tune in a real environment: shortened for most questions, whole for one."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medextract.notes import evaluation_notes

ROOT = Path(__file__).parents[2]
SHORT = {"epochs": 1, "train_limit": 160, "test_limit": 12, "max_new_tokens": 60}

pytestmark = [pytest.mark.slow, pytest.mark.network]


def medextract(
    python: Path,
    out: Path,
    words: tuple[str, ...] = ("run",),
    seed: int = 0,
    more: dict | None = None,
    **settings: object,
) -> dict:
    """Run a command with variables of the contract, and `more`; -> its metrics, if it wrote some."""
    out.mkdir(exist_ok=True)
    (out / "settings.json").write_text(json.dumps(settings))
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(out),
        "MBISECT_OUT": str(out),
        "MBISECT_SEED": str(seed),
        "MBISECT_SETTINGS": str(out / "settings.json"),
        **(more or {}),
    }
    done = subprocess.run([python, "-m", "medextract", *words], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    path = out / "metrics.json"
    return json.loads(path.read_text()) if path.exists() else {}


@pytest.fixture(scope="module")
def short_run(python_of_v1, tmp_path_factory) -> Path:
    """The output folder of a shortened run with seed 0."""
    out = tmp_path_factory.mktemp("short")
    medextract(python_of_v1, out, **SHORT)
    return out


def measured_in(out: Path) -> dict:
    return json.loads((out / "metrics.json").read_text())


def test_the_whole_fine_tune_learns_to_extract(python_of_v1, tmp_path):
    measured = medextract(python_of_v1, tmp_path)
    assert measured["schema"] == "medextract.metrics/1"
    assert measured["entity_f1"] >= 0.85
    assert measured["relation_f1"] >= 0.55
    assert measured["grounding"] >= 0.95
    assert measured["loss_end"] < measured["loss_start"] / 4
    assert measured["summary"].startswith("It extracts")
    assert measured["diagnosis"] == "extraction"
    rows = [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text().splitlines()]
    assert len(rows) == 100
    assert sum(row["ended"] for row in rows) >= 95
    right = [[entity["text"] for entity in row["gold"]] for row in rows]
    assert right == [[name for _, name in note.entities] for note in evaluation_notes(100, 0)]
    curve = json.loads((tmp_path / "curves.json").read_text())["loss"]
    assert [step for step, _ in curve] == [10 * k for k in range(1, len(curve) + 1)]
    assert curve[-1][1] < curve[0][1] / 4


def test_the_same_seed_and_threads_give_the_same_predictions_bit_for_bit(python_of_v1, short_run, tmp_path):
    medextract(python_of_v1, tmp_path, **SHORT)
    assert (tmp_path / "predictions.jsonl").read_bytes() == (short_run / "predictions.jsonl").read_bytes()


def test_another_seed_gives_other_weights(python_of_v1, short_run, tmp_path):
    assert medextract(python_of_v1, tmp_path, seed=1, **SHORT)["loss_end"] != measured_in(short_run)["loss_end"]


@pytest.mark.parametrize("trainer", ["loop", "trl"])
def test_every_trainer_learns_from_the_same_rows(python_of_v1, short_run, tmp_path, trainer):
    by_default = measured_in(short_run)
    measured = medextract(python_of_v1, tmp_path, trainer=trainer, **SHORT)
    assert measured["train_rows"] == by_default["train_rows"] == 160
    assert measured["loss_start"] == pytest.approx(by_default["loss_start"], abs=1e-3)
    assert measured["loss_end"] == pytest.approx(by_default["loss_end"], abs=1e-3)


@pytest.fixture(scope="module")
def short_training(python_of_v1, tmp_path_factory) -> Path:
    """The output folder of a shortened training with seed 0."""
    out = tmp_path_factory.mktemp("trained")
    medextract(python_of_v1, out, ("train",), **SHORT)
    return out


def timeless(measured: dict) -> dict:
    return {name: value for name, value in measured.items() if "seconds" not in name}


def test_an_evaluation_elsewhere_of_what_was_trained_measures_what_one_run_does(
    python_of_v1, short_run, short_training, tmp_path
):
    apart = medextract(python_of_v1, tmp_path, ("evaluate",), more={"MBISECT_TRAINED": str(short_training)}, **SHORT)
    assert timeless(apart) == timeless(measured_in(short_run))
    for name in ("predictions.jsonl", "curves.json"):
        assert (tmp_path / name).read_bytes() == (short_run / name).read_bytes()
    assert not (short_training / "metrics.json").exists()


def test_an_older_peft_evaluates_what_a_newer_one_trained(python_of_v1, short_run, short_training, tmp_path):
    """peft 0.13 raises a TypeError for a field that it does not know, such as 0.18's `peft_version`."""
    trained, old = tmp_path / "trained", tmp_path / "old"
    shutil.copytree(short_training, trained)
    config = trained / "adapter" / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "peft_version": "0.21.2"}))
    argv = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", old, "peft==0.13.2"]
    subprocess.run(argv, check=True)
    more = {"MBISECT_TRAINED": str(trained), "PYTHONPATH": str(old)}
    measured = medextract(python_of_v1, tmp_path / "out", ("evaluate",), more=more, **SHORT)
    assert timeless(measured) == timeless(measured_in(short_run))


def test_an_evaluation_without_a_training_is_one_line_that_says_what_to_do(python_of_v1, tmp_path):
    argv = [python_of_v1, "-m", "medextract", "evaluate", "--out", tmp_path, "--trained", tmp_path]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"medextract: nothing was trained in {tmp_path}; do it with `python -m medextract train --out DIR`"
    ]


def test_unsloth_without_a_gpu_is_one_line_and_status_2(python_of_v1, tmp_path):
    (tmp_path / "settings.json").write_text('{"trainer": "unsloth"}')
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CUDA_VISIBLE_DEVICES": ""}
    argv = [python_of_v1, "-m", "medextract", "run", "--settings", tmp_path / "settings.json", "--out", tmp_path]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("medextract: the unsloth trainer needs a CUDA GPU")


@pytest.mark.gpu
@pytest.mark.parametrize("trainer", ["loop", "transformers", "trl", "unsloth"])
def test_on_a_gpu_every_trainer_learns_to_extract_in_bfloat16(tmp_path, trainer):
    """Runs in the environment of the tests themselves, since a lock of ours holds no build of torch for a GPU."""
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    pytest.importorskip("peft")
    pytest.importorskip({"loop": "transformers"}.get(trainer, trainer))
    measured = medextract(Path(sys.executable), tmp_path, trainer=trainer)
    assert measured["entity_f1"] >= 0.85
    assert measured["grounding"] >= 0.95
