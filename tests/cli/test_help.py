"""Help is there for every command, with an example, and comes without loading the heavy parts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mbisect import __version__
from mbisect.cli import app

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # it is a group


def test_the_top_says_what_it_is_for_and_lists_every_command(mbisect: Any, tmp_path: Path) -> None:
    said = mbisect(tmp_path, "--help")
    assert (said.status, said.stderr) == (0, "")
    assert "git bisect for everything" in said.stdout
    listed = said.stdout.partition("Commands:")[2].split()
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_sentence_and_examples_below_their_heading(
    mbisect: Any, tmp_path: Path, command: str
) -> None:
    said = mbisect(tmp_path, command, "--help")
    assert (said.status, said.stderr) == (0, "")
    sentence, examples = said.stdout.partition("\n")[2].split("\n\n  Examples:\n")
    assert sentence.strip()
    assert examples.startswith(f"    mbisect {command}")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_arguments_as_they_are_typed_and_not_their_types(mbisect: Any, tmp_path: Path, command: str) -> None:
    assert re.findall(r"<[a-z]\S*>|\{.*?\}", mbisect(tmp_path, command, "--help").stdout) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_and_argument_is_explained(command: str) -> None:
    parameters = typer.main.get_command(app).commands[command].params  # type: ignore[attr-defined]  # it is a group
    assert [one.name for one in parameters if not getattr(one, "help", None)] == []


def test_the_short_option_is_the_long_one(mbisect: Any, tmp_path: Path) -> None:
    assert mbisect(tmp_path, "run", "-h") == mbisect(tmp_path, "run", "--help")


def test_the_version_is_the_packages(mbisect: Any, tmp_path: Path) -> None:
    assert mbisect(tmp_path, "--version").stdout == f"mbisect {__version__}\n"


def test_without_a_command_it_shows_the_help(mbisect: Any, tmp_path: Path) -> None:
    said = mbisect(tmp_path)
    assert "Commands:" in said.stdout + said.stderr
    assert "Traceback" not in said.stderr


HEAVY = (
    "rich",
    "pydantic",
    "git",
    "pypi_simple",
    "requests",
    "filelock",
    "packaging",
    "jinja2",
    "plotly",
    "mbisect.conduct",
    "mbisect.shell",
)


def test_the_command_line_is_loaded_without_the_heavy_parts() -> None:
    program = f"import sys, mbisect.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
