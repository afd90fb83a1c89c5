"""`mbisect lock`: what a snapshot asks for is resolved at its cut-off date, and nothing is written by halves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network
ASKED = """python = "{version}"
requirements = ["python-dateutil>=2.8"]
exclude-newer = "2024-02-01"
"""


NAMED = "a snapshot's name holds letters a to z, digits, dots, dashes and underscores\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "mbisect.toml").write_text("[snapshots.v1]\n")
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "v1.toml").write_text(ASKED.format(version=".".join(map(str, sys.version_info[:2]))))
    (tmp_path / "src" / "deep").mkdir(parents=True)
    return tmp_path


def test_it_writes_the_releases_of_the_cut_off_date_from_anywhere_in_the_project(mbisect: Any, project: Path) -> None:
    said = mbisect(project / "src" / "deep", "lock", "v1")
    assert (said.status, said.stdout, said.stderr) == (0, "wrote lockfiles/v1.txt: 2 packages\n", "")
    lines = (project / "lockfiles" / "v1.txt").read_text().splitlines()
    assert [line.partition(" ")[0] for line in lines if "==" in line] == ["python-dateutil==2.8.2", "six==1.16.0"]
    assert [path.name for path in (project / "lockfiles").iterdir()] == ["v1.txt"]
    assert mbisect(project, "lock", "v1", "--check").status == 0


def test_check_says_which_packages_would_change_and_writes_nothing(mbisect: Any, project: Path) -> None:
    lock = project / "lockfiles" / "v1.txt"
    missing = mbisect(project, "lock", "v1", "--check")
    assert (missing.status, missing.stdout, lock.exists()) == (1, "", False)
    assert missing.stderr == "mbisect: lockfiles/v1.txt is missing; `mbisect lock v1` writes it\n"
    lock.parent.mkdir()
    lock.write_text(f"idna==3.7\npython-dateutil==2.8.2 --hash=sha256:{'0' * 64}\nsix==1.15.0\n")
    before = lock.read_bytes()
    said = mbisect(project / "src", "lock", "v1", "--check")
    assert (said.status, lock.read_bytes()) == (1, before)
    assert said.stdout.splitlines() == [
        "idna 3.7 → ∅",
        "python-dateutil 2.8.2 → 2.8.2 (other files)",
        "six 1.15.0 → 1.16.0",
    ]


def test_what_is_there_has_no_say(mbisect: Any, project: Path) -> None:
    lock = project / "lockfiles" / "v1.txt"
    lock.parent.mkdir()
    lock.write_text("six==1.15.0\n")
    assert mbisect(project, "lock", "v1").stdout.splitlines() == [
        "python-dateutil ∅ → 2.8.2",
        "six 1.15.0 → 1.16.0",
        "wrote lockfiles/v1.txt: 2 packages",
    ]


def test_what_cannot_be_resolved_leaves_the_lock_as_it_was(mbisect: Any, project: Path) -> None:
    asked, lock = project / "envs" / "v1.toml", project / "lockfiles" / "v1.txt"
    asked.write_text(asked.read_text().replace("2.8", "99"))
    lock.parent.mkdir()
    lock.write_text("six==1.15.0\n")
    said = mbisect(project, "lock", "v1")
    assert (said.status, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert "these requirements have no solution" in said.stderr
    assert lock.read_text() == "six==1.15.0\n"


def test_the_lock_goes_where_the_project_says_unless_another_tool_writes_it(mbisect: Any, project: Path) -> None:
    (project / "mbisect.toml").write_text('[snapshots.v1]\nlock = "locks/one.txt"\n')
    assert mbisect(project, "lock", "v1").stdout == "wrote locks/one.txt: 2 packages\n"
    (project / "mbisect.toml").write_text('[snapshots.v1]\nlock = "uv.lock"\n')
    said = mbisect(project, "lock", "v1")
    assert said.stderr == (
        "mbisect: mbisect.toml says that the lock of v1 is uv.lock, which another tool writes; lock it with that\n"
    )


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("v2", "mbisect: envs/v2.toml does not exist; write down there what the snapshot asks for\n"),
        (
            "../v1",
            "mbisect: `../v1` cannot name a snapshot: " + NAMED,
        ),
    ],
)
def test_what_is_not_there_is_one_line(mbisect: Any, project: Path, name: str, message: str) -> None:
    said = mbisect(project / "src", "lock", name)
    assert (said.status, said.stdout, said.stderr) == (2, "", message)
