"""A remedy in the forms that packaging tools read. What none of them can say stands in a comment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence

from mbisect.environments.formats.conda_names import PYPI
from mbisect.project import FILE
from mbisect.remedy import Part, Remedy
from mbisect.report.untrusted import one_line
from mbisect.terms import PYTHON, SEED, Axis, Candidate

CONDA = {pypi: conda for conda, pypi in reversed(PYPI.items())}
"""Name on PyPI → what conda calls it, where that differs."""
BARE = re.compile(r"[A-Za-z0-9_-]+")
"""A key that TOML takes without quotes."""


def requirements(remedy: Remedy, end: Candidate, snapshot: str) -> str:
    """Lines for requirements.txt, or for a constraints file."""
    lines = [f"{part.key.name}{part.specifier}" for part in _packages(remedy)]
    return _text([*lines, *_said(remedy, snapshot, python=True)])


def pyproject(remedy: Remedy, end: Candidate, snapshot: str) -> str:
    """Tables for pyproject.toml: what the project itself asks for, and what others bring along."""
    own: list[str] = []
    brought: list[str] = []
    for part in _packages(remedy):
        comes_along = part.kind == "limit" and dict(end.requires).get(part.key.name)
        (brought if comes_along else own).append(f"{part.key.name}{part.specifier}")
    lines = []
    python = [part.specifier for part in remedy.parts if part.key == PYTHON]
    if own or python:
        lines += ["[project]", *(f"requires-python = {json.dumps(specifier)}" for specifier in python)]
        lines += [f"dependencies = {json.dumps(own)}"] if own else []
    if brought:
        lines += [""] if lines else []
        lines += ["# others bring it along; where the project names it itself, its own dependencies may say it"]
        lines += ["[tool.uv]", f"constraint-dependencies = {json.dumps(brought)}"]
    return _text([*lines, *_said(remedy, snapshot)])


def conda(remedy: Remedy, end: Candidate, snapshot: str) -> str:
    """Dependencies for environment.yml."""
    specs = [(CONDA.get(part.key.name, part.key.name), part.specifier) for part in _packages(remedy)]
    specs += [("python", part.specifier) for part in remedy.parts if part.key == PYTHON]
    lines = ["dependencies:"] if specs else []
    lines += ["  - " + f"{name} {specifier}".rstrip() for name, specifier in specs]
    return _text([*lines, *_said(remedy, snapshot)])


FORMS: dict[str, Callable[[Remedy, Candidate, str], str]] = {
    "requirements": requirements,
    "pyproject": pyproject,
    "conda": conda,
}
"""Form, as --format names it → what writes it, from a remedy, the bad end and its name."""


def settings(remedy: Remedy, snapshot: str) -> str:
    """What mbisect.toml has to say of the snapshot; empty where the remedy sets nothing."""
    parts = [part for part in remedy.parts if part.kind == "set"]
    return _text([f"[snapshots.{snapshot}]", *map(_assignment, parts)]) if parts else ""


def _packages(remedy: Remedy) -> Iterator[Part]:
    """Parts that constrain or add a package, those of the same package in one."""
    merged: dict[tuple[str, str], list[Part]] = {}
    for part in remedy.parts:
        if part.key.axis is Axis.PACKAGE and part.kind != "leave out":
            merged.setdefault((part.key.name, part.kind), []).append(part)
    for same in merged.values():
        specifiers = dict.fromkeys(part.specifier for part in same if part.specifier)
        yield Part(same[0].key, same[0].kind, ",".join(specifiers))


def _said(remedy: Remedy, snapshot: str, *, python: bool = False) -> Iterator[str]:
    """Comments for what is no constraint."""
    for part in remedy.parts:
        if part.kind == "leave out":
            yield f"# leave out {part.key.name}: no constraint says that"
        elif part.kind == "set":
            yield f"# no constraint: in {FILE}, [snapshots.{one_line(snapshot, 80)}]: {one_line(_assignment(part))}"
        elif python and part.key == PYTHON:
            yield f"# python {part.specifier}: a requirements file cannot say that"


def _assignment(part: Part) -> str:
    """A line of a snapshot's table."""
    name = part.key.name if BARE.fullmatch(part.key.name) else json.dumps(part.key.name)
    table = {Axis.SETTING: "settings.", Axis.VARIABLE: "variables."}.get(part.key.axis, "")
    if part.value is None:
        return f"# without {table}{name}"
    plain = part.key == SEED or part.key.axis is Axis.SETTING
    return f"{table}{name} = {part.value if plain else json.dumps(part.value)}"


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
