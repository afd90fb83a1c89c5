"""Puts a run's report where the user wants it: on stdout, into files, into the step summary of GitHub Actions."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mbisect.environments.atomic import STDOUT, write_whole
from mbisect.errors import UsageError
from mbisect.journal import Record

SUMMARY = "GITHUB_STEP_SUMMARY"
"""The variable in which GitHub Actions names the file of a step's summary."""
SUMMARY_LIMIT = 1024 * 1024
"""Bytes of it that GitHub Actions takes; of a larger one it shows nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where a report goes, beside the terminal. A file that is `-` is printed instead of the terminal's report."""

    report: Path | None = None
    """As JSON."""
    markdown: Path | None = None
    html: Path | None = None
    junit: Path | None = None
    step_summary: bool = False
    quiet: bool = False
    """Print the verdict alone."""
    as_json: bool = False
    """Print the report as JSON."""

    @property
    def printed(self) -> bool:
        """Whether a file is printed, so that nothing else may be."""
        return STDOUT in self._files().values()

    def check(self) -> None:
        """Refuse what cannot be delivered, before anything is run. Raises UsageError."""
        printed = ["--json"] * self.as_json + [f"{one} -" for one, path in self._files().items() if path == STDOUT]
        if len(printed) > 1:
            raise UsageError(f"{printed[0]} and {printed[1]} both print; choose one, or name a file")
        for path in self._files().values():
            if path is None or path == STDOUT:
                continue
            if path.is_dir():
                raise UsageError(f"{path} cannot be written: it is a folder")
            if not path.absolute().parent.is_dir():
                raise UsageError(f"{path} cannot be written: there is no folder {path.parent}")
        if self.step_summary and not os.environ.get(SUMMARY):
            raise UsageError(
                f"--step-summary: ${SUMMARY} is not set, so this is no step of GitHub Actions; "
                "--markdown writes the same into a file"
            )

    def _files(self) -> dict[str, Path | None]:
        return {"--report": self.report, "--markdown": self.markdown, "--html": self.html, "--junit": self.junit}


def deliver(record: Record, wanted: Wanted) -> None:
    """Write what is asked for, and print the report. Raises UsageError where a file cannot be written."""
    if wanted.report is not None:
        from mbisect.report.machine import as_report

        write_whole(wanted.report, json.dumps(as_report(record), indent=2) + "\n")
    if wanted.html is not None:
        from mbisect.environments.store import cache_root
        from mbisect.report.html.page import write_page

        write_page(wanted.html, record, cache_root() / "environments")
    if wanted.junit is not None:
        from mbisect.report.junit import as_junit

        write_whole(wanted.junit, as_junit(record, _ended(record)))
    if wanted.step_summary:
        _summarise(Path(os.environ[SUMMARY]), record)
    if wanted.markdown is not None:
        from mbisect.report.markdown import as_markdown

        write_whole(wanted.markdown, as_markdown(record))
    if wanted.printed:
        return
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
