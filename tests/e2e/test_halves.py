"""Train in one environment, evaluate in the other, and search the half that broke alone.

Real small releases: six from 1.17.0 on breaks the training, idna from 3.7 on the evaluation. Each half notes
in a file of ours that it ran.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network]

PROGRAM = Path(sys.executable).with_name("mbisect")
PROJECT = """
[workload]
command = ["python", "whole.py"]
stage = ["train.py", "evaluate.py"]
metrics = "metrics.json"
[workload.halves]
train = ["python", "train.py"]
evaluate = ["python", "evaluate.py"]
[judge]
metric = "f1"
good = 0.8
bad = 0.5
[snapshots.v1]
[snapshots.evaluation]
[snapshots.training]
[snapshots.each]
[snapshots.harmless]
"""
LOCKS = {
    "v1": ("3.4", "1.15.0"),
    "evaluation": ("3.10", "1.16.0"),
    "training": ("3.6", "1.17.0"),
    "each": ("3.10", "1.17.0"),
    "harmless": ("3.6", "1.16.0"),
}
"""Snapshot → its releases of idna and six."""
BOTH = """
import json, os, pathlib
from importlib.metadata import version

out = pathlib.Path(os.environ["MBISECT_OUT"])

def at(name):
    return tuple(map(int, version(name).split(".")))

def ran(half):
    with open(os.environ["RAN"], "a") as file:
        file.write(f"{half} idna {version('idna')} six {version('six')} seed {os.environ['MBISECT_SEED']}\\n")
"""
TRAIN = """
ran("train")
assert "MBISECT_TRAINED" not in os.environ
(out / "model.json").write_text(json.dumps(0.1 if at("six") >= (1, 17) else 0.9))
"""
EVALUATE = """
ran("evaluate")
model = json.loads((pathlib.Path(os.environ["MBISECT_TRAINED"]) / "model.json").read_text())
(out / "metrics.json").write_text(json.dumps({"f1": 0.2 if at("idna") >= (3, 7) else model}))
"""


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    stdout: str
    stderr: str
    ran: Counter[str]
    """How often each half ran."""


@dataclass(frozen=True, slots=True)
class Team:
    """A project of its own, with a cache that is shared."""

    folder: Path
    cache: Path

    def __call__(self, *argv: str) -> Said:
        log = self.folder / "ran.txt"
        log.write_text("")
        env = {**os.environ, "MBISECT_CACHE": str(self.cache), "RAN": str(log)}
        done = subprocess.run([PROGRAM, *argv], cwd=self.folder, env=env, capture_output=True, text=True)
        ran = Counter(line.split()[0] for line in log.read_text().splitlines())
        return Said(done.returncode, done.stdout, done.stderr, ran)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def team(tmp_path: Path, cache: Path) -> Team:
    """Its source says where it is, so that no other test's trials count for it."""
    (tmp_path / "mbisect.toml").write_text(PROJECT)
    (tmp_path / "lockfiles").mkdir()
    for name, (idna, six) in LOCKS.items():
        (tmp_path / "lockfiles" / f"{name}.txt").write_text(f"idna=={idna}\nsix=={six}\n")
    (tmp_path / "train.py").write_text(f"# {tmp_path}\n{BOTH}{TRAIN}")
    (tmp_path / "evaluate.py").write_text(f"# {tmp_path}\n{BOTH}{EVALUATE}")
    (tmp_path / "whole.py").write_text("raise SystemExit('the halves stand for it')")
    return Team(tmp_path, cache)


@pytest.mark.parametrize("broke", ["evaluation", "training"])
def test_the_matrix_says_which_half_broke_and_trains_at_each_end_once(team: Team, broke: str) -> None:
    said = team("matrix", "--good", "v1", "--bad", broke, "--report", "out.json", "--markdown", "out.md")
    assert said.status == 0, said.stderr
    assert f"the {broke} broke: what " in " ".join(said.stdout.split())
    assert f"mbisect run --good v1 --bad {broke} --half {broke}" in said.stdout
    assert said.stderr.count("mbisect: trained in ") == 4
    found = json.loads((team.folder / "out.json").read_text())
    assert (found["schema"], found["answer"], found["guilty"]) == ("mbisect.matrix/1", broke, broke)
    verdicts = {(cell["trained"], cell["evaluated"]): cell["verdict"] for cell in found["cells"]}
    other = ("good", "bad") if broke == "training" else ("bad", "good")
    assert [at for at, verdict in verdicts.items() if verdict == "good"] == [("good", "good"), other]
    assert f"## mbisect: the {broke} broke" in (team.folder / "out.md").read_text()
    assert said.ran == {"train": 2, "evaluate": 4}
    again = team("matrix", "--good", "v1", "--bad", broke, "--json")
    assert json.loads(again.stdout)["answer"] == broke
    assert not again.ran
    printed = team("matrix", "--good", "v1", "--bad", broke, "--markdown", "-")
    assert printed.stdout == (team.folder / "out.md").read_text()
    assert not (team.folder / "-").exists()


def test_a_matrix_that_could_not_be_written_is_not_measured(team: Team) -> None:
    said = team("matrix", "--good", "v1", "--bad", "training", "--report", "none/out.json")
    assert (said.status, said.stderr) == (2, "mbisect: none/out.json cannot be written: there is no folder none\n")
    assert not said.ran


def test_several_seeds_train_and_evaluate_each(team: Team) -> None:
    said = team("matrix", "--good", "v1", "--bad", "each", "--seeds", "2", "--quiet")
    assert said.status == 0
    assert said.stdout.startswith("both halves broke, and each is enough: what v1 trained, evaluated in each, is bad")
    assert said.ran == {"train": 4, "evaluate": 8}


@pytest.mark.parametrize(
    ("good", "bad", "status", "words"),
    [
        ("v1", "harmless", 3, "not reproduced: the bad end, harmless, is good: f1 0.9"),
        ("training", "each", 4, "good endpoint fails: the good end, training, is bad: f1 0.1"),
    ],
)
def test_ends_that_are_not_what_they_should_be_are_said_before_anything_is_crossed(
    team: Team, good: str, bad: str, status: int, words: str
) -> None:
    said = team("matrix", "--good", good, "--bad", bad, "--quiet")
    assert (said.status, said.stdout.strip()) == (status, words)
    assert said.ran == {"train": 2, "evaluate": 2}


def test_the_evaluation_is_searched_with_one_training_and_the_finding_is_tried_on_what_the_bad_end_trained(
    team: Team,
) -> None:
    team("matrix", "--good", "v1", "--bad", "evaluation")
    said = team("run", "--good", "v1", "--bad", "evaluation", "--half", "evaluation", "--report", "out.json")
    assert said.status == 0, said.stderr
    assert "idna 3.6 → 3.7 turns good into bad, in the evaluation" in " ".join(said.stdout.split())
    found = json.loads((team.folder / "out.json").read_text())
    assert [(cause["name"], cause["first_bad"]) for cause in found["causes"]] == [("idna", "3.7")]
    assert found["confirmed"] == {"sufficient": True, "necessary": True}
    assert (found["half"], found["whole"]) == ("evaluation", True)
    assert said.ran["train"] == 0, "both ends' trainings are there"
    assert said.ran["evaluate"] >= 4
    assert "✓ whole what the bad end trained, evaluated without it, is good" in " ".join(said.stdout.split())
    replayed = team("run", "--good", "v1", "--bad", "evaluation", "--half", "evaluation")
    assert (replayed.status, replayed.ran) == (0, Counter())
    assert "✓ whole" in " ".join(team("report", found["run"]).stdout.split())
    reproduced = team("reproduce", found["run"], "bad")
    assert reproduced.ran == {"evaluate": 1}, "what was trained is not trained again"
    assert "mbisect: bad: f1 0.2" in reproduced.stderr
    assert "idna<3.7" in team("pin", found["run"], "--format", "requirements").stdout


def test_the_training_is_searched_with_the_good_ends_evaluation(team: Team) -> None:
    said = team(
        "run", "--good", "v1", "--bad", "each", "--half", "training", "--report", "out.json", "--markdown", "out.md"
    )
    assert said.status == 0, said.stderr
    found = json.loads((team.folder / "out.json").read_text())
    assert [(cause["name"], cause["first_bad"]) for cause in found["causes"]] == [("six", "1.17.0")]
    assert found["whole"] is False
    assert "still bad: the evaluation broke too" in (team.folder / "out.md").read_text()


def test_auto_asks_the_matrix_and_goes_on_with_the_guilty_half(team: Team) -> None:
    said = team("run", "--good", "v1", "--bad", "evaluation", "--half", "auto", "--report", "out.json")
    assert said.status == 0, said.stderr
    assert json.loads((team.folder / "out.json").read_text())["half"] == "evaluation"
    assert "mbisect: the evaluation broke" in said.stderr
    assert said.ran["train"] == 2


def test_locks_run_as_a_snapshot_is_are_so_in_the_matrix_and_in_the_command_that_asks_again(team: Team) -> None:
    ends = ("--good", "lockfiles/v1.txt", "--bad", "lockfiles/evaluation.txt", "--as", "v1")
    said = team("run", *ends, "--half", "auto", "--json")
    assert (said.status, said.ran["train"]) == (0, 2), said.stderr
    [line] = [line for line in team("log").stdout.splitlines() if line.startswith("mbisect run ")]
    again = team(*shlex.split(line)[1:], "--json")
    assert json.loads(again.stdout)["run"] == json.loads(said.stdout)["run"]
    assert not again.ran


def test_what_was_pruned_is_trained_again_and_what_is_kept_is_counted(team: Team) -> None:
    team("matrix", "--good", "v1", "--bad", "evaluation")
    usage = json.loads(team("cache", "--json").stdout)
    assert next(part["entries"] for part in usage if part["name"] == "trials") >= 6
    team("cache", "--prune", "--limit", "0")
    assert not team("matrix", "--good", "v1", "--bad", "evaluation").ran, "measurements outlive what was written"
    said = team("run", "--good", "v1", "--bad", "evaluation", "--half", "evaluation")
    assert (said.status, said.ran["train"]) == (0, 2)


def test_a_half_that_fails_at_an_end_is_told_as_any_failure_is(team: Team) -> None:
    (team.folder / "evaluate.py").write_text("raise RuntimeError('no such model')")
    said = team("matrix", "--good", "v1", "--bad", "evaluation", "--quiet")
    assert said.status == 4
    assert "RuntimeError: no such model" in said.stdout


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("matrix",), r"not declared in two halves"),
        (("run", "--half", "evaluation"), r"below [workload.halves]"),
        (("run", "--half", "eval"), r"--half eval: there is no such half; known: both, auto, training, evaluation"),
        (("run", "--half", "auto", "--dry-run"), r"--dry-run runs nothing"),
        (("run", "--half", "training", "--", "true"), r"has no halves"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_status_2(team: Team, argv: tuple[str, ...], words: str) -> None:
    text = (team.folder / "mbisect.toml").read_text()
    (team.folder / "mbisect.toml").write_text(text[: text.index("[workload.halves]")] + text[text.index("[judge]") :])
    command, *options = argv
    said = team(command, "--good", "v1", "--bad", "each", *options)
    assert said.status == 2
    assert words in said.stderr
    assert len(said.stderr.splitlines()) == 1
