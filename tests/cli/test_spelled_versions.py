"""Ends whose releases are written otherwise than the index writes them: "2.13.0+cpu", "2.13"."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.wheels import wheel

pytestmark = pytest.mark.network  # the index is asked for the packages, which it does not know

LINE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.mark.parametrize("added", [False, True])
def test_the_release_is_found_beside_one_and_within_it(
    mbisect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, added: bool
) -> None:
    """`added`: the package with the local version came along with a new requirement; else it is the culprit."""
    wheels, tensors, app = tmp_path / "wheels", f"mbisect-tensors-{os.getpid()}", f"mbisect-app-{os.getpid()}"
    module = (app if added else tensors).replace("-", "_")
    for minor in range(5):
        works = f"WORKS = {minor < 3}"
        wheel(wheels, tensors, f"1.{minor}+cpu", "" if added else works)
        wheel(wheels, app, f"2.{minor}", works if added else "", needs=[f"{tensors}>=1.1"] if minor >= 2 else ())
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    (tmp_path / "good.txt").write_text(f"{app}==2.0\n" if added else f"{app}==2.0\n{tensors}==1.0+cpu\n")
    (tmp_path / "bad.txt").write_text(f"{app}==2.4\n{tensors}==1.4+cpu\n")
    (tmp_path / "test.py").write_text(f"import {module}; assert {module}.WORKS\n")
    argv = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE, "--json")
    said = mbisect(tmp_path, "run", *argv, "--", "python", "test.py")
    assert said.status == 0, said.stderr
    [cause] = json.loads(said.stdout)["causes"]
    name, first_bad = (app, "2.3") if added else (tensors, "1.3")
    assert (cause["name"], cause["first_bad"].partition("+")[0]) == (name, first_bad)


def test_a_release_may_be_written_without_its_zeros_or_with_more(
    mbisect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels, name = tmp_path / "wheels", f"mbisect-zeros-{os.getpid()}"
    module = name.replace("-", "_")
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3"):
        wheel(wheels, name, version, f"WORKS = {version < '1.2'}")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    (tmp_path / "good.txt").write_text(f"{name}==1\n")
    (tmp_path / "bad.txt").write_text(f"{name}==1.3.0\n")
    (tmp_path / "same.txt").write_text(f"{name}==1.0\n")
    (tmp_path / "test.py").write_text(f"import {module}; assert {module}.WORKS\n")
    argv = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE, "--json")
    said = mbisect(tmp_path, "run", *argv, "--", "python", "test.py")
    assert said.status == 0, said.stderr
    [cause] = json.loads(said.stdout)["causes"]
    assert (cause["last_good"], cause["first_bad"]) == ("1.1.0", "1.2.0")
    said = mbisect(
        tmp_path, "run", "--good", "good.txt", "--bad", "same.txt", "--python", LINE, "--", "python", "test.py"
    )
    assert (said.status, said.stderr.count("\n")) == (2, 1)
    assert "nothing differs between good.txt and same.txt" in said.stderr
    assert "are the same" in mbisect(tmp_path, "env-diff", "good.txt", "same.txt").stdout
