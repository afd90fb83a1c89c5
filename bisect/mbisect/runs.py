"""The runs of a cache: which one a word of the command line means, and what its journal says. Searches for nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from mbisect.errors import UsageError
from mbisect.journal import Head, Journal, Record
from mbisect.terms import Finding, Trial


def recorded(runs: Path, text: str) -> Record:
    """The record of a run that has ended; see find_run. Raises UsageError, for one that has not ended as well."""
    run = find_run(runs, text)
    journal = Journal(runs / run / "journal.jsonl")
    record = journal.record()
    if record is None:
        told(journal, run)
        raise UsageError(
            f"run {run} has not ended; the `mbisect run` that began it goes on where it stopped, and "
            f"`mbisect show {run}` shows how far it came"
        )
    return record


def told(journal: Journal, run: str) -> tuple[Head, tuple[Trial, ...], Finding | None]:
    """What the journal of a run holds, ended or not. Raises UsageError for one that cannot be read."""
    kept = journal.read()
    if kept is None:
        raise UsageError(
            f"the journal of run {run} is damaged, or of another version of mbisect; search again with `mbisect run`"
        )
    return kept


def numbered(trials: Sequence[Trial], text: str) -> Trial:
    """The trial with a number, from 1, as reports and `mbisect show` count them. Raises UsageError."""
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= len(trials):
        there = f"its trials are 1 to {len(trials)}" if trials else "no trial of it has ended yet"
        raise UsageError(f"there is no trial `{text}` in this run; {there}")
    return trials[number - 1]


def find_run(runs: Path, text: str) -> str:
    """The id of the run that a text means: an id, its beginning where no other begins so, or `latest`.

    That is the one that was asked for last in this folder's project, or in this folder where there is none. Raises
    UsageError.
    """
    kept = {path.parent.name: path.stat().st_mtime for path in runs.glob("*/journal.jsonl")}
    if not kept and text == "latest":
        raise UsageError("there is no run in the cache yet; `mbisect run` makes one")
    if text == "latest":
        here = _pointer(runs, Path.cwd())
        asked = here.read_text(encoding="ascii") if here.exists() else ""
        if asked not in kept:
            raise UsageError("no run of this folder is in the cache yet; `mbisect list` shows those of others")
        return asked
    found = [run for run in kept if text and run.startswith(text)]
    if len(found) > 1 and text not in found:
        some = ", ".join(sorted(found)[:5])
        raise UsageError(f"{len(found)} runs in the cache begin with `{text}` ({some}); give more of the id")
    if not found:
        raise UsageError(f"there is no run `{text}` in the cache; `mbisect list` shows those that there are")
    return text if text in found else found[0]


def remember_latest(runs: Path, folder: str, run: str) -> None:
    """From now on this run is the `latest` of a folder, whether it is searched or answered from its journal."""
    path = _pointer(runs, Path(folder))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(run, encoding="ascii")
    temporary.replace(path)


def _pointer(runs: Path, folder: Path) -> Path:
    from mbisect.project import FILE

    folder = next((at for at in (folder, *folder.parents) if (at / FILE).is_file()), folder)
    return runs / f"{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:20]}.latest"


def workload_seconds(runs: Path, command: Sequence[str], newest: int = 5) -> list[float]:
    """Wall times of the finished trials of one command, from the newest journals below `runs`."""
    paths = sorted(runs.glob("*/journal.jsonl"), key=lambda path: path.stat().st_mtime, reverse=True)
    found: list[list[float]] = []
    for kept in (Journal(path).read() for path in paths[: 4 * newest]):
        if kept is not None and kept[0].command == tuple(command) and len(found) < newest:
            found.append([trial.measurement.seconds for trial in kept[1] if trial.measurement.stopped_at is None])
    return [seconds for run in found for seconds in run]
