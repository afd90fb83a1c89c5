"""The options by which commands deliver what they found, and the exit statuses of what a run can come to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

STATUS = {"found": 0, "not-reproduced": 3, "good-endpoint-fails": 4, "undecided": 5}
"""Outcome of a run → exit status."""

Run = Annotated[str, typer.Argument(metavar="RUN", help="Id of a run, its beginning, or `latest`, of this folder.")]
JsonFile = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.json", help="Write the report as JSON into a file.")
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help="Write the report as Markdown; - prints that instead.")
]
JunitFile = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE.xml", help="Write the report as JUnit XML, which CI systems show."),
]
StepSummary = Annotated[
    bool, typer.Option("--step-summary", help="Append the report to the step's summary in GitHub Actions.")
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file that needs no network.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, and only the verdict.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
