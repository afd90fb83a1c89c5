"""`list`, `show`, `log`, `report` on a real run with tiny wheels, and on journals in every state."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import junitparser
import pytest

pytestmark = pytest.mark.network  # the index is asked for the package, which it does not know

LINE = f"{sys.version_info[0]}.{sys.version_info[1]}"
NAME, MODULE = "mbisect-told", "mbisect_told"


def wheel(folder: Path, version: str, *, works: bool) -> None:
    """A wheel of one module that says whether it works."""
    info = f"{MODULE}-{version}.dist-info"
    files = {
        f"{MODULE}.py": f"WORKS = {works}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{MODULE}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Five releases, of which the last two are broken."""
    here = tmp_path_factory.mktemp("told")
    for minor in range(5):
        wheel(here / "wheels", f"1.{minor}", works=minor < 3)
    (here / "good.txt").write_text(f"{NAME}==1.0\n")
    (here / "bad.txt").write_text(f"{NAME}==1.4\n")
    (here / "test.py").write_text(f"import {MODULE}\nprint('seen')\nassert {MODULE}.WORKS\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_FIND_LINKS", str(here / "wheels"))
        yield here


@pytest.fixture(scope="module")
def run(mbisect: Callable[..., Any], folder: Path) -> str:
    """The id of the run that was made."""
    ends = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE)
    said = mbisect(folder, "run", *ends, "--json", "--junit", "found.xml", "--", "python", "test.py")
    assert said.status == 0, said.stderr
    return str(json.loads(said.stdout)["run"])


@pytest.fixture
def beside(cache: Path, run: str) -> Iterator[Callable[[str], Path]]:
    """Copies of the run's journal under other ids, which are older and vanish again."""
    made: list[Path] = []

    def copy(name: str) -> Path:
        target = cache / "runs" / name / "journal.jsonl"
        target.parent.mkdir()
        shutil.copyfile(cache / "runs" / run / "journal.jsonl", target)
        made.append(target.parent)
        return target

    yield copy
    for path in made:
        shutil.rmtree(path)


def age(path: Path) -> None:
    os.utime(path, (1e9, 1e9))


def test_a_run_writes_junit_that_names_the_cause(folder: Path, run: str) -> None:
    found = {
        case.name: case.result for suite in junitparser.JUnitXml.fromfile(str(folder / "found.xml")) for case in suite
    }
    [failure] = found["no change from good.txt to bad.txt turns good into bad"]
    assert failure.message == f"{NAME} 1.2 → 1.3 turns good into bad"
    assert f"mbisect reproduce {run} bad" in failure.text


def test_the_list_tells_each_run_in_a_row(mbisect: Any, folder: Path, run: str) -> None:
    said = mbisect(folder, "list")
    assert (said.status, said.stderr) == (0, "")
    assert run in said.stdout
    assert f"{NAME} 1.2 → 1.3" in said.stdout
    assert "python test.py" in said.stdout


def test_the_list_stands_newest_first_and_may_be_cut(mbisect: Any, folder: Path, run: str, beside: Any) -> None:
    age(beside("0" * 12))
    rows = json.loads(mbisect(folder, "list", "--json").stdout)
    assert [row["run"] for row in rows] == [run, "0" * 12]
    assert rows[0]["causes"] == [
        {
            "axis": "package",
            "name": NAME,
            "last_good": "1.2",
            "first_bad": "1.3",
            "confidence": rows[0]["causes"][0]["confidence"],
        }
    ]
    assert [row["run"] for row in json.loads(mbisect(folder, "list", "-n", "1", "--json").stdout)] == [run]


def test_a_run_is_shown_with_its_trials(mbisect: Any, folder: Path, run: str) -> None:
    said = mbisect(folder, "show", run[:6])
    assert said.status == 0, said.stderr
    assert f"found       {NAME} 1.2 → 1.3 turns good into bad" in said.stdout
    plain = json.loads(mbisect(folder, "show", "--json").stdout)
    assert (plain["schema"], plain["run"], plain["outcome"]) == ("mbisect.run/1", run, "found")
    assert [trial["purpose"] for trial in plain["trials"][:2]] == ["good end", "bad end"]
    assert {trial["number"] for trial in plain["trials"]} == set(range(1, len(plain["trials"]) + 1))


def test_a_trial_is_shown_in_full(mbisect: Any, folder: Path, run: str) -> None:
    said = mbisect(folder, "show", run, "2")
    assert said.status == 0, said.stderr
    for part in (f"2 of run {run}", f"{NAME} 1.0 → 1.4", "AssertionError", "seen", f"mbisect reproduce {run} 2"):
        assert part in said.stdout
    plain = json.loads(mbisect(folder, "show", run, "2", "--json").stdout)
    assert plain["changes"] == [{"axis": "package", "name": NAME, "from": "1.0", "to": "1.4"}]
    assert (plain["verdict"], plain["exit_status"], plain["deviations"]) == ("bad", 1, [])
    assert Path(plain["output"]).is_dir()


def test_a_trial_can_be_run_once_more_by_its_number(mbisect: Any, folder: Path, run: str) -> None:
    said = mbisect(folder, "reproduce", run, "2")
    assert said.status == 0, said.stderr
    assert "seen" in said.stdout
    assert "mbisect: bad: exit status 1: AssertionError" in said.stderr


@pytest.mark.parametrize("number", ["0", "99", "two", "-1"])
def test_a_trial_that_there_is_not_is_refused(mbisect: Any, folder: Path, run: str, number: str) -> None:
    said = mbisect(folder, "show", run, "--", number)
    assert (said.status, said.stdout) == (2, "")
    assert f"there is no trial `{number}` in this run; its trials are 1 to" in said.stderr


def test_the_replay_of_a_run_finds_the_same(mbisect: Any, folder: Path, run: str) -> None:
    said = mbisect(folder, "log", run, "--replay", "--output", "run.log")
    assert (said.status, said.stdout) == (0, ""), said.stderr
    assert said.stderr == "mbisect: the replay finds the same\n"
    lines = (folder / "run.log").read_text().splitlines()
    assert all(line.startswith(("# ", "cd ", "mbisect ")) for line in lines)
    assert "# both ends" in lines
    assert any(line.startswith("# boundary: probably in 4 of 4 changes (0 to 4)") for line in lines)


def test_the_replay_of_other_outcomes_finds_otherwise(mbisect: Any, folder: Path, run: str, cache: Path) -> None:
    path = cache / "runs" / run / "journal.jsonl"
    before = path.read_bytes()
    try:
        path.write_bytes(
            before.replace(
                b'"before":"1.2","after":"1.3","date":null,"title":""},"candidates"',
                b'"before":"1.1","after":"1.2","date":null,"title":""},"candidates"',
            )
        )
        assert path.read_bytes() != before
        said = mbisect(folder, "log", run, "--replay")
        assert said.status == 1
        assert f"the replay finds otherwise: {NAME} 1.2 → 1.3 turns good into bad" in said.stderr
    finally:
        path.write_bytes(before)


def test_a_run_whose_files_have_changed_is_not_replayed_and_still_told(mbisect: Any, folder: Path, run: str) -> None:
    before = (folder / "test.py").read_text()
    try:
        (folder / "test.py").write_text(before + "\n")
        said = mbisect(folder, "log", run, "--replay")
        assert (said.status, said.stdout) == (2, "")
        assert "has changed since" in said.stderr
        assert mbisect(folder, "log", run).status == 0
    finally:
        (folder / "test.py").write_text(before)


def test_the_log_as_json_is_the_journals_lines(mbisect: Any, folder: Path, run: str, cache: Path) -> None:
    lines = json.loads(mbisect(folder, "log", run, "--json").stdout)
    journal = (cache / "runs" / run / "journal.jsonl").read_text().splitlines()
    assert lines == [json.loads(line) for line in journal]


def test_a_run_that_has_not_ended_is_shown_and_told_but_has_no_report(mbisect: Any, folder: Path, beside: Any) -> None:
    path = beside("0" * 12)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    age(path)
    assert "it has not ended" in mbisect(folder, "show", "000").stdout
    assert mbisect(folder, "log", "000").stdout.count("mbisect reproduce") == 2
    said = mbisect(folder, "report", "000")
    assert (said.status, said.stdout) == (2, "")
    assert f"run {'0' * 12} has not ended" in said.stderr
    [row] = [row for row in json.loads(mbisect(folder, "list", "--json").stdout) if row["run"] == "0" * 12]
    assert (row["outcome"], row["trials"], row["causes"]) == (None, 2, [])


@pytest.mark.parametrize("content", [b"", b"\x00\xff\n" * 9, b'{"head": {}}\n'], ids=["empty", "binary", "no head"])
@pytest.mark.parametrize("command", ["report", "show", "log"])
def test_a_damaged_journal_is_one_line(mbisect: Any, folder: Path, beside: Any, content: bytes, command: str) -> None:
    path = beside("0" * 12)
    path.write_bytes(content)
    age(path)
    said = mbisect(folder, command, "000")
    assert (said.status, said.stdout) == (2, "")
    assert said.stderr == (
        f"mbisect: the journal of run {'0' * 12} is damaged, or of another version of mbisect; search again with "
        "`mbisect run`\n"
    )
    assert mbisect(folder, "list").status == 0


def test_an_effort_that_is_damaged_does_not_hide_the_report(mbisect: Any, folder: Path, beside: Any) -> None:
    path = beside("0" * 12)
    path.write_text(
        path.read_text()
        .replace('{"effort":{', '{"effort":{"ran":"x",')
        .replace('"ran":"x","seconds"', '"seconds":"x","s"')
    )
    age(path)
    assert mbisect(folder, "report", "000", "--quiet").stdout == f"{NAME} 1.2 → 1.3 turns good into bad\n"


def test_an_id_that_means_several_runs_is_refused(mbisect: Any, folder: Path, beside: Any) -> None:
    for name in ("0" * 12, "0" * 11 + "1"):
        age(beside(name))
    said = mbisect(folder, "report", "000")
    assert (said.status, said.stdout) == (2, "")
    assert "2 runs in the cache begin with `000`" in said.stderr


@pytest.mark.parametrize("command", ["report", "show", "log"])
def test_an_empty_cache_says_what_makes_a_run(
    mbisect: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    said = mbisect(folder, command, "zzz")
    assert (said.status, said.stdout) == (2, "")
    assert "there is no run `zzz` in the cache; `mbisect list` shows those that there are" in said.stderr


def test_the_markdown_may_be_printed(mbisect: Any, folder: Path, run: str) -> None:
    said = mbisect(folder, "report", run, "--markdown", "-")
    assert said.stdout.startswith(f"## mbisect: {NAME} 1.2 → 1.3 turns good into bad\n")


def test_the_step_summary_is_that_of_the_step(
    mbisect: Any, folder: Path, run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    assert mbisect(folder, "report", run, "--step-summary", "--quiet").status == 0
    assert (tmp_path / "summary.md").read_text() == mbisect(folder, "report", run, "--markdown", "-").stdout


def test_the_schema_is_printed_without_a_run(mbisect: Any, tmp_path: Path) -> None:
    assert json.loads(mbisect(tmp_path, "report", "--schema").stdout)["$id"] == "urn:mbisect:report:1"


def test_an_answer_from_few_runs_of_an_end_does_not_stand_where_more_are_allowed(
    mbisect: Callable[..., Any], folder: Path
) -> None:
    def ran(*limit: str) -> int:
        ends = ("--good", "good.txt", "--bad", "bad.txt", "--python", LINE)
        said = mbisect(folder, "run", *ends, *limit, "--json", "--", "python", "-c", "print('well')")
        assert said.status == 3, said.stderr
        return int(json.loads(said.stdout)["ran"])

    first, more, fewer = ran("--seeds", "1"), ran("--seeds", "3"), ran("--seeds", "2")
    assert (first, more, fewer) == (2, 2, 0)  # both ends; then the bad one, which is good, twice more
    assert ran() > 0
    assert ran() == 0
