"""The README, the page of all commands and the command line say the same."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mbisect.project import find_project
from mbisect.terms import Axis, Verdict

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
GLANCE = (ROOT / "docs/commands-at-a-glance.md").read_text()
MBISECT = Path(sys.executable).with_name("mbisect")


def help_of(*command: str) -> str:
    return subprocess.run([MBISECT, *command, "--help"], capture_output=True, text=True, check=True).stdout


COMMANDS = re.findall(r"^  ([\w-]+) ", help_of().partition("Commands:")[2], re.MULTILINE)


def test_there_are_commands():
    assert {"run", "lock", "reproduce", "cache", "env-diff"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_on_the_page_that_shows_all_at_a_glance(command):
    assert re.search(rf"\bmbisect {command}\b", GLANCE)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_that_they_use_exists(command):
    used = re.findall(rf"\bmbisect {command} ([^#`\n]*)", README + GLANCE)
    options = {word for line in used for word in line.partition(" -- ")[0].split() if word.startswith("--")}
    assert options <= set(re.findall(r"--[a-z-]+", help_of(command)))


def test_the_readme_states_every_exit_status_that_run_states():
    stated = " ".join(help_of("run").partition("Exit status:")[2].split())
    assert stated
    for number, meaning in re.findall(r"(\d+) ([a-z ]+)", stated):
        assert re.search(rf"\b{number}\s+{meaning.split()[0]}", README), number


@pytest.mark.parametrize("word", [*(axis for axis in Axis if axis is not Axis.SYSTEM), *Verdict])
def test_the_glossary_knows_the_words_of_the_code(word):
    glossary = README.partition("## Words")[2].partition("## Where things are")[0]
    assert re.search(rf"\b{word}\b", glossary)


def test_the_readmes_project_file_is_read(tmp_path):
    (tmp_path / "mbisect.toml").write_text(README.partition("```toml\n")[2].partition("```")[0])
    project, _ = find_project(tmp_path)
    assert (project.judge.good, project.snapshots["v4"].settings) == (0.8, {"epochs": 5})


def test_a_line_that_sets_up_and_runs_the_tests_is_there_for_ci():
    lines = [line for line in README.splitlines() if line.startswith("python3.11 -m venv")]
    assert [line.partition(" .venv/bin/")[2] != "" for line in lines] == [True, True]
    assert lines[0].endswith(".venv/bin/mbisect run --good v1 --bad v4")
    assert ".venv/bin/python -m pytest" in lines[1]
