"""A comparison for programs: schema mbisect.env-diff/1. Nothing is left out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from mbisect.comparison.dataset import DatasetDiff
from mbisect.comparison.result import Comparison, Difference, Shortlog
from mbisect.environments.diff import PackageDiff, ReleaseFacts

SCHEMA = "mbisect.env-diff/1"


def as_plain(comparison: Comparison) -> dict[str, object]:
    """The comparison as plain JSON values."""
    return {
        "schema": SCHEMA,
        "a": comparison.first,
        "b": comparison.second,
        "same": not comparison.differences,
        "packages_the_same": comparison.same,
        "differences": [_difference(difference) for difference in comparison.differences],
        "dataset": _dataset(comparison.dataset) if comparison.dataset else None,
        "dataset_commits": _log(comparison.revisions) if comparison.revisions else None,
        "commits": _log(comparison.commits) if comparison.commits else None,
        "traced": comparison.traced,
        "unknown": list(comparison.unknown),
    }


def _difference(difference: Difference) -> dict[str, object]:
    found: dict[str, object] = {
        "axis": str(difference.key.axis),
        "name": difference.key.name,
        "from": difference.before,
        "to": difference.after,
        "suspicion": round(difference.suspicion, 6),
        "why": [asdict(factor) for factor in difference.factors],
    }
    return {**found, "package": _package(difference.package)} if difference.package else found


def _package(package: PackageDiff) -> dict[str, object]:
    return {
        "move": str(package.move),
        "direct": package.direct,
        "required_by": list(package.required_by),
        "releases": package.steps,
        "from": _release(package.before_facts) if package.before is not None else None,
        "to": _release(package.after_facts) if package.after is not None else None,
    }


def _release(facts: ReleaseFacts) -> dict[str, object]:
    return {"released": _date(facts.date), "yanked": facts.yanked}


def _dataset(dataset: DatasetDiff) -> dict[str, object]:
    splits = [
        {
            "name": split.name,
            "rows": [split.before, split.after],
            "added": split.added,
            "removed": split.removed,
            "changed": split.changed,
            "same": split.same,
            "swapped": split.swapped,
            "grounded": list(split.grounded),
            "examples": [asdict(example) for example in split.examples],
        }
        for split in dataset.splits
    ]
    overlaps = [{"splits": [o.first, o.second], "inputs": [o.before, o.after]} for o in dataset.overlaps]
    files = [{"path": path, "what": what} for path, what in dataset.files]
    return {"splits": splits, "overlaps": overlaps, "files": files, "not_compared": list(dataset.unread)}


def _log(log: Shortlog) -> dict[str, object]:
    sides = {"applied": log.applied, "undone": log.undone}
    return {
        name: [{"commit": c.revision, "date": _date(c.date), "author": c.author, "subject": c.subject} for c in commits]
        for name, commits in sides.items()
    }


def _date(date: datetime | None) -> str | None:
    return date.isoformat() if date else None
