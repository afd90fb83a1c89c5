"""Capture → build → capture again gives the same packages, the same hashes and the same files, under every Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
MBISECT = Path(sys.executable).with_name("mbisect")

ENVIRONMENTS = {
    "3.8.18": ["requests==2.31.0", "attrs==23.1.0"],
    "3.10.13": ["rich==13.7.1", "click==8.1.7", "packaging==23.2", "docopt==0.6.2"],
    "3.11.7": ["httpx==0.27.2", "tqdm==4.66.4"],
    "3.12.1": ["jsonschema-specifications==2023.12.1", "six==1.16.0", "python-dateutil==2.9.0", "networkx==3.3"],
    "3.13.0": ["sympy==1.13.1", "filelock==3.16.1", "fsspec==2024.10.0", "tomlkit==0.13.2", "idna==3.10"],
    "3.14.8": ["rich==13.7.1", "idna==3.10", "six==1.16.0", "packaging==23.2"],
}
"""What a user installs with pip; with what that requires, pip itself included, five to ten packages."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def mbisect(folder: Path, cache: Path, *argv: str) -> str:
    env = {**os.environ, "MBISECT_CACHE": str(cache)}
    done = subprocess.run([MBISECT, *argv], cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_of(project: Path, name: str) -> dict[str, tuple[str, str]]:
    """Package → version and the digest of its RECORD; docopt, a source that an old pip installs without, has none."""
    facts: dict[str, Any] = json.loads((project / "envs" / f"{name}.json").read_text())
    found = {one["name"]: (one["version"], one["record"]) for one in facts["environment"]["distributions"]}
    return {package: said for package, said in found.items() if package != "docopt"}


@pytest.mark.parametrize("version", ENVIRONMENTS)
def test_a_captured_environment_builds_again_as_it_was(version: str, tmp_path: Path, cache: Path) -> None:
    base = PYENV / version / "bin" / "python"
    if not base.exists():
        pytest.skip(f"no Python {version} here")
    subprocess.run([base, "-m", "venv", tmp_path / ".venv"], check=True)
    pip = [tmp_path / ".venv" / "bin" / "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, *ENVIRONMENTS[version]], check=True)

    first = json.loads(mbisect(tmp_path, cache, "snapshot", "first", "--python", ".venv", "--json"))
    built = mbisect(tmp_path, cache, "build", "first").strip()
    second = json.loads(mbisect(tmp_path, cache, "snapshot", "second", "--python", built, "--json"))

    assert 5 <= len(first["packages"]) <= 11
    assert (first["left_out"], first["unhashed"]) == ([], [])
    assert second["packages"] == first["packages"]
    assert second["top_level"] == first["top_level"]
    locks = [(tmp_path / "lockfiles" / f"{name}.txt").read_text().partition("\n")[2] for name in ("first", "second")]
    assert locks[0] == locks[1]
    assert files_of(tmp_path, "first") == files_of(tmp_path, "second")
    assert None not in [record for _, record in files_of(tmp_path, "first").values()]
    assert (first["warnings"], second["warnings"]) == ([], [])
