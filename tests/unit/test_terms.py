"""A question as it is typed: what is printed to ask it again is read as the very same question."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from mbisect.cli import app
from mbisect.cli.search import asked_of
from mbisect.terms import Asked, Axis


def typed(line: str) -> Asked:
    """What `mbisect run` reads from a command line."""
    program, command, *words = shlex.split(line)
    assert (program, command) == ("mbisect", "run")
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    given = group.commands["run"].make_context("run", words).params
    python = given["python"]
    asked = asked_of(
        given["good"], given["bad"], given["command"], given["good_python"] or python, given["bad_python"] or python,
        given["axis"], given["timeout"], given["allow_builds"], given["tests"], given["like"],
    )  # fmt: skip
    return replace(asked, half=None if given["half"] == "both" else given["half"])


@pytest.mark.parametrize(
    "asked",
    [
        Asked("v1", "v4"),
        Asked("old.txt", "new.txt", (), "3.11", "3.11", like="v1", half="evaluation"),
        Asked("v 1", "bad.txt", ("python", "-c", "print('a b')", "--", "-x"), "3.11", "3.12"),
        Asked("v1", "v4", (), "3.11", None, (Axis.PACKAGE, Axis.PYTHON), 1234567.25, True, half="training"),
        Asked("a.txt", "b.txt", (), None, "3.12", timeout=600.0, tests=("tests/test_a.py::test_b[c d]", "t.py::e")),
    ],
)
def test_the_command_that_asks_again_asks_the_same(asked: Asked) -> None:
    assert typed(asked.line()) == replace(asked, folder=str(Path.cwd()))
