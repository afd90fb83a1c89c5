"""Puts a run's report where the user wants it: on stdout, into files, into the step summary of GitHub Actions."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mbisect.errors import UsageError
from mbisect.journal import Record

STDOUT = Path("-")
SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable in which GitHub Actions names the file of a step's summary."""
SUMMARY_LIMIT = 1024 * 1024
"""Bytes of it that GitHub Actions takes; of a larger one it shows nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a report goes, beside the terminal."""

    report: Path | None = None
    """As JSON."""
    markdown: Path | None = None
    """`-`: it is printed instead of the terminal's report."""
    html: Path | None = None
    junit: Path | None = None
    step_summary: bool = False
    quiet: bool = False
    """Print the verdict alone."""
    as_json: bool = False
    """Print the report as JSON."""

    def check(self) -> None:
        """Refuse what cannot be delivered, before anything is run. Raises UsageError."""
        if self.as_json and self.markdown == STDOUT:
            raise UsageError("--json and --markdown - both print; choose one, or give --markdown a file")
        for path in (self.report, self.markdown, self.html, self.junit):
            if path is not None and path != STDOUT and not path.absolute().parent.is_dir():
                raise UsageError(f"{path} cannot be written: there is no folder {path.parent}")
        if self.step_summary and not os.environ.get(SUMMARY):
            raise UsageError(
                f"--step-summary: ${SUMMARY} is not set, so this is no step of GitHub Actions; "
                "--markdown writes the same into a file"
            )


def deliver(record: Record, wanted: Wanted) -> None:
    """Write what is asked for, and print the report. Raises UsageError where a file cannot be written."""
    if wanted.report is not None:
        from mbisect.report.machine import as_report

        write_text(wanted.report, json.dumps(as_report(record), indent=2) + "\n")
    if wanted.html is not None:
        from mbisect.environments.store import cache_root
        from mbisect.report.html.page import write_page

        write_page(wanted.html, record, cache_root() / "environments")
    if wanted.junit is not None:
        from mbisect.report.junit import as_junit

        write_text(wanted.junit, as_junit(record, _ended(record)))
    if wanted.step_summary:
        _summarise(Path(os.environ[SUMMARY]), record)
    if wanted.markdown is not None:
        from mbisect.report.markdown import as_markdown

        if wanted.markdown == STDOUT:
            print(as_markdown(record), end="")
            return
        write_text(wanted.markdown, as_markdown(record))
    if wanted.as_json:
        from mbisect.report.machine import as_report

        print(json.dumps(as_report(record), indent=2))
    elif wanted.quiet:
        from mbisect.report.words import verdict_sentence

        print(verdict_sentence(record))
    else:
        from rich.console import Console

        from mbisect.report.terminal import print_report

        print_report(record, Console())


def write_text(path: Path, text: str) -> None:
    """The file is there whole or not at all. Raises UsageError where it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="replace")
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def _summarise(path: Path, record: Record) -> None:
    """Append as much of the report as the step's summary still takes, which other commands may have written to."""
    from mbisect.report.markdown import as_markdown

    try:
        with path.open("ab") as file:
            apart = "\n" if file.tell() else ""
            if text := as_markdown(record, most=SUMMARY_LIMIT - file.tell() - len(apart)):
                file.write(f"{apart}{text}".encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"${SUMMARY}: {path} cannot be written: {error.strerror}") from error


def _ended(record: Record) -> datetime | None:
    """When the run ended, by its journal."""
    try:
        return datetime.fromtimestamp(Path(record.journal).stat().st_mtime, UTC)
    except OSError:
        return None
