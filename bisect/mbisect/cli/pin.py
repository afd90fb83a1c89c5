"""`pin`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mbisect.cli.app import app, say
from mbisect.cli.search import reopen
from mbisect.errors import UsageError


@app.command(epilog="Exit status: 0 verified (or --no-verify), 1 nothing heals, 2 usage, 130 interrupted.")
def pin(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="Id of a run that found a cause or its beginning, or `latest`.")
    ] = "latest",
    to: Annotated[
        str | None,
        typer.Option("--format", metavar="FORM", help="Print only the constraint: requirements, pyproject or conda."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Try it on the bad end first, or run nothing.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Print the smallest constraint that heals the bad end of a run.

    It is tried: the bad end is resolved under the constraint, built and run. For a dataset, setting, seed or commit it
    says what to set instead.

    \b
    Examples:
      mbisect pin 0a1b2c3d4e5f
      mbisect pin latest --format requirements >> requirements.txt
    """
    from mbisect.environments.store import Store, cache_root
    from mbisect.heal import answered, heal, unverified
    from mbisect.report.constraints import FORMS
    from mbisect.report.live import PlainReporter
    from mbisect.report.pinned import as_plain, as_text

    if to is not None and to not in FORMS:
        raise UsageError(f"--format {to}: there is no such form; known: {', '.join(FORMS)}")
    store = Store(cache_root())
    of = answered(store, run)
    if verify:
        _, conductor = reopen(of.head)
        pinned = heal(of, conductor, store, PlainReporter())
    else:
        pinned = unverified(of)
        say("not verified: nothing was run; without --no-verify it is tried")
    if as_json:
        typer.echo(json.dumps(as_plain(pinned), indent=2))
    elif to is None:
        typer.echo(as_text(pinned))
    elif pinned.remedy is not None:
        typer.echo(FORMS[to](pinned.remedy, pinned.end, pinned.bad), nl=False)
    else:
        typer.echo(as_text(pinned), err=True)
    raise typer.Exit(0 if pinned.remedy is not None else 1)
