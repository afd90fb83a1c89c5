"""A text of any size, line by line: bounds what a hostile one can cost; knows nothing of what it says."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from mbisect.errors import ConfigError

SIZE = 32 << 20
"""Characters that are read; what a log says of its environment stands at its beginning."""
LONG = 4000
"""Characters of a line that are looked at, but for the one in which pip lists what it installed."""
LISTED = 64_000
"""Of that one: 2,000 packages."""
MOST = 10_000
"""Statements that are kept of a file."""
LOG = re.compile(r"(?i:.*\.(?:log|out|err|txt)(?:\.\d+)?|.*\.[oe]\d+|log|stdout|stderr|output|logs)")
LISTS = re.compile(r"(?i:vocab|merges|.*(?:requirements|constraints|freeze).*)\.txt")
"""Text files that other readers read, or nobody."""
PINNED = ("requirements", "constraints")
"""Folders of such files."""
COLOUR = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")


def lines_of(path: Path) -> Iterator[tuple[str, str]]:
    """Places and lines; what a progress bar overwrote is a line too, at the same place.

    Bytes that are no UTF-8 are replaced, colours taken out. A line that is too long ends at a space before its limit.
    Raises ConfigError for a file that cannot be opened.
    """
    try:
        with path.open("rb") as file:
            head = file.read(2)
        wide = head in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        with path.open(encoding="utf-16" if wide else "utf-8-sig", errors="replace", newline="") as text:
            number, spent, whole = 1, 0, True
            while spent < SIZE and (piece := text.readline(LISTED)):
                spent += len(piece)
                if whole:
                    yield f"line {number}", tidy(piece)
                whole = piece.endswith(("\n", "\r"))
                number += piece.endswith("\n")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def lines_in(text: str, within: str = "") -> Iterator[tuple[str, str]]:
    """The same for a text that is read already."""
    for number, line in enumerate(text[:SIZE].split("\n"), 1):
        yield from ((f"{within}line {number}", tidy(piece)) for piece in line.removesuffix("\r").split("\r"))


def is_log(path: Path) -> bool:
    """Whether a file holds what programs print, by its name."""
    return (
        LOG.fullmatch(path.name) is not None and LISTS.fullmatch(path.name) is None and path.parent.name not in PINNED
    )


def tidy(line: str) -> str:
    """A line without colours and end, cut where it is too long."""
    line = COLOUR.sub("", line.rstrip("\r\n")) if "\x1b" in line else line.rstrip("\r\n")
    limit = LISTED - 1 if "uccessfully installed" in line[:200] else LONG
    return line if len(line) <= limit else line[:limit].rpartition(" ")[0]
