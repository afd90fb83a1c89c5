"""Where a report goes: files, stdout, and the summary of a step in GitHub Actions with its limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mbisect.errors import UsageError
from mbisect.report.deliver import SUMMARY, SUMMARY_LIMIT, Wanted, deliver
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


def test_markdown_and_json_cannot_both_be_printed() -> None:
    with pytest.raises(UsageError, match="both print"):
        Wanted(markdown=Path("-"), as_json=True).check()


def test_markdown_is_printed_instead_of_the_report(record: Any, capsys: pytest.CaptureFixture[str]) -> None:
    deliver(record, Wanted(markdown=Path("-")))
    assert capsys.readouterr().out == as_markdown(record)
