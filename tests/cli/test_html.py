"""`mbisect report RUN --html FILE` writes the page of an earlier run from its journal, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mbisect.journal import Effort, Head, Journal
from mbisect.terms import Asked
from tests.bench.made_record import made


@pytest.fixture
def run(cache: Path, tmp_path: Path) -> str:
    """The id of a run that has ended."""
    record = made(tmp_path / "outputs", trials=12, examples=3)
    journal = Journal(cache / "runs" / record.run / "journal.jsonl")
    asked = Asked("v1", "v4", ("python", "-m", "train"))
    journal.begin(Head(record.run, asked, record.good, record.bad, record.command, record.judge, record.timeline))
    for trial in record.trials:
        journal.trial(trial)
    for step in record.narrowed:
        journal.narrowed(step)
    journal.finding(record.finding, Effort(1.5, 12))
    return record.run


def test_the_page_is_written_and_the_verdict_printed(mbisect: Callable[..., Any], run: str, tmp_path: Path) -> None:
    said = mbisect(tmp_path, "report", run[:6], "--html", "found.html", "--quiet")
    assert (said.status, said.stderr) == (0, "")
    assert "turns good into bad" in said.stdout
    page = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "mbisect run --good v1 --bad v4 -- python -m train" in page
    assert '"name":"95 %"' in page, "the posterior is drawn"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["found.html"]


def test_where_it_cannot_be_written_one_line_says_so(mbisect: Callable[..., Any], run: str, tmp_path: Path) -> None:
    said = mbisect(tmp_path, "report", run, "--html", "no/such/folder/found.html")
    assert said.status == 2
    assert said.stderr.count("\n") == 1
    assert "no/such/folder/found.html cannot be written" in said.stderr
