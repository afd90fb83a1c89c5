"""`smoke` and `history`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbisect.cli.app import app, say
from mbisect.cli.options import MarkdownFile, Quiet
from mbisect.cli.search import reporter_for
from mbisect.errors import UsageError

if TYPE_CHECKING:
    from mbisect.history import History
    from mbisect.smoke import Smoked

Against = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Snapshot whose envs/NAME.toml is resolved.  [default: the only one]"),
]
State = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Folder of the history.  [default: in the cache, for each project]")
]


@app.command(
    epilog="Exit status: 0 green, 1 red and the cause found, 2 usage, configuration, or ranges without a solution, "
    "3 not reproduced by more runs, 4 the last green fails too, 5 undecided, 70 our fault, 130 interrupted."
)
def smoke(
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND …", help="Judged by its exit status; without it the project's workload."),
    ] = None,
    against: Against = None,
    seeds: Annotated[
        int, typer.Option(min=1, metavar="N", help="Run today's versions N times; more where in doubt.")
    ] = 2,
    python: Annotated[
        str | None, typer.Option(metavar="V", help="Interpreter: a version or a path.  [default: that of the file]")
    ] = None,
    state: State = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Do N runs at once.")] = 1,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="Kill a run after S seconds; it is then untestable.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure again what is already known.")] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Take today's versions as the last green, whatever they measure.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write what --json prints into a file.")
    ] = None,
    markdown: MarkdownFile = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the history, this smoke included, as one HTML file.")
    ] = None,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the smoke, and its search's report, as JSON.")] = False,
) -> None:
    """Try today's newest versions, and bisect at once what is red.

    Resolves the ranges of envs/NAME.toml without their cut-off date, runs the workload and compares it with the last
    green. What is green becomes the reference of the next smoke; what is red is bisected between that and today.

    \b
    Examples:
      mbisect smoke --against v1
      mbisect smoke --against v1 --seeds 3 --state .mbisect/smoke --markdown smoke.md
      mbisect smoke --against app -- python test.py
    """
    from mbisect.environments.atomic import write_whole
    from mbisect.environments.indexes import endpoints_of, find_links_of
    from mbisect.environments.store import Store, cache_root
    from mbisect.report import deliver
    from mbisect.report.history.machine import smoke_as_plain
    from mbisect.report.history.words import status
    from mbisect.smoke import Smoking, Wanted

    files = deliver.Wanted(report, markdown, html, quiet=quiet, as_json=as_json)
    files.check()
    store = Store(cache_root())
    wanted = Wanted(against, tuple(command or ()), python, seeds, jobs, state, fresh, accept, timeout)
    indexes = endpoints_of(os.environ), find_links_of(os.environ)
    silent = quiet or as_json
    smoking = Smoking(
        wanted, Path.cwd(), store, indexes, (lambda _: None) if silent else say, lambda: reporter_for(silent)
    )
    smoked = smoking.smoke()
    plain = json.dumps(smoke_as_plain(smoked.smoke, smoked.asked, smoked.record), indent=2)
    if report is not None:
        write_whole(report, f"{plain}\n")
    if markdown is not None:
        from mbisect.report.history.markdown import smoke_as_markdown

        write_whole(markdown, smoke_as_markdown(smoked.smoke, smoked.asked, smoked.since, smoked.record))
    if html is not None:
        write_whole(html, _page(smoking.history, smoked.smoke.against, None))
    if as_json:
        typer.echo(plain)
    elif not files.printed:
        _print(smoked, quiet=quiet)
    raise typer.Exit(status(smoked.smoke))


def _print(smoked: Smoked, *, quiet: bool) -> None:
    """The report of the search where there was one, then what the smoke says."""
    from mbisect.report.history import words

    smoke = smoked.smoke
    if smoked.record is not None and not quiet:
        from rich.console import Console

        from mbisect.report.terminal import print_report

        print_report(smoked.record, Console())
        typer.echo()
    typer.echo(words.headline(smoke))
    if quiet:
        return
    for line in (words.found(smoke), words.since(smoke, smoked.since), words.moved(smoke)):
        if line:
            typer.echo(f"  {line}")
    if smoke.moved and smoke.light != "green":
        typer.echo(f"  the same search: {smoked.asked.line()}")


@app.command(epilog="Exit status: 0, whatever the smokes said; 2 usage, or there is no smoke yet.")
def history(
    against: Against = None,
    metric: Annotated[
        str | None, typer.Option(metavar="M", help="Metric to draw.  [default: the judged one, else what passed]")
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the last N smokes.")] = None,
    state: State = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one HTML file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Draw what smokes measured, and what moved between them.

    \b
    Examples:
      mbisect history --against v1
      mbisect history --against v1 --metric grounding --html history.html
    """
    from mbisect.environments.atomic import write_whole
    from mbisect.environments.store import cache_root
    from mbisect.report.deliver import Wanted
    from mbisect.report.history import words
    from mbisect.smoke import history_of

    wanted = Wanted(html=html, as_json=as_json)
    wanted.check()

    kept = history_of(against, state, Path.cwd(), cache_root())
    name, smokes = kept.folder.name, kept.smokes()[-last if last else 0 :]
    if not smokes:
        raise UsageError(
            f"there is no smoke of {name} in {kept.folder}; make one with `mbisect smoke --against {name}`"
        )
    if metric is not None and metric not in words.metrics_in(smokes):
        raise UsageError(f"--metric {metric}: no smoke measured it; there is {', '.join(words.metrics_in(smokes))}")
    drawn = metric or words.metric_of(smokes)
    nights = words.nights(smokes, drawn)
    if html is not None:
        write_whole(html, _page(kept, name, metric, last))
    if wanted.printed:
        return
    if as_json:
        from mbisect.report.history.machine import history_as_plain

        typer.echo(json.dumps(history_as_plain(name, drawn, nights), indent=2))
        return
    from rich.console import Console

    from mbisect.report.history.terminal import print_history

    print_history(name, nights, drawn, Console())


def _page(kept: History, name: str, metric: str | None, last: int | None = None) -> str:
    from mbisect.report.history import words
    from mbisect.report.history.html import as_html

    smokes = kept.smokes()[-last if last else 0 :]
    drawn = metric or words.metric_of(smokes)
    return as_html(name, drawn, words.nights(smokes, drawn))
