"""Which runs a cache holds, told from the first and the last lines of their journals. Knows nothing of how it is shown.

A journal's head alone is hundreds of kilobytes, its trials megabytes. So of the head only its beginning is read, which
holds what was asked, and of the rest the end, which holds what was found.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from mbisect.terms import Axis, Cause, Change, Finding, FoundOutcome, Key, Relation

BEGINNING = 16 * 1024
"""Bytes of a journal in which everything that was asked stands."""
END = 64 * 1024
"""Bytes of a journal that are read first for its last lines; twice as many each further time."""
TRIAL = b'{"trial":'
"""How a trial's line begins."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run of the cache."""

    run: str
    when: datetime
    """When its journal was written to last."""
    good: str
    """As the user named it; empty in a journal that cannot be read."""
    bad: str
    command: tuple[str, ...]
    """Empty: the project's workload."""
    folder: str
    """Where it was typed."""
    trials: int
    finding: Finding | None
    """Its outcome and causes, without candidates; None: it has not ended."""
    tests: tuple[str, ...] = ()
    """The tests that pytest was asked for."""


def listed(runs: Path) -> tuple[Entry, ...]:
    """Every run, the newest first."""
    found = [entry for path in runs.glob("*/journal.jsonl") if (entry := _entry(path)) is not None]
    return tuple(sorted(found, key=lambda entry: (entry.when, entry.run), reverse=True))


def _entry(path: Path) -> Entry | None:
    """A run; None where its file is gone or cannot be opened."""
    try:
        with path.open("rb") as file:
            asked = _asked(file.read(BEGINNING))
            effort, finding = _last(path)
            when = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
            trials = effort.get("trials") if finding is not None else None
            if not isinstance(trials, int):
                file.seek(0)
                trials = sum(line.startswith(TRIAL) and line.endswith(b"}\n") for line in file)
    except OSError:
        return None
    return Entry(
        path.parent.name,
        when,
        str(asked.get("good", "")),
        str(asked.get("bad", "")),
        _words(asked.get("command")),
        str(asked.get("folder", "")),
        trials,
        finding,
        _words(asked.get("tests")),
    )


def _words(found: object) -> tuple[str, ...]:
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _asked(beginning: bytes) -> dict[str, Any]:
    """What was asked, from the beginning of a head."""
    from pydantic_core import from_json

    try:
        asked = from_json(beginning.split(b"\n", 1)[0], allow_partial=True)["head"]["asked"]
    except (ValueError, KeyError, TypeError):
        return {}
    return asked if isinstance(asked, dict) else {}


def _last(path: Path) -> tuple[dict[str, Any], Finding | None]:
    """What the run took, and its finding, where its last lines say so."""
    effort: dict[str, Any] = {}
    finding: Finding | None = None
    for line in _backwards(path):
        try:
            [[kind, data]] = json.loads(line).items()
            if kind == "finding" and finding is None:
                finding = _finding(data)
            elif kind == "effort":
                effort = dict(data)
            if kind != "finding":  # before it stands what the run took, before that its trials
                break
        except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
            continue  # torn or damaged: as it never was
    return effort, finding


def _backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file that are not empty, the last one first."""
    size, length = path.stat().st_size, END
    told = 0
    while True:
        with path.open("rb") as file:
            file.seek(max(0, size - length))
            lines = file.read().splitlines()
        whole = lines if length >= size else lines[1:]  # the first one may be cut
        yield from (line for line in reversed(whole[: len(whole) - told]) if line)
        if length >= size:
            return
        told, length = len(whole), 2 * length


def _finding(data: dict[str, Any]) -> Finding:
    """Its outcome, its reason and its causes; what else it holds is large."""
    if data["outcome"] not in get_args(FoundOutcome) or data["relation"] not in get_args(Relation):
        raise ValueError("no finding of ours")
    causes = tuple(Cause(_change(cause["change"]), (), confidence=cause["confidence"]) for cause in data["causes"])
    return Finding(data["outcome"], data["relation"], causes, data["sufficient"], data["necessary"], why=data["why"])


def _change(data: dict[str, Any]) -> Change:
    axis, name = data["key"]
    return Change(Key(Axis(axis), str(name)), data["before"], data["after"])
