"""`mbisect run --pytest` in real environments: the same test must fail in the same way, whatever fails on the way."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import git
import pytest

pytestmark = [pytest.mark.network, pytest.mark.slow]  # pytest itself comes from the index

LINE = f"{sys.version_info[0]}.{sys.version_info[1]}"
ENDS = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE)
TEST = """
import pytest
from mbisect_alpha import prepare
from mbisect_beta import answer

@pytest.fixture
def server():
    return prepare()

def test_answer(server):
    assert answer(server) == 42

def test_other(server):
    assert server
"""
ALPHA = {
    "1.0": "def prepare(): return 1",
    "1.1": "def prepared(): return 1",
    "1.2": "def prepare(): raise RuntimeError('no server')",
    "1.3": "def prepare(): return 1",
}
"""In 1.1 the test cannot be collected, in 1.2 its fixture fails; both are mended before the bad end."""
BETA = {
    "1.0": "def answer(server): return 42",
    "1.1": "def answer(server): return 42",
    "1.2": "def answer(server, /, *, proxies): return 42",
    "1.3": "def answer(server, /, *, proxies): return 42",
}


def wheels(folder: Path, name: str, releases: Mapping[str, str]) -> None:
    """Wheels of one module each."""
    module = name.replace("-", "_")
    folder.mkdir(exist_ok=True)
    for version, source in releases.items():
        info = f"{module}-{version}.dist-info"
        files = {
            f"{module}.py": source + "\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
        with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two locks without pytest, and a test."""
    wheels(tmp_path / "wheels", "mbisect-alpha", ALPHA)
    wheels(tmp_path / "wheels", "mbisect-beta", BETA)
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "good.txt").write_text("mbisect-alpha==1.0\nmbisect-beta==1.0\n")
    (tmp_path / "bad.txt").write_text("mbisect-alpha==1.3\nmbisect-beta==1.3\n")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(TEST)
    return tmp_path


def test_the_release_that_breaks_the_test_is_named_and_what_fails_otherwise_on_the_way_is_not(
    mbisect: Any, folder: Path
) -> None:
    said = mbisect(folder, "run", *ENDS, "--json", "--pytest", "tests/test_it.py::test_answer")
    assert said.status == 0, said.stderr
    found = json.loads(said.stdout)
    [cause] = found["causes"]
    assert (cause["name"], cause["last_good"], cause["first_bad"]) == ("mbisect-beta", "1.1", "1.2")
    assert found["confirmed"] == {"sufficient": True, "necessary": True}
    trials = json.loads(mbisect(folder, "show", "--json").stdout)["trials"]
    reasons = {trial["reason"] for trial in trials if trial["verdict"] == "bad"}
    assert any(reason.startswith("TypeError: answer() missing 1 required keyword-only") for reason in reasons)
    again = mbisect(folder, "run", *ENDS, "--quiet", "--pytest", "tests/test_it.py::test_answer")
    assert again.stdout == "mbisect-beta 1.1 → 1.2 turns good into bad\n"
    assert not (folder / ".pytest_cache").exists()


def test_a_candidate_that_fails_otherwise_is_told_from_one_that_fails_so(mbisect: Any, folder: Path) -> None:
    (folder / "bad.txt").write_text("mbisect-alpha==1.2\nmbisect-beta==1.0\n")
    said = mbisect(folder, "run", *ENDS, "--json", "--pytest", "tests/test_it.py")
    assert said.status == 0, said.stderr
    [cause] = json.loads(said.stdout)["causes"]
    assert (cause["name"], cause["first_bad"]) == ("mbisect-alpha", "1.2")
    trials = json.loads(mbisect(folder, "show", "--json").stdout)["trials"]
    verdicts = {trial["candidate"]: trial["verdict"] for trial in trials}
    assert verdicts["1 of 2 changes, up to mbisect-alpha 1.1"] == "untestable"


def test_where_the_snapshots_have_commits_their_own_source_is_tested(mbisect: Any, folder: Path) -> None:
    repo = git.Repo.init(folder)
    made = []
    for source in ("VALUE = 1", "VALUE = 1  # so", "VALUE = 2", "VALUE = 2  # so"):
        (folder / "package").mkdir(exist_ok=True)
        (folder / "package" / "lib.py").write_text(source + "\n")
        (folder / "package" / "test_lib.py").write_text("from lib import VALUE\ndef test_value(): assert VALUE == 1\n")
        repo.index.add(["package/lib.py", "package/test_lib.py"])
        made.append(repo.index.commit(source).hexsha)
    (folder / "package" / "lib.py").write_text("broken here, which no trial may see\n")
    (folder / "mbisect.toml").write_text(
        f'[snapshots.v1]\nlock = "good.txt"\npython = "{LINE}"\ncommit = "{made[0]}"\n'
        f'[snapshots.v4]\nlock = "good.txt"\npython = "{LINE}"\ncommit = "{made[-1]}"\n'
    )
    test = ("--pytest", "test_lib.py::test_value")
    said = mbisect(folder / "package", "run", "--good", "v1", "--bad", "v4", "--json", *test)
    assert said.status == 0, said.stderr
    [cause] = json.loads(said.stdout)["causes"]
    assert (cause["axis"], cause["first_bad"]) == ("commit", made[2])


def test_what_pytest_cannot_run_at_an_end_is_one_line(mbisect: Any, folder: Path) -> None:
    said = mbisect(folder, "run", *ENDS, "--quiet", "--pytest", "tests/test_it.py::test_none")
    assert (said.status, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert "good end: pytest cannot run it: ERROR: not found: " in said.stderr
    (folder / "empty.py").write_text("")
    said = mbisect(folder, "run", *ENDS, "--quiet", "--pytest", "empty.py")
    assert "good end: pytest has found no test to run" in said.stderr


def test_what_cannot_be_asked_is_refused_before_anything_is_built(mbisect: Any, folder: Path) -> None:
    said = mbisect(folder, "run", *ENDS, "--pytest", "tests/none.py::test_x")
    assert (said.status, said.stdout) == (2, "")
    assert "--pytest tests/none.py::test_x: there is no tests/none.py" in said.stderr
    said = mbisect(folder, "run", *ENDS, "--pytest", "tests/test_it.py", "--", "python", "x.py")
    assert "leave out the command after `--`, or --pytest" in said.stderr


def test_a_dry_run_plans_it(mbisect: Any, folder: Path) -> None:
    said = mbisect(folder, "run", *ENDS, "--dry-run", "--json", "--pytest", "tests/test_it.py")
    assert said.status == 0, said.stderr
    assert json.loads(said.stdout)


def test_pytest_is_laid_beside_the_packages_and_moves_none_of_them(mbisect: Any, folder: Path, cache: Path) -> None:
    """pluggy and packaging are what pytest requires: the candidate's own ones stay."""
    for end in ("good", "bad"):
        lines = (folder / f"{end}.txt").read_text()
        (folder / f"{end}.txt").write_text(lines + "packaging==23.2\npluggy==1.5.0\n")
    (folder / "tests" / "test_it.py").write_text(
        TEST + "    from importlib.metadata import version\n"
        "    assert (version('packaging'), version('pluggy')) == ('23.2', '1.5.0')\n"
    )
    said = mbisect(folder, "run", *ENDS, "--json", "--pytest", "tests/test_it.py")
    assert said.status == 0, said.stderr
    assert json.loads(said.stdout)["causes"][0]["name"] == "mbisect-beta"
    laid = [json.loads(path.read_text()) for path in cache.glob("environments/*/beside-pytest.json")]
    assert any("pytest" in one and not {"packaging", "pluggy"} & set(one) for one in laid)
