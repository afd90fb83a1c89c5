"""What installers printed: pip, uv and Poetry. Knows no other lines of a log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from mbisect.environments.pins import SHORT, is_version
from mbisect.environments.recover.checked import dated, interpreter, released, within
from mbisect.environments.recover.evidence import Evidence, Present, Strength
from mbisect.environments.recover.lines import MOST, is_log, lines_of

TITLE = "pip and uv logs"
RECORDED, STATED = Strength.RECORDED, Strength.STATED
HEAD = re.compile(
    r"(?:#\d{1,4} [\d.]{1,12} )?(?:(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:,\d{3}|\.\d{3,9}Z?))[ ]?)?\s{0,8}"
)
"""Before a line: the step of a Docker build, the time that `pip --log` and CI services write."""
NAME = r"(?P<name>[A-Za-z0-9][\w.-]{0,199})"
SATISFIED = re.compile(rf"Requirement already (?:satisfied|up-to-date): {NAME}")
COLLECTING = re.compile(
    rf"Collecting {NAME}(?:\[[^\]]{{0,200}}\])?(?P<range>[<>=!~][^\s;()]{{0,200}})?(?P<url>@.*)?(?: \(from (?P<by>.*))?"
)
FETCHED = re.compile(r"(?:Using cached|Downloading) (?:\S{0,300}/)?(?P<file>[^/\s]{1,200}?\.(?:whl|tar\.gz))\b")
UV = re.compile(rf"(?P<sign>[+~-]) {NAME}==(?P<version>[^\s=]{{1,100}})(?: \(from .*\))?")
POETRY = re.compile(
    rf"[-•*] (?:Installing|Updating|Downgrading) {NAME} \((?:\S{{1,100}} -> )?(?P<version>[^\s()]+)\b.*"
)
HAVE = re.compile(rf"but you have {NAME} (?P<version>[^\s,]{{1,100}}) which is incompatible")
PIP = re.compile(r"(?:Using )?pip (?P<version>\S{1,60}) from .{0,400} \(python (?P<python>3\.\d{1,2})\)")
USING = re.compile(r"Using (?:CPython|Python) (?P<python>3\.\d{1,2}\.\d{1,2})\b.{0,400}")
LIBRARY = re.compile(r"/python(3\.\d{1,2})/(?:site|dist)-packages")
KEYWORDS = re.compile(
    r"uccessfully (?:un)?installed|Requirement already|Collecting |Using cached|Downloading |but you have|ython 3"
    r"|^[\s#T:Z\d.,-]{0,60}[+~-] [A-Za-z0-9][\w.-]{0,199}==|Installing |Updating |Downgrading "
)


class Account:
    """What is installed after each line. A later line supersedes an earlier one of the same package."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._there: dict[str, Evidence] = {}
        self._asked: dict[str, Evidence] = {}
        self._python: dict[str, Evidence] = {}
        self._fetched: dict[str, Evidence | None] = {}
        self._installed = False

    def add(self, place: str, line: str) -> None:
        """One line, without what stands before it."""
        if line.startswith("Successfully installed "):
            self._installed = True
            for one in line.split()[2:]:
                self._have(place, one, *_split(one))
        elif line.startswith("Successfully uninstalled "):
            self._there.pop(canonicalize_name(_split(line.split()[2])[0]), None)
        elif match := SATISFIED.match(line):
            opening = line.rfind("(")
            self._have(place, line, match["name"], line[opening + 1 :].rstrip(") "))
            if " (from " not in line or " (from -r " in line:
                self._ask(place, line, match["name"], "")
            if library := LIBRARY.search(line):
                self._interpreter(place, line, library[1])
        elif match := UV.fullmatch(line):
            self._installed = True
            if match["sign"] == "-":
                self._there.pop(canonicalize_name(match["name"]), None)
            else:
                self._have(place, line, match["name"], match["version"])
        elif match := POETRY.fullmatch(line):
            self._installed = True
            self._have(place, line, match["name"], match["version"])
        elif match := HAVE.search(line):
            self._have(place, line, match["name"], match["version"])
        elif match := COLLECTING.fullmatch(line):
            if match["by"] is None or match["by"].startswith("-r "):
                self._ask(place, line, match["name"], match["range"] or "")
        elif match := FETCHED.match(line):
            self._fetch(place, line, match["file"])
        elif match := USING.fullmatch(line):
            self._interpreter(place, line, match["python"])
        elif match := PIP.match(line):
            self._have(place, line, "pip", match["version"])
            self._interpreter(place, line, match["python"])

    def close(self) -> Iterator[Evidence]:
        """What holds at the end; what was only fetched where nothing says that it was installed."""
        yield from self._python.values()
        yield from self._asked.values()
        yield from self._there.values()
        if not self._installed:
            yield from (one for key, one in self._fetched.items() if one is not None and key not in self._there)

    def _have(self, place: str, raw: str, name: str, version: str) -> None:
        for one in released(self._file, place, raw, name, version, RECORDED):
            _put(self._there, one)

    def _ask(self, place: str, raw: str, name: str, specifier: str) -> None:
        for one in within(self._file, place, raw, name, specifier, STATED, root=True):
            _put(self._asked, one)

    def _interpreter(self, place: str, raw: str, version: str) -> None:
        for one in interpreter(self._file, place, raw, version, RECORDED):
            _put(self._python, one)

    def _fetch(self, place: str, raw: str, file: str) -> None:
        """Of two releases of one package one was given up, and nothing says which."""
        try:
            name, version = (parse_wheel_filename if file.endswith(".whl") else parse_sdist_filename)(file)[:2]
        except (InvalidWheelFilename, InvalidSdistFilename, ValueError):
            return
        for one in released(self._file, place, raw, name, version, STATED):
            known = self._fetched.get(str(name), one)
            if len(self._fetched) < MOST:
                self._fetched[str(name)] = one if known is not None and known.says == one.says else None


def recognises(path: Path) -> bool:
    """Anything that may be a log: installers print into them all."""
    return is_log(path)


def read(path: Path, name: str) -> Iterator[Evidence]:
    """What installers say in a file."""
    return said(lines_of(path), name)


def said(lines: Iterable[tuple[str, str]], name: str) -> Iterator[Evidence]:
    """What installers say in lines, each with its place: what holds after the last one, and when they were written."""
    account = Account(name)
    first = last = None
    for place, line in lines:
        if KEYWORDS.search(line) is None:
            continue
        head = HEAD.match(line)
        text = line[head.end() :].rstrip() if head is not None else line
        account.add(place, text)
        if head is not None and head["time"]:
            last = (place, head["time"])
            first = first or last
    yield from account.close()
    for place, time in dict.fromkeys(one for one in (first, last) if one is not None):
        yield from dated(name, place, time, time, RECORDED)


def _split(text: str) -> tuple[str, str]:
    """`flash-attn-2.6.3` → name and version: the last dash before something that is a version."""
    name, _, version = text.partition("-") if text.count("-") == 1 else text.rpartition("-")
    return (name, version) if len(version) <= SHORT and is_version(version) else ("", "")


def _put(kept: dict[str, Evidence], one: Evidence) -> None:
    if isinstance(one.says, Present) and (len(kept) < MOST or one.says.package in kept):
        kept[one.says.package] = one
