"""What the files of an image tell, and that a hostile archive costs little and writes nothing."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mbisect.environments.layers import AT_ONCE, KEPT, LONGEST, Forward, read_layers
from mbisect.environments.observed import read_answer
from mbisect.errors import ConfigError

SITE = "opt/app/lib/python3.11/site-packages"
SIX = {
    f"{SITE}/six-1.16.0.dist-info/METADATA": "Name: six\nVersion: 1.16.0\nRequires-Dist: idna>=2\n\nText\n",
    f"{SITE}/six-1.16.0.dist-info/RECORD": "six.py,sha256=abc,10\nsix-1.16.0.dist-info/RECORD,,\n",
    f"{SITE}/six-1.16.0.dist-info/INSTALLER": "pip\n",
}


def archive(files: Mapping[str, str | bytes], *, format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as tar:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def read(files: Mapping[str, str | bytes], **variables: str) -> dict[str, Any]:
    return read_layers("x", [archive(files)], variables)


def names(said: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"]: one["version"] for one in said["distributions"]}


def test_a_distribution_is_described_as_the_probe_would() -> None:
    said = read(SIX)
    [six] = said["distributions"]
    assert (six["name"], six["version"], six["requires"], six["installer"]) == ("six", "1.16.0", ["idna>=2"], "pip")
    assert (six["files"], six["record"][:7]) == (2, "sha256:")
    observed, _ = read_answer(json.dumps(said), "here")
    assert observed.distributions[0].record == six["record"]


@pytest.mark.parametrize("size", [1, 511, 100_000])
def test_the_bytes_may_come_in_chunks_of_any_size(size: int) -> None:
    whole = archive({"usr/bin/large": bytes(300_000), **SIX, f"{SITE}/{'long/' * 60}x": "x"})
    chunks = (whole[start : start + size] for start in range(0, len(whole), size))
    assert names(read_layers("x", chunks, {})) == {"six": "1.16.0"}


@pytest.mark.parametrize(
    ("more", "variables", "version"),
    [
        ({}, {}, "3.11"),
        ({"opt/app/pyvenv.cfg": "home = /x\nversion = 3.11.7\n"}, {}, "3.11.7"),
        ({"opt/app/pyvenv.cfg": "version_info = 3.11.7.final.0\n"}, {}, "3.11.7"),
        ({"opt/app/conda-meta/python-3.11.9-h1_0.json": "{}"}, {}, "3.11.9"),
        ({"opt/other/pyvenv.cfg": "version = 3.11.7\n"}, {}, "3.11"),
        ({}, {"PYTHON_VERSION": "3.11.5"}, "3.11.5"),
        ({}, {"PYTHON_VERSION": "3.12.5"}, "3.11"),
    ],
)
def test_the_python_is_that_of_the_folder_and_its_exact_version_where_that_is_told(
    more: dict[str, str], variables: dict[str, str], version: str
) -> None:
    assert read({**more, **SIX}, **variables)["interpreter"]["version"] == version


def test_the_environment_that_holds_most_is_described_and_the_others_are_named() -> None:
    system = {
        "usr/lib/python3/dist-packages/idna-3.3.egg-info/PKG-INFO": "Name: idna\nVersion: 3.3\n",
        "usr/local/lib/python3.11/dist-packages/Zope.Event-5.dist-info/METADATA": "Name: Zope.Event\nVersion: 5\n",
    }
    said = read({**SIX, **system})
    assert names(said) == {"idna": "3.3", "zope-event": "5"}
    assert said["interpreter"]["version"] == "3.11"
    assert said["others"] == [f"/{SITE}"]


def test_nothing_of_this_machine_is_looked_at_for_an_editable_install(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    direct = {"url": f"file://me:password@{tmp_path}", "dir_info": {"editable": True}}
    said = read({**SIX, f"{SITE}/six-1.16.0.dist-info/direct_url.json": json.dumps(direct)})
    assert said["distributions"][0]["source"] == {"url": f"file://{tmp_path}", "kind": "editable"}
    broken = read({**SIX, f"{SITE}/six-1.16.0.dist-info/direct_url.json": "[" * 5000})
    assert broken["distributions"][0]["source"]["kind"] == "unknown"


def test_secrets_in_the_variables_of_an_image_are_not_said() -> None:
    said = read(SIX, OMP_NUM_THREADS="2", HF_TOKEN="hf_abcdefghijklmnop", HOME="/root")
    assert said["variables"] == {"OMP_NUM_THREADS": "2"}


def test_what_has_no_name_is_an_error_of_its_own_and_the_rest_is_read() -> None:
    said = read(
        {**SIX, f"{SITE}/a-1.dist-info/METADATA": "Name: ../../x\n", f"{SITE}/b-1.dist-info/METADATA": b"\xff\0"}
    )
    observed, _ = read_answer(json.dumps(said), "here")
    assert [one.name for one in observed.distributions] == ["six"]
    assert len(observed.unread) == 2


def endless(header: bytes) -> Iterator[bytes]:
    """An archive that begins so and never ends."""
    yield header
    while True:
        yield bytes(1 << 20)


def huge(kind: bytes) -> bytes:
    """A header that says that 8 GB follow."""
    entry = tarfile.TarInfo("x")
    entry.type, entry.size = kind, 8 << 30
    return entry.tobuf(tarfile.GNU_FORMAT)


HOSTILE = {
    "no archive": [b"nonsense" * 1000],
    "nothing": [],
    "cut": [archive(SIX)[:700]],
    "an extended header of 8 GB": endless(huge(tarfile.XHDTYPE)),
    "a name of 8 GB": endless(huge(tarfile.GNUTYPE_LONGNAME)),
    "too many packages": (
        part
        for number in range(2 + KEPT // LONGEST)
        for part in [archive({f"{SITE}/p{number}-1.dist-info/RECORD": bytes(LONGEST)})[: 512 + LONGEST]]
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_damaged_or_hostile_archive_is_one_line(what: str) -> None:
    with pytest.raises(ConfigError, match="image:x: ") as caught:
        read_layers("x", HOSTILE[what], {})
    assert "\n" not in str(caught.value)


def test_it_takes_little_memory_whatever_the_archive_says() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_DATA, (400 << 20,) * 2)\n"
        "from tests.unit.environments.test_layers import *\n"
        "for what in HOSTILE:\n"
        "    try: read_layers('x', HOSTILE[what], {})\n"
        "    except ConfigError: print(what)\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == list(HOSTILE), done.stderr


def test_a_file_that_is_too_large_for_what_it_is_called_is_passed_over() -> None:
    said = read({f"{SITE}/big-1.dist-info/METADATA": b"Name: big\n" + bytes(LONGEST), **SIX})
    assert names(said) == {"six": "1.16.0"}


def test_links_are_not_followed_and_paths_that_lead_outside_are_only_names() -> None:
    out = io.BytesIO(archive({f"../../../{SITE}/up-1.dist-info/METADATA": "Name: up\nVersion: 1\n", **SIX}))
    with tarfile.open(fileobj=out, mode="a") as tar:
        link = tarfile.TarInfo(f"{SITE}/link-1.dist-info/METADATA")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert names(read_layers("x", [out.getvalue()], {})) == {"six": "1.16.0"}


def test_archives_with_mutated_bytes_are_read_or_refused_in_one_line() -> None:
    seed, whole = 20261124, archive(SIX, format=tarfile.GNU_FORMAT)
    rng = random.Random(seed)
    refused = 0
    for number in range(1000):
        damaged = bytearray(whole)
        for _ in range(rng.choice([1, 3, 30])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            read_answer(json.dumps(read_layers("x", [bytes(damaged)], {})), "here")
        except ConfigError as error:
            refused += 1
            assert "\n" not in str(error)
        except Exception as error:
            raise AssertionError(f"seed {seed}, mutation {number}: {error!r}") from error
    assert 0 < refused < 1000


def test_a_stream_is_read_onwards_only_and_within_its_bounds() -> None:
    stream = Forward([b"abc", b"", b"defg"])
    assert (stream.read(2), stream.tell()) == (b"ab", 2)
    stream.seek(5)
    assert (stream.read(9), stream.tell()) == (b"fg", 7)
    with pytest.raises(tarfile.ReadError, match="backwards"):
        stream.seek(1)
    with pytest.raises(tarfile.ReadError, match="too large"):
        stream.read(AT_ONCE)
