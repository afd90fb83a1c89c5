"""Draws the pictures of docs/reports.md from journals: python docs/report_pictures.py NAME=RUN …

For each run NAME, whose id is RUN (or its beginning): its HTML report, photographed by headless Chromium at the width
of a desktop and of a phone, in light and in dark, into docs/report-NAME-….png.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from mbisect.environments.store import cache_root
from mbisect.journal import recorded
from mbisect.report.html.page import write_page

PICTURES = (
    ("desktop-light", 1280, 1500),
    ("desktop-dark", 1280, 1500),
    ("phone-light", 390, 1600),
    ("phone-dark", 390, 1600),
)
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
ANSWERS = ("answers", 1280, 1000)
"""Where there are answers: the part of the page that shows them."""


def photograph(browser: Browser, page: Path, stem: str) -> None:
    """Take all pictures of a page."""
    for name, width, height in PICTURES:
        scheme = "dark" if name.endswith("dark") else "light"
        sheet = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
        sheet.goto(page.as_uri())
        sheet.wait_for_selector("html[data-drawn=yes]", state="attached", timeout=180_000)
        sheet.screenshot(path=f"{stem}-{name}.png")
        if width == ANSWERS[1] and sheet.locator("#answers").count():
            sheet.evaluate("document.getElementById('answers').scrollIntoView({behavior: 'instant'})")
            sheet.locator("#answers li, #answers article").first.wait_for()
            sheet.screenshot(path=f"{stem}-{ANSWERS[0]}-{scheme}.png")
        sheet.context.close()


with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
    chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    for pair in sys.argv[1:]:
        title, _, run = pair.partition("=")
        written = Path(scratch, "page.html")
        write_page(written, recorded(cache_root() / "runs", run), cache_root() / "environments")
        photograph(chromium, written, f"docs/report-{title}")
