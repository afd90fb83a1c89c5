"""The layout's traps are guarded: `bisect/` shares its name with a standard-library module."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_source_root_holds_the_package_and_nothing_else():
    found = {path.name for path in (ROOT / "bisect").iterdir() if path.name != "__pycache__"}
    assert found == {"mbisect"}


@pytest.mark.parametrize("folder", [".", "bisect"])
def test_the_standard_library_is_not_shadowed(folder):
    code = "import bisect, random; print(bisect.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / folder, capture_output=True, text=True, check=True)
    assert not Path(done.stdout.strip()).is_relative_to(ROOT / "bisect")


@pytest.mark.parametrize("folder", [".", "bisect"])
def test_pytest_collects_from_the_root_and_inside_the_source_root(folder, tmp_path):
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", str(ROOT / "tests/unit/test_judge.py")]
    env = {**os.environ, "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path)}  # else it leaves a folder in bisect/
    done = subprocess.run(argv, cwd=ROOT / folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
