"""Reads what lies between two revisions of a git repository: commits, and the rows of a dataset. Writes nothing."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from mbisect.axes.git import open_repository
from mbisect.comparison.dataset import DatasetDiff, Row, compare_datasets
from mbisect.comparison.result import Commit, Shortlog

if TYPE_CHECKING:
    import git

MOST_COMMITS = 1000
MOST_BYTES = 256_000_000
"""A larger split is not read."""
ROWS = (".jsonl", ".ndjson", ".json")


def shortlog(repository: Path, before: str, after: str) -> Shortlog:
    """The commits that tell two revisions apart, on their first-parent lines, the newest first."""
    repo = open_repository(repository)

    def line(reach: str) -> tuple[Commit, ...]:
        found = repo.iter_commits(reach, first_parent=True, max_count=MOST_COMMITS)
        return tuple(
            Commit(c.hexsha, c.committed_datetime.astimezone(UTC), str(c.author.name), str(c.summary)) for c in found
        )

    return Shortlog(line(f"{before}..{after}"), line(f"{after}..{before}"))


def dataset_diff(repository: Path, before: str, after: str) -> DatasetDiff:
    """Compare the rows of two revisions, where files hold rows, and name the other files that differ."""
    repo = open_repository(repository)
    old, new = (_blobs(repo.commit(revision)) for revision in (before, after))
    sides: tuple[dict[str, list[Row]], ...] = ({}, {})
    unread: dict[str, str] = {}
    read: dict[str, list[Row] | str] = {}
    for side, blobs in zip(sides, (old, new), strict=True):
        for path, blob in blobs.items():
            if path.endswith(ROWS):
                rows = read.setdefault(blob.hexsha, _rows(path, blob))
                if isinstance(rows, str):
                    unread[path] = rows
                else:
                    side[path] = rows
    for path in unread:
        for side in sides:
            side.pop(path, None)
    names = {path: Path(path).with_suffix("").as_posix() for side in sides for path in side}
    unique = len(set(names.values())) == len(names)
    compared = compare_datasets(*({names[path] if unique else path: rows for path, rows in s.items()} for s in sides))
    others = _moves(
        {path: blob.hexsha for path, blob in old.items() if path not in names},
        {path: blob.hexsha for path, blob in new.items() if path not in names},
    )
    return replace(compared, files=others, unread=tuple(f"{path}: {why}" for path, why in sorted(unread.items())))


def _blobs(commit: git.Commit) -> dict[str, git.Blob]:
    """Path → file of a revision."""
    found: dict[str, git.Blob] = {}
    for item in commit.tree.traverse():
        if getattr(item, "type", "") == "blob":
            found[str(item.path)] = item  # type: ignore[union-attr,assignment]  # traverse() says less than it gives
    return found


def _rows(path: str, blob: git.Blob) -> list[Row] | str:
    """The rows of a file, or why they cannot be read."""
    if blob.size > MOST_BYTES:
        return f"too large to be read: {blob.size} bytes"
    text = blob.data_stream.read().decode("utf-8", errors="replace")
    if text.startswith("version https://git-lfs"):
        return "its rows are kept outside git"
    try:
        if path.endswith(".json"):
            found = json.loads(text)
        else:
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError):
        return "not valid JSON"
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        return "no list of rows"
    return found


def _moves(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    paths = sorted(set(itertools.chain(old, new)))
    words = [(p, "added" if p not in old else "removed" if p not in new else "changed") for p in paths]
    return tuple((path, word) for path, word in words if old.get(path) != new.get(path))
