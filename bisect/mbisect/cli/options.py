"""The options by which commands deliver what they found, and the exit statuses of what a run can come to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

STATUS = {"found": 0, "not-reproduced": 3, "good-endpoint-fails": 4, "undecided": 5}
"""Outcome of a run → exit status."""

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="Id of a run or its beginning, or `latest`: this folder's latest run.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.json", help="Write the report as JSON into a file.")
]
MarkdownFile = Annotated[
    Path | None,
    typer.Option("--markdown", metavar="FILE", help="Write the report as Markdown into a file; - prints it."),
]
JunitFile = Annotated[
    Path | None,
    typer.Option("--junit", metavar="FILE.xml", help="Write the report as JUnit XML, for CI systems."),
]
StepSummary = Annotated[
    bool, typer.Option("--step-summary", help="Append the report to the step's summary in GitHub Actions.")
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the report as one HTML file that needs no network.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress, and print only the verdict.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]
