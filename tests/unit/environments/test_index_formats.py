"""What an index says is the same, whether it answers in JSON or in HTML; a small real index on this machine."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mbisect.environments.index import Index
from mbisect.environments.indexes import default_endpoint
from mbisect.environments.listing import JSON
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter

HERE = Interpreter(".".join(map(str, sys.version_info[:3])), sys.executable)
FILES = [
    {"filename": "tool-1.0-py3-none-any.whl", "url": "/files/tool-1.0-py3-none-any.whl", "hashes": {}},
    {
        "filename": "tool-1.1-py3-none-any.whl",
        "url": "../../files/tool-1.1-py3-none-any.whl",
        "hashes": {},
        "requires-python": ">=3.8",
        "yanked": "breaks <everything>",
        "size": 17,
        "upload-time": "2024-02-01T10:20:30.123456Z",
    },
    {"filename": "tool-1.2.tar.gz", "url": "https://elsewhere.example/tool-1.2.tar.gz", "hashes": {}, "yanked": True},
    {"filename": "tool-1.2.exe", "url": "/files/tool-1.2.exe", "hashes": {}},
    {
        "filename": "tool-1.1.tar.gz",
        "url": "/files/tool-1.1.tar.gz",
        "hashes": {},
        "yanked": "breaks <everything>",
        "upload-time": "2024-02-01T10:11:12Z",
    },
]
HTML = """<!DOCTYPE html><html><body>
<a href="/files/tool-1.0-py3-none-any.whl">tool-1.0-py3-none-any.whl</a>
<a href="/files/tool-1.1-py3-none-any.whl" data-requires-python="&gt;=3.8" data-yanked="breaks &lt;everything&gt;"
   >tool-1.1-py3-none-any.whl</a>
<a href="https://elsewhere.example/tool-1.2.tar.gz" data-yanked="">tool-1.2.tar.gz</a>
<a href="/files/tool-1.1.tar.gz" data-yanked="breaks &lt;everything&gt;">tool-1.1.tar.gz</a>
</body></html>"""


class Site(BaseHTTPRequestHandler):
    """`/json/` and `/html/` are indexes with one package; `/shaky/` is the former after two connections broke off, and
    `/busy/` after it was put off for an hour."""

    broken_off = put_off = 0

    def do_GET(self) -> None:
        _, kind, name, _ = f"{self.path}//".split("/")[:4]
        if kind == "shaky" and Site.broken_off < 2:
            Site.broken_off += 1
            self.close_connection = True
            return
        if kind == "busy" and not Site.put_off:
            Site.put_off += 1
            self.send_response(429)
            self.send_header("Retry-After", "3600")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        kind = "json" if kind in ("shaky", "busy") else kind
        known = name == "tool" and kind in ("json", "html")
        body = json.dumps({"meta": {"api-version": "1.1"}, "name": "tool", "files": FILES}) if kind == "json" else HTML
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", f"{JSON}; charset=utf-8" if kind == "json" else "text/html")
        self.end_headers()
        self.wfile.write(body.encode() if known else b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", ["json", "html"])
def test_both_formats_tell_the_same_releases(site: str, tmp_path: Path, kind: str) -> None:
    index = Index(tmp_path, endpoints=(f"{site}/{kind}/",))
    found = {release.version: release for release in index.releases("tool", HERE)}
    assert list(found) == ["1.0", "1.1", "1.2"]
    assert [found[v].yanked for v in found] == [None, "breaks <everything>", ""]
    assert [(found[v].wheel, found[v].sdist) for v in found] == [(True, False), (True, True), (False, True)]
    assert index.wheel("tool", "1.1", HERE) == f"{site}/files/tool-1.1-py3-none-any.whl"


def test_json_tells_dates_and_sizes_too(site: str, tmp_path: Path) -> None:
    release = Index(tmp_path, endpoints=(f"{site}/json/",)).releases("tool", HERE)[1]
    assert release.date is not None
    assert (release.date.isoformat(), release.size) == ("2024-02-01T10:11:12+00:00", 17)


def test_a_release_is_ready_when_a_file_that_fits_is_there(site: str, tmp_path: Path) -> None:
    release = Index(tmp_path, endpoints=(f"{site}/json/",)).releases("tool", HERE)[1]
    assert release.ready is not None
    assert release.ready.isoformat() == "2024-02-01T10:20:30.123456+00:00"


@pytest.mark.parametrize("kind", ["json", "html"])
def test_a_package_that_an_index_does_not_have_is_named(site: str, tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError, match="knows no package `other`"):
        Index(tmp_path, endpoints=(f"{site}/{kind}/",)).releases("other", HERE)


def test_the_public_index_is_the_librarys_constant() -> None:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    assert default_endpoint() == PYPI_SIMPLE_ENDPOINT


def test_what_can_be_had_is_had_where_something_else_cannot(site: str, tmp_path: Path) -> None:
    index = Index(tmp_path, endpoints=(f"{site}/json/",))
    failed = index.try_prefetch(["other", "tool"])
    assert list(failed) == ["other"]
    assert len(index.releases("tool", HERE)) == 3
    with pytest.raises(ConfigError, match="`other`"):
        index.prefetch(["tool", "other"])


def test_an_index_that_breaks_off_is_asked_again(site: str, tmp_path: Path) -> None:
    found = Index(tmp_path, endpoints=(f"{site}/shaky/",)).releases("tool", HERE)
    assert [release.version for release in found] == ["1.0", "1.1", "1.2"]
    assert Site.broken_off == 2


def test_an_index_that_puts_off_for_an_hour_is_not_waited_for_as_long(site: str, tmp_path: Path) -> None:
    assert len(Index(tmp_path, endpoints=(f"{site}/busy/",)).releases("tool", HERE)) == 3
    assert Site.put_off == 1
