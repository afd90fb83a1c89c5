"""Axes without a history: settings, seeds and environment variables move in one step, at no known date."""

from __future__ import annotations

from mbisect.terms import Change, Key


class PlainAxis:
    """One change from one value to the other."""

    def between(self, key: Key, before: str | None, after: str | None) -> tuple[Change, ...]:
        """The one change."""
        return (Change(key, before, after),)
