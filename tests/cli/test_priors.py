"""What the good end loaded is told by its trial alone, and shows in the plan: real releases, the real command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.network

RUN = ("run", "--good", "good.txt", "--bad", "bad.txt", "--python", f"{sys.version_info[0]}.{sys.version_info[1]}")
COMMAND = ("--", "python", "test.py")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """idna is loaded, six is not."""
    (tmp_path / "good.txt").write_text("idna==3.4\nsix==1.15.0\n")
    (tmp_path / "bad.txt").write_text("idna==3.6\nsix==1.16.0\n")
    (tmp_path / "test.py").write_text("import os, idna\nassert idna.__version__ < '3.6'\nprint(os.listdir('.'))")
    return tmp_path


def plan(mbisect: Callable[..., Any], folder: Path, *more: str) -> dict[str, dict[str, Any]]:
    """ "name to" → change."""
    said = mbisect(folder, *RUN, "--dry-run", "--json", *more, *COMMAND)
    assert said.status == 0, said.stderr
    return {f"{change['name']} {change['to']}": change for change in json.loads(said.stdout)["changes"]}


def reasons(change: dict[str, Any]) -> list[str]:
    return [factor["reason"] for factor in change["why"]]


def test_the_good_end_is_traced_and_no_other_trial(mbisect: Callable[..., Any], cache: Path, folder: Path) -> None:
    before = plan(mbisect, folder, "--verbose")
    assert "the workload loads it" not in reasons(before["idna 3.6"])
    mbisect(folder, *RUN, "--quiet", *COMMAND)
    [trace] = cache.glob("trials/*/loaded.json")
    assert "idna/core.py" in json.loads(trace.read_text())["idna"]
    assert "six" not in json.loads(trace.read_text())
    good = json.loads((trace.parent / "trial.json").read_text())
    assert good["exit_status"] == 0
    assert not (trace.parent / "trace").exists()
    assert "loaded.json" not in good["tail"]

    after = plan(mbisect, folder, "--verbose")
    assert reasons(after["idna 3.6"])[0] == "the workload loads it"
    assert "differ" in reasons(after["idna 3.6"])[1]
    assert reasons(after["six 1.16.0"])[0] == "the workload does not load it"
    assert after["idna 3.6"]["prior"] > after["six 1.16.0"]["prior"] > 0


def test_a_suspect_is_likelier_and_the_answer_is_the_same(mbisect: Callable[..., Any], folder: Path) -> None:
    plain, told = plan(mbisect, folder), plan(mbisect, folder, "--suspect", "six")
    assert told["six 1.16.0"]["prior"] > plain["six 1.16.0"]["prior"]
    said = mbisect(folder, *RUN, "--quiet", "--suspect", "six", *COMMAND)
    assert (said.status, said.stdout) == (0, "idna 3.5 → 3.6 turns good into bad\n")


def test_the_table_shows_the_reasons(mbisect: Callable[..., Any], folder: Path) -> None:
    said = mbisect(folder, *RUN, "--dry-run", "-v", "--suspect", "six", *COMMAND)
    assert said.status == 0
    assert "likeliest before any trial" in said.stdout
    assert "a suspect of yours ×10" in " ".join(said.stdout.split())
