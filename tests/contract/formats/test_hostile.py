"""Whatever a file holds: a lock, or one line that says what is wrong. Nothing is executed, and nothing explodes."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mbisect.environments.formats import python_of, read_source
from mbisect.environments.lockfile import marker_environment, render
from mbisect.environments.sources import SIZE, load
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter, Lock
from tests.contract.formats.expectations import SAMPLES, Sample
from tests.contract.formats.mutations import mutations

NEW = marker_environment(Interpreter("3.12.1", "/python"))
SEED = 20261123


def attempt(path: Path) -> Lock | str:
    """What is read, or the one line."""
    try:
        python_of(load(path))
        return read_source(load(path), NEW)
    except ConfigError as error:
        line = str(error)
        assert path.name in line or "/dev/zero" in line or re.search("does not exist|is a folder", line), line
        assert line.isprintable(), line
        assert len(line) < 600, line
        return line


@pytest.mark.parametrize("count", [100, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)
def test_damaged_files_are_read_or_refused_in_one_line(sample: Sample, count: int, tmp_path: Path) -> None:
    path = tmp_path / sample.file
    outcomes = []
    for number, damaged in enumerate(mutations(sample.path.read_bytes(), count, SEED + count)):
        path.write_bytes(damaged)
        try:
            outcome = attempt(path)
        except Exception as error:
            raise AssertionError(f"seed {SEED + count}, mutation {number}: {error!r}") from error
        outcomes.append(outcome)
        if isinstance(outcome, Lock):
            assert render(outcome.pins).isascii(), f"seed {SEED + count}, mutation {number}"
    assert any(isinstance(outcome, str) for outcome in outcomes)


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
EXPLOSIVE = {
    "billion laughs": ("environment.yml", LAUGHS + "dependencies: *i\n", "aliases"),
    "an object to construct": (
        "environment.yml",
        "dependencies: !!python/object/apply:os.getcwd []\n",
        "not valid YAML",
    ),
    "deep YAML": ("environment.yml", "dependencies: " + "[" * 20000, "nested too deeply"),
    "deep JSON": ("x.json", "[" * 150_000, "nested too deeply"),
    "deep TOML": ("pylock.toml", "a = " + "[" * 20000, "nested too deeply"),
    "a deep marker": ("requirements.txt", f"six==1.0 ; {'(' * 50000}python_version > '3'", "not a pin"),
    "many lists": ("x.json", "[" + "[]," * 1_000_000 + "[]]", "too intricate"),
    "a key of many parts": ("uv.lock", "a." * 500_000 + "a = 1", "too intricate"),
    "too much JSON": ("x.json", '"' + "x" * SIZE["json"] + '"', "too much for a lock in JSON"),
    "too much YAML": ("environment.yml", "dependencies:\n" + "  - a=1.0.0\n" * 40_000, "too much for a lock in YAML"),
    "a number of many digits": ("x.json", '{"a": ' + "9" * 10_000 + "}", "not valid JSON"),
    "a version of many digits": ("requirements.txt", "six==" + "9" * 3_000, "is not a version"),
    "a specifier without end": ("requirements.txt", "six" + "==1," * 3_000_000 + "==1", "is not a pin"),
    "a marker without end": ("a.txt", "six==1;" + "extra=='x' or " * 900_000 + "extra=='x'", "is not a pin"),
    "a range without end": (
        "pylock.toml",
        f'lock-version = "1.0"\ncreated-by = "x"\nrequires-python = "{"==3," * 900_000}"\npackages = []\n',
        "too long for a lock",
    ),
    "a name without end": ("uv.lock", "x" * 4_000_000, "not valid TOML"),
    "JSON that is nothing": ("x.json", '{"a": 1}', "no lock in JSON that mbisect reads"),
    "a JSON number": ("x.json", "1", "no lock in JSON that mbisect reads"),
    "a control character": (
        "x.json",
        '[{"name": "\\u001b[2J", "version": "1", "build_string": "py_0"}]',
        "not the name",
    ),
}


@pytest.mark.parametrize("what", EXPLOSIVE)
def test_what_would_explode_is_refused_at_once(what: str, tmp_path: Path) -> None:
    name, text, message = EXPLOSIVE[what]
    (tmp_path / name).write_text(text)
    began = time.process_time()
    said = attempt(tmp_path / name)
    assert isinstance(said, str)
    assert message in said
    assert time.process_time() - began < 20, "it must not be slow in the size of the file"


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="/dev/zero: more than 16 MiB is too much"):
        load(Path("/dev/zero"))


def test_files_that_include_one_another_without_end_are_refused(tmp_path: Path) -> None:
    """Twelve files of ten lines each: a thousand billion."""
    for number in range(12):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n" * 10)
    (tmp_path / "12.txt").write_text("six==1.16.0\n")
    with pytest.raises(ConfigError, match="too long for a lock, with what it includes"):
        read_source(load(tmp_path / "0.txt"), NEW)


def test_a_line_for_the_installer_cannot_be_smuggled_into_a_lock(tmp_path: Path) -> None:
    """Names, versions, hashes and extras are written into a file that uv reads."""
    good = {"version": "==1.0", "hashes": [f"sha256:{'a' * 64}"]}
    evil = "1.0\n--index-url=x"
    tries = (
        {"six\n--index-url=x": good},
        {"six": {**good, "version": f"=={evil}"}},
        {"six": {**good, "hashes": [f"sha256:{'a' * 64}\n--index-url=x"]}},
        {"six": {**good, "extras": ["a]\n--index-url=x"]}},
    )
    for default in tries:
        path = tmp_path / "Pipfile.lock"
        path.write_text(json.dumps({"_meta": {}, "default": default}))
        assert isinstance(attempt(path), str), default


LIMIT = """
import resource, sys
from pathlib import Path
from mbisect.environments.formats import read_source
from mbisect.environments.lockfile import marker_environment
from mbisect.environments.sources import load
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter
try:
    read_source(load(Path(sys.argv[1])), marker_environment(Interpreter("3.12.1", "/python")))
except ConfigError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
GREEDY = {
    "requirements.txt": lambda: "\u20ac" * 5_000_000 + "\n" * 199_000,
    "many.txt": lambda: "".join(f"a{i:x}==1\n" for i in range(199_000)),
    "x.json": lambda: "[" + "0," * (SIZE["json"] // 2 - 2) + "0]",
    "y.json": lambda: "{" + ",".join(f'"{i:x}":0' for i in range(SIZE["json"] // 12)) + "}",
    "environment.yml": lambda: "dependencies: [" + "a," * (SIZE["yaml"] // 2 - 100) + "a]",
    "uv.lock": lambda: "".join(f"{i:x}=0\n" for i in range(SIZE["toml"] // 9)),
    "pdm.lock": lambda: "a = [" + "{}," * 199_990 + "]",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", GREEDY)
def test_the_largest_file_that_is_read_takes_less_than_300_mb(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(GREEDY[name]())
    argv = [sys.executable, "-c", LIMIT, str(tmp_path / name)]
    cap = lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))  # noqa: E731  # a safety net, not the test
    done = subprocess.run(argv, capture_output=True, text=True, env=dict(os.environ), preexec_fn=cap, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) <= 300, done.stdout
