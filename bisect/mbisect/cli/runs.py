"""`list`, `show`, `log`: the runs that were made earlier, and what each of their trials was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mbisect.cli.app import app, say
from mbisect.cli.options import Run

if TYPE_CHECKING:
    from rich.console import Console

    from mbisect.bisection import Thought
    from mbisect.conduct import Told

WIDEST = 112
"""Cells of a table where no terminal says how wide it is."""


@app.command("list", epilog="Exit status: 0, also where there is none.")
def runs(
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="Only the newest N.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """List the runs in the cache, the newest first.

    \b
    Examples:
      mbisect list
      mbisect list --limit 5 --json
    """
    from mbisect.catalogue import listed
    from mbisect.environments.store import cache_root

    entries = listed(cache_root() / "runs")[:limit]
    if as_json:
        from mbisect.report.catalogue import runs_as_plain

        typer.echo(json.dumps(runs_as_plain(entries), indent=2))
    elif not entries:
        say("there is no run in the cache yet; `mbisect run` makes one")
    else:
        from mbisect.report.catalogue import render_runs

        console = _console()
        console.print(render_runs(entries, console.width))


@app.command()
def show(
    run: Run = "latest",
    trial: Annotated[
        str | None, typer.Argument(metavar="TRIAL", help="Number of one of its trials; without it, a table of all.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show a run with its trials, or one trial in full. The run may still be going on.

    \b
    Examples:
      mbisect show
      mbisect show 0a1b2c3d4e5f 7
    """
    from mbisect.report import trials as shown
    from mbisect.runs import numbered

    head, trials, finding = _told(run)
    if trial is None:
        if as_json:
            typer.echo(json.dumps(shown.run_as_plain(head, trials, finding), indent=2))
        else:
            _console().print(shown.render_run(head, trials, finding))
        return
    one, number = numbered(trials, trial), int(trial)
    if as_json:
        typer.echo(json.dumps(shown.trial_as_plain(head, one, number), indent=2))
    else:
        _console().print(shown.render_trial(head, one, number))


@app.command(epilog="Exit status: 0; 1 with --replay: the search does not find the same; 2 there is no such run.")
def log(
    run: Run = "latest",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it into a file instead of stdout.")] = None,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay", help="Search again from the recorded outcomes, and say what it thought and whether it agrees."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the lines of its journal as JSON.")] = False,
) -> None:
    """Print a run as a log that a shell can run.

    It has a line for each trial, with the command that runs it once more. With --replay nothing is run either, but
    candidates are resolved again, in the current state of the project.

    \b
    Examples:
      mbisect log
      mbisect log 0a1b2c3d4e5f --output run.log && sh run.log
    """
    from mbisect.environments.atomic import STDOUT, write_whole
    from mbisect.environments.store import cache_root
    from mbisect.journal import Journal
    from mbisect.report.log import as_log
    from mbisect.runs import find_run

    found = find_run(cache_root() / "runs", run)
    told = _told(found)
    thoughts, same = _replayed(told) if replay else (None, True)
    if as_json:
        journal = Journal(cache_root() / "runs" / found / "journal.jsonl")
        text = json.dumps([{kind: data} for kind, data in journal.lines()], indent=2) + "\n"
    else:
        text = as_log(*told, thoughts)
    write_whole(output or STDOUT, text)
    raise typer.Exit(0 if same else 1)


def _replayed(told: Told) -> tuple[tuple[Thought, ...], bool]:
    """What the search thinks of these trials today, and whether it finds what it found."""
    from mbisect.bisection import agree
    from mbisect.cli.search import reopen
    from mbisect.conduct import Options
    from mbisect.errors import UsageError

    head, trials, finding = told
    question, conductor = reopen(head)
    if question.identity() != head.run:
        raise UsageError(
            f"what run {head.run} was about has changed since (its locks, its command, a file that it names or the "
            "judge), so that it cannot be searched again; without --replay its log is told all the same"
        )
    thoughts, again = conductor.replay(trials, Options(fidelity=any(trial.ask.level for trial in trials)))
    if finding is None or again is None:
        say("the replay has not ended" + (", as the run has not" if finding is None else ": it would run more trials"))
        return thoughts, finding is None and again is None
    same = agree(finding, again)
    say("the replay finds the same" if same else "the replay finds otherwise: " + _finds(again))
    return thoughts, same


def _finds(again: object) -> str:
    from mbisect.report.words import HEADLINES, found_sentence
    from mbisect.terms import Finding

    assert isinstance(again, Finding)
    return found_sentence(again) if again.outcome == "found" else f"{HEADLINES[again.outcome]}: {again.why}"


def _told(run: str) -> Told:
    from mbisect.conduct import recalled
    from mbisect.environments.store import Store, cache_root

    return recalled(Store(cache_root()), run)


def _console() -> Console:
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=max(WIDEST, console.width))
