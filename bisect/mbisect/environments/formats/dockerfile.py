"""A Dockerfile that installs a lock; written only."""

from __future__ import annotations

from mbisect.environments.lockfile import render
from mbisect.terms import Lock

TITLE = "Dockerfile"


def write(lock: Lock, name: str) -> str:
    """One file, with the lock inside: no context is needed to build it, and no index is named in it."""
    image = f"python:{lock.python}-slim" if lock.python else "python:3-slim"
    hashed = " --require-hashes" if all(pin.hashes for pin in lock.pins) else ""
    return (
        f"# syntax=docker/dockerfile:1\n# {name}, written by `mbisect export`.\nFROM {image}\n"
        f"COPY <<'EOF' /lock/{name}.txt\n{render(lock.pins)}EOF\n"
        f"RUN python -m pip install --no-cache-dir --no-deps{hashed} -r /lock/{name}.txt\n"
    )
