"""`report`: a run that was made earlier, told again."""

from __future__ import annotations

from typing import Annotated

import typer

from mbisect.cli.app import app
from mbisect.cli.options import AsJson, HtmlFile, JsonFile, JunitFile, MarkdownFile, Quiet, Run, StepSummary


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
    """Print or write the report of an earlier run.

    Nothing is run, resolved or asked of an index.

    \b
    Examples:
      mbisect report
      mbisect report 0a1b2c3d4e5f --html found.html --junit found.xml
    """
    from mbisect.environments.store import cache_root
    from mbisect.report.deliver import Wanted, deliver
    from mbisect.runs import recorded

    wanted = Wanted(report, markdown, html, junit, step_summary, quiet, as_json)
    wanted.check()
    deliver(recorded(cache_root() / "runs", run), wanted)
