"""A snapshot that was taken, as text for a terminal and as plain data. Pure."""

from __future__ import annotations

from typing import Any

from mbisect.environments.observed import Observed
from mbisect.snapshot import Taken


def as_text(taken: Taken) -> str:
    """A few lines: what was found, and where it was written."""
    observed, captured = taken.observed, taken.captured
    platform = observed.platform
    hashed = sum(bool(pin.hashes) for pin in captured.pins)
    rows = [
        ("python", _python(observed.interpreter)),
        ("packages", f"{len(captured.pins)} in the lock, {hashed} of them hashed; {len(captured.asked_for)} top-level"),
        ("system", ", ".join(str(platform[key]) for key in ("distribution", "libc", "machine") if platform.get(key))),
        *([("image", _image(observed.image))] if observed.image else _machine(observed)),
        *((key, str(taken.entry[key])) for key in ("commit", "dataset", "seed") if key in taken.entry),
    ]
    lines = [f"snapshot {taken.name}", *(f"  {key:<10}{value}" for key, value in rows)]
    return "\n".join([*lines, f"wrote {', '.join(map(str, taken.files))}"])


def _python(said: dict[str, Any]) -> str:
    build = ", ".join(str(said[key]) for key in ("implementation", "compiler") if said.get(key))
    return f"{said['version']} ({build})" if build else str(said["version"])


def _machine(observed: Observed) -> list[tuple[str, str]]:
    return [("cpu", str(observed.cpu.get("model") or "unknown")), ("gpu", _gpu(observed.gpu))]


def _image(image: dict[str, Any]) -> str:
    return f"{image['name']} ({image['digest'] or image['id']})"


def _gpu(gpu: dict[str, Any] | None) -> str:
    if not gpu or "error" in gpu:
        return "none"
    return f"{', '.join(gpu['models'])} (driver {gpu['driver']}, CUDA {gpu.get('driver_cuda') or '?'})"


def as_plain(taken: Taken) -> dict[str, Any]:
    """Schema `mbisect.snapshot/1`."""
    return {
        "schema": "mbisect.snapshot/1",
        "name": taken.name,
        "python": taken.observed.interpreter["version"],
        "packages": {pin.name: pin.version for pin in taken.captured.pins},
        "unhashed": [pin.name for pin in taken.captured.pins if not pin.hashes],
        "top_level": list(taken.captured.asked_for),
        "left_out": [{"name": o.name, "version": o.version, "reason": o.reason} for o in taken.captured.left_out],
        "entry": dict(taken.entry),
        "files": [str(path) for path in taken.files],
        "warnings": list(taken.warnings),
    }
