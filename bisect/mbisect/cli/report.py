"""`report`: a run that was made earlier, told again; and how every command delivers its report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbisect.cli.app import app

if TYPE_CHECKING:
    from mbisect.journal import Record

STATUS = {"found": 0, "not-reproduced": 3, "good-endpoint-fails": 4, "undecided": 5}
"""Outcome of a run → exit status."""

Run = Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its beginning, or `latest`.")]
JsonFile = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.json", help="Write the report as JSON into a file.")
]
MarkdownFile = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write the report as Markdown.")]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file that needs no network.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and only the verdict.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


@app.command(epilog="Exit status: 0, whatever the run found; 2 there is no such run, or it has not ended.")
def report(
    run: Run = "latest",
    report: JsonFile = None,
    markdown: MarkdownFile = None,
    html: HtmlFile = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Print, or write, the report of a run that was made earlier. Nothing is run, resolved or asked of an index.

    mbisect report

    mbisect report 0a1b2c3d4e5f --html found.html --markdown found.md
    """
    from mbisect.environments.store import cache_root
    from mbisect.journal import recorded

    deliver(recorded(cache_root() / "runs", run), report, markdown, html, quiet=quiet, as_json=as_json)


def deliver(
    record: Record, report: Path | None, markdown: Path | None, html: Path | None, *, quiet: bool, as_json: bool
) -> None:
    """Write what is asked for, and print the report."""
    from mbisect.report.machine import as_report, write_report

    if report is not None:
        write_report(report, record)
    if markdown is not None:
        from mbisect.report.markdown import as_markdown

        markdown.write_text(as_markdown(record), encoding="utf-8")
    if html is not None:
        from mbisect.environments.store import cache_root
        from mbisect.report.html.page import write_page

        write_page(html, record, cache_root() / "environments")
    if as_json:
        typer.echo(json.dumps(as_report(record), indent=2))
    elif quiet:
        from mbisect.report.words import verdict_sentence

        typer.echo(verdict_sentence(record))
    else:
        from rich.console import Console

        from mbisect.report.terminal import print_report

        print_report(record, Console())
