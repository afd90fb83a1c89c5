"""Ends whose releases are written otherwise than the index writes them: "2.13.0+cpu", "2.13"."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.wheels import wheel

pytestmark = pytest.mark.network  # the index is asked for the packages, which it does not know

LINE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with wheels, which a module that works or not is among."""

    folder: Path
    mbisect: Callable[..., Any]

    def search(self, module: str, good: str, bad: str) -> Any:
        """Ask which release broke a module, between two locks."""
        (self.folder / "good.txt").write_text(good)
        (self.folder / "bad.txt").write_text(bad)
        (self.folder / "test.py").write_text(f"import {module}; assert {module}.WORKS\n")
        argv = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE, "--json")
        return self.mbisect(self.folder, "run", *argv, "--", "python", "test.py")

    def cause(self, module: str, good: str, bad: str) -> dict[str, Any]:
        """The only one that is found."""
        said = self.search(module, good, bad)
        assert said.status == 0, said.stderr
        [cause] = json.loads(said.stdout)["causes"]
        return dict(cause)


@pytest.fixture
def place(mbisect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    return Place(tmp_path, mbisect)


@pytest.mark.parametrize("added", [False, True])
def test_the_release_is_found_beside_one_and_within_it(place: Place, added: bool) -> None:
    """`added`: the package with the local version came along with a new requirement; else it is the culprit."""
    wheels, tensors, app = place.folder / "wheels", f"mbisect-tensors-{os.getpid()}", f"mbisect-app-{os.getpid()}"
    for minor in range(5):
        works = f"WORKS = {minor < 3}"
        wheel(wheels, tensors, f"1.{minor}+cpu", "" if added else works)
        wheel(wheels, app, f"2.{minor}", works if added else "", needs=[f"{tensors}>=1.1"] if minor >= 2 else ())
    good = f"{app}==2.0\n" if added else f"{app}==2.0\n{tensors}==1.0+cpu\n"
    name, first_bad = (app, "2.3") if added else (tensors, "1.3")
    cause = place.cause(name.replace("-", "_"), good, f"{app}==2.4\n{tensors}==1.4+cpu\n")
    assert (cause["name"], cause["first_bad"].partition("+")[0]) == (name, first_bad)


def test_a_release_may_be_written_without_its_zeros_or_with_more(place: Place) -> None:
    name = f"mbisect-zeros-{os.getpid()}"
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3"):
        wheel(place.folder / "wheels", name, version, f"WORKS = {version < '1.2'}")
    cause = place.cause(name.replace("-", "_"), f"{name}==1\n", f"{name}==1.3.0\n")
    assert (cause["last_good"], cause["first_bad"]) == ("1.1.0", "1.2.0")
    said = place.search(name.replace("-", "_"), f"{name}==1\n", f"{name}==1.0\n")
    assert (said.status, said.stderr.count("\n")) == (2, 1)
    assert "nothing differs between good.txt and bad.txt" in said.stderr
    assert "are the same" in place.mbisect(place.folder, "env-diff", "good.txt", "bad.txt").stdout
