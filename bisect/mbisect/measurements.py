"""Measurements of trials on disk, so that runs can share them. Knows nothing of where they are kept."""

from __future__ import annotations

import os
from pathlib import Path

from mbisect.jsonl import adapter
from mbisect.terms import Measurement


def save_measurement(path: Path, measured: Measurement) -> None:
    """Keep a trial's measurement; on disk whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(adapter(Measurement).dump_json(measured, indent=1))
    temporary.replace(path)


def load_measurement(path: Path) -> Measurement | None:
    """A kept measurement; None when there is none, or it is damaged."""
    try:
        found: Measurement = adapter(Measurement).validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found
