"""`env-diff`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mbisect.cli.app import Python, app


def _schema(wanted: bool) -> None:
    if wanted:
        from mbisect.report.env_diff.schema import as_text

        typer.echo(as_text(), nl=False)
        raise typer.Exit


@app.command("env-diff", epilog="Exit status: 0 the same, 1 different, 2 usage or configuration.")
def env_diff(
    first: Annotated[str, typer.Argument(metavar="A", help="Snapshot of mbisect.toml, lock file or image:NAME.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one, to compare with A.")],
    python: Python = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="List every package and commit; fold none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as Markdown into a file; - prints it.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one HTML file.")] = None,
    schema: Annotated[
        bool, typer.Option("--schema", callback=_schema, is_eager=True, help="Print the JSON Schema of --json.")
    ] = False,
) -> None:
    """Show what differs between A and B, the most suspicious first.

    Builds and runs nothing.

    \b
    Examples:
      mbisect env-diff v1 v4
      mbisect env-diff good.txt bad.txt --python 3.11 --html diff.html
    """
    from mbisect.comparison.gather import compare_named
    from mbisect.environments.store import cache_root
    from mbisect.report.deliver import Wanted

    wanted = Wanted(markdown=markdown, html=html, as_json=as_json)
    wanted.check()
    found = compare_named(Path.cwd(), first, second, cache=cache_root(), environ=os.environ, python=python)
    from mbisect.report.env_diff.deliver import deliver

    deliver(found, wanted, everything=everything)
    raise typer.Exit(1 if found.differences else 0)
