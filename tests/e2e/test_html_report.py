"""The HTML report in a real browser: nothing is fetched, nothing goes wrong, and mouse, keyboard and filters work."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mbisect.report.html.page import as_html
from tests.bench.made_record import made

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; CHROMIUM may name one"),
]
HOSTILE = "</script><img src=x onerror=document.title='broken'>\u202e"
TRIALS, EXAMPLES = 60, 90


@dataclass(slots=True)
class Seen:
    """What a browser had to say of a page."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def text(self, selector: str) -> str:
        """The visible text of an element."""
        return " ".join(self.page.inner_text(selector).split())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests. Without a sandbox of its own, which root may not have."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("evil"), hostile=HOSTILE)


def written(folder: Path, hostile: str = "") -> Path:
    path = folder / "report.html"
    path.write_text(as_html(made(folder, trials=TRIALS, examples=EXAMPLES, hostile=hostile)), encoding="utf-8")
    return path


def visit(browser: Browser, path: Path, *, width: int = 1280, dark: bool = False, script: bool = True) -> Seen:
    """Open a page and wait until its pictures are drawn."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
    )
    seen = Seen(context.new_page())
    seen.page.set_default_timeout(120_000)
    seen.page.on("console", lambda said: seen.errors.append(said.text) if said.type in ("error", "warning") else None)
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.goto(path.as_uri())
    if script:
        seen.page.wait_for_selector("html[data-drawn]", state="attached")
    return seen


@pytest.fixture(scope="module")
def seen(browser: Browser, report: Path) -> Seen:
    return visit(browser, report)


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_it_opens_without_an_error_a_request_or_a_sideways_scroll(
    browser: Browser, report: Path, width: int, dark: bool
) -> None:
    seen = visit(browser, report, width=width, dark=dark)
    assert seen.errors == []
    assert seen.requests == [report.as_uri()]
    assert seen.page.get_attribute("html", "data-drawn") == "yes"
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert seen.page.locator("#chart .scatterlayer .point").count() >= TRIALS
    assert seen.page.locator(".curve .scatterlayer .js-line").count() == 2


def test_hostile_texts_run_nothing_and_stand_there_as_they_are(browser: Browser, evil: Path) -> None:
    seen = visit(browser, evil)
    assert seen.errors == []
    assert seen.requests == [evil.as_uri()]
    assert "broken" not in seen.page.title().replace(HOSTILE, "").partition("·")[2]
    assert seen.page.locator("img").count() == 0
    assert "<img src=x" in seen.text("#examples")
    assert "<img src=x" in seen.text("#chart")
    assert "\u202e" not in seen.page.content()


def test_a_mark_under_the_mouse_tells_its_trial(seen: Seen) -> None:
    seen.page.evaluate("scrollTo(0, 0)")
    seen.page.locator("#chart").scroll_into_view_if_needed()
    box = seen.page.locator("#chart .scatterlayer .trace").first.locator(".point").nth(TRIALS - 2).bounding_box()
    assert box is not None
    seen.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    seen.page.wait_for_selector("#tip:not([hidden])")
    said = seen.text("#tip")
    assert said.startswith(f"trial {TRIALS - 1}: ✗ bad")
    assert "sufficient: good with dataset revision bbbbbbbbbb" in said
    tip = seen.page.locator("#tip").bounding_box()
    assert tip is not None
    assert 0 <= tip["x"] <= 1280 - tip["width"]


def test_the_keyboard_goes_from_trial_to_trial_and_opens_their_rows(seen: Seen) -> None:
    from playwright.sync_api import expect

    seen.page.focus("#chart")
    for key, number in (("Home", 1), ("ArrowRight", 2), ("PageDown", 27), ("ArrowLeft", 26), ("End", TRIALS)):
        seen.page.keyboard.press(key)
        expect(seen.page.locator("#tip")).to_contain_text(f"trial {number}: ", timeout=120_000)
    seen.page.keyboard.press("Escape")
    assert seen.page.locator("#tip").is_hidden()
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == f"trial-{TRIALS}"
    assert seen.page.locator(f"#trial-{TRIALS}").is_visible()


def test_the_picture_can_be_brought_near_to_the_cause_and_back(seen: Seen) -> None:
    def shown() -> float:
        low, high = seen.page.evaluate("document.getElementById('chart').layout.xaxis.range")
        return float(high) - float(low)

    whole = shown()
    seen.page.click("text=Around the turn")
    assert shown() < whole / 5
    seen.page.click("text=Whole timeline")
    assert shown() == whole


def test_a_confirmation_leads_to_its_trial(seen: Seen) -> None:
    seen.page.click(".proofs a >> nth=0")
    assert seen.page.evaluate("document.activeElement.id") == f"trial-{TRIALS - 1}"


def test_filters_and_search_keep_what_they_say_and_count_it(seen: Seen) -> None:
    assert seen.text("#shown") == f"{EXAMPLES} of {EXAMPLES} inputs"
    for choice in seen.page.locator("#answers .choice").all():
        choice.click()
        assert seen.text("#shown").split()[0] == choice.locator(".count").inner_text()
    kept = int(seen.text("#shown").split()[0])
    assert 0 < kept < EXAMPLES, "the last filter is the wrong type"
    assert seen.page.locator("#examples > li").count() == min(10, kept)
    assert seen.page.locator("#examples > li mark.wrong-kind").count() >= min(10, kept)
    word = seen.page.locator("#examples mark.right").first.evaluate("mark => mark.firstChild.data")
    seen.page.fill("input[type=search]", word.upper())
    seen.page.wait_for_timeout(400)
    found = seen.text("#shown").split()
    assert 0 < int(found[0]) <= kept
    assert word.lower() in seen.text("#examples > li >> nth=0").lower()
    seen.page.fill("input[type=search]", "")
    seen.page.locator("#answers .choice").first.click()


def test_filters_work_by_keyboard_and_more_answers_are_shown_when_asked_for(seen: Seen) -> None:
    seen.page.focus("#answers input[value=all]")
    seen.page.keyboard.press("ArrowRight")
    assert seen.page.locator("#answers input[value=differ]").is_checked()
    seen.page.keyboard.press("ArrowLeft")
    assert seen.page.locator("#examples > li").count() == 10
    for count in (20, 40, 80, EXAMPLES):
        seen.page.focus("#more")
        seen.page.keyboard.press("Enter")
        assert seen.page.locator("#examples > li").count() == count
    assert seen.page.locator("#more").is_hidden()


def test_what_a_side_named_is_marked_in_the_input_and_what_is_not_there_stands_below(seen: Seen) -> None:
    first = seen.page.locator("#examples > li").first
    good, bad = first.locator(".answer").nth(0), first.locator(".answer").nth(1)
    assert good.locator("mark.right").count() > 0
    assert bad.locator("mark.missed").count() > 0
    assert bad.locator(".chip.ungrounded, .chip.memorised").count() > 0
    assert (
        good.locator(".text").evaluate("p => [...p.querySelectorAll('small, .unseen')].forEach(x => x.remove())")
        is None
    )
    assert good.locator(".text").inner_text().strip() in seen.page.evaluate(
        "JSON.parse(document.getElementById('data').textContent).answers.examples.map(x => x.input)"
    )


def test_everything_that_can_be_used_is_reached_by_tab_and_shows_its_focus(browser: Browser, report: Path) -> None:
    seen = visit(browser, report)
    reached = set()
    for _ in range(40):
        seen.page.keyboard.press("Tab")
        reached.add(
            seen.page.evaluate(
                "(e => e.id || e.name || e.dataset.view || e.textContent.trim())(document.activeElement)"
            )
        )
        assert seen.page.evaluate(
            "(e => e === document.body || [e, e.closest('label') || e].some((one) => "
            "getComputedStyle(one).outlineStyle !== 'none'))(document.activeElement)"
        )
    assert {"Skip to the verdict", "Timeline", "near", "all", "chart", "show", "find"} <= reached


def test_text_stands_out_from_its_background_in_light_and_dark(browser: Browser, report: Path) -> None:
    for dark in (False, True):
        seen = visit(browser, report, dark=dark)
        assert seen.page.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const found = channels(getComputedStyle(e).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll("main *, nav *, footer *")) {
    if (e.closest("svg") || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [light(channels(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`);
  }
  return poor;
}"""
"""Elements whose own text has less contrast than WCAG's level AA asks for."""


def test_the_picture_follows_the_colour_scheme(browser: Browser, report: Path) -> None:
    seen = visit(browser, report)
    light = seen.page.locator("#chart .xtick text").first.evaluate("e => getComputedStyle(e).fill")
    seen.page.emulate_media(color_scheme="dark")
    seen.page.wait_for_timeout(500)
    assert seen.page.locator("#chart .xtick text").first.evaluate("e => getComputedStyle(e).fill") != light
    assert seen.errors == []


def test_it_prints_with_its_picture_and_its_folded_parts(browser: Browser, report: Path) -> None:
    seen = visit(browser, report, dark=True)
    seen.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    seen.page.wait_for_timeout(500)
    assert seen.page.locator("details[data-print]").evaluate_all("all => all.every((one) => one.open)")
    assert len(seen.page.pdf()) > 20_000
    seen.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert seen.errors == []


def test_without_scripts_verdict_trials_and_differences_are_there(browser: Browser, report: Path) -> None:
    seen = visit(browser, report, script=False)
    assert "turns good into bad" in seen.text("h1")
    assert "The picture needs scripts" in seen.text("#timeline")
    seen.page.click("#trials summary")
    assert seen.page.locator("#trials tbody tr").count() == TRIALS
    assert "the cause" in seen.text("#differences")
