"""Rebuilds the table of which names saved files have in which release: python tools/fingerprints.py [--check]

The modules that decide the names are read out of the released wheels, by ranges where the index sends them, and kept in
mbisect's cache, so that a new release costs one wheel. Nothing is installed, nothing is imported. Pre-releases are left
out. --check compares with the index and exits with 1 when it has releases that the table does not know.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import sys
import textwrap
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests
from packaging.version import Version

from mbisect.environments.index import Index
from mbisect.environments.indexes import endpoints_of, find_links_of
from mbisect.environments.ranges import open_remote
from mbisect.environments.recover.fingerprints import FORMAT, TABLE
from mbisect.environments.store import cache_root
from mbisect.errors import MbisectError, NetworkError
from mbisect.terms import Interpreter
from tools.saved import SAVED, Owners, Saved, saved_by

FIRST = {"transformers": "4.36", "peft": "0.7", "trl": "0.7"}
"""The packages, and the first release of each that is covered."""
HERE = Interpreter(platform.python_version(), sys.executable)
WIDTH = 120

Table = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """The command; -> the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    asked = parser.parse_args(argv)
    index = Index(cache_root(), endpoints=endpoints_of(os.environ), find_links=find_links_of(os.environ), max_age=0.0)
    try:
        if asked.check:
            return _check(index)
        TABLE.write_text(as_text(build(index)), encoding="utf-8")
    except MbisectError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    print(f"{TABLE.name}: {TABLE.stat().st_size:,} bytes")
    return 0


def build(index: Index) -> Table:
    """The whole table. Raises NetworkError."""
    return {"format": FORMAT, "packages": {package: _package(index, package) for package in sorted(FIRST)}}


def releases(index: Index, package: str) -> tuple[str, ...]:
    """The final releases that are covered, yanked ones too: a run may have used them. Raises NetworkError."""
    found = index.releases(package, HERE)
    final = (one.version for one in found if one.wheel and not Version(one.version).is_prerelease)
    return tuple(version for version in final if Version(version) >= Version(FIRST[package]))


def extract(index: Index, package: str, version: str) -> dict[str, Owners]:
    """Kind of file → what its owners hold in one release. Raises NetworkError."""
    members = _members(index, package, version)
    return {saved.kind: saved.owners(saved.among(members)) for saved in saved_by(package)}


def as_text(table: Table) -> str:
    """The table as JSON whose lines are for reading: lists of names fill them."""
    return "\n".join(_lines(table, "")) + "\n"


def spans(order: Sequence[str], members: Iterable[str]) -> str:
    """Releases as stretches of all of them in order: "A..B" with both ends, left out where the table itself ends."""
    places = sorted(order.index(member) for member in members)
    starts = [place for place in places if place - 1 not in places]
    ends = [place for place in places if place + 1 not in places]
    return " ".join(
        f"{order[start] if start else ''}..{order[end] if end < len(order) - 1 else ''}"
        for start, end in zip(starts, ends, strict=True)
    )


def _check(index: Index) -> int:
    known = json.loads(TABLE.read_text(encoding="utf-8"))["packages"]
    new = [f"{name} {one}" for name in FIRST for one in releases(index, name) if one not in known[name]["releases"]]
    if new:
        print(f"{', '.join(new)}: not in the table; write it with `python tools/fingerprints.py`", file=sys.stderr)
    return 1 if new else 0


def _package(index: Index, package: str) -> Table:
    order = releases(index, package)
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda version: extract(index, package, version), order))
    return {"releases": list(order), "files": {saved.kind: _kind(order, saved, found) for saved in saved_by(package)}}


def _kind(order: Sequence[str], saved: Saved, found: Sequence[Mapping[str, Owners]]) -> Table:
    """Owner → "always" or "sometimes" → stretches of releases → names."""
    where: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for version, kinds in zip(order, found, strict=True):
        for owner, held in kinds[saved.kind].items():
            for when, names in held._asdict().items():
                for name in names:
                    where[owner, when, name].append(version)
    table: Table = {}
    for owner, when, name in sorted(where):
        span = spans(order, where[owner, when, name])
        table.setdefault(owner, {}).setdefault(when, {}).setdefault(span, []).append(name)
    return table


def _members(index: Index, package: str, version: str) -> dict[str, str]:
    """The modules of a release that matter, kept as one zip archive. Raises NetworkError."""
    path = cache_root() / "fingerprints" / f"{package}-{version}.zip"
    wanted = [saved for saved in SAVED if saved.package == package]
    if path.exists():
        with zipfile.ZipFile(path) as kept:
            if kept.comment == _mark(wanted):
                return {name: kept.read(name).decode("utf-8") for name in kept.namelist()}
    try:
        found = dict(_fetch(index, package, version, wanted))
    except (requests.RequestException, OSError, zipfile.BadZipFile) as error:
        raise NetworkError(f"the wheel of {package} {version} cannot be read ({error}); try again") from error
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as kept:
        kept.comment = _mark(wanted)
        for name, text in found.items():
            kept.writestr(name, text)
    temporary.replace(path)
    print(f"{package} {version}: {len(found)} modules", file=sys.stderr)
    return found


def _mark(wanted: Iterable[Saved]) -> bytes:
    """Of what was asked for when an archive was kept."""
    return " ".join(pattern for saved in wanted for pattern in saved.members).encode()


def _fetch(index: Index, package: str, version: str, wanted: Iterable[Saved]) -> Iterator[tuple[str, str]]:
    """In the order of the archive, so that what one range brought serves the next module too."""
    address = index.wheel(package, version, HERE)
    if address is None:
        raise NetworkError(f"the package index has no wheel of {package} {version}")
    with requests.Session() as session:
        file = open_remote(session, address) or io.BytesIO(session.get(address, timeout=60).content)
        with zipfile.ZipFile(file) as wheel:
            names = {name for saved in wanted for name in saved.among(dict.fromkeys(wheel.namelist(), ""))}
            for info in sorted(wheel.infolist(), key=lambda info: info.header_offset):
                if info.filename in names:
                    yield info.filename, wheel.read(info).decode("utf-8")


def _lines(value: object, indent: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield "{"
        for place, (key, part) in enumerate(value.items(), 1):
            first, *rest = _lines(part, indent + " ")
            lines = [f"{indent} {json.dumps(key)}: {first}", *rest]
            yield from lines[:-1]
            yield lines[-1] + ("," if place < len(value) else "")
        yield f"{indent}}}"
    elif isinstance(value, list):
        inner = textwrap.wrap(", ".join(map(json.dumps, value)), WIDTH - len(indent) - 1, break_on_hyphens=False)
        yield "["
        yield from (f"{indent} {line}" for line in inner)
        yield f"{indent}]"
    else:
        yield json.dumps(value)


if __name__ == "__main__":
    sys.exit(main())
