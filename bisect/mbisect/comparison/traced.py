"""What a workload loaded at a snapshot, where an earlier run has traced it. Reads journals; runs nothing."""

from __future__ import annotations

import json
from pathlib import Path

from mbisect.environments.loaded import Loaded, read_loaded
from mbisect.environments.store import LOADED
from mbisect.terms import Snapshot

NEWEST = 20
"""Runs that are looked at."""


def loaded_at(cache: Path, snapshot: Snapshot) -> Loaded | None:
    """From the newest run that has this snapshot as its good end; None where no trace is left."""
    wanted = sorted([*key, value] for key, value in snapshot.values.items())
    journals = sorted(cache.glob("runs/*/journal.jsonl"), key=_age)
    for journal in journals[:NEWEST]:
        try:
            with journal.open(encoding="utf-8") as lines:
                head = json.loads(next(lines))["head"]["good"]["values"]
                first = json.loads(next(lines))["trial"] if sorted(head) == wanted else None
            if first and first["ask"]["purpose"] == "good end" and first["measurement"]["output"]:
                found = read_loaded(Path(first["measurement"]["output"]).parent / LOADED)
                if found is not None:
                    return found
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            continue
    return None


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0
