"""`simulate`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mbisect.cli.app import app
from mbisect.errors import InterruptError


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
        float, typer.Option(min=0, max=1, metavar="SHARE", help="Share of candidates that cannot be tested.")
    ] = 0.0,
    culprits: Annotated[
        int | None,
        typer.Option(min=1, max=8, metavar="N", help="Guilty changes, which only fail together.  [default: 1]"),
    ] = None,
    each: Annotated[bool, typer.Option("--each", help="Each culprit alone is enough.")] = False,
    nothing: Annotated[bool, typer.Option("--nothing", help="No change is guilty; both ends fail alike.")] = False,
    build_cost: Annotated[
        float | None,
        typer.Option(
            min=0, max=1000, metavar="RUNS", help="What a new environment costs.  [default: 3, with a metric 1]"
        ),
    ] = None,
    searches: Annotated[int, typer.Option(min=1, metavar="N", help="Searches to simulate.")] = 100,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, metavar="N", help="Run N trials of a search at once.")
    ] = 1,
    max_runs: Annotated[int, typer.Option(min=2, metavar="N", help="Stop a search after N runs.")] = 2000,
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of where the culprits are, and of all noise.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """How many runs will a search need?

    Searches for planted culprits; builds and runs nothing.

    \b
    Examples:
      mbisect simulate --changes 256 --good-fails 0.1 --bad-fails 0.7
      mbisect simulate --changes 64 --gap-sigma 2 --untestable 0.2
      mbisect simulate --culprits 2 --jobs 4 --searches 300 --json
    """
    from mbisect.report.counting import counting
    from mbisect.report.simulation import as_plain, as_text
    from mbisect.simulate.asked import asked_for
    from mbisect.simulate.many import simulate_many

    scenario = asked_for(changes, good_fails, bad_fails, gap_sigma, untestable, culprits, each, nothing, build_cost)
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
