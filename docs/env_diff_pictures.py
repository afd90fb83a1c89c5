"""Draws the pictures of docs/env-diff.md from the real comparison of v1 and v4: python docs/env_diff_pictures.py

The terminal's is drawn by rich; the page's are taken by headless Chromium, where it is installed.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console

from mbisect.comparison.gather import compare_named
from mbisect.environments.store import cache_root
from mbisect.report.env_diff.html import as_html
from mbisect.report.env_diff.terminal import render

WIDTH = 110
PAGES = (("desktop-light", "1100,900", ()), ("phone-dark", "390,900", ("--force-dark-mode",)))

found = compare_named(Path.cwd(), "v1", "v4", cache=cache_root(), environ=os.environ)
with Path(os.devnull).open("w") as nowhere:
    console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True, color_system="truecolor")
    console.print(render(found, WIDTH))
fonts_of_the_web = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
Path("docs/env-diff.svg").write_text(fonts_of_the_web.sub("", console.export_svg(title="mbisect env-diff v1 v4")))
with tempfile.TemporaryDirectory() as scratch:
    page = Path(scratch, "page.html")
    page.write_text(as_html(found), encoding="utf-8")
    for name, size, more in PAGES:
        argv = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={size}"]
        argv += [*more, f"--screenshot=docs/env-diff-{name}.png", page.as_uri()]
        subprocess.run(argv, check=True, capture_output=True, timeout=120)
