"""The training data's history: hashes that snapshots rely on, and where each line misaligns inputs and outputs."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import git
import pytest

from dataset.build import BUNDLE, build

ROOT = Path(__file__).parents[2]
MENDED = datetime(2026, 1, 26, tzinfo=UTC)
"""transformers 5.0.0, which evaluates again as asked for."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> git.Repo:
    return git.Repo.clone_from(str(BUNDLE), str(tmp_path_factory.mktemp("notes")), mirror=True)


def aligned(commit: git.Commit) -> float:
    """The share of the rows whose answer names nothing but what stands in the text."""
    rows = [json.loads(line) for line in commit.tree["train.jsonl"].data_stream.read().splitlines()]
    named = [[line.partition("] ")[2] for line in row["output"].splitlines() if "] " in line] for row in rows]
    return sum(all(name in row["input"] for name in names) for row, names in zip(rows, named, strict=True)) / len(rows)


def test_the_script_rebuilds_the_same_commits(history: git.Repo, tmp_path: Path) -> None:
    assert build(tmp_path / "again.bundle").split() == [
        history.heads[name].commit.hexsha for name in ("main", "clinic")
    ]


def test_every_snapshot_has_its_revision(history: git.Repo) -> None:
    snapshots = tomllib.loads((ROOT / "mbisect.toml").read_text())["snapshots"]
    assert {"v1", "v2", "v3", "v4", "v4b"} <= set(snapshots)
    for snapshot in snapshots.values():
        assert history.commit(snapshot["dataset"]).hexsha == snapshot["dataset"]
    assert snapshots["v4b"]["dataset"] == history.heads["clinic"].commit.hexsha


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("main", "format.py: write every answer once, in a stable order"),
        ("clinic", "format.py: leave out texts under 100 characters"),
    ],
)
def test_each_line_misaligns_its_rows_once_and_for_good(history: git.Repo, line: str, message: str) -> None:
    commits = list(history.iter_commits(line, first_parent=True, reverse=True))
    broken = next(k for k, commit in enumerate(commits) if aligned(commit) < 0.9)
    assert commits[broken].message.strip() == message
    assert 0 < broken < len(commits) - 1
    assert all(aligned(commit) > 0.98 for commit in commits[:broken])
    assert all(aligned(commit) < 0.03 for commit in commits[broken:])


def test_the_clinic_s_break_comes_after_the_evaluation_was_mended(history: git.Repo) -> None:
    commits = list(history.iter_commits("clinic", first_parent=True, reverse=True))
    broken = next(commit for commit in commits if aligned(commit) < 0.9)
    assert broken.committed_datetime > MENDED
