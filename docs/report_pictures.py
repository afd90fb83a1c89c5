"""Runs the stories of docs/reports.md and draws their reports: python docs/report_pictures.py [STORY …]

Each story is a real run, answered from the cache where it was run before. Into docs/reports/STORY go its HTML report,
photographed by headless Chromium at the width of a desktop and of a phone, in light and in dark; the terminal's report
at 80 and 120 columns; and the Markdown.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console

from mbisect.environments.store import cache_root
from mbisect.journal import Record
from mbisect.report.html.page import write_page
from mbisect.report.markdown import as_markdown
from mbisect.report.terminal import print_report
from mbisect.runs import recorded

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "tests/e2e/cases"
FILES = ("--good", "good.txt", "--bad", "bad.txt")
STORIES: dict[str, tuple[Path, tuple[str, ...]]] = {
    "v1-v4": (ROOT, ("--good", "v1", "--bad", "v4")),
    "v1-v3": (ROOT, ("--good", "v1", "--bad", "v3")),
    "single": (CASES / "01-openai-httpx-proxies", FILES),
    "pair": (CASES / "26-pair-starlette-httpx", FILES),
    "flaky": (CASES / "29-flaky-bad-30", FILES),
    "not-reproduced": (CASES / "24-none-both-good", FILES),
    "undecided": (CASES / "03-flask11-three-breakers", (*FILES, "--fresh", "--max-trials", "4")),
}
"""Name → where it is run, and what of: lock files are tried by the case's own test."""
SHEETS = (
    ("desktop-light", 1280, 1500),
    ("desktop-dark", 1280, 1500),
    ("phone-light", 390, 1600),
    ("phone-dark", 390, 1600),
)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ANSWERS = ("answers", 1280, 1000)
"""Where there are answers: the part of the page that shows them."""
PROJECT = Path(tempfile.gettempdir(), "mbisect-story")
FONTS_OF_THE_WEB = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def run(story: str) -> Record:
    """The story's record."""
    place, words = STORIES[story]
    if place != ROOT:
        shutil.rmtree(PROJECT, ignore_errors=True)
        PROJECT.mkdir()
        for name in ("good.txt", "bad.txt", "test.py"):
            shutil.copy(place / name, PROJECT)
        known = json.loads((place / "case.json").read_text())
        place, words = PROJECT, (*words, "--python", known["python"], "--", "python", "test.py")
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.json")
        command = (sys.executable, "-m", "mbisect", "run", "--report", str(report), *words)
        subprocess.run(command, cwd=place, stdout=subprocess.DEVNULL, check=False)
        return recorded(cache_root() / "runs", json.loads(report.read_text())["run"])


def shown(text: str) -> str:
    """Without where it was run; a line of an SVG from which that is gone is no longer stretched to its old length."""
    return re.sub(r' textLength="[\d.]+"([^<>]*>[^<]*~/project)', r"\1", text.replace(str(PROJECT), "~/project"))


def photograph(browser: Browser, page: Path, into: Path) -> None:
    """Take all pictures of a page."""
    for name, width, height in SHEETS:
        scheme = "dark" if name.endswith("dark") else "light"
        sheet = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
        sheet.goto(page.as_uri())
        sheet.wait_for_selector("html[data-drawn=yes]", state="attached", timeout=180_000)
        sheet.screenshot(path=into / f"{name}.png")
        if width == ANSWERS[1] and sheet.locator("#answers").count():
            sheet.evaluate("document.getElementById('answers').scrollIntoView({behavior: 'instant'})")
            sheet.locator("#answers li, #answers article").first.wait_for()
            sheet.screenshot(path=into / f"{ANSWERS[0]}-{scheme}.png")
        sheet.context.close()


def print_at(width: int, record: Record) -> str:
    """The terminal's report as SVG, which names no font of the web."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=width, file=nowhere, force_terminal=True, color_system="truecolor")
        print_report(record, console, paths=False)
    return FONTS_OF_THE_WEB.sub("", console.export_svg(title=f"mbisect report {record.run}"))


with sync_playwright() as playwright, tempfile.TemporaryDirectory() as made:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    for name in sys.argv[1:] or STORIES:
        record, into, written = run(name), ROOT / "docs/reports" / name, Path(made, "page.html")
        into.mkdir(parents=True, exist_ok=True)
        write_page(written, record, cache_root() / "environments")
        photograph(chromium, written, into)
        for columns in (80, 120):
            (into / f"terminal-{columns}.svg").write_text(shown(print_at(columns, record)))
        (into / "report.md").write_text(shown(as_markdown(record)))
        print(name, record.run)
