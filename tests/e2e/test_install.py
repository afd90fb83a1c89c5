"""A clone can be installed into any environment, and works outside of the clone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.network]


def test_a_clone_installed_with_pip_runs_from_anywhere(tmp_path: Path) -> None:
    run(tmp_path, "git", "clone", "-q", str(ROOT), "mbisect")
    run(tmp_path, sys.executable, "-m", "venv", "env")
    run(tmp_path, "env/bin/pip", "install", "-q", "-c", "mbisect/constraints.txt", "./mbisect")
    (tmp_path / "mbisect").rename(tmp_path / "gone")
    assert run(tmp_path, "env/bin/mbisect", "--version").startswith("mbisect ")
    assert "16 changes" in run(tmp_path, "env/bin/mbisect", "simulate", "--changes", "16", "--searches", "4")


def run(folder: Path, *command: str) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
