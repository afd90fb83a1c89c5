"""What the probe found in an environment: how it is asked, and its answer, checked. Knows nothing of snapshots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mbisect import shell
from mbisect.errors import CommandError, ConfigError
from mbisect.terms import Interpreter

PROBE = Path(__file__).with_name("probe.py")
"""Copied into an image it runs there as well: it is one file."""
START = '{"'
OLDEST = (3, 8)


class Facts(BaseModel):
    """A part of the answer; a newer probe may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class Source(Facts):
    """Where a distribution came from, when that was no index."""

    kind: str
    """editable, vcs, folder or archive."""
    url: str
    commit: str | None = None
    """Of a vcs source."""
    hashes: tuple[str, ...] = ()
    """Of an archive."""
    git: dict[str, Any] | None = None
    """State of the working tree behind an editable install or a folder: commit, dirty, diff, diff_bytes, untracked."""


class Installed(Facts):
    """One distribution as it is on disk."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    requested: bool = False
    record: str | None = None
    """Digest of its RECORD, the same wherever the same wheel is installed; None without a RECORD."""
    changed: tuple[str, ...] = ()
    """Files that are not what was installed."""
    missing: tuple[str, ...] = ()
    source: Source | None = None


class Observed(Facts):
    """The probe's answer."""

    schema_: str = Field(alias="schema", pattern=r"^mbisect\.probe/1$")
    distributions: tuple[Installed, ...]
    interpreter: dict[str, Any]
    platform: dict[str, Any] = {}
    cpu: dict[str, Any] = {}
    gpu: dict[str, Any] | None = None
    variables: dict[str, str] = {}
    torch_build: dict[str, Any] | None = None
    numeric: dict[str, Any] | None = None
    image: dict[str, Any] | None = None
    """The Docker image that it is in: id, digest, labels; why its Python was not run; its other Pythons."""
    unchecked_files: int | dict[str, Any] = 0
    unread: tuple[str, ...] = ()
    """Distributions that could not be described, each with the error."""


def observe(
    interpreter: Interpreter, *, numeric: bool = False, seconds: float = 60.0
) -> tuple[Observed, dict[str, Any]]:
    """Run the probe with an interpreter; -> its answer, and the same as it was said.

    `numeric` also imports numpy and torch there; `seconds` bounds the check of installed files. Raises ConfigError for
    a Python that is too old and CommandError when the probe fails.
    """
    if tuple(int(part) for part in interpreter.version.split(".")[:2]) < OLDEST:
        raise ConfigError(f"{interpreter.path} is Python {interpreter.version}; 3.8 is the oldest that can be captured")
    argv = [interpreter.path, str(PROBE), f"--seconds={seconds:g}", *(["--numeric"] if numeric else [])]
    return read_answer(shell.run(argv).stdout, interpreter.path)


def observed_in(document: object) -> Observed | None:
    """What a parsed envs/NAME.json, or an answer by itself, holds; None where it is neither, or not as it should be."""
    answer = document.get("environment", document) if isinstance(document, dict) else None
    if not isinstance(answer, dict) or not isinstance(answer.get("distributions"), list):
        return None
    described = [one for one in answer["distributions"] if isinstance(one, dict) and one.get("name")]
    try:
        return Observed.model_validate({**answer, "distributions": described})
    except ValidationError:
        return None


def read_answer(stdout: str, where: str) -> tuple[Observed, dict[str, Any]]:
    """The answer in what the probe printed: its last line, whatever start-up code of the environment said before."""
    lines = [line for line in stdout.splitlines() if line.startswith(START)]
    try:
        said = json.loads(lines[-1])
        described = [one for one in said["distributions"] if "name" in one]
        unread = [str(one.get("error")) for one in said["distributions"] if "name" not in one]
        return Observed.model_validate({**said, "distributions": described, "unread": unread}), said
    except (IndexError, KeyError, TypeError, ValueError, ValidationError) as error:
        raise CommandError(f"the probe's answer from {where} cannot be read: {' '.join(str(error).split())}") from error
