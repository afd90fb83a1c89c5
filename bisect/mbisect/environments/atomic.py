"""Writes files so that they are there whole or not at all, one or several together. Knows nothing of their contents."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from mbisect.errors import UsageError

STDOUT = Path("-")
"""What stands for standard output where a file may be named."""


def write_whole(path: Path, text: str) -> None:
    """Write a text file, or print the text where the path is `-`. Raises UsageError where that is not possible.

    A link is followed and a file's permissions are kept. What is no file (a device, a pipe) is written to, and never
    replaced by one.
    """
    if path == STDOUT:
        print(text, end="")
        return
    target, data = Path(os.path.realpath(path)), text.encode("utf-8", "replace")
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        temporary.write_bytes(data)
        if target.exists():
            shutil.copymode(target, temporary)
        temporary.replace(target)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


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
