"""What is written is read again as it was, names no host, and is what the format's own rules want."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from packaging.pylock import Pylock

from mbisect.environments.formats import python_of, read_source
from mbisect.environments.lockfile import marker_environment
from mbisect.environments.sources import load
from mbisect.errors import ConfigError, UsageError
from mbisect.export import WRITERS, Exported, export
from mbisect.terms import Interpreter, Lock, Pin

HERE = Interpreter("3.11.7", "/python")
A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
PINS = (Pin("httpx", "0.27.0", (A, B), ("http2",)), Pin("idna", "3.6", (C,)), Pin("torch", "2.7.1+cpu"))
LISTED = {
    ("httpx", "0.27.0"): [
        ("httpx-0.27.0-py3-none-any.whl", A),
        ("httpx-0.27.0.tar.gz", B),
        ("httpx-0.27.0-py2-none-any.whl", C),
    ],
    ("idna", "3.6"): [("idna-3.6-py3-none-any.whl", C)],
    ("torch", "2.7.1+cpu"): [("torch-2.7.1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl", A)],
}
FILES = {"requirements": "a.txt", "pylock": "pylock.toml", "conda": "environment.yml", "cyclonedx": "bom.json"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One snapshot, with hashes, extras and a local version."""
    (tmp_path / "mbisect.toml").write_text('[snapshots.v1]\npython = "3.11"\n')
    (tmp_path / "lockfiles").mkdir()
    (tmp_path / "lockfiles" / "v1.txt").write_text(
        f"httpx[http2]==0.27.0 --hash={A} --hash={B}\nidna==3.6 --hash={C}\ntorch==2.7.1+cpu\n"
    )
    return tmp_path


def written(project: Path, to: str, *, hashes: bool = True) -> Exported:
    return export("v1", to, project, lambda _: HERE, lambda *release: LISTED.get(release, []), hashes=hashes)


def read(path: Path, text: str) -> Lock:
    path.write_text(text)
    return read_source(load(path), marker_environment(HERE))


def test_every_writer_but_the_dockerfiles_has_a_reader() -> None:
    assert set(WRITERS) == {*FILES, "dockerfile"}


@pytest.mark.parametrize("to", FILES)
def test_what_is_written_is_read_again(to: str, project: Path, tmp_path: Path) -> None:
    lock = read(tmp_path / FILES[to], written(project, to).text)
    hashed = {"requirements": PINS, "cyclonedx": PINS, "pylock": (*PINS[:2], replace(PINS[2], hashes=(A,)))}
    expected = hashed.get(to, tuple(replace(pin, hashes=()) for pin in PINS))
    if to in ("pylock", "cyclonedx"):  # extras are settled in these: what they brought is a package of its own
        expected = tuple(replace(pin, extras=()) for pin in expected)
    assert [(p.name, p.version, set(p.hashes), p.extras) for p in lock.pins] == [
        (p.name, p.version, set(p.hashes), p.extras) for p in expected
    ]
    assert lock.fixed == ()


@pytest.mark.parametrize("to", ["conda", "cyclonedx"])
def test_the_python_is_written_where_the_format_has_a_place_for_it(to: str, project: Path, tmp_path: Path) -> None:
    read(tmp_path / FILES[to], written(project, to).text)
    assert python_of(load(tmp_path / FILES[to])) == "3.11"


@pytest.mark.parametrize("to", WRITERS)
def test_nothing_that_is_written_holds_an_address(to: str, project: Path) -> None:
    text = written(project, to).text
    assert re.search(r"\w+://|\b[\w-]+\.(?:org|com|io|invalid)\b", text) is None
    assert str(project) not in text


@pytest.mark.parametrize("to", WRITERS)
def test_the_same_lock_gives_the_same_text(to: str, project: Path) -> None:
    assert written(project, to) == written(project, to)


@pytest.mark.parametrize("to", WRITERS)
def test_without_hashes_there_are_none_of_the_locks(to: str, project: Path) -> None:
    text = written(project, to, hashes=False).text
    assert to == "pylock" or "sha256" not in text


def test_a_pylock_holds_the_files_that_the_lock_admits_and_no_others(project: Path) -> None:
    document = Pylock.from_dict(tomllib.loads(written(project, "pylock").text))
    assert str(document.requires_python) == "==3.11.*"
    httpx = document.packages[0]
    assert [wheel.path for wheel in httpx.wheels or ()] == ["wheels/httpx-0.27.0-py3-none-any.whl"]
    assert httpx.sdist is not None
    assert httpx.sdist.path == "wheels/httpx-0.27.0.tar.gz"


def test_a_pylock_without_a_known_file_is_refused(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"v1: no file of httpx 0\.27\.0 is known .* such as requirements"):
        export("v1", "pylock", project, lambda _: HERE, lambda *_: [])


def test_a_dockerfile_checks_hashes_where_there_are_some(project: Path) -> None:
    text = written(project, "dockerfile").text
    hashed, options, rest = text.partition(" --require-hashes -r /hashed.txt\n")
    assert "FROM python:3.11-slim\n" in hashed
    assert options
    assert "torch==2.7.1+cpu" not in hashed
    assert rest.startswith("RUN printf '%s\\n' \\\n    'torch==2.7.1+cpu' \\\n    >> /unhashed.txt\nRUN ")
    assert "--require-hashes" not in rest


def test_no_command_of_a_dockerfile_is_longer_than_a_shell_takes(project: Path) -> None:
    pins = "".join(
        f"package{n}==1.0 \\\n" + " \\\n".join(f"    --hash=sha256:{n:04x}{k:060x}" for k in range(60)) + "\n"
        for n in range(80)
    )
    (project / "lockfiles" / "v1.txt").write_text(pins)
    text = written(project, "dockerfile").text
    commands = text.replace("\\\n", "").split("\n")
    assert max(map(len, commands)) < 1 << 17
    assert text.count("--hash=sha256:") == 80 * 60
    assert len([one for one in commands if one.startswith("RUN printf")]) > 3


def test_a_conda_environment_and_a_bill_are_what_their_formats_want(project: Path) -> None:
    environment = yaml.safe_load(written(project, "conda").text)
    assert environment["dependencies"][:2] == ["python=3.11", "pip"]
    bill = json.loads(written(project, "cyclonedx").text)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["components"][2]["purl"] == "pkg:pypi/torch@2.7.1%2Bcpu"


def test_what_cannot_be_exported_is_one_line(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--format toml: there is no such format; known: requirements, pylock, "):
        written(project, "toml")
    with pytest.raises(UsageError, match=r"`v9` is not a snapshot of mbisect\.toml \(known: v1\)"):
        export("v9", "conda", project, lambda _: HERE, lambda *_: [])
    (project / "lockfiles" / "v1.txt").unlink()
    with pytest.raises(ConfigError, match=r"lockfiles/v1\.txt is missing; write it with `mbisect lock v1`"):
        written(project, "conda")
    (project / "mbisect.toml").unlink()
    with pytest.raises(ConfigError, match=r"there is no mbisect\.toml here"):
        written(project, "conda")
