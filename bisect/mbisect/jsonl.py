"""Terms as JSON on disk, in files that grow by whole lines. Knows nothing of what a line is about."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@cache
def adapter(kind: type[Any]) -> TypeAdapter[Any]:
    """How a term becomes JSON, and JSON the term."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def append_line(path: Path, data: Mapping[str, object]) -> None:
    """One line of JSON in one write, on disk before this returns; after a torn line a new one is begun."""
    line = json.dumps(data, separators=(",", ":")).encode() + b"\n"
    with path.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def whole_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of such a file; torn lines and all else are passed over."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(data, dict):
            found.append(data)
    return found
