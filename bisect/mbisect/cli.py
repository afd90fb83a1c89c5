"""The command line: parse, call, print, exit status. The only module that catches our errors; imports late."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from mbisect.errors import InterruptError, MbisectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mbisect.conduct import Conductor
    from mbisect.journal import Record
    from mbisect.question import Question
    from mbisect.terms import Asked

STATUS = {"found": 0, "not-reproduced": 3, "good-endpoint-fails": 4, "undecided": 5}
"""Outcome of a run → exit status."""

PATIENCE = 30.0
"""Seconds that `--dry-run --verbose` waits at most to learn what is in the releases' wheels."""

UNPARSABLE: Any = typer.BadParameter.__base__
"""What typer raises for a command line that cannot be parsed. Newer versions of it bring their own copy of click, so
that catching click's own class would miss it."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="git bisect for everything a fine-tune depends on: names the release, commit, dataset revision, setting or "
    "seed that turned a good run into a bad one, proven in both directions.",
)

Good = Annotated[
    str, typer.Option("--good", metavar="GOOD", help="Snapshot of mbisect.toml, or a lock file, that works.")
]
Bad = Annotated[str, typer.Option("--bad", metavar="BAD", help="Snapshot or lock file that does not.")]
Python = Annotated[str | None, typer.Option(help="Interpreter of both ends: a version (3.11) or a path.", metavar="V")]


def _version(wanted: bool) -> None:
    if wanted:
        from mbisect import __version__

        typer.echo(f"mbisect {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that belong to no command."""


@app.command(
    epilog="Exit status: 0 cause found, 2 usage or configuration, 3 not reproduced (the bad end is good), "
    "4 the good end is bad, 5 undecided, 70 our fault, 130 interrupted."
)
def run(
    good: Good,
    bad: Bad,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND …", help="Judged by its exit status: 0 good, 125 untestable, 1-127 bad."),
    ] = None,
    python: Python = None,
    good_python: Annotated[str | None, typer.Option(metavar="V", help="Interpreter of the good end alone.")] = None,
    bad_python: Annotated[str | None, typer.Option(metavar="V", help="Interpreter of the bad end alone.")] = None,
    axis: Annotated[
        list[str] | None, typer.Option(metavar="AXIS", help="Search this axis only; may be given again.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Trials at once.")] = 1,
    seeds: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Most runs of each end; 1 where runs never differ.")
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.999, metavar="P", help="How surely a cause must be known.")
    ] = 0.95,
    max_trials: Annotated[int | None, typer.Option(min=2, metavar="N", help="Give up after N trials.")] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="Seconds after which a trial is killed and untestable.")
    ] = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE.json", help="Write the report as JSON.")] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as Markdown.")] = None,
    allow_builds: Annotated[bool, typer.Option("--allow-builds", help="Build releases that have no wheel.")] = False,
    fidelity: Annotated[
        bool, typer.Option("--fidelity/--no-fidelity", help="Search at a cheaper level where that tells as much.")
    ] = True,
    suspect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Look here first: a package or an axis; may be given again. Excludes nothing."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the timeline and the cost; run nothing.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="With --dry-run: also which changes are thought likeliest, and why.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure again what is known.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and only the verdict.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report (or the plan) as JSON.")] = False,
) -> None:
    """Find the change that turned GOOD into BAD.

    mbisect run --good v1 --bad v4

    mbisect run --good good.txt --bad bad.txt --python 3.11 -- python test.py

    mbisect run --good v1 --bad v4 --axis package --jobs 2 --report found.json

    mbisect run --good v1 --bad v4 --suspect transformers --suspect dataset
    """
    if verbose and not dry_run:
        raise UsageError("--verbose says what is thought of the changes before a run; it goes with --dry-run")
    asked = _asked(good, bad, command, good_python or python, bad_python or python, axis, timeout, allow_builds)
    question, conductor = _open(asked)
    if dry_run:
        from mbisect.conduct import left_out_of

        for line in left_out_of(question.good, question.bad):
            typer.echo(f"mbisect: {line}", err=True)
        _print_plan(question, conductor, suspect or (), verbose=verbose, as_json=as_json)
        return
    from mbisect.conduct import Options

    options = Options(jobs, seeds, confidence, max_trials, fresh, fidelity, tuple(suspect or ()))
    with _reporter(quiet or as_json) as reporter:
        record = conductor.answer(options, reporter)
    _deliver(record, report, markdown, quiet=quiet, as_json=as_json)
    raise typer.Exit(STATUS[record.finding.outcome])


def _asked(
    good: str,
    bad: str,
    command: list[str] | None,
    good_python: str | None,
    bad_python: str | None,
    axes: list[str] | None,
    timeout: float | None,
    allow_builds: bool,
) -> Asked:
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
    )


def _open(asked: Asked) -> tuple[Question, Conductor]:
    from mbisect.conduct import Conductor
    from mbisect.environments.indexes import endpoints_of, find_links_of
    from mbisect.environments.interpreters import find_interpreter
    from mbisect.environments.store import Store, cache_root
    from mbisect.question import pose

    store = Store(cache_root())
    question = pose(asked, lambda request: find_interpreter(request, cache=store.root), store.root / "datasets")
    return question, Conductor(question, store, endpoints_of(os.environ), find_links_of(os.environ))


def _reporter(quiet: bool) -> Any:
    from contextlib import nullcontext

    from mbisect.events import Reporter

    if quiet:
        return nullcontext(Reporter())
    if sys.stderr.isatty():
        from mbisect.report.live import LiveReporter

        return LiveReporter()
    from mbisect.report.live import PlainReporter

    return nullcontext(PlainReporter())


def _deliver(record: Record, report: Path | None, markdown: Path | None, *, quiet: bool, as_json: bool) -> None:
    from mbisect.report.machine import as_report, write_report

    if report is not None:
        write_report(report, record)
    if markdown is not None:
        from mbisect.report.markdown import as_markdown

        markdown.write_text(as_markdown(record), encoding="utf-8")
    if as_json:
        typer.echo(json.dumps(as_report(record), indent=2))
    elif quiet:
        from mbisect.report.words import verdict_sentence

        typer.echo(verdict_sentence(record))
    else:
        from rich.console import Console

        from mbisect.report.terminal import print_report

        print_report(record, Console())


def _print_plan(
    question: Question, conductor: Conductor, suspects: Sequence[str], *, verbose: bool, as_json: bool
) -> None:
    from dataclasses import asdict

    from mbisect.estimate import estimate, worst_case
    from mbisect.report.plan import plan_as_json, render_plan, render_priors

    timeline = conductor.plan()
    priors = conductor.priors(timeline, suspects, patience=PATIENCE if verbose else 0.0)
    worst, cost = worst_case(len(timeline)), estimate(timeline, conductor.sizes(), conductor.earlier_seconds())
    if as_json:
        typer.echo(json.dumps(plan_as_json(timeline, worst, asdict(cost), priors.all()), indent=2))
        return
    from rich.console import Console

    console = Console()
    console.print(render_plan(timeline, worst, cost.words()))
    if verbose:
        console.print(render_priors(priors.all(), traced=priors.traced))


@app.command()
def reproduce(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, as its report names it.")],
    side: Annotated[str, typer.Argument(metavar="good|bad", help="The last good candidate, or the first bad one.")],
) -> None:
    """Run one side of a finding once more.

    It runs in the current folder's project, and what it prints is printed.

    mbisect reproduce 0a1b2c3d4e5f bad
    """
    from mbisect.conduct import candidate_of
    from mbisect.environments.store import Store, cache_root
    from mbisect.terms import Ask

    if side not in ("good", "bad"):
        raise UsageError(f"the side is `good` or `bad`, not `{side}`")
    asked, candidate = candidate_of(Store(cache_root()), run, side)
    _, conductor = _open(asked)
    trial = conductor.trial(Ask(candidate, 0, "boundary"))
    typer.echo(trial.measurement.tail)
    typer.echo(f"mbisect: {trial.outcome.verdict}: {trial.outcome.reason}", err=True)


@app.command()
def lock(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Snapshot whose envs/NAME.toml is resolved.")],
) -> None:
    """Resolve what a snapshot asks for.

    Reads envs/NAME.toml, resolves it at its cut-off date, and writes lockfiles/NAME.txt.

    mbisect lock v1
    """
    from mbisect.environments.asked import read_asked_for, resolve_asked_for
    from mbisect.environments.interpreters import find_interpreter
    from mbisect.environments.lockfile import write_lock
    from mbisect.environments.store import Store, cache_root
    from mbisect.environments.uv import Uv

    store = Store(cache_root())
    asked = read_asked_for(Path("envs", f"{name}.toml"))
    interpreter, pins = resolve_asked_for(asked, Uv(store.root / "uv"), find_interpreter)
    target = Path("lockfiles", f"{name}.txt")
    target.parent.mkdir(exist_ok=True)
    write_lock(target, pins, header=f"Written by `mbisect lock {name}` for Python {interpreter.minor}; do not edit.")
    typer.echo(f"wrote {target}: {len(pins)} packages")


@app.command()
def snapshot(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the snapshot is to be called.")],
    python: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="Interpreter or environment.  [default: the active virtual environment, else .venv]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed that was used.")] = 0,
    dataset: Annotated[
        str | None, typer.Option(metavar="REV", help="Dataset revision that was used.  [default: what is checked out]")
    ] = None,
    numeric: Annotated[
        bool, typer.Option("--numeric", help="Import numpy and torch too, to record how they are set to compute.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a snapshot of this name.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was recorded as JSON.")] = False,
) -> None:
    """Write down the environment that works now.

    Writes envs/NAME.toml, envs/NAME.json and lockfiles/NAME.txt, and the snapshot's entry in mbisect.toml.

    mbisect snapshot v5

    mbisect snapshot v5 --python ~/train/.venv --seed 4 --dataset 142f5c3
    """
    from mbisect.environments.index import Index
    from mbisect.environments.indexes import endpoints_of, find_links_of
    from mbisect.environments.store import Store, cache_root
    from mbisect.report.captured import as_plain, as_text
    from mbisect.snapshot import Wanted, take_snapshot

    root = Store(cache_root()).root
    index = Index(root, endpoints=endpoints_of(os.environ), find_links=find_links_of(os.environ))
    wanted = Wanted(name, python, seed, dataset, force, numeric)
    taken = take_snapshot(wanted, Path.cwd(), index, root / "datasets")
    typer.echo(json.dumps(as_plain(taken), indent=2) if as_json else as_text(taken))
    for warning in taken.warnings:
        typer.echo(f"mbisect: {warning}", err=True)


ByName = Annotated[str, typer.Argument(metavar="NAME", help="Snapshot of mbisect.toml, or a lock file.")]
Other = Annotated[str | None, typer.Option(help="Another interpreter: a version (3.11) or a path.", metavar="V")]


@app.command()
def build(name: ByName, python: Other = None) -> None:
    """Build a snapshot's environment and print its path.

    mbisect build v1
    """
    from mbisect.enter import built
    from mbisect.environments.store import Store, cache_root

    _, environment = built(name, python, Path.cwd(), Store(cache_root()), _say)
    typer.echo(environment.folder)


@app.command("exec")
def execute(
    name: ByName,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND …", help="Its exit status is passed on.")],
    python: Other = None,
) -> None:
    """Run a command in a snapshot's environment.

    It runs in the current folder, with the snapshot's variables; the environment is built first when it is not there.

    mbisect exec v1 -- python -c "import transformers; print(transformers.__version__)"
    """
    from mbisect.enter import built, enter
    from mbisect.environments.store import Store, cache_root

    store = Store(cache_root())
    snapshot, environment = built(name, python, Path.cwd(), store, _say)
    enter(snapshot, environment, command, store, os.environ)


def _say(text: str) -> None:
    typer.echo(f"mbisect: {text}", err=True)


@app.command()
def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Snapshot of mbisect.toml whose lock is written.")],
    to: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="requirements, pylock, conda, dockerfile or cyclonedx.")
    ] = "requirements",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there; without it to stdout.")] = None,
    hashes: Annotated[
        bool,
        typer.Option("--hashes/--no-hashes", help="Keep the lock's hashes; pip wants them of all packages or none."),
    ] = True,
) -> None:
    """Write a snapshot's lock for other tools.

    No address of a package index is in it. Only pylock asks the index, for the names of files.

    mbisect export v1 --format pylock --output pylock.toml
    """
    from functools import partial

    from mbisect.environments.index import Index
    from mbisect.environments.indexes import endpoints_of
    from mbisect.environments.interpreters import find_interpreter
    from mbisect.environments.lockfile import left_out, write_whole
    from mbisect.environments.store import Store, cache_root
    from mbisect.export import export as exported

    store = Store(cache_root())
    index = Index(store.root, endpoints=endpoints_of(os.environ))
    find = partial(find_interpreter, cache=store.root)
    done = exported(name, to, Path.cwd(), find, index.files, hashes=hashes)
    if done.lock.fixed:
        typer.echo(f"mbisect: {name}: {left_out(done.lock)}", err=True)
    if output is None:
        typer.echo(done.text, nl=False)
        return
    write_whole(output, done.text)
    typer.echo(f"wrote {output}: {len(done.lock.pins)} packages")


@app.command()
def cache(
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what was used least recently, down to the limit.")
    ] = False,
    limit: Annotated[str, typer.Option(metavar="SIZE", help="What may stay, such as 20GB.")] = "20GB",
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Show what the cache holds, or prune it.

    mbisect cache --prune --limit 5GB
    """
    from mbisect.environments.store import Store, cache_root, human_size, parse_size

    store = Store(cache_root())
    if prune:
        freed = store.prune(parse_size(limit))
        typer.echo(f"removed {freed.environments} environments and {human_size(freed.size)}")
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


@app.command("env-diff", epilog="Exit status: 0 the same, 1 different, 2 usage or configuration.")
def env_diff(
    first: Annotated[str, typer.Argument(metavar="A", help="Snapshot of mbisect.toml, or a lock file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    python: Python = None,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Every package and commit, none folded.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it as Markdown; - prints that instead.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as one HTML file.")] = None,
) -> None:
    """What differs between A and B, the most suspicious first. Builds and runs nothing.

    mbisect env-diff v1 v4

    mbisect env-diff good.txt bad.txt --python 3.11 --html diff.html
    """
    from mbisect.comparison.gather import compare_named
    from mbisect.environments.store import cache_root

    found = compare_named(Path.cwd(), first, second, cache=cache_root(), environ=os.environ, python=python)
    from mbisect.report.env_diff.deliver import deliver

    deliver(found, everything=everything, as_json=as_json, markdown=markdown, html=html)
    raise typer.Exit(1 if found.differences else 0)


@app.command()
def simulate(
    changes: Annotated[int, typer.Option(min=1, metavar="N", help="Changes between good and bad.")] = 256,
    good_fails: Annotated[
        float | None, typer.Option(min=0, max=1, metavar="RATE", help="How often a good candidate fails.")
    ] = None,
    bad_fails: Annotated[
        float | None, typer.Option(min=0, max=1, metavar="RATE", help="How often a bad candidate fails.")
    ] = None,
    gap_sigma: Annotated[
        float | None,
        typer.Option(min=0, max=1000, metavar="D", help="Judge a metric whose means are D standard deviations apart."),
    ] = None,
    untestable: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="Candidates that cannot be tested.")
    ] = 0.0,
    culprits: Annotated[
        int | None,
        typer.Option(min=1, max=8, metavar="N", help="Guilty changes, which only fail together.  [default: 1]"),
    ] = None,
    each: Annotated[bool, typer.Option("--each", help="Each culprit alone is enough.")] = False,
    nothing: Annotated[bool, typer.Option("--nothing", help="No change is guilty; both ends fail alike.")] = False,
    searches: Annotated[int, typer.Option(min=1, metavar="N", help="Searches to simulate.")] = 100,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Trials at once in a search.")] = 1,
    max_runs: Annotated[int, typer.Option(min=2, metavar="N", help="Stop a search after N runs.")] = 2000,
    seed: Annotated[int, typer.Option(metavar="N", help="Where the culprits are, and all noise.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """How many runs will I need? Searches for planted culprits; builds and runs nothing.

    mbisect simulate --changes 256 --good-fails 0.1 --bad-fails 0.7

    mbisect simulate --changes 64 --gap-sigma 2 --untestable 0.2

    mbisect simulate --culprits 2 --jobs 4 --searches 300 --json
    """
    from mbisect.report.counting import counting
    from mbisect.report.simulation import as_plain, as_text
    from mbisect.simulate.asked import asked_for
    from mbisect.simulate.many import simulate_many

    scenario = asked_for(changes, good_fails, bad_fails, gap_sigma, untestable, culprits, each, nothing)
    seeds = range(seed * searches, (seed + 1) * searches)
    try:
        with counting(searches, "searches") as done:
            summary = simulate_many(scenario, seeds, jobs=jobs, most_runs=max_runs, done=done)
    except KeyboardInterrupt:
        raise InterruptError("interrupted") from None
    if as_json:
        typer.echo(json.dumps(as_plain(scenario, summary, jobs, seed), indent=2))
    else:
        typer.echo(as_text(scenario, summary, jobs))


def main() -> NoReturn:
    """Entry point: every error of ours is one line on stderr and its own exit status.

    To be told to end (`kill`, a closed terminal) is the same as Ctrl-C: the trials that run are ended too.
    """
    for told in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(told, signal.default_int_handler)
    try:
        status = app(standalone_mode=False)
        if status == 130:  # newer versions of typer turn Ctrl-C into this status and say nothing
            raise KeyboardInterrupt
    except MbisectError as error:
        status = _complain(str(error), error.exit_status)
    except UNPARSABLE as error:
        error.show()
        status = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        status = _complain("interrupted; the same command goes on where this one stopped", 130)
    except BrokenPipeError:
        sys.stderr.close()
        status = 141
    sys.exit(status if isinstance(status, int) else 0)


def _complain(message: str, status: int) -> int:
    typer.echo(f"mbisect: {message}", err=True)
    return status
