"""What is in a release's wheel, file by file, without downloading it where that can be helped. Installs nothing.

Every wheel holds a RECORD with the hash of each of its files. It is read where an environment with the release stands
already, or out of the zip archive on the index, of which a few parts are fetched.
"""

from __future__ import annotations

import csv
import json
import os
import re
import threading
import time
import zipfile
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import IO, TYPE_CHECKING

from packaging.utils import canonicalize_name

from mbisect.environments.build import COMPLETE, platform_key
from mbisect.environments.index import Index
from mbisect.environments.ranges import open_remote
from mbisect.terms import Interpreter

if TYPE_CHECKING:
    import requests

Record = Mapping[str, str]
"""Path below site-packages → hash. Of the metadata only the entry points are there, as `entry_points.txt`."""
PURE = re.compile(r"^[^/]+\.data/(?:purelib|platlib)/")
"""What lies there in a wheel is installed into site-packages."""
ELSEWHERE = re.compile(r"^(?:\.\.|/|[^/]+\.data/)")
"""What is installed elsewhere: programs, whose first line differs by environment, and headers."""
MOST_BYTES = 50_000_000
"""A RECORD that claims to be larger is none."""
DIGITS = 24
"""Characters of a hash that are kept: 102 bits of a sha256 beside its name."""


class Records:
    """The RECORDs of releases as one interpreter on this platform installs them; those from the index kept on disk.

    `ask` looks for them in the background, `know` never waits. Thread-safe.
    """

    def __init__(
        self,
        root: Path,
        index: Index,
        interpreter: Interpreter,
        *,
        most: int = 200,
        seconds: float = 120.0,
        threads: int = 2,
    ) -> None:
        """`root`: the cache. At most `most` wheels are looked into, within `seconds` of the first question."""
        self._kept = root / "records"
        self._environments = root / "environments"
        self._index = index
        self._interpreter = interpreter
        self._left = most
        self._seconds = seconds
        self._deadline: float | None = None
        self._closed = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="records")
        self._threads = threading.local()
        self._asked: dict[tuple[str, str], Future[None]] = {}
        self._known: dict[tuple[str, str], Record] = {}
        self._installed: dict[tuple[str, str], Path] | None = None

    def know(self, name: str, version: str) -> Record | None:
        """The RECORD of a release, once it is at hand."""
        return self._known.get((name, version))

    def ask(self, releases: Iterable[tuple[str, str]]) -> None:
        """Look for the RECORDs of these releases, the first ones first; each is looked for once."""
        self._deadline = self._deadline or time.monotonic() + self._seconds
        for release in releases:
            if release not in self._asked and not self._closed:
                self._asked[release] = self._pool.submit(self._look, release)

    def wait(self, seconds: float) -> None:
        """Until all is known that will be, but no longer than this."""
        wait(self._asked.values(), seconds)

    def close(self) -> None:
        """Look for nothing more, whatever is asked."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _look(self, release: tuple[str, str]) -> None:
        """What goes wrong here stays in its future, where nobody looks: what is not known is not used."""
        found = self._find(*release)
        if found is not None:
            self._known[release] = found

    def _find(self, name: str, version: str) -> Record | None:
        if self._installed is None:
            built = [path.parent for path in self._environments.glob(f"*/{COMPLETE}")]
            self._installed = dict(_installed(path / "lib" / f"python{self._interpreter.minor}" for path in built))
        path = self._installed.get((name, version))
        if path is not None and path.exists():
            return parse_record(path.read_text(encoding="utf-8"))
        path = self._kept / f"{name}-{version}-{self._interpreter.minor}-{platform_key()}.json"
        if path.exists():
            kept: Record = json.loads(path.read_text(encoding="utf-8"))
            return kept
        if self._left <= 0 or time.monotonic() > (self._deadline or 0.0):
            return None
        self._left -= 1
        return self._fetch(name, version, path)

    def _fetch(self, name: str, version: str, path: Path) -> Record | None:
        address = self._index.wheel(name, version, self._interpreter)
        opened = open_remote(self._session(), address) if address is not None else None
        if opened is None:
            return None
        with opened as file:
            found = record_in(file)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(found, indent=0))
        temporary.replace(path)
        return found

    def _session(self) -> requests.Session:
        """One for each thread: its connection is used again, and setting one up takes longer than what is fetched."""
        import requests

        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
        session: requests.Session = self._threads.session
        return session


def record_in(wheel: IO[bytes]) -> Record:
    """The RECORD of a wheel. Raises ValueError, KeyError or BadZipFile where it has none that can be read."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [n for n in archive.namelist() if n.endswith(".dist-info/RECORD") and n.count("/") == 1]
        if archive.getinfo(name).file_size > MOST_BYTES:
            raise ValueError(f"{name} is too large")
        return parse_record(archive.read(name).decode("utf-8"))


def parse_record(text: str) -> Record:
    """Read a RECORD, of a wheel or of an installed release, in such a way that both are the same. Raises ValueError."""
    try:
        rows = list(csv.reader(text.splitlines()))
    except csv.Error as error:
        raise ValueError(f"no RECORD: {error}") from error
    found = {}
    for row in rows:
        if len(row) < 2 or row[0].endswith(".pyc"):
            continue
        path, value = PURE.sub("", row[0]), row[1]
        top, _, rest = path.partition("/")
        if top.endswith(".dist-info"):
            path = rest if rest == "entry_points.txt" else ""
        if path and not ELSEWHERE.match(path):
            found[path] = value.partition("=")[2][:DIGITS]
    return found


def installed_records(environment: Path) -> dict[str, Record]:
    """Package → RECORD of everything that is installed in an environment."""
    return {
        name: parse_record(path.read_text(encoding="utf-8", errors="replace"))
        for (name, _), path in _installed(environment.glob("lib/python3.*"))
    }


def _installed(libraries: Iterable[Path]) -> Iterable[tuple[tuple[str, str], Path]]:
    for library in libraries:
        for path in library.glob("site-packages/*.dist-info/RECORD"):
            name, _, version = path.parent.name.removesuffix(".dist-info").rpartition("-")
            yield (canonicalize_name(name), version.partition("+")[0]), path
