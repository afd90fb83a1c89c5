"""`report`: a run that was made earlier, told again; and the options by which every command delivers its report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mbisect.cli.app import app

STATUS = {"found": 0, "not-reproduced": 3, "good-endpoint-fails": 4, "undecided": 5}
"""Outcome of a run → exit status."""

Run = Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its beginning, or `latest`.")]
JsonFile = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.json", help="Write the report as JSON into a file.")
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Write the report as Markdown; - prints that instead.")
]
JunitFile = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE.xml", help="Write the report as JUnit XML, which CI systems show."),
]
StepSummary = Annotated[
    bool, typer.Option("--step-summary", help="Append the report to the step's summary in GitHub Actions.")
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file that needs no network.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and only the verdict.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


def _schema(wanted: bool) -> None:
    if wanted:
        from mbisect.report.schema import as_text

        typer.echo(as_text(), nl=False)
        raise typer.Exit


@app.command(epilog="Exit status: 0, whatever the run found; 2 there is no such run, or it has not ended.")
def report(
    run: Run = "latest",
    report: JsonFile = None,
    markdown: MarkdownFile = None,
    html: HtmlFile = None,
    junit: JunitFile = None,
    step_summary: StepSummary = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    schema: Annotated[
        bool, typer.Option("--schema", callback=_schema, is_eager=True, help="Print the JSON Schema of --json.")
    ] = False,
) -> None:
    """Print, or write, the report of a run that was made earlier. Nothing is run, resolved or asked of an index.

    mbisect report

    mbisect report 0a1b2c3d4e5f --html found.html --junit found.xml
    """
    from mbisect.environments.store import cache_root
    from mbisect.journal import recorded
    from mbisect.report.deliver import Wanted, deliver

    wanted = Wanted(report, markdown, html, junit, step_summary, quiet, as_json)
    wanted.check()
    deliver(recorded(cache_root() / "runs", run), wanted)
