"""A Dockerfile that installs a lock; written only."""

from __future__ import annotations

from mbisect.environments.lockfile import render
from mbisect.terms import Lock

TITLE = "Dockerfile"


def write(lock: Lock, name: str) -> str:
    """One file, with the lock inside: no context is needed to build it, and no index is named in it."""
    image = f"python:{lock.python}-slim" if lock.python else "python:3-slim"
    text = f"# syntax=docker/dockerfile:1\n# {name}, written by `mbisect export`.\nFROM {image}\n"
    for file, hashed in (("hashed", True), ("unhashed", False)):  # pip wants hashes of all lines, or of none
        pins = [pin for pin in lock.pins if bool(pin.hashes) is hashed]
        if pins:
            option = " --require-hashes" if hashed else ""
            text += f"COPY <<'EOF' /lock/{file}.txt\n{render(pins)}EOF\n"
            text += f"RUN python -m pip install --no-cache-dir --no-deps{option} -r /lock/{file}.txt\n"
    return text
