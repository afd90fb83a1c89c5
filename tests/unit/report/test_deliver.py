"""Where a report goes: files, stdout, and the summary of a step in GitHub Actions with its limit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mbisect.errors import UsageError
from mbisect.report.deliver import SUMMARY, SUMMARY_LIMIT, Wanted, deliver
from mbisect.report.machine import as_report
from mbisect.report.markdown import LEFT_OUT, as_markdown
from mbisect.terms import package


@pytest.fixture
def record(world: Any) -> Any:
    return world.found((package("httpx"), "0.28.0"))


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "summary.md"
    monkeypatch.setenv(SUMMARY, str(path))
    return path


def test_the_step_summary_is_the_markdown_after_what_is_there(record: Any, summary: Path) -> None:
    summary.write_text("# Earlier")
    deliver(record, Wanted(step_summary=True, quiet=True))
    assert summary.read_text() == f"# Earlier\n{as_markdown(record)}"


@pytest.mark.parametrize("there", [0, SUMMARY_LIMIT - 800, SUMMARY_LIMIT - 30, SUMMARY_LIMIT, SUMMARY_LIMIT + 9])
def test_the_step_summary_never_grows_beyond_what_is_shown(record: Any, summary: Path, there: int) -> None:
    summary.write_bytes(b"x" * there)
    deliver(record, Wanted(step_summary=True, quiet=True))
    text = summary.read_text()[there:]
    assert len(summary.read_bytes()) <= max(SUMMARY_LIMIT, there)
    assert (LEFT_OUT in text) == (there == SUMMARY_LIMIT - 800)


@pytest.mark.parametrize("most", range(0, 1400, 37))
def test_a_report_that_must_be_short_loses_whole_parts_at_its_end(record: Any, most: int) -> None:
    whole, text = as_markdown(record), as_markdown(record, most)
    assert len(text.encode()) <= most
    kept = text.removesuffix(f"{LEFT_OUT}\n").rstrip("\n")
    assert whole.startswith(kept)
    assert text.count("```") % 2 == 0


def test_a_report_with_room_is_whole(record: Any) -> None:
    whole = as_markdown(record)
    assert as_markdown(record, len(whole.encode())) == whole


def test_outside_of_github_it_says_what_to_do_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SUMMARY, raising=False)
    with pytest.raises(UsageError, match=r"GITHUB_STEP_SUMMARY is not set.*--markdown"):
        Wanted(step_summary=True).check()


@pytest.mark.parametrize("where", ["report", "markdown", "junit"])
def test_a_folder_that_is_not_there_is_told_before_anything_is_run(tmp_path: Path, where: str) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        Wanted(**{where: tmp_path / "none" / "file"}).check()  # type: ignore[arg-type]  # a test says what it means


def test_a_folder_in_the_place_of_a_file_is_told_before_anything_is_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is a folder"):
        Wanted(tmp_path).check()


def test_only_one_form_can_be_printed() -> None:
    with pytest.raises(UsageError, match="--json and --markdown - both print"):
        Wanted(markdown=Path("-"), as_json=True).check()
    with pytest.raises(UsageError, match="--report - and --junit - both print"):
        Wanted(Path("-"), junit=Path("-")).check()


def test_markdown_is_printed_instead_of_the_report(record: Any, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(record, Wanted(markdown=Path("-")))
    assert capsys.readouterr().out == as_markdown(record)


def test_so_is_json_and_no_file_has_that_name(
    record: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    deliver(record, Wanted(Path("-")))
    assert json.loads(capsys.readouterr().out) == as_report(record)
    assert not list(tmp_path.iterdir())


def test_a_report_goes_through_a_device_and_does_not_replace_it(record: Any, tmp_path: Path) -> None:
    (tmp_path / "nothing").symlink_to("/dev/null")
    deliver(record, Wanted(tmp_path / "nothing", tmp_path / "nothing", junit=tmp_path / "nothing", quiet=True))
    assert (tmp_path / "nothing").is_symlink() and not Path("/dev/null").is_file()
