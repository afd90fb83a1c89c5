"""Writes several files so that all of them are there, or none. Knows nothing of what is in them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path


def write_together(texts: Mapping[Path, str]) -> None:
    """Write each text under a temporary name, then put all in place, in the order given.

    When that is interrupted, or the disk is full, what was there before is there again. Links are followed and a
    file's permissions are kept.
    """
    targets = {path.resolve(): text for path, text in texts.items()}
    scratch = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in targets}
    before = {path: path.read_bytes() if path.exists() else None for path in targets}
    made: list[Path] = []
    try:
        for path, text in targets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with scratch[path].open("w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, scratch[path])
        for path in targets:
            made.append(path)
            scratch[path].replace(path)
    except BaseException:
        for path in made:
            _restore(path, before[path])
        raise
    finally:
        for path in scratch.values():
            with contextlib.suppress(OSError):
                path.unlink()


def _restore(path: Path, before: bytes | None) -> None:
    with contextlib.suppress(FileNotFoundError):
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
