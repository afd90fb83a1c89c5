"""Whatever a file holds: evidence, or one line that says what is wrong. Nothing is executed, and nothing explodes."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mbisect.environments.recover.evidence import SHOWN, Evidence
from mbisect.environments.recover.readers import READERS, Reader
from mbisect.errors import ConfigError
from tests.contract.formats.mutations import mutations
from tests.contract.recover.expectations import SAMPLES, folder, samples

SEED = 20261124


def attempt(reader: Reader, path: Path) -> list[Evidence] | str:
    """What is read, or the one line."""
    try:
        found = list(reader.read(path, "the file"))
    except ConfigError as error:
        line = str(error)
        assert path.name in line, line
        assert line.isprintable(), line
        assert len(line) < 600, line
        return line
    for one in found:
        assert len(one.raw) <= SHOWN
        assert one.raw.isprintable()
        assert one.place.isprintable()
    return found


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("reader", "file"), samples(), ids=lambda one: one if isinstance(one, str) else "")
def test_damaged_files_are_read_or_refused_in_one_line(reader: Reader, file: str, count: int, tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / folder(reader), tmp_path / folder(reader))
    path = tmp_path / file
    original, differ = path.read_bytes(), 0
    before = attempt(reader, path)
    for number, damaged in enumerate(mutations(original, count, SEED + count)):
        path.write_bytes(damaged)
        try:
            differ += attempt(reader, path) != before
        except Exception as error:
            raise AssertionError(f"seed {SEED + count}, mutation {number}: {error!r}") from error
    assert differ


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
NOTEBOOK = (
    """{"cells": [{"cell_type": "code", "source": "%s", "outputs": [{"output_type": "stream", "text": "%s"}]}]}"""
)
MIB5 = 5 << 20
EXPLOSIVE: dict[str, tuple[str, Callable[[], str]]] = {
    "billion laughs for W&B": ("config.yaml", lambda: f"_wandb: 1\n{LAUGHS}"),
    "billion laughs for MLflow": ("MLmodel", lambda: LAUGHS),
    "billion laughs for conda": ("environment.yml", lambda: f"{LAUGHS}dependencies: *i\n"),
    "an object to construct": ("MLmodel", lambda: "flavors: !!python/object/apply:os.getcwd []\n"),
    "deep YAML": ("MLmodel", lambda: "flavors: " + "[" * 20_000),
    "deep JSON": ("wandb-metadata.json", lambda: "[" * 150_000),
    "deep TOML": ("pyproject.toml", lambda: "a = " + "[" * 20_000),
    "deep markers": ("requirements.txt", lambda: f"six==1.0 ; {'(' * 3000}python_version > '3'\n" * 1000),
    "many markers": ("requirements.txt", lambda: "six==1.0 ; python_version > '3'\n" * (MIB5 // 32)),
    "continuations": ("requirements.txt", lambda: "a \\\n" * (MIB5 // 4)),
    "a date of many digits": ("wandb-summary.json", lambda: f'{{"_timestamp": 1e999, "x": {"9" * 4000}}}'),
    "variables that double": (
        "Dockerfile",
        lambda: "FROM x\nENV A=aaaa\n" + "ENV A=$A$A\n" * 50_000 + "RUN pip install $A",
    ),
    "quotes": ("Dockerfile", lambda: "FROM x\n" + f"RUN pip install {chr(39) * 3999}\n" * (MIB5 // 4015)),
    "stages": ("Dockerfile", lambda: "".join(f"FROM s{n} AS s{n + 1}\nRUN pip install a{n}\n" for n in range(99_999))),
    "assignments": ("Dockerfile", lambda: "ENV " + "A=1 " * (MIB5 // 4)),
    "documents": ("Dockerfile", lambda: "FROM x\nRUN <<A\n" + "pip install a==1 b==2\n" * (MIB5 // 22)),
    "installs": ("a.ipynb", lambda: NOTEBOOK % ("!pip install a==1\\n" * (MIB5 // 20), "x")),
    "a printed line without end": ("a.ipynb", lambda: NOTEBOOK % ("x", "x" * MIB5)),
    "printed colours": ("a.ipynb", lambda: NOTEBOOK % ("x", "\\u001b[0m" * (MIB5 // 9))),
    "a notebook of brackets": ("a.ipynb", lambda: "[" * MIB5),
    "pyproject": ("pyproject.toml", lambda: "[project]\ndependencies = [" + "'a>=1'," * 500_000 + "]"),
    "a line without end": ("a.log", lambda: "x" * (40 << 20)),
    "one long list": ("a.log", lambda: "Successfully installed " + "a-1.0 " * (MIB5 // 6)),
    "dashes": ("a.log", lambda: ("Successfully installed " + "-" * 3900 + "1.0\n") * (MIB5 // 3923)),
    "spaces": ("a.log", lambda: (" " * 3999 + "\n") * (MIB5 // 4000)),
    "brackets": ("a.log", lambda: ("[" * 3999 + "\n") * (MIB5 // 4000)),
    "open parentheses": ("a.log", lambda: ("Collecting a (from " * 200 + "\n") * (MIB5 // 3800)),
    "frames": ("a.log", lambda: ('  File "' + "/lib/python3.11/site-packages/a" * 120 + "\n") * (MIB5 // 3700)),
    "warnings": ("a.log", lambda: ("/" + "/lib/python3.11/a:1" * 200 + "\n") * (MIB5 // 3800)),
    "half statements": ("a.log", lambda: ("torch: 2.5.1, " * 20 + "torch version (" * 8 + "\n") * (MIB5 // 410)),
    "words and a number": ("a.log", lambda: ("a b-c_d " * 36 + "1.2.3\n") * (MIB5 // 294)),
    "arrows": ("a.log", lambda: ("2024-01-01 00:00:00 INFO" + " >> - ] " * 400 + "1.2\n") * (MIB5 // 3230)),
    "colours": ("a.log", lambda: "\x1b[" * (MIB5 // 2)),
    "pins": ("a.log", lambda: "".join(f"a{number:09d}==1\n" for number in range(MIB5 // 14))),
    "installed": ("a.log", lambda: "".join(f" + a{number:09d}==1\n" for number in range(MIB5 // 17))),
    "fetched": (
        "a.log",
        lambda: "".join(f"Downloading a{number:09d}-1-py3-none-any.whl\n" for number in range(99_999)),
    ),
    "progress": ("a.log", lambda: "\r 10%|x| torch 2.5.1" * (MIB5 // 20)),
    "statements": ("a.log", lambda: "".join(f"torch: 2.5.{number}\n" for number in range(MIB5 // 16))),
}


def reading(name: str) -> list[Reader]:
    return [reader for reader in READERS if reader.recognises(Path("/nowhere") / name)]


@pytest.mark.parametrize("what", EXPLOSIVE)
def test_what_would_explode_is_read_or_refused_in_bounded_time(what: str, tmp_path: Path) -> None:
    name, text = EXPLOSIVE[what]
    (tmp_path / name).write_text(text())
    readers = reading(name)
    assert readers
    for reader in readers:
        began = time.process_time()
        attempt(reader, tmp_path / name)
        spent = time.process_time() - began
        assert spent < 20, f"{reader.TITLE}: {spent:.1f} s"


def test_what_is_no_file_of_text_is_refused_in_one_line(tmp_path: Path) -> None:
    for name in ("config.yaml", "wandb-metadata.json", "MLmodel", "requirements.txt", "a.log"):
        (tmp_path / name).mkdir()
        for reader in reading(name):
            assert isinstance(attempt(reader, tmp_path / name), str), (name, reader.TITLE)


def test_bytes_that_are_no_text_hide_nothing_in_a_log(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"\xff\xfe\x00garbage"[2:] + b"\n\xff\xff\ntransformers==4.46.0\n")
    found = [one for reader in reading("a.log") for one in reader.read(tmp_path / "a.log", "a.log")]
    assert [one.place for one in found] == ["line 3"]


LIMIT = """
import resource, sys
from pathlib import Path
from mbisect.environments.recover.readers import READERS
from mbisect.errors import ConfigError
path = Path(sys.argv[1])
for reader in READERS:
    if reader.recognises(path):
        try:
            found = list(reader.read(path, path.name))
        except ConfigError as error:
            print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("what", EXPLOSIVE)
def test_it_takes_less_than_300_mb(what: str, tmp_path: Path) -> None:
    name, text = EXPLOSIVE[what]
    (tmp_path / name).write_text(text())
    argv = [sys.executable, "-c", LIMIT, str(tmp_path / name)]
    cap = lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))  # noqa: E731  # a safety net, not the test
    done = subprocess.run(argv, capture_output=True, text=True, env=dict(os.environ), preexec_fn=cap, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) <= 300, done.stdout
