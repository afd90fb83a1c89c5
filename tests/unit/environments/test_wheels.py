"""A wheel's RECORD is read from a part of the file, from all of it, or not at all, and never waited for."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mbisect.environments import ranges
from mbisect.environments.build import COMPLETE
from mbisect.environments.index import Index
from mbisect.environments.wheels import Records, installed_records, parse_record
from mbisect.terms import Interpreter

PYTHON = Interpreter("3.11.7", "/usr/bin/python3.11")
RECORD = """thing/__init__.py,sha256=aaa,10
thing/data.json,sha256=bbb,10
thing-1.0.data/purelib/extra.py,sha256=ccc,10
thing-1.0.data/scripts/run,sha256=ddd,10
thing-1.0.dist-info/METADATA,sha256=eee,10
thing-1.0.dist-info/entry_points.txt,sha256=fff,10
"with, comma.py",sha256=ggg,10
thing-1.0.dist-info/RECORD,,
"""
WHOLE = {"thing/__init__.py": "aaa", "thing/data.json": "bbb", "extra.py": "ccc", "entry_points.txt": "fff",
         "with, comma.py": "ggg"}  # fmt: skip


def wheel(record: str = RECORD, size: int = 0) -> bytes:
    """A wheel of at least `size` bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("thing/data.json", b"x" * size)
        archive.writestr("thing-1.0.dist-info/RECORD", record)
    return file.getvalue()


@dataclass
class Site:
    """An index and its files on this machine."""

    ranges: bool = True
    """It sends parts."""
    files: dict[str, bytes] = field(default_factory=dict)
    sent: list[int] = field(default_factory=list)
    """Bytes of each answer about a file."""
    address: str = ""

    def answer(self, path: str, wanted: str | None) -> tuple[int, dict[str, str], bytes]:
        if path.startswith("/simple/"):
            links = "".join(f'<a href="/files/{name}">{name}</a>' for name in self.files)
            return 200, {"Content-Type": "text/html"}, f"<html><body>{links}</body></html>".encode()
        body = self.files.get(path.rpartition("/")[2])
        if body is None:
            return 404, {}, b""
        part = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted or "")
        if part is None or not self.ranges:
            self.sent.append(len(body))
            return 200, {}, body
        first = int(part[1]) if part[1] else max(0, len(body) - int(part[2]))
        last = min(int(part[2]), len(body) - 1) if part[1] and part[2] else len(body) - 1
        self.sent.append(last - first + 1)
        return 206, {"Content-Range": f"bytes {first}-{last}/{len(body)}"}, body[first : last + 1]


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = found.answer(self.path, self.headers.get("Range"))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.address = f"http://127.0.0.1:{server.server_port}/simple/"
    yield found
    server.shutdown()
    server.server_close()


def records(site: Site, root: Path, **bounds: int) -> Records:
    return Records(root, Index(root, endpoints=(site.address,)), PYTHON, **bounds)  # type: ignore[arg-type]  # whole numbers are seconds too


def looked_up(site: Site, root: Path) -> dict[str, str] | None:
    found = records(site, root)
    found.ask([("thing", "1.0")])
    found.wait(20)
    known = found.know("thing", "1.0")
    return None if known is None else dict(known)


def test_of_a_large_wheel_a_small_part_is_fetched(site: Site, tmp_path: Path) -> None:
    site.files["thing-1.0-py3-none-any.whl"] = wheel(size=20_000_000)
    assert looked_up(site, tmp_path) == WHOLE
    assert sum(site.sent) <= 3 * ranges.STRETCH


def test_a_record_far_from_the_end_is_fetched_too(site: Site, tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("thing-1.0.dist-info/RECORD", RECORD)
        archive.writestr("thing/data.json", b"x" * 10_000_000)
    site.files["thing-1.0-py3-none-any.whl"] = file.getvalue()
    assert looked_up(site, tmp_path) == WHOLE
    assert sum(site.sent) <= 4 * ranges.STRETCH


def test_a_small_wheel_is_fetched_whole_where_the_server_sends_no_parts(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    site.files["thing-1.0-py3-none-any.whl"] = wheel()
    assert looked_up(site, tmp_path) == WHOLE


def test_a_large_wheel_is_left_alone_where_the_server_sends_no_parts(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    site.files["thing-1.0-py3-none-any.whl"] = wheel(size=ranges.WHOLE + 1)
    assert looked_up(site, tmp_path) is None


# Ids of our own: a wheel's bytes hold the second in which it was made, and the processes that share
# a test run have to collect the same tests.
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no archive at all", id="no archive"),
        pytest.param(wheel()[:-30], id="end cut off"),
        pytest.param(wheel(record="\0,\n" * 3)[:50], id="start alone"),
    ],
)
def test_a_damaged_wheel_tells_nothing(site: Site, tmp_path: Path, body: bytes) -> None:
    site.files["thing-1.0-py3-none-any.whl"] = body
    assert looked_up(site, tmp_path) is None


def test_an_index_that_is_gone_tells_nothing(tmp_path: Path) -> None:
    assert looked_up(Site(address="http://127.0.0.1:9/simple/"), tmp_path) is None


def test_the_wheel_that_fits_best_is_the_one_that_is_read(site: Site, tmp_path: Path) -> None:
    for tags in ("py3-none-any", "cp310-cp310-linux_x86_64", "cp311-none-any", "py311-none-any"):
        site.files[f"thing-1.0-{tags}.whl"] = wheel(f"{tags}.py,sha256=a,1\n")
    assert looked_up(site, tmp_path) == {"cp311-none-any.py": "a"}


def test_a_file_of_a_find_links_folder_is_read_where_it_lies(site: Site, tmp_path: Path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "thing-1.0+cpu-py3-none-any.whl").write_bytes(wheel())
    index = Index(tmp_path, endpoints=(site.address,), find_links=(str(tmp_path / "links"),))
    found = Records(tmp_path, index, PYTHON)
    found.ask([("thing", "1.0")])
    found.wait(20)
    assert found.know("thing", "1.0") == WHOLE


def test_what_was_read_once_is_kept_and_no_address_with_it(site: Site, tmp_path: Path) -> None:
    site.files["thing-1.0-py3-none-any.whl"] = wheel()
    assert looked_up(site, tmp_path) == WHOLE
    site.sent.clear()
    assert looked_up(site, tmp_path) == WHOLE
    assert site.sent == []
    kept = [path for path in tmp_path.rglob("*.json") if path.parent.name != "index"]
    assert kept
    assert all("/files/" not in path.read_text() for path in tmp_path.rglob("*.json"))


def test_a_listing_that_is_remembered_is_asked_for_again_for_its_addresses_alone(site: Site, tmp_path: Path) -> None:
    site.files["thing-1.0-py3-none-any.whl"] = wheel()
    Index(tmp_path, endpoints=(site.address,)).releases("thing", PYTHON)
    assert looked_up(site, tmp_path) == WHOLE


def test_no_more_wheels_are_looked_into_than_allowed(site: Site, tmp_path: Path) -> None:
    for version in ("1.0", "2.0", "3.0"):
        site.files[f"thing-{version}-py3-none-any.whl"] = wheel()
    found = records(site, tmp_path, most=2, threads=1)
    found.ask([("thing", "1.0"), ("thing", "2.0"), ("thing", "3.0")])
    found.wait(20)
    assert [found.know("thing", v) is not None for v in ("1.0", "2.0", "3.0")] == [True, True, False]


def test_after_its_time_nothing_is_fetched(site: Site, tmp_path: Path) -> None:
    site.files["thing-1.0-py3-none-any.whl"] = wheel()
    found = records(site, tmp_path, seconds=-1)
    found.ask([("thing", "1.0")])
    found.wait(20)
    assert found.know("thing", "1.0") is None
    assert site.sent == []


def install(environment: Path, python: str, *, complete: bool = True) -> None:
    info = environment / "lib" / f"python{python}" / "site-packages" / "Thing-1.0+cpu.dist-info"
    info.mkdir(parents=True)
    more = "thing/__pycache__/__init__.cpython-311.pyc,,\n../../../bin/thing,sha256=zzz,1\n"
    (info / "RECORD").write_text(RECORD.replace("thing-1.0.dist-info", info.name) + more)
    if complete:
        (environment / COMPLETE).write_text("{}")


def test_a_release_that_is_installed_somewhere_is_not_fetched(site: Site, tmp_path: Path) -> None:
    install(tmp_path / "environments" / "one", "3.11")
    assert looked_up(site, tmp_path) == WHOLE
    assert site.sent == []


def test_neither_a_half_built_environment_nor_one_of_another_python_counts(site: Site, tmp_path: Path) -> None:
    install(tmp_path / "environments" / "one", "3.11", complete=False)
    install(tmp_path / "environments" / "two", "3.12")
    assert looked_up(site, tmp_path) is None


def test_an_installed_record_and_the_wheels_say_the_same(tmp_path: Path) -> None:
    install(tmp_path / "one", "3.11")
    assert installed_records(tmp_path / "one") == {"thing": parse_record(RECORD)} == {"thing": WHOLE}
