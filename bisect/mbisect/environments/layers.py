"""The files of an image, as one tar archive → what its Python holds, in the probe's words. Runs and writes nothing.

For images whose Python cannot be run here: none that starts, another architecture. Seen are the metadata of what is
installed and each RECORD; not whether somebody changed a file afterwards. The archive is read once, from its beginning
to its end, and may be hostile: what is kept of it, and what is read at once, is bounded.
"""

from __future__ import annotations

import email.parser
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, cast

from mbisect.environments import probe
from mbisect.environments.pins import NAME, SHORT, shown
from mbisect.errors import ConfigError

INSTALLED = re.compile(
    r"(?P<site>(?:.*/)?(?:site|dist)-packages)/(?P<info>[^/]+\.(?:dist-info|egg-info))"
    r"/(?P<file>METADATA|PKG-INFO|RECORD|INSTALLER|REQUESTED|direct_url\.json)"
)
SITE = re.compile(r"(?P<prefix>(?:.*/)?)lib(?:64)?/(?:python|pypy)(?P<version>3\.\d+|3)(?:/|$)")
ABOUT = re.compile(r"(?:.*/)?pyvenv\.cfg|(?:usr/)?lib/os-release")
CONDA = re.compile(r"(?P<prefix>.*/|)conda-meta/python-(?P<version>3\.\d+\.\d+)-[^/]*\.json")
LONGEST = 4 << 20
"""Bytes of one file that is kept; the largest RECORD of a real package is 2 MB."""
KEPT = 128 << 20
"""Bytes that are kept of all files."""
AT_ONCE = 8 << 20
"""Bytes that are read between two entries of the archive: a tar's own headers may say any size."""


class Forward:
    """A stream of chunks as a file that is read onwards only, and of which little is held at a time."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self._place = 0
        self._allowed = AT_ONCE

    def allow(self, size: int = AT_ONCE) -> None:
        """So much may be read from here on."""
        self._allowed = size

    def tell(self) -> int:
        """Bytes from the beginning."""
        return self._place

    def read(self, size: int) -> bytes:
        """Fewer bytes only at the end. Raises tarfile.ReadError for more than is allowed."""
        self._allowed -= size
        if self._allowed < 0:
            raise tarfile.ReadError("it has an entry that is too large")
        parts, missing = [], size
        while missing and self._fill():
            parts.append(self._rest[:missing])
            self._rest = self._rest[missing:]
            missing -= len(parts[-1])
        self._place += size - missing
        return b"".join(parts)

    def seek(self, place: int) -> None:
        """Onwards. Raises tarfile.ReadError for a way back."""
        if place < self._place:
            raise tarfile.ReadError("it leads backwards")
        while self._place < place and self._fill():
            skipped = min(place - self._place, len(self._rest))
            self._rest = self._rest[skipped:]
            self._place += skipped

    def _fill(self) -> bool:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._rest = chunk
        return True


def read_layers(name: str, chunks: Iterable[bytes], variables: Mapping[str, str]) -> dict[str, Any]:
    """What the probe would say of the environment that holds most; `others` are the folders of the rest.

    Raises ConfigError where there is none, or where the archive is damaged.
    """
    try:
        files = dict(_files(Forward(chunks)))
    except (tarfile.TarError, RecursionError, ValueError) as error:
        raise ConfigError(f"image:{name}: its files cannot be read: {shown(error)}") from None
    found: dict[str, dict[str, dict[str, bytes]]] = defaultdict(lambda: defaultdict(dict))
    for path, content in files.items():
        match = INSTALLED.fullmatch(path)
        if match is not None:
            found[match["site"]][match["info"]][match["file"]] = content
    groups: dict[str, list[str]] = defaultdict(list)
    for site in found:
        groups[_environment(site)].append(site)
    if not groups:
        raise ConfigError(f"image:{name}: no Python could be run in it, and none of its files is a package's metadata")
    best = max(sorted(groups), key=lambda one: sum(len(found[site]) for site in groups[one]))
    entries: dict[str, dict[str, Any]] = {}
    for site in sorted(groups[best]):
        for info in sorted(found[site]):
            entry = _distribution(found[site][info])
            entries.setdefault(entry.get("name", info), entry)
    return {
        "schema": probe.SCHEMA,
        "interpreter": {"version": _version(best, groups[best], files, variables), "prefix": f"/{best}".rstrip("/")},
        "platform": {"distribution": _os_release(files)},
        "variables": probe.variables(variables),
        "distributions": [entries[key] for key in sorted(entries)],
        "others": [f"/{site}" for group in sorted(groups) if group != best for site in sorted(groups[group])],
    }


def _files(stream: Forward) -> Iterator[tuple[str, bytes]]:
    """Path, without a slash before it, and content of each file that says something."""
    kept = 0
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # a list that it only needs for finding names
            stream.allow()
            path = member.name.removeprefix("./").lstrip("/")
            wanted = INSTALLED.fullmatch(path) or ABOUT.fullmatch(path) or CONDA.fullmatch(path)
            plain = member.isreg() and not member.issparse() and ".." not in path.split("/")
            if wanted and plain and len(path) < LONGEST >> 10:
                if CONDA.fullmatch(path):
                    yield path, b""
                elif member.size <= LONGEST:
                    kept += member.size + len(path)
                    if kept > KEPT:
                        raise tarfile.ReadError("it holds too many packages")
                    content = archive.extractfile(member)
                    yield path, content.read() if content is not None else b""


def _environment(site: str) -> str:
    """The prefix of the Python that a folder of packages belongs to; Debian's has several."""
    match = SITE.match(site)
    prefix = match["prefix"] if match is not None else site + "/"
    return "usr/" if prefix in ("usr/local/", "") else prefix


def _distribution(files: Mapping[str, bytes]) -> dict[str, Any]:
    """One distribution as the probe describes it; an `error` where its metadata say too little."""
    text = {name: content.decode("utf-8", "replace") for name, content in files.items()}
    said = email.parser.HeaderParser().parsestr(text.get("METADATA") or text.get("PKG-INFO") or "")
    name, version = str(said["Name"] or ""), str(said["Version"] or "")
    if len(name) > SHORT or NAME.fullmatch(name) is None:
        return {"error": f"`{shown(name)}` is not the name of a package"}
    rows = probe.rows_of(text["RECORD"]) if "RECORD" in text else None
    entry: dict[str, Any] = {
        "name": probe.normalised(name),
        "version": shown(version, SHORT),
        "requires": [str(one) for one in said.get_all("Requires-Dist") or ()],
        "installer": shown(text.get("INSTALLER", "")) or None,
        "requested": "REQUESTED" in text,
        "record": probe.record_digest(rows) if rows is not None else None,
        "files": len(rows) if rows is not None else None,
        "changed": [],
        "missing": [],
    }
    if "direct_url.json" in text:
        try:
            entry["source"] = probe.origin(text["direct_url.json"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            entry["source"] = {"kind": "unknown", "url": probe.UNREADABLE, "error": shown(error)}
    return entry


def _version(prefix: str, sites: Iterable[str], files: Mapping[str, bytes], variables: Mapping[str, str]) -> str:
    """The Python's version, in full where a file or the variable of the official images tells it."""
    lines = [match["version"] for site in sites if (match := SITE.match(site)) and match["version"] != "3"]
    if not lines:
        raise ConfigError(f"/{prefix} does not say which Python its packages are for; give the lock file instead")
    line = lines[0]
    config = files.get(f"{prefix}pyvenv.cfg", b"").decode("utf-8", "replace")
    told = re.findall(r"^version(?:_info)?\s*=\s*(3\.\d+\.\d+)", config, re.MULTILINE)
    told += [match["version"] for path in files if (match := CONDA.fullmatch(path)) and match["prefix"] == prefix]
    told += [variables.get("PYTHON_VERSION", "")]
    return next((one for one in told if re.fullmatch(rf"{re.escape(line)}\.\d{{1,3}}", one)), line)


def _os_release(files: Mapping[str, bytes]) -> str | None:
    text = (files.get("usr/lib/os-release") or files.get("lib/os-release") or b"").decode("utf-8", "replace")
    match = re.search(r'^PRETTY_NAME="?([^"\n]*)', text, re.MULTILINE)
    return shown(match[1]) if match is not None else None
