"""`cache`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mbisect.cli.app import app


@app.command()
def cache(
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what was used least recently, down to the limit.")
    ] = False,
    limit: Annotated[str, typer.Option(metavar="SIZE", help="How much may stay, such as 20GB.")] = "20GB",
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Show what the cache holds, or prune it.

    \b
    Examples:
      mbisect cache --prune --limit 5GB
    """
    from mbisect.environments.store import Store, cache_root, human_size, parse_size
    from mbisect.report.words import counted

    store = Store(cache_root())
    if prune:
        freed = store.prune(parse_size(limit))
        typer.echo(f"removed {counted(freed.environments, 'environment')} and {human_size(freed.size)}")
        if freed.busy:
            typer.echo("mbisect: trials are running: environments and staged sources stay", err=True)
        return
    usage = store.usage()
    if as_json:
        typer.echo(json.dumps([{"name": u.name, "entries": u.entries, "bytes": u.size} for u in usage], indent=2))
        return
    for row in usage:
        typer.echo(f"{row.name:<14}{row.entries:>8}  {human_size(row.size):>10}")
    typer.echo(f"in {store.root}")
