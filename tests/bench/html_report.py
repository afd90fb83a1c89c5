"""How large an HTML report is, how soon it is seen and how fast it answers, in headless Chromium: medians and maxima.

    python tests/bench/html_report.py [--trials 5000] [--examples 2000] [--runs 5] [--markdown FILE]

A made record with so many trials and inputs is written as a page, opened anew each time, and used as a reader would.
Budget: first paint within 1.5 s, 8 MB. A key, a filter or a search counts until the next frame is painted.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from made_record import made
from playwright.sync_api import Browser, Page, sync_playwright

from mbisect.report.html.page import as_html

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (entry.name === "first-contentful-paint") done(entry.startTime / 1000);
}).observe({ type: "paint", buffered: true }))"""
TIMED = """([use, wait]) => new Promise((done) => {
  const began = performance.now();
  const end = () => requestAnimationFrame(() => setTimeout(() => done((performance.now() - began - wait) / 1000)));
  const key = (name) => chart.dispatchEvent(new KeyboardEvent("keydown", { key: name }));
  const uses = {
    key: () => key("ArrowRight"),
    near: () => document.querySelector("[data-view=near]").click(),
    whole: () => document.querySelector("[data-view=all]").click(),
    filter: () => document.querySelector("input[value=hallucinated]").click(),
    more: () => more.click(),
    search: () => {
      const find = document.querySelector("input[type=search]");
      find.value = "pain";
      find.dispatchEvent(new Event("input", { bubbles: true }));
    },
    table: () => { trials.open = true; },
  };
  uses[use]();
  setTimeout(end, wait);
})"""
DEBOUNCE = 130
"""Milliseconds that a search waits for the next letter; not counted."""
USES = {
    "key": "arrow key to the next trial",
    "near": "button: around the turn",
    "whole": "button: whole timeline",
    "filter": "filter: hallucinated",
    "search": "search",
    "more": "show more answers",
    "table": "open the table of trials",
}


def visit(browser: Browser, page: Path) -> dict[str, float]:
    """Open a page and use it; -> seconds by name."""
    sheet = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    sheet.set_default_timeout(300_000)
    sheet.goto(page.as_uri(), wait_until="commit")
    found = {"first paint": float(sheet.evaluate(PAINTED))}
    sheet.wait_for_selector("html[data-drawn=yes]", state="attached")
    found["all pictures drawn"] = float(sheet.evaluate("performance.now()")) / 1000
    found |= {title: used(sheet, use) for use, title in USES.items()}
    sheet.context.close()
    return found


def used(sheet: Page, use: str) -> float:
    """Seconds until what a use changes is painted."""
    return max(0.0, float(sheet.evaluate(TIMED, [use, DEBOUNCE if use == "search" else 0])))


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=5000)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--markdown", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        record = made(Path(scratch), trials=asked.trials, examples=asked.examples)
        began = time.process_time()
        text = as_html(record)
        writing = time.process_time() - began
        page = Path(scratch, "page.html")
        page.write_text(text, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        rounds = [visit(browser, page) for _ in range(asked.runs)]
        version = browser.version
        size = page.stat().st_size / 1e6
    rows = [("file", f"{size:.2f} MB", ""), ("written in (CPU)", f"{writing:.2f} s", "")]
    for name in rounds[0]:
        times = [found[name] for found in rounds]
        rows.append((name, f"{statistics.median(times):.2f} s", f"{max(times):.2f} s"))
    table = "\n".join(f"| {' | '.join(row)} |" for row in (("", "median", "slowest"), ("---",) * 3, *rows))
    head = f"{asked.trials} trials, {asked.examples} inputs answered by both; {asked.runs} visits of Chromium {version}"
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"
    print(f"{head}; {load}\n\n{table}")
    if asked.markdown:
        command = " ".join(["python", *sys.argv])
        asked.markdown.write_text(f"# How fast a large HTML report is\n\n{head}; {load}.\n\n{table}\n\n    {command}\n")


if __name__ == "__main__":
    main()
