"""Draws docs/report.svg, the README's picture, from the real finding for v1 and v4: python docs/picture.py"""

import os
import re
from pathlib import Path

from rich.console import Console

from mbisect.conduct import Conductor, Options
from mbisect.environments.indexes import endpoints_of, find_links_of
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.store import Store, cache_root
from mbisect.events import Reporter
from mbisect.question import pose
from mbisect.report.terminal import print_report
from mbisect.terms import Asked

store = Store(cache_root())
asked = Asked("v1", "v4", folder=str(Path.cwd()))
question = pose(asked, lambda wanted: find_interpreter(wanted, cache=store.root), store.root / "datasets")
record = Conductor(question, store, endpoints_of(os.environ), find_links_of(os.environ)).answer(Options(), Reporter())
with Path(os.devnull).open("w") as nowhere:
    console = Console(record=True, width=110, file=nowhere, force_terminal=True, color_system="truecolor")
    print_report(record, console, paths=False)
svg = console.export_svg(title="mbisect run --good v1 --bad v4")
fonts_of_the_web = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
Path("docs/report.svg").write_text(fonts_of_the_web.sub("", svg))
