"""The interpreter axis: the lines of Python between two, as far as they are installed here."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

from packaging.version import Version

from mbisect.terms import Change, Interpreter, Key

FIRST_RELEASE = {
    "3.8": datetime(2019, 10, 14, tzinfo=UTC),
    "3.9": datetime(2020, 10, 5, tzinfo=UTC),
    "3.10": datetime(2021, 10, 4, tzinfo=UTC),
    "3.11": datetime(2022, 10, 24, tzinfo=UTC),
    "3.12": datetime(2023, 10, 2, tzinfo=UTC),
    "3.13": datetime(2024, 10, 7, tzinfo=UTC),
    "3.14": datetime(2025, 10, 7, tzinfo=UTC),
}
"""When each line of CPython had its first final release (PEPs 569, 596, 619, 664, 693, 719, 745)."""


class PythonAxis:
    """Versions between two interpreters; nothing is downloaded, so what is not installed is passed over."""

    def __init__(self, available: Callable[[], tuple[Interpreter, ...]]) -> None:
        self._available = available

    def between(self, key: Key, before: str | None, after: str | None) -> tuple[Change, ...]:
        """One change per installed line between the two; dated by the line's first release when it rises."""
        assert before is not None and after is not None, "every snapshot has an interpreter"
        low, high = sorted((Version(before), Version(after)))
        lines = {v.release[:2]: v for i in self._available() if low < (v := Version(i.version)) < high}
        inner = [str(v) for line, v in sorted(lines.items()) if line not in (low.release[:2], high.release[:2])]
        rising = Version(before) < Version(after)
        chain = [before, *(inner if rising else inner[::-1]), after]
        return tuple(
            Change(key, a, b, FIRST_RELEASE.get(".".join(b.split(".")[:2])) if rising else None)
            for a, b in itertools.pairwise(chain)
        )
