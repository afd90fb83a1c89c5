"""What releases exist, from the package index, remembered on disk. Knows nothing of timelines."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache as remembered
from pathlib import Path
from threading import Lock, local
from typing import TYPE_CHECKING, Any, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag, platform_tags
from packaging.version import Version

from mbisect.environments.indexes import default_endpoint
from mbisect.environments.listing import entry_of, files_of
from mbisect.errors import ConfigError, MbisectError, NetworkError
from mbisect.terms import Interpreter

if TYPE_CHECKING:
    import requests

T = TypeVar("T")
R = TypeVar("R")
FORMAT = 2
AGAIN = 4
"""Times that an index which broke off an answer is asked again: at once, then after 0.4 s, 0.8 s and 1.6 s."""
PASSING = ("address", "file")
"""What is said of a file and not remembered: addresses expire, and names make a listing twice as long."""


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a package, as far as it fits one interpreter on this platform."""

    version: str
    date: datetime | None
    """First upload, in UTC."""
    yanked: str | None
    """The reason, "" without one; None: not yanked."""
    wheel: bool
    """There is a wheel that fits."""
    sdist: bool
    size: int | None
    """Bytes of the fitting wheel."""
    ready: datetime | None = None
    """When the first file that can be installed here was uploaded: wheels may follow minutes after the source."""


class Index:
    """The releases of packages on one or more simple indexes."""

    def __init__(
        self,
        cache: Path,
        *,
        endpoints: tuple[str, ...] = (),
        find_links: tuple[str, ...] = (),
        max_age: float = 86400.0,
    ) -> None:
        self._cache = cache / "index"
        self._endpoints = endpoints or (default_endpoint(),)
        self._find_links = find_links
        self._max_age = max_age
        self._files: dict[str, list[dict[str, Any]]] = {}
        self._releases: dict[tuple[str, str], tuple[Release, ...]] = {}
        self._addresses: dict[str, dict[tuple[Version, str | None], str]] = {}
        self._asking: dict[str, Lock] = defaultdict(Lock)
        self._threads = local()

    def prefetch(self, names: Iterable[str], *, known: Mapping[str, set[str]] | None = None) -> None:
        """Fetch what is not remembered, side by side. A listing that holds all `known` versions is new enough.

        Raises ConfigError for an unknown package and NetworkError when the index cannot be reached.
        """
        for error in self.try_prefetch(names, known=known).values():
            raise error

    def try_prefetch(
        self, names: Iterable[str], *, known: Mapping[str, set[str]] | None = None
    ) -> dict[str, MbisectError]:
        """The same; -> the packages that could not be had, with the error of each."""

        def fetch(name: str) -> MbisectError | None:
            try:
                self._listing(name, (known or {}).get(name))
            except MbisectError as error:
                return error
            return None

        wanted = list(names)
        failed = zip(wanted, side_by_side(fetch, wanted), strict=True)
        return {name: error for name, error in failed if error is not None}

    def releases(self, name: str, interpreter: Interpreter) -> tuple[Release, ...]:
        """All releases with a file that Requires-Python admits, sorted by version.

        Raises ConfigError for an unknown package and NetworkError when the index cannot be reached.
        """
        question = name, interpreter.version
        if question not in self._releases:
            self._releases[question] = tuple(self._fit(self._listing(name, None), interpreter))
        return self._releases[question]

    def wheel(self, name: str, version: str, interpreter: Interpreter) -> str | None:
        """Where the wheel of a release is that fits an interpreter best: a URL, or the path of a find-links file.

        None where there is none. Not to be kept: addresses expire, and may hold passwords. Raises as `releases` does.
        """
        ranks = _ranks(interpreter.version)
        fitting = [
            (min(ranks[tag] for tag in parse_tag(file["tags"]) if tag in ranks), file)
            for file in self._listing(name, None)
            if file["tags"] is not None
            and _version(file["version"]) == _version(version)
            and _fits(file["tags"], interpreter.version)
        ]
        if not fitting:
            return None
        _, best = min(fitting, key=lambda ranked: ranked[0])
        return best.get("address") or self._address(name, version, best["tags"])

    def hashes(self, name: str, version: str) -> tuple[str, ...] | None:
        """`sha256:…` of every file of a release, sorted; None where no index has the release. Raises NetworkError.

        Files with a local version are another build of it and differ by machine: they have no part in this.
        """
        try:
            listing = self._listing(name, {version})
        except ConfigError:
            return None
        files = [file for file in listing if _version(file["version"]) == _version(version)]
        return tuple(sorted({f"sha256:{value}" for value in map(_sha256, files) if value})) if files else None

    def files(self, name: str, version: str) -> list[tuple[str, str]]:
        """File names of a release with their `sha256:…`, sorted; asked anew. Raises as `releases` does."""
        return sorted(
            {
                (file["file"], f"sha256:{file['sha256']}")
                for file in self._fetch(name)
                if file["version"] == version and file["sha256"]
            }
        )

    def _address(self, name: str, version: str, tags: str) -> str | None:
        """The URL of a wheel whose listing was remembered on disk, where no addresses are."""
        with self._asking[name]:
            if name not in self._addresses:
                found = self._fetch(name)
                self._addresses[name] = {(_version(file["version"]), file["tags"]): file["address"] for file in found}
        return self._addresses[name].get((_version(version), tags))

    def _fit(self, files: list[dict[str, Any]], interpreter: Interpreter) -> Iterable[Release]:
        found: dict[Version, dict[str, Any]] = {}
        for file in files:
            if not _admits(file["python"], interpreter.version):
                continue
            version = _version(file["version"])
            one = found.setdefault(
                version, {"date": None, "yanked": [], "wheel": False, "sdist": False, "size": None, "ready": None}
            )
            if file["date"] is not None:
                date = datetime.fromisoformat(file["date"])
                one["date"] = date if one["date"] is None else min(one["date"], date)
            one["yanked"].append(file["yanked"])
            if file["tags"] is None:
                one["sdist"] = True
            elif _fits(file["tags"], interpreter.version):
                one["wheel"], one["size"] = True, file["size"]
                if file["date"] is not None:
                    date = datetime.fromisoformat(file["date"])
                    one["ready"] = date if one["ready"] is None else min(one["ready"], date)
        for version in sorted(found):
            one = found[version]
            yanked = None if None in one["yanked"] else one["yanked"][0]
            ready = one["ready"] or one["date"]
            yield Release(str(version), one["date"], yanked, one["wheel"], one["sdist"], one["size"], ready)

    def _listing(self, name: str, known: set[str] | None) -> list[dict[str, Any]]:
        if name in self._files:
            return self._files[name]
        path = self._cache / f"{name}.json"
        kept = _load(path, self._endpoints)
        if kept is not None and kept["files"]:
            versions = {file["version"] for file in kept["files"]}
            fresh = time.time() - kept["fetched"] < self._max_age
            if (known is not None and known <= versions) or (known is None and fresh) or (fresh and known is not None):
                self._files[name] = kept["files"] + self._linked(name)
                return self._files[name]
        try:
            files = self._fetch(name)
        except NetworkError:
            if kept is None:
                raise
            files = kept["files"]
        else:
            lasting = [{key: value for key, value in file.items() if key not in PASSING} for file in files]
            _save(path, {"format": FORMAT, "endpoints": self._endpoints, "fetched": time.time(), "files": lasting})
        linked = self._linked(name)
        if not files and not linked:
            raise ConfigError(f"the package index knows no package `{name}`")
        self._files[name] = files + linked
        return self._files[name]

    def _fetch(self, name: str) -> list[dict[str, Any]]:
        import requests

        files: list[dict[str, Any]] = []
        for endpoint in self._endpoints:
            try:
                files += files_of(self._session(), f"{endpoint.rstrip('/')}/{name}/", name)
            except (requests.RequestException, KeyError, TypeError, ValueError) as error:  # or it is no listing
                kind = type(error).__name__
                raise NetworkError(f"the package index does not answer for `{name}` ({kind}); try again") from error
        return files

    def _session(self) -> requests.Session:
        """One for each thread: its connection is used again, and setting one up takes longer than most listings.

        What breaks off or is put off is asked for again: an index drops a connection now and then. One that cannot be
        reached at all is not waited for.
        """
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3 import Retry

        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
            again = Retry(
                AGAIN,
                connect=1,
                backoff_factor=0.2,
                status_forcelist=(429, 500, 502, 503, 504),
                respect_retry_after_header=False,  # it may name hours, in which nothing would be said
            )
            for scheme in ("https://", "http://"):
                self._threads.session.mount(scheme, HTTPAdapter(max_retries=again))
        session: requests.Session = self._threads.session
        return session

    def _linked(self, name: str) -> list[dict[str, Any]]:
        """Files of find-links folders; a local version stands for its public one too."""
        found = []
        for folder in self._find_links:
            for path in Path(folder).glob(f"{name.replace('-', '_')}-*") if Path(folder).is_dir() else ():
                entry = entry_of(path.name)
                if entry is not None:
                    more = {"date": None, "python": None, "yanked": None, "size": path.stat().st_size}
                    entry["address"] = str(path)
                    found.append({**entry, **more, "version": entry["version"].split("+")[0]})
        return found


def side_by_side(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """What `work` makes of each item, in their order; eight at a time, as one process may well ask an index.

    Once one has failed, or the user interrupts, those that were not begun are not waited for.
    """
    pool = ThreadPoolExecutor(8)
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)


def _sha256(file: Mapping[str, Any]) -> str | None:
    """The hash of one file: what the index says, or of a find-links file itself."""
    if "sha256" in file:
        return file["sha256"] or None
    path = Path(file["address"])
    return None if "+" in path.name else hashlib.sha256(path.read_bytes()).hexdigest()


@remembered
def _version(text: str) -> Version:
    return Version(text)


@remembered
def _admits(specifier: str | None, version: str) -> bool:
    try:
        return not specifier or SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True


@remembered
def _fits(tags: str, version: str) -> bool:
    return not parse_tag(tags).isdisjoint(_supported(version))


@remembered
def _supported(version: str) -> frozenset[Tag]:
    return frozenset(_ranks(version))


@remembered
def _ranks(version: str) -> dict[Tag, int]:
    """Tag → its place in the order of preference, 0 first."""
    major, minor = (int(part) for part in version.split(".")[:2])
    platforms = list(platform_tags())
    ours = cpython_tags((major, minor), platforms=platforms)
    tags = dict.fromkeys([*ours, *compatible_tags((major, minor), f"cp{major}{minor}", platforms)])
    return {tag: place for place, tag in enumerate(tags)}


def _load(path: Path, endpoints: tuple[str, ...]) -> dict[str, Any] | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        usable = kept["format"] == FORMAT and tuple(kept["endpoints"]) == endpoints and isinstance(kept["files"], list)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept if usable else None


def _save(path: Path, data: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(data, separators=(",", ":")), encoding="utf-8")
    temporary.replace(path)
