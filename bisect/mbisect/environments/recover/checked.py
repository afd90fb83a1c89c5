"""Names, versions and dates in files that anybody may have written → evidence, or nothing where they are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Literal

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mbisect.environments.pins import NAME, SHORT, shown
from mbisect.environments.recover.evidence import PYTHON, SHOWN, Dated, Evidence, Strength, present

INTERPRETER = re.compile(r"(?<![\w.])(?P<minor>3\.\d{1,2})(?P<patch>\.\d{1,2}(?:(?:a|b|rc)\d{1,2})?)?(?![\d.]*\d)")
YEARS = range(2008, 2100)
"""A run was in one of these; other numbers are no dates."""


def released(
    file: str, place: str, raw: object, package: object, version: object, strength: Strength, *, root: bool = False
) -> Iterator[Evidence]:
    """A package was there in exactly this release."""
    try:
        if len(str(version)) > SHORT:
            return
        specifier = f"=={Version(str(version))}"
    except ValueError:  # InvalidVersion is one, and so is a number of thousands of digits
        return
    yield from within(file, place, raw, package, specifier, strength, root=root)


def within(
    file: str, place: str, raw: object, package: object, specifier: str, strength: Strength, *, root: bool = False
) -> Iterator[Evidence]:
    """A package was there in a release that a specifier admits; an empty one admits all."""
    name = str(package)
    if len(name) > SHORT or len(specifier) > SHORT or NAME.fullmatch(name) is None:
        return
    try:
        SpecifierSet(specifier)
    except ValueError:
        return
    yield present(file, shown(place), shown(raw, SHOWN), name, specifier, strength, root=root)


def interpreter(file: str, place: str, raw: object, version: object, strength: Strength) -> Iterator[Evidence]:
    """The Python in a text such as "3.11.7", "CPython 3.11.7" or "3.11", which stands for all of its line."""
    match = INTERPRETER.search(str(version)[:SHORT])
    if match is not None:
        specifier = f"=={match[0]}" if match["patch"] else f"=={match['minor']}.*"
        yield from within(file, place, raw, PYTHON, specifier, strength)


def dated(
    file: str,
    place: str,
    raw: object,
    when: object,
    strength: Strength,
    relation: Literal["at", "not after", "not before"] = "at",
) -> Iterator[Evidence]:
    """When the run was: a date, an ISO 8601 text or seconds since 1970. One without a time zone is taken for UTC, as
    nothing says where the machine stood: up to 14 hours wrong."""
    try:
        moment = _moment(when)
    except (ValueError, OverflowError, OSError):
        return
    if moment is not None and moment.year in YEARS:
        yield Evidence(file, shown(place), shown(raw, SHOWN), Dated(relation, moment), strength)


def table(value: object) -> dict[Any, Any]:
    """The value where it is a table; else an empty one."""
    return value if isinstance(value, dict) else {}


def _moment(when: object) -> datetime | None:
    if isinstance(when, bool):
        return None
    if isinstance(when, int | float):
        return datetime.fromtimestamp(when, UTC)
    if isinstance(when, str):
        when = datetime.fromisoformat(when[:SHORT])
    if isinstance(when, datetime):
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    if isinstance(when, date):
        return datetime(when.year, when.month, when.day, tzinfo=UTC)
    return None
