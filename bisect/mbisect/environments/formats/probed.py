"""The probe's answer: what an environment or a Docker image holds, as `mbisect snapshot` observed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from mbisect.environments.pins import Collection, is_version
from mbisect.environments.sources import Source
from mbisect.terms import Lock

TITLE = "envs/NAME.json"
TOOL = "`mbisect snapshot`"
WORDS = {"editable": "an editable install", "vcs": "installed from a repository", "folder": "installed from a folder"}


class Origin(BaseModel):
    """Where a distribution came from, when that was no index."""

    kind: str


class Installed(BaseModel):
    """One distribution; without a name it could not be read."""

    name: str = ""
    version: str = ""
    source: Origin | None = None


class Interpreter(BaseModel):
    """The Python that answered."""

    version: str = ""


class Document(BaseModel):
    """The answer."""

    schema_: str = Field(alias="schema")
    interpreter: Interpreter
    distributions: tuple[Installed, ...]


def recognises(source: Source) -> bool:
    """An answer, or a snapshot's file with one in it."""
    return isinstance(_answer(source), dict) and {"schema", "distributions"} <= _answer(source).keys()


def python(source: Source) -> str:
    """The interpreter that answered."""
    return _document(source).interpreter.version


def read(source: Source, environment: Mapping[str, str]) -> Lock:
    """Everything installed, as a snapshot's lock has it, but without hashes."""
    document, found = _document(source), Collection()
    for one in document.distributions:
        if not one.name:
            continue
        if one.source is not None:
            found.leave(one.name, one.version, WORDS.get(one.source.kind, "installed from a file address"))
        elif len(one.version) < 200 and not is_version(one.version):
            found.leave(one.name, one.version, "its version is none by PEP 440")
        else:
            found.pin(str(source.path), one.name, one.version)
    return found.lock(source.path, python=python(source))


def _answer(source: Source) -> Any:
    document = source.document
    return document.get("environment", document) if isinstance(document, dict) else None


def _document(source: Source) -> Document:
    return Source(source.path, source.syntax, "", _answer(source)).as_(Document, TOOL)
