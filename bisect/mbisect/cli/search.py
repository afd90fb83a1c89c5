"""`run` and `reproduce`."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mbisect.cli.app import Bad, Good, Python, app, say
from mbisect.cli.options import STATUS, HtmlFile, JsonFile, JunitFile, MarkdownFile, Quiet, StepSummary
from mbisect.errors import MbisectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbisect.conduct import Conductor
    from mbisect.journal import Head
    from mbisect.question import Question
    from mbisect.terms import Asked, Half


HALVES = ("both", "auto", "training", "evaluation")
PATIENCE = 30.0
"""Seconds that `--dry-run --verbose` waits at most to learn what is in the releases' wheels."""


@app.command(
    epilog="Exit status: 0 cause found, 2 usage or configuration, 3 not reproduced (the bad end is good), "
    "4 the good end is bad, 5 undecided, 70 our fault, 130 interrupted."
)
def run(
    good: Good,
    bad: Bad,
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="-- COMMAND …", help="Judged by its exit status: 0 good, 125 untestable, others up to 127 bad."
        ),
    ] = None,
    tests: Annotated[
        list[str] | None,
        typer.Option(
            "--pytest", metavar="TEST", help="Instead of COMMAND: a test as pytest names it; may be repeated."
        ),
    ] = None,
    python: Python = None,
    like: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="NAME", help="Run lock files with the revisions, settings and seed of this snapshot."
        ),
    ] = None,
    good_python: Annotated[str | None, typer.Option(metavar="V", help="Interpreter of the good end only.")] = None,
    bad_python: Annotated[str | None, typer.Option(metavar="V", help="Interpreter of the bad end only.")] = None,
    axis: Annotated[
        list[str] | None, typer.Option(metavar="AXIS", help="Search this axis only; may be repeated.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Run N trials at once.")] = 1,
    seeds: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Run each end at most N times; 1 if runs never differ.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.999, metavar="P", help="How sure a finding must be.")
    ] = 0.95,
    max_trials: Annotated[int | None, typer.Option(min=2, metavar="N", help="Give up after N trials.")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="Kill a trial after S seconds; it is then untestable.")
    ] = None,
    report: JsonFile = None,
    markdown: MarkdownFile = None,
    html: HtmlFile = None,
    junit: JunitFile = None,
    step_summary: StepSummary = False,
    allow_builds: Annotated[bool, typer.Option("--allow-builds", help="Build releases that have no wheel.")] = False,
    fidelity: Annotated[
        bool, typer.Option("--fidelity/--no-fidelity", help="Search at a cheaper level first, if the project has one.")
    ] = True,
    half: Annotated[
        str,
        typer.Option(
            metavar="HALF", help="Half to search: training, evaluation, both, or auto (asks `mbisect matrix`)."
        ),
    ] = "both",
    suspect: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Look here first: a package or an axis; may be repeated. Excludes nothing."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the timeline and about what a run costs; run nothing.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="With --dry-run: also print which changes are likeliest, and why.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure again what is already known.")] = False,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report (or the plan) as JSON.")] = False,
) -> None:
    """Find the change that turned GOOD into BAD.

    \b
    Examples:
      mbisect run --good v1 --bad v4
      mbisect run --good good.txt --bad bad.txt --python 3.11 -- python test.py
      mbisect run --good v1 --bad v4 --axis package --jobs 2 --html found.html
      mbisect run --good good.txt --bad bad.txt --pytest tests/test_api.py::test_login
      mbisect run --good v1 --bad v4 --suspect transformers --suspect dataset
      mbisect run --good v1 --bad v3 --half evaluation
    """
    if verbose and not dry_run:
        raise UsageError("--verbose says what is thought of the changes before a run; it goes with --dry-run")
    from mbisect.report.deliver import Wanted, deliver

    wanted = Wanted(report, markdown, html, junit, step_summary, quiet, as_json)
    wanted.check()
    asked = asked_of(
        good, bad, command, good_python or python, bad_python or python, axis, timeout, allow_builds, tests, like
    )
    if half != "both":
        asked = replace(asked, half=_half(half, asked, seeds or 1, dry_run=dry_run, quiet=quiet or as_json))
    question, conductor = open_question(asked)
    if dry_run:
        from mbisect.conduct import left_out_of

        for line in left_out_of(question.good, question.bad):
            typer.echo(f"mbisect: {line}", err=True)
        _print_plan(conductor, suspect or (), verbose=verbose, as_json=as_json)
        return
    from mbisect.conduct import Options

    options = Options(jobs, seeds, confidence, max_trials, fresh, fidelity, tuple(suspect or ()))
    with reporter_for(quiet or as_json) as reporter:
        record = conductor.answer(options, reporter)
    deliver(record, wanted)
    raise typer.Exit(STATUS[record.finding.outcome])


def asked_of(
    good: str,
    bad: str,
    command: list[str] | None,
    good_python: str | None,
    bad_python: str | None,
    axes: list[str] | None,
    timeout: float | None,
    allow_builds: bool,
    tests: list[str] | None = None,
    like: str | None = None,
) -> Asked:
    """What was typed, where."""
    from mbisect.terms import Asked, Axis

    for axis in axes or []:
        if axis not in list(Axis):
            raise UsageError(
                f"--axis {axis}: there is no such axis; known: {', '.join(a for a in Axis if a != 'system')}"
            )
    return Asked(
        good,
        bad,
        tuple(command or ()),
        good_python,
        bad_python,
        tuple(Axis(axis) for axis in axes or []),
        timeout,
        allow_builds,
        str(Path.cwd()),
        tuple(tests or ()),
        like=like or "",
    )


def _half(wanted: str, asked: Asked, seeds: int, *, dry_run: bool, quiet: bool) -> Half | None:
    """The half to search; `auto`: the one that the matrix finds guilty, and both where it is not one alone."""
    if wanted not in HALVES:
        raise UsageError(f"--half {wanted}: there is no such half; known: {', '.join(HALVES)}")
    if asked.command or asked.tests:
        what = "a test" if asked.tests else "a command after `--`"
        raise UsageError(f"--half: {what} has no halves; declare them in mbisect.toml (docs/matrix.md)")
    if wanted != "auto":
        return wanted  # type: ignore[return-value]  # it is one of these
    if dry_run:
        raise UsageError("--half auto runs the matrix, and --dry-run runs nothing: name the half, or leave --half out")
    from mbisect.cli.matrix import measured
    from mbisect.report.crossed import sentence

    found = measured(asked, seeds, fresh=False, quiet=quiet)
    if not quiet:
        say(sentence(found))
    return found.guilty


def open_question(asked: Asked) -> tuple[Question, Conductor]:
    """The question in full, and who answers it."""
    from mbisect.conduct import Conductor
    from mbisect.environments.indexes import endpoints_of, find_links_of
    from mbisect.environments.interpreters import find_interpreter
    from mbisect.environments.store import Store, cache_root
    from mbisect.question import pose

    store = Store(cache_root())
    question = pose(asked, find_interpreter, store.root / "datasets")
    return question, Conductor(question, store, endpoints_of(os.environ), find_links_of(os.environ))


def reopen(head: Head) -> tuple[Question, Conductor]:
    """The question of a run once more: as it is posed in this folder, where it is the same; else where it was typed.

    Raises UsageError where neither is possible.
    """
    here, there = str(Path.cwd()), head.asked.folder
    if here != there:
        with suppress(MbisectError):
            question, conductor = open_question(replace(head.asked, folder=here))
            if question.identity() == head.run:
                return question, conductor
    if not Path(there).is_dir():
        raise UsageError(
            f"run {head.run} was asked in {there}, which is gone, and this folder does not pose the same question; "
            "call it in a folder that holds what the run was about"
        )
    return open_question(head.asked)


def reporter_for(quiet: bool) -> Any:
    """Who shows the progress of a search: drawn on a terminal, line by line in a log, or nobody."""
    from contextlib import nullcontext

    from mbisect.events import Reporter

    if quiet:
        return nullcontext(Reporter())
    if sys.stderr.isatty():
        from mbisect.report.live import LiveReporter

        return LiveReporter()
    from mbisect.report.live import PlainReporter

    return nullcontext(PlainReporter())


def _print_plan(conductor: Conductor, suspects: Sequence[str], *, verbose: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from mbisect.estimate import estimate
    from mbisect.report.plan import plan_as_json, render_plan, render_priors

    timeline = conductor.plan()
    for line in conductor.remarks:
        typer.echo(f"mbisect: {line}", err=True)
    priors = conductor.priors(timeline, suspects, patience=PATIENCE if verbose else 0.0)
    cost = estimate(timeline, conductor.sizes(), conductor.earlier_seconds())
    if as_json:
        typer.echo(json.dumps(plan_as_json(timeline, asdict(cost), priors.all()), indent=2))
        return
    from rich.console import Console

    console = Console()
    console.print(render_plan(timeline, cost.words()))
    if verbose:
        console.print(render_priors(priors.all(), traced=priors.traced))


@app.command()
def reproduce(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, as its report names it.")],
    which: Annotated[
        str, typer.Argument(metavar="good|bad|TRIAL", help="The last good candidate, the first bad one, or a trial.")
    ],
) -> None:
    """Run one side of a finding, or one trial of a run, once more.

    It runs in this folder's project if that is what the run was about, else in the folder where the run was started.
    Its output is printed.

    \b
    Examples:
      mbisect reproduce 0a1b2c3d4e5f bad
      mbisect reproduce 0a1b2c3d4e5f 7
    """
    from mbisect.conduct import asked_again
    from mbisect.environments.store import Store, cache_root
    from mbisect.report.words import outcome_word

    if which not in ("good", "bad") and not which.isdecimal():
        raise UsageError(
            f"say `good`, `bad` or the number of a trial, not `{which}`; `mbisect show {run}` numbers them"
        )
    head, ask, known = asked_again(Store(cache_root()), run, which)
    _, conductor = reopen(head)
    trial = conductor.trial(ask, known)
    typer.echo(trial.measurement.tail)
    typer.echo(f"mbisect: {outcome_word(trial.outcome)}: {trial.outcome.reason}", err=True)
