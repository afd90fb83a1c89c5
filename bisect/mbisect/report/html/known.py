"""What a package says of itself in an environment that stands on disk: what it is for, and where its project lives.

Nothing is asked of anybody: an environment that was cleared away says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from urllib.parse import urlsplit

from mbisect.environments.build import environment_key
from mbisect.journal import Record
from mbisect.report.untrusted import one_line
from mbisect.terms import PYTHON, Axis, Cause, Values

MOST = 5
"""Links that are shown."""
FIRST = (
    "change",
    "release",
    "news",
    "history",
    "source",
    "repo",
    "code",
    "git",
    "issue",
    "bug",
    "tracker",
    "doc",
    "home",
)
"""Parts of labels, what helps most to understand a change first."""
BESIDE = re.compile(r"donat|sponsor|fund|chat|discord|twitter|mastodon", re.IGNORECASE)
"""Labels of places that say nothing of a change."""
CLUTTER = re.compile(r"[\s\x00-\x1f\x7f-\x9f\"<>\\^`{|}]")


@dataclass(frozen=True, slots=True)
class Link:
    """A place on the web."""

    label: str
    address: str
    """http or https."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a release says of itself."""

    summary: str = ""
    links: tuple[Link, ...] = ()


def known_of(record: Record, cause: Cause, environments: Path) -> Known:
    """What is known of a cause that is a package; empty for anything else, and where no environment has it."""
    if cause.change.key.axis is not Axis.PACKAGE:
        return Known()
    interpreters = {end.interpreter.version: end.interpreter for end in (record.good, record.bad)}
    finding = record.finding
    candidates = [found.values for found in (finding.first_bad, finding.last_good) if found is not None]
    for values in (*candidates, record.bad.values, record.good.values):
        interpreter = interpreters.get(values.get(PYTHON, ""))
        if interpreter is not None:
            folder = environments / environment_key(values, interpreter)
            if (text := _metadata(folder, cause.change.key.name, values)) is not None:
                return read_metadata(text)
    return Known()


def read_metadata(text: str) -> Known:
    """What core metadata say; only addresses of the web count."""
    found = HeaderParser().parsestr(text)
    stated = [entry.partition(",") for entry in found.get_all("Project-URL", [])]
    pairs = [(str(label), str(address)) for label, _, address in stated] + [
        ("Homepage", str(found.get("Home-page", "")))
    ]
    links: dict[str, Link] = {}
    for label, address in pairs:
        address = address.strip()
        if is_safe(address) and not BESIDE.search(label):
            links.setdefault(address.rstrip("/"), Link(one_line(label, 40) or "Link", address))
    ranked = sorted(links.values(), key=lambda link: _rank(link.label))
    return Known(one_line(str(found.get("Summary", "")), 200), tuple(ranked[:MOST]))


def is_safe(address: str) -> bool:
    """An address of the web, with a host and nothing that could be read as anything else."""
    try:
        parts = urlsplit(address)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not CLUTTER.search(address)
    except ValueError:
        return False


def _rank(label: str) -> int:
    return next((place for place, part in enumerate(FIRST) if part in label.lower()), len(FIRST))


def _metadata(environment: Path, name: str, values: Values) -> str | None:
    wanted = re.sub(r"[-_.]+", "-", f"{name}-{values.packages().get(name, '')}.dist-info").lower()
    for folder in environment.glob("lib/python3*/site-packages/*.dist-info"):
        if re.sub(r"[-_.]+", "-", folder.name).lower() == re.sub(r"[-_.]+", "-", wanted):
            try:
                return (folder / "METADATA").read_text(encoding="utf-8", errors="replace")
            except OSError:
                return None
    return None
