"""The reference is what the code says, and the words, statuses and tables of it are whole."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.docs.pages import ROOT, read


def test_the_reference_is_up_to_date() -> None:
    argv = [sys.executable, "tools/reference.py", "--check"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_page_of_the_report_explains_every_field_that_it_shows() -> None:
    page = ROOT / "docs/reference/report.md"
    shown = next(block.printed for block in read(page)[0] if block.printed is not None)
    rows = "".join(line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `"))
    for field, value in json.loads(shown.text).items():
        nested = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
        names = {field, *nested} if isinstance(nested, dict) else {field}
        assert {name for name in names if f"`{name}`" not in rows} == set()
