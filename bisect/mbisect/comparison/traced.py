"""What a workload loaded at a snapshot, where an earlier run has traced it. Reads journals; runs nothing."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from mbisect.environments.loaded import Loaded, read_loaded
from mbisect.environments.store import LOADED
from mbisect.terms import Snapshot

NEWEST = 20
"""Runs that are looked at."""
FIRST = 10
"""Trials of a run that are looked at: the ends are measured first."""


def loaded_at(cache: Path, snapshot: Snapshot) -> Loaded | None:
    """From the newest run that has this snapshot as its good end; None where no trace is left."""
    wanted = sorted([*key, value] for key, value in snapshot.values.items())
    for journal in sorted(cache.glob("runs/*/journal.jsonl"), key=_age)[:NEWEST]:
        try:
            with journal.open(encoding="utf-8") as lines:
                if sorted(json.loads(next(lines))["head"]["good"]["values"]) != wanted:
                    continue
                trials = [json.loads(line).get("trial") for line in itertools.islice(lines, FIRST)]
            outputs = [t["measurement"]["output"] for t in trials if t and t["ask"]["purpose"] == "good end"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
            continue
        for output in filter(None, outputs):
            found = read_loaded(Path(output).parent / LOADED)
            if found is not None:
                return found
    return None


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0
