"""Files of other tools are ends of a search, and a snapshot becomes one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

LINE = f"{sys.version_info[0]}.{sys.version_info[1]}"


@pytest.mark.network
def test_a_cause_is_found_between_two_formats(mbisect: Any, tmp_path: Path) -> None:
    default = {name: {"version": f"=={version}"} for name, version in (("six", "1.15.0"), ("idna", "3.6"))}
    (tmp_path / "Pipfile.lock").write_text(
        json.dumps({"_meta": {"requires": {"python_version": LINE}}, "default": default})
    )
    (tmp_path / "environment.yml").write_text(
        f"dependencies:\n- python={LINE}\n- openssl=3.0.0=h7\n- idna=3.7=pyhd8ed1ab_0\n- pip:\n  - six==1.16.0\n"
    )
    (tmp_path / "test.py").write_text("import six; assert six.__version__ < '1.16'")
    command = ("--report", "found.json", "--", "python", "test.py")
    said = mbisect(tmp_path, "run", "--good", "Pipfile.lock", "--bad", "environment.yml", *command)
    assert said.status == 0, said.stderr
    causes = json.loads((tmp_path / "found.json").read_text())["causes"]
    assert [(one["name"], one["first_bad"]) for one in causes] == [("six", "1.16.0")]
    assert "environment.yml: left out, for no package index has it: openssl (a conda package)" in said.stderr


def test_a_snapshot_is_written_for_another_tool(mbisect: Any, tmp_path: Path) -> None:
    (tmp_path / "mbisect.toml").write_text("[snapshots.v1]\n")
    (tmp_path / "lockfiles").mkdir()
    (tmp_path / "lockfiles" / "v1.txt").write_text("idna==3.6\n")
    said = mbisect(tmp_path, "export", "v1", "--format", "conda")
    assert (said.status, said.stderr) == (0, "")
    assert "  - idna==3.6\n" in said.stdout
    assert mbisect(tmp_path, "export", "v1", "--output", "out.txt").stdout == "wrote out.txt: 1 package\n"
    assert (tmp_path / "out.txt").read_text().endswith("idna==3.6\n")


def test_a_file_that_cannot_be_written_is_one_line(mbisect: Any, tmp_path: Path) -> None:
    (tmp_path / "mbisect.toml").write_text("[snapshots.v1]\n")
    (tmp_path / "lockfiles").mkdir()
    (tmp_path / "lockfiles" / "v1.txt").write_text("idna==3.6\n")
    said = mbisect(tmp_path, "export", "v1", "--output", "none/out.txt")
    assert (said.status, said.stderr) == (2, "mbisect: none/out.txt cannot be written: No such file or directory\n")
