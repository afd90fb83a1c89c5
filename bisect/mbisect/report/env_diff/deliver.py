"""Puts a comparison where the user wants it: on stdout, as text or JSON, and into files."""

from __future__ import annotations

import json
import os
from pathlib import Path

from mbisect.comparison.result import Comparison
from mbisect.errors import UsageError

STDOUT = Path("-")


def deliver(
    comparison: Comparison, *, everything: bool, as_json: bool, markdown: Path | None, html: Path | None
) -> None:
    """Write the files that are asked for, then print. Raises UsageError where a file cannot be written."""
    if as_json and markdown == STDOUT:
        raise UsageError("--json and --markdown - both print; choose one, or give --markdown a file")
    if html is not None:
        from mbisect.report.env_diff.html import as_html

        _write(html, as_html(comparison))
    if markdown is not None:
        from mbisect.report.env_diff.markdown import as_markdown

        text = as_markdown(comparison, everything=everything)
        if markdown == STDOUT:
            print(text, end="")
            return
        _write(markdown, text)
    if as_json:
        from mbisect.report.env_diff.machine import as_plain

        print(json.dumps(as_plain(comparison), indent=2))
        return
    from rich.console import Console

    from mbisect.report.env_diff.terminal import render

    console = Console()
    console.print(render(comparison, console.width, everything=everything))


def _write(path: Path, text: str) -> None:
    """The file is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
