"""Files in which a project says what it needs, and locks, as they lie among what a run left. Knows no installer's log.

They were written at another time than the run, so what the run itself recorded outweighs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePath
from typing import Any

from mbisect.environments.formats import python_of, read_source
from mbisect.environments.lockfile import marker_environment
from mbisect.environments.recover.checked import interpreter, released, table, within
from mbisect.environments.recover.conda_spec import conda_required, has_build
from mbisect.environments.recover.evidence import PYTHON, Evidence, Strength
from mbisect.environments.recover.lines import MOST
from mbisect.environments.recover.readers import mlflow, wandb
from mbisect.environments.recover.requirement import ENVIRONMENTS, poetry_range, required, required_lines
from mbisect.environments.sources import Source, Syntax, parse, read_text
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter

TITLE = "Requirement files and locks"
STATED = Strength.STATED
KIND = "requirement"


def recognises(path: Path) -> bool:
    """By its name, unless a tracker wrote it while the run was on."""
    return kind_of(path) is not None and not wandb.recognises(path) and not mlflow.recognises(path)


def read(path: Path, name: str) -> Iterator[Evidence]:
    """What it asks for, or pins."""
    return said(path, read_text(path, KIND), name)


def kind_of(path: PurePath) -> tuple[Syntax, Callable[[Source, str, str], Iterator[Evidence]]] | None:
    """How a file is read, by its name; None: it is no such file."""
    for pattern, syntax, reader in KINDS:
        if re.fullmatch(pattern, path.name, re.IGNORECASE):
            return syntax, reader
    if path.suffix in (".txt", ".in") and path.parent.name in ("requirements", "constraints"):
        return "text", _lines
    return None


def said(path: Path, text: str, name: str, where: str = "") -> Iterator[Evidence]:
    """The same for a file that is read already; `where` is put before each place."""
    found = kind_of(path)
    if found is not None:
        syntax, reader = found
        yield from islice(reader(parse(path, text, KIND, syntax), name, where), MOST)


def _lines(source: Source, name: str, where: str) -> Iterator[Evidence]:
    return required_lines(name, source.text, STATED, where=where)


def _conda(source: Source, name: str, where: str) -> Iterator[Evidence]:
    """An export with builds lists what was there; nothing tells what of it was asked for."""
    entries = table(source.document).get("dependencies")
    listed = entries if isinstance(entries, list) else []
    root = not any(has_build(one) for one in listed)
    for number, entry in enumerate(listed, 1):
        place = f"{where}dependencies {number}"
        for pip in table(entry).values():
            for line in pip if isinstance(pip, list) else ():
                yield from required(name, f"{place}, pip", str(line).strip(), STATED, root=root)
        if isinstance(entry, str):
            yield from conda_required(name, place, entry, STATED, root=root)


def _pyproject(source: Source, name: str, where: str) -> Iterator[Evidence]:
    project = table(table(source.document).get("project"))
    wanted = project.get("dependencies")
    for number, one in enumerate(wanted if isinstance(wanted, list) else (), 1):
        yield from required(name, f"{where}project.dependencies {number}", str(one), STATED)
    yield from _python(name, f"{where}project.requires-python", project.get("requires-python"))
    poetry = table(table(table(source.document).get("tool")).get("poetry")).get("dependencies")
    yield from _named(name, f"{where}tool.poetry.dependencies", poetry)


def _pipfile(source: Source, name: str, where: str) -> Iterator[Evidence]:
    yield from _named(name, f"{where}packages", table(source.document).get("packages"))
    python = table(table(source.document).get("requires")).get("python_version")
    yield from interpreter(name, f"{where}requires.python_version", python, python, STATED)


def _named(name: str, where: str, wanted: Any) -> Iterator[Evidence]:
    """A table of names and ranges; an optional package may not have been there."""
    for package, rule in table(wanted).items():
        text = table(rule).get("version", "") if isinstance(rule, dict) else rule
        if not isinstance(text, str) or table(rule).get("optional") or table(rule).get("markers"):
            continue
        place = f"{where}.{package}"
        if package == PYTHON:
            yield from _python(name, place, text)
        elif (specifier := poetry_range(text)) is not None:
            yield from within(name, place, f'{package} = "{text}"', package, specifier, STATED, root=True)


def _python(name: str, place: str, wanted: object) -> Iterator[Evidence]:
    specifier = poetry_range(wanted) if isinstance(wanted, str) else None
    if specifier:
        yield from within(name, place, wanted, PYTHON, specifier, STATED)


def _lock(source: Source, name: str, where: str) -> Iterator[Evidence]:
    return _pinned(source, name, where, STATED)


def _listing(source: Source, name: str, where: str) -> Iterator[Evidence]:
    return _pinned(source, name, where, Strength.RECORDED)


def _pinned(source: Source, name: str, where: str, strength: Strength) -> Iterator[Evidence]:
    """What is pinned alike for every Python that it may have been."""
    python = python_of(source)
    yield from interpreter(name, f"{where}python", python, python, strength)
    document = table(source.document)
    for key, wanted in (
        ("requires-python", document.get("requires-python")),
        ("metadata.python-versions", table(document.get("metadata")).get("python-versions")),
    ):
        yield from _python(name, f"{where}{key}", wanted)
    environments = (marker_environment(Interpreter(f"{python}.9", "/python")),) if python else ENVIRONMENTS
    for package, version in _alike(source, environments).items():
        yield from released(name, f"{where}{package}", f"{package}=={version}", package, version, strength)


def _alike(source: Source, environments: tuple[Mapping[str, str], ...]) -> dict[str, str]:
    found: list[dict[str, str]] = []
    refused = None
    for environment in environments:
        try:
            found.append(read_source(source, environment).versions())
        except ConfigError as error:
            refused = error
    if not found and refused is not None:
        raise refused
    return {name: version for name, version in found[0].items() if all(one.get(name) == version for one in found)}


KINDS: tuple[tuple[str, Syntax, Callable[[Source, str, str], Iterator[Evidence]]], ...] = (
    (r".*(?:requirements|constraints|freeze).*\.(?:txt|in)", "text", _lines),
    (r"(?:.*[-_.])?(?:environment|conda).*\.ya?ml", "yaml", _conda),
    (r"pyproject\.toml", "toml", _pyproject),
    (r"Pipfile", "toml", _pipfile),
    (r"(?:uv|poetry|pdm)\.lock|pylock(?:\..+)?\.toml", "toml", _lock),
    (r"Pipfile\.lock", "json", _lock),
    (r"(?:pip|conda)[-_.]?(?:inspect|list).*\.json", "json", _listing),
)
