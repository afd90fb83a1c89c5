"""`matrix`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from mbisect.cli.app import Bad, Good, Python, app, say
from mbisect.cli.options import JsonFile, MarkdownFile, Quiet
from mbisect.cli.search import asked_of, open_question

if TYPE_CHECKING:
    from mbisect.matrix import Matrix
    from mbisect.terms import Asked

STATUS = {"not-reproduced": 3, "good-endpoint-fails": 4, "undecided": 5}
"""Answer → exit status; 0 for the others."""


@app.command(
    epilog="Exit status: 0 answered, 2 usage or configuration, 3 not reproduced (the bad end is good), 4 the good end "
    "is bad, 5 undecided, 130 interrupted."
)
def matrix(
    good: Good,
    bad: Bad,
    python: Python = None,
    good_python: Annotated[str | None, typer.Option(metavar="V", help="Interpreter of the good end only.")] = None,
    bad_python: Annotated[str | None, typer.Option(metavar="V", help="Interpreter of the bad end only.")] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Run each cell N times, with N seeds.")] = 1,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, metavar="S", help="Kill a half after S seconds; it is then untestable.")
    ] = None,
    report: JsonFile = None,
    markdown: MarkdownFile = None,
    allow_builds: Annotated[bool, typer.Option("--allow-builds", help="Build releases that have no wheel.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure again what is already known.")] = False,
    quiet: Quiet = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Was it the training or the evaluation that broke?

    Trains at each end and evaluates both results at both. [workload.halves] in mbisect.toml says how the workload does
    either half alone.

    \b
    Examples:
      mbisect matrix --good v1 --bad v4
      mbisect matrix --good v1 --bad v3 --seeds 3 --json
    """
    from mbisect.environments.atomic import write_whole
    from mbisect.report.crossed import as_markdown, as_plain, as_table, next_command, sentence
    from mbisect.report.deliver import Wanted

    wanted = Wanted(report, markdown, quiet=quiet, as_json=as_json)
    wanted.check()
    asked = asked_of(good, bad, None, good_python or python, bad_python or python, None, timeout, allow_builds)
    found = measured(asked, seeds, fresh=fresh, quiet=quiet or as_json)
    if report is not None:
        write_whole(report, json.dumps(as_plain(found), indent=2) + "\n")
    if markdown is not None:
        write_whole(markdown, as_markdown(found))
    if as_json:
        typer.echo(json.dumps(as_plain(found), indent=2))
    elif quiet and not wanted.printed:
        typer.echo(sentence(found))
    elif not wanted.printed:
        from rich.console import Console

        console = Console()
        console.print(as_table(found))
        console.print(sentence(found), highlight=False, markup=False)
        if command := next_command(found):
            console.print(f"\nNext: {command}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(STATUS.get(found.answer, 0))


def measured(asked: Asked, seeds: int, *, fresh: bool, quiet: bool) -> Matrix:
    """The matrix of a question, told cell by cell on stderr."""
    from mbisect.matrix import measure
    from mbisect.report.counting import waiting
    from mbisect.report.crossed import cell_line

    question, conductor = open_question(asked)
    with conductor.cells(fresh=fresh) as cell, waiting("training and evaluating"):
        return measure(
            asked, question.judge.describe(), cell, seeds,
            tell=(lambda _: None) if quiet else lambda cell: say(cell_line(asked.good, asked.bad, cell)),
        )  # fmt: skip
