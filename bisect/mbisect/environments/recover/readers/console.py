"""What a run printed: versions that it states, tables of its packages, tracebacks, times. Knows nothing of installers.

Only what states versions and nothing else is taken: see statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from packaging.utils import canonicalize_name

from mbisect.environments.recover.checked import dated, interpreter, released, within
from mbisect.environments.recover.evidence import PYTHON, Evidence, Present, Strength
from mbisect.environments.recover.lines import LONG, MOST, is_log, lines_of
from mbisect.environments.recover.statements import imported, pinned, stated

TITLE = "Console logs and tracebacks"
RECORDED, HINT = Strength.RECORDED, Strength.HINT
CLOCK = r"\d\d:\d\d:\d\d"
ISO = rf"\d{{4}}-\d\d-\d\d[T ]{CLOCK}(?:[.,]\d{{1,9}})?(?:Z|[+-]\d\d:?\d\d)?"
TIME = re.compile(
    rf"""(?:\#\d{{1,4}}\ [\d.]{{1,12}}\ )?  # a step of a Docker build
    (?:[\[({{]|\[\w{{1,10}}\|[^\]]{{0,80}}\]\ |\{{"(?:time|timestamp|ts|asctime)":\ ?")?(?P<iso>{ISO})
    |(?P<american>\d\d/\d\d/\d{{4}}\ {CLOCK})\ -\ [A-Z]+\ -\   # the examples of Transformers
    |(?P<date>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\ [A-Z][a-z]{{2}}\ [\ \d]\d\ {CLOCK}\ (?:UTC\ |GMT\ )?\d{{4}})\s*$""",
    re.VERBOSE,
)
LEVEL = re.compile(r"\b(?:DEBUG|INFO|WARN(?:ING)?|ERROR|CRITICAL)\b|^[\[{]|^\S{10}T\S{8}")
"""What makes the time at the head of a line that of a log, and not of a row of data."""
PREFIX = re.compile(r".*(?: >> | - |\] |: INFO: )")
DUMP = re.compile(r"(?:Model config \w+ |Generate config GenerationConfig )\{$")
"""Transformers prints a configuration with its own version in it."""
DUMPED = re.compile(r'\s+"transformers_version": "([^"]{1,60})",?$')
LIST = re.compile(r"Package\s+Version(?:\s.*)?")
ROW = re.compile(r"(?P<name>[\w.-]{1,200})\s+(?P<version>\d\S{0,100})(?P<folder>\s+\S*[\\/].*)?(?:\s.*)?")
HEAD = 200
"""Lines that tell what a file is."""
WRITTEN = re.compile(r"\s*(?:#.*|-[a-z-]+ .*|[\w.-]+(?:\[[^\]]*\])?\s*(?:[<>=!~]=|[<>@]).*)?")
ELSEWHERE = re.compile(r"[\w.-]+ @ \S+|-e \S+.*|# Editable .*")
"""What `pip freeze` prints of what came from no index."""
FREEZE = 10
"""So many sorted pins in a row are what `pip freeze` prints."""


def recognises(path: Path) -> bool:
    """Anything that may be a log."""
    return is_log(path)


def read(path: Path, name: str) -> Iterator[Evidence]:
    """What the run says in a file. One of nothing but requirements is a list that somebody may have written."""
    lines = lines_of(path)
    first = list(islice(lines, HEAD))
    written = path.suffix == ".txt" and all(WRITTEN.fullmatch(line[:LONG]) for _, line in first)
    for one in said(chain(first, lines), name):
        yield replace(one, strength=min(one.strength, Strength.STATED)) if written else one


def said(lines: Iterable[tuple[str, str]], name: str) -> Iterator[Evidence]:
    """What the run says in lines, each with its place; each thing once."""
    seen: set[Present] = set()
    times = Times()
    for one in _each(times.watch(lines), name):
        if isinstance(one.says, Present) and one.says not in seen:
            seen.add(one.says)
            yield one
        if len(seen) >= MOST:
            break
    yield from times.evidence(name)


def _each(lines: Iterable[tuple[str, str]], name: str) -> Iterator[Evidence]:
    dump = table = False
    freeze: list[tuple[str, str, str, str]] = []
    for place, line in lines:
        bare = line.strip()
        pin = pinned(bare)
        if ELSEWHERE.fullmatch(bare[:LONG]):
            continue
        if pin is None or (freeze and canonicalize_name(pin[0]) <= canonicalize_name(freeze[-1][2])):
            yield from _frozen(freeze, name)
            freeze = []
        if pin is not None and len(freeze) < MOST:
            freeze.append((place, bare, *pin))
        if LIST.fullmatch(bare):
            table = True
        elif table and not bare.startswith("---"):
            row = ROW.fullmatch(bare)
            table = row is not None
            if row is not None and row["folder"] is None:  # else an editable install, which no index has
                yield from released(name, place, bare, row["name"], row["version"], RECORDED)
            if table:
                continue
        if dump and (version := DUMPED.match(line)):
            yield from released(name, place, bare, "transformers", version[1], RECORDED)
        dump = bool(DUMP.search(line)) or (dump and not line.startswith("}"))
        yield from _line(place, line, name)
    yield from _frozen(freeze, name)


def _line(place: str, line: str, name: str) -> Iterator[Evidence]:
    if "/python3." in line and (place_of := imported(line)) is not None:
        python, package = place_of
        yield from interpreter(name, place, line, python, RECORDED)
        if package is not None:
            yield from within(name, place, line, package, "", RECORDED)
    if re.search(r"\d\.\w", line) is None:
        return
    heads = (TIME.match(line), PREFIX.match(line) if LEVEL.search(line[:200]) else None)
    for text in dict.fromkeys((line, *(line[head.end() :].lstrip(" ])-:") for head in heads if head is not None))):
        for package, version in stated(text):
            if package == PYTHON:
                yield from interpreter(name, place, line, version, RECORDED)
            elif version.endswith(".*"):
                yield from within(name, place, line, package, f"=={version}", RECORDED)
            else:
                yield from released(name, place, line, package, version, RECORDED)


def _frozen(rows: list[tuple[str, str, str, str]], name: str) -> Iterator[Evidence]:
    for place, raw, package, version in rows if len(rows) >= FREEZE else ():
        yield from released(name, place, raw, package, version, RECORDED)


class Times:
    """The first and the last time at the head of a line: those of log lines, or else whatever times there are."""

    def __init__(self) -> None:
        self._found: dict[Strength, list[tuple[str, str, datetime | str]]] = {RECORDED: [], HINT: []}

    def watch(self, lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """The same lines."""
        for place, line in lines:
            match = TIME.match(line) if line[:1] in "0123456789[({#MTWFS" else None
            if match is not None:
                certain = match["iso"] is None or LEVEL.search(line[:160]) is not None
                found = self._found[RECORDED if certain else HINT]
                found[1:] = [(place, match[0], match["iso"] or _read(match))]
            yield place, line

    def evidence(self, name: str) -> Iterator[Evidence]:
        """At most two dates."""
        strength = RECORDED if self._found[RECORDED] else HINT
        for place, raw, when in islice(self._found[strength], 2):
            yield from dated(name, place, raw, when, strength)


def _read(match: re.Match[str]) -> datetime | str:
    text, shape = (match["american"], "%m/%d/%Y %H:%M:%S")
    if text is None:
        text, shape = re.sub(r"UTC |GMT ", "", match["date"]), "%a %b %d %H:%M:%S %Y"
    try:
        return datetime.strptime(text, shape).replace(tzinfo=UTC)
    except ValueError:
        return ""
