"""Opens a file on a web server, or on this disk, for reading at any place. Knows nothing of what is in it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import requests

STRETCH = 128 * 1024
"""Bytes that are asked for at least, and of the end first: a zip archive has its table of contents there."""
WHOLE = 5_000_000
"""A file up to this size is downloaded whole where the server cannot send parts."""
TIMEOUT = (3.05, 10.0)
"""Seconds to connect, and between two packets."""


def open_remote(session: requests.Session, address: str) -> IO[bytes] | None:
    """A file to be read at any place; None where the server refuses, or sends no parts of a large file.

    `address` is a URL or a path on this disk. Raises OSError, as reading from it does, when the connection breaks.
    """
    if "://" not in address:
        return Path(address).open("rb")
    answer = _get(session, address, f"-{STRETCH}")
    with answer:
        if answer.status_code == 206:
            place, _, total = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
            first = place.partition("-")[0]
            if not (first.isdigit() and total.isdigit()):
                return None
            return io.BufferedReader(
                _Ranges(lambda part: _part(session, address, part), int(total), int(first), answer.content), STRETCH
            )
        if answer.status_code == 200:
            whole = b""
            for stretch in answer.iter_content(STRETCH):
                whole += stretch
                if len(whole) > WHOLE:
                    return None
            return io.BytesIO(whole)
    return None


class _Ranges(io.RawIOBase):
    """Bytes that are fetched when they are read; the last stretch that was fetched is kept, and the tail."""

    def __init__(self, fetch: Callable[[str], bytes], size: int, first: int, tail: bytes) -> None:
        self._fetch = fetch
        self._size = size
        self._at = 0
        self._stretches = [(first, tail)]

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; costs nothing."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed names a protocol of 3.12
        """Read what fits, from what is here where it is here."""
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        for first, stretch in self._stretches:
            if first <= self._at < first + len(stretch):
                here = stretch[self._at - first :][:wanted]
                break
        else:
            here = self._fetch(f"{self._at}-{self._at + wanted - 1}")
            if len(here) != wanted:
                raise OSError("the server sent another part than was asked for")
            self._stretches[1:] = [(self._at, here)]
        buffer[: len(here)] = here
        self._at += len(here)
        return len(here)


def _get(session: requests.Session, address: str, part: str) -> requests.Response:
    headers = {"Range": f"bytes={part}", "Accept-Encoding": "identity"}
    return session.get(address, headers=headers, timeout=TIMEOUT, stream=True)


def _part(session: requests.Session, address: str, part: str) -> bytes:
    with _get(session, address, part) as answer:
        if answer.status_code != 206:
            raise OSError("the server sends no parts any more")
        return answer.content
