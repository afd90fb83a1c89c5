"""The hashes of a release's files come from the index, or from the files of a find-links folder."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mbisect.environments.index import Index

FILES = {
    "planted-1.0-py3-none-any.whl": "a" * 64,
    "planted-1.0.tar.gz": "b" * 64,
    "planted-1.1-py3-none-any.whl": "c" * 64,
}


class Pages(BaseHTTPRequestHandler):
    """A simple index with one package."""

    def do_GET(self) -> None:  # the name that http.server wants
        files = [{"filename": name, "url": f"/{name}", "hashes": {"sha256": digest}} for name, digest in FILES.items()]
        body = json.dumps({"meta": {"api-version": "1.1"}, "name": "planted", "files": files}).encode()
        self.send_response(200 if "/planted/" in self.path else 404)
        self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple/"
        server.shutdown()


def test_every_file_of_the_release_counts_and_no_other(endpoint: str, tmp_path: Path) -> None:
    index = Index(tmp_path, endpoints=(endpoint,))
    assert index.hashes("planted", "1.0") == (f"sha256:{'a' * 64}", f"sha256:{'b' * 64}")
    assert index.hashes("planted", "1") == index.hashes("planted", "1.0")
    assert Index(tmp_path, endpoints=(endpoint,)).hashes("planted", "1.1") == (f"sha256:{'c' * 64}",)


def test_a_release_or_package_that_no_index_has_has_none(endpoint: str, tmp_path: Path) -> None:
    index = Index(tmp_path, endpoints=(endpoint,))
    assert index.hashes("planted", "2.0") is None
    assert index.hashes("unknown", "1.0") is None


def test_a_file_on_the_disk_counts_too_but_no_other_build_of_the_release(endpoint: str, tmp_path: Path) -> None:
    folder = tmp_path / "links"
    folder.mkdir()
    (folder / "planted-3.0-py3-none-any.whl").write_bytes(b"wheel")
    (folder / "planted-4.0+cpu-py3-none-any.whl").write_bytes(b"another build")
    index = Index(tmp_path, endpoints=(endpoint,), find_links=(str(folder),))
    assert index.hashes("planted", "3.0") == (f"sha256:{hashlib.sha256(b'wheel').hexdigest()}",)
    assert index.hashes("planted", "4.0") == ()
