"""`mbisect recover` on real runs: what it writes is an ordinary snapshot, and bad input is one line."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

RUNS = Path(__file__).parents[1] / "bench" / "recover" / "runs"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    shutil.copytree(RUNS / "transformers-4.46" / "sft", tmp_path / "run")
    return tmp_path


@pytest.mark.network
def test_a_run_becomes_a_snapshot_that_resolves_to_the_same_lock(mbisect: Any, run: Path) -> None:
    said = mbisect(run, "recover", "v1", "--from", "run", "--date", "2024-11-25", "--python", "3.11", "--json")
    assert said.status == 0, said.stderr
    found = {one["name"]: one for one in json.loads(said.stdout)["packages"]}
    assert (found["transformers"]["version"], found["transformers"]["how"]) == ("4.46.3", "exact")
    assert (found["trl"]["version"], found["trl"]["how"]) == ("0.12.1", "exact")
    assert (found["accelerate"]["version"], found["accelerate"]["how"]) == ("1.1.1", "date")
    entry = tomllib.loads((run / "mbisect.toml").read_text())["snapshots"]["v1"]
    assert entry["recovered"] == "envs/v1.evidence.json"
    assert json.loads((run / entry["recovered"]).read_text())["schema"] == "mbisect.recovered/1"
    lock = (run / "lockfiles" / "v1.txt").read_text()
    assert mbisect(run, "lock", "v1").status == 0
    again = (run / "lockfiles" / "v1.txt").read_text()
    assert [line for line in again.splitlines() if not line.startswith("#")] == [
        line for line in lock.splitlines() if not line.startswith("#")
    ]


@pytest.mark.network
def test_evidence_that_contradicts_is_shown_and_the_weaker_is_set_aside(mbisect: Any, run: Path) -> None:
    (run / "run" / "requirements.txt").write_text("transformers==4.44.0\n")
    said = mbisect(run, "recover", "v1", "--from", "run", "--date", "2024-11-25", "--python", "3.11")
    assert said.status == 0, said.stderr
    words = " ".join(said.stdout.split())
    assert "set aside: run/requirements.txt (line 1) says 'transformers==4.44.0'" in words
    assert "transformers 4.46.3 exact" in words


@pytest.mark.network
def test_the_requirement_file_of_the_day_counts_and_not_todays(mbisect: Any, run: Path) -> None:
    def git(*argv: str, date: str = "2024-11-01T12:00:00Z") -> None:
        who = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "HOME": str(run), "PATH": "/usr/bin:/bin"}
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *argv], cwd=run, env=who, check=True)

    wanted = run / "requirements.txt"
    wanted.write_text("transformers\nhumanize==4.10.0\n")
    git("init", "-q")
    git("add", "requirements.txt")
    git("commit", "-qm", "then")
    wanted.write_text("transformers\nhumanize==4.11.0\n")
    git("commit", "-qam", "later", date="2025-06-01T12:00:00Z")
    said = mbisect(run, "recover", "v1", "--from", "run", "--date", "2024-11-25", "--python", "3.11", "--json")
    found = {one["name"]: one["version"] for one in json.loads(said.stdout)["packages"]}
    assert found["humanize"] == "4.10.0"


def test_a_folder_that_says_nothing_is_refused_with_what_to_give(mbisect: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    said = mbisect(tmp_path, "recover", "v1", "--from", "empty")
    assert (said.status, said.stdout) == (2, "")
    assert said.stderr.startswith("mbisect: nothing in empty says what was installed; give")
    assert not (tmp_path / "mbisect.toml").exists()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--from", "nowhere"), "nowhere does not exist"),
        (("--from", ".", "--date", "yesterday"), "--date yesterday: give a day such as"),
        (("--from", ".", "--not-after", "2025-13-01"), "--not-after 2025-13-01: give a day"),
    ],
)
def test_bad_input_is_one_line(mbisect: Any, tmp_path: Path, argv: tuple[str, ...], words: str) -> None:
    said = mbisect(tmp_path, "recover", "v1", *argv)
    assert (said.status, said.stdout) == (2, "")
    assert words in said.stderr
    assert said.stderr.count("\n") == 1


def test_a_snapshot_is_not_overwritten(mbisect: Any, tmp_path: Path) -> None:
    (tmp_path / "lockfiles").mkdir()
    (tmp_path / "lockfiles" / "v1.txt").write_text("six==1.16.0\n")
    said = mbisect(tmp_path, "recover", "v1", "--from", ".")
    assert said.status == 2
    assert "there is a snapshot v1 already: lockfiles/v1.txt" in said.stderr


@pytest.mark.network
def test_what_the_project_knows_of_a_snapshot_whose_lock_is_lost_is_kept(mbisect: Any, run: Path) -> None:
    (run / "mbisect.toml").write_text("[snapshots.v1]\nseed = 7\nsettings = { epochs = 3 }\n\n[snapshots.v2]\n")
    said = mbisect(run, "recover", "v1", "--from", "run", "--date", "2024-11-25", "--python", "3.11")
    assert said.status == 0, said.stderr
    found = tomllib.loads((run / "mbisect.toml").read_text())["snapshots"]
    kept = {"python": "3.11", "recovered": "envs/v1.evidence.json"}
    assert found == {"v1": {"seed": 7, "settings": {"epochs": 3}, **kept}, "v2": {}}
    words = " ".join(said.stdout.split())
    assert "seed 42 (out/training_args.bin: seed, and mbisect.toml says 7, which stays)" in words
    assert "epochs 1 (out/training_args.bin: num_train_epochs, and mbisect.toml says 3, which stays)" in words


@pytest.mark.network
def test_the_seed_and_the_settings_that_the_project_has_names_for_come_back_with_their_evidence(
    mbisect: Any, run: Path
) -> None:
    (run / "mbisect.toml").write_text(
        "[settings]\nepochs = 3\nbatch_size = 4\n[snapshots.v2]\nsettings = { lr = 0.1 }\n"
    )
    (run / "run" / "out" / "checkpoint-8" / "README.md").write_text("## Training hyperparameters\n- seed: 43\n")
    said = mbisect(run, "recover", "v1", "--from", "run", "--date", "2024-11-25", "--python", "3.11")
    assert said.status == 0, said.stderr
    entry = tomllib.loads((run / "mbisect.toml").read_text())["snapshots"]["v1"]
    assert (entry["seed"], entry["settings"]) == (42, {"epochs": 1, "lr": 0.002})
    told = {one["name"]: one for one in json.loads((run / "envs" / "v1.evidence.json").read_text())["settings"]}
    assert (told["learning_rate"]["project"], told["learning_rate"]["value"]) == ("lr", 0.002)
    assert {piece["file"].rpartition("/")[2] for piece in told["seed"]["evidence"]} >= {"training_args.bin"}
    words = " ".join(said.stdout.split())
    assert "set aside: run/out/checkpoint-8/README.md (line 2) says 'seed: 43'" in words
    assert "no setting of mbisect.toml is called so" in words
