"""Puts a comparison where the user wants it: on stdout, as text or JSON, and into files."""

from __future__ import annotations

import json

from mbisect.comparison.result import Comparison
from mbisect.environments.atomic import write_whole
from mbisect.report.deliver import Wanted


def deliver(comparison: Comparison, wanted: Wanted, *, everything: bool) -> None:
    """Write the files that are asked for, then print. Raises UsageError where a file cannot be written."""
    if wanted.html is not None:
        from mbisect.report.env_diff.html import as_html

        write_whole(wanted.html, as_html(comparison))
    if wanted.markdown is not None:
        from mbisect.report.env_diff.markdown import as_markdown

        write_whole(wanted.markdown, as_markdown(comparison, everything=everything))
    if wanted.printed:
        return
    if wanted.as_json:
        from mbisect.report.env_diff.machine import as_plain

        print(json.dumps(as_plain(comparison), indent=2))
        return
    from rich.console import Console

    from mbisect.report.env_diff.terminal import render

    console = Console()
    console.print(render(comparison, console.width, everything=everything))
