"""`recover`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbisect.cli.app import Other, app
from mbisect.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime


@app.command(epilog="Exit status: 0 written, 2 usage, configuration or nothing found.")
def recover(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the snapshot is to be called.")],
    left: Annotated[
        list[Path], typer.Option("--from", metavar="PATH", help="What the run left behind; may be repeated.")
    ],
    date: Annotated[str | None, typer.Option(metavar="D", help="About when the run was: 2025-02-20.")] = None,
    not_after: Annotated[
        str | None, typer.Option("--not-after", metavar="D", help="The last day on which it can have been.")
    ] = None,
    python: Other = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a snapshot of this name.")] = False,
    everything: Annotated[bool, typer.Option("--all", "-a", help="List every package; fold none.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the evidence and what follows from it as JSON.")
    ] = False,
) -> None:
    """Rebuild a lost environment from what its run left behind.

    Reads what it finds below the paths: configurations, model cards, saved arguments, logs, notebooks, scripts,
    requirement files. Nothing of it is executed. Writes envs/NAME.toml, envs/NAME.evidence.json and lockfiles/NAME.txt,
    and the snapshot's entry in mbisect.toml.

    \b
    Examples:
      mbisect recover v1 --from runs/2025-02-ner
      mbisect recover v1 --from out/adapter --from train.log --date 2025-02-20 --python 3.11
    """
    from datetime import UTC, datetime, timedelta

    from mbisect.environments.index import Index
    from mbisect.environments.indexes import endpoints_of, find_links_of
    from mbisect.environments.recover.result import as_plain
    from mbisect.environments.store import Store, cache_root
    from mbisect.environments.uv import Uv
    from mbisect.recovery import Wanted
    from mbisect.recovery import recover as recover_snapshot
    from mbisect.report.counting import waiting

    at, end = _day("--date", date), _day("--not-after", not_after)
    wanted = Wanted(
        name,
        tuple(left),
        at + timedelta(hours=12) if at is not None else None,
        end + timedelta(days=1) if end is not None else None,
        python,
        force,
    )
    root = Store(cache_root()).root
    index = Index(root, endpoints=endpoints_of(os.environ), find_links=find_links_of(os.environ))
    with waiting("reading, and resolving for the days in question"):
        recovered = recover_snapshot(wanted, Path.cwd(), index, Uv(root / "uv"), now=datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps(as_plain(recovered), indent=2))
        return
    from rich.console import Console

    from mbisect.report.recovered import render_recovered

    Console().print(render_recovered(recovered, everything=everything))


def _day(option: str, text: str | None) -> datetime | None:
    """The beginning of a day, in UTC."""
    from datetime import UTC, datetime

    if text is None:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"{option} {text}: give a day such as 2025-02-20") from None
