"""The history as it is drawn: on a terminal, as a page, as Markdown and for programs."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from rich.console import Console

from mbisect.history import Run, Smoke
from mbisect.report.history import words
from mbisect.report.history.html import as_html
from mbisect.report.history.machine import history_as_plain
from mbisect.report.history.markdown import smoke_as_markdown
from mbisect.report.history.terminal import SCALE, dots, print_history, span
from mbisect.terms import Asked, Cause, Change, Finding, Measurement, Verdict, package

MOVE = Change(package("transformers"), "4.49.0", "4.50.0")
MANY = (Change(package("numpy"), "2.3.4", "2.3.5"), MOVE, Change(package("tokenizers"), "0.20", "0.21"))
FOUND = Finding("found", "single", (Cause(MOVE, ("4.50.0",)),), True, True)
ASKED = Asked("state/v1/locks/a.txt", "state/v1/locks/b c.txt", (), "3.11", "3.11", like="v1")


def smoke(day: int, light: str, scores: tuple[float, ...], moved: tuple[Change, ...] = (), **more: object) -> Smoke:
    verdict = {"green": Verdict.GOOD, "red": Verdict.BAD}.get(light, Verdict.UNSURE)
    runs = tuple(
        Run(seed, Measurement(0, 30.0, (("entity_f1", score), ("grounding", 0.9))), verdict, f"entity_f1 {score:g}")
        for seed, score in enumerate(scores)
    )
    made = Smoke(
        f"2026-11-{day:02}T03:00:00.000Z", "v1", "b.txt", "3.11.7", ("python", "t.py"), "entity_f1: good ≥ 0.8",
        "entity_f1", "0a", light, ", ".join(run.reason for run in runs) or "no solution", runs, "a.txt", moved,  # type: ignore[arg-type]  # a light
    )  # fmt: skip
    return replace(made, **more)


SMOKES = (
    smoke(20, "green", (0.91, 0.9)),
    smoke(21, "green", (0.92, 0.89), MANY),
    smoke(22, "untestable", (), why="these requirements have no solution: because"),
    smoke(23, "unsure", (0.7, 0.72), (MOVE,)),
    smoke(24, "red", (0.1, 0.12), MANY, run="0a1b2c3d4e5f", finding=FOUND),
)


def drawn(width: int, smokes: tuple[Smoke, ...] = SMOKES, metric: str = "entity_f1") -> list[str]:
    out = io.StringIO()
    print_history("v1", words.nights(smokes, metric), metric, Console(file=out, width=width, color_system=None))
    return out.getvalue().splitlines()


def test_on_eighty_cells_without_colours_each_smoke_is_told_by_its_mark_and_its_dots() -> None:
    lines = drawn(80)
    assert max(len(line) for line in lines) <= 80
    assert lines[0].rstrip() == "v1: red since 2026-11-24, 1 smoke"
    assert lines[1].split("  ")[0].rstrip() == "entity_f1 ██ ▆▁"
    nights = [line for line in lines if line.startswith("2026-")]
    assert [line[11] for line in nights] == ["✓", "✓", "∅", "?", "✗"]
    assert "→ transformers 4.49.0 → 4.50.0 turns good into bad (run 0a1b2c3d4e5f)" in lines[-1]
    assert any("these requirements have no solution" in line for line in lines)


def test_runs_are_dots_on_one_scale_from_the_least_to_the_largest() -> None:
    nights = words.nights(SMOKES, "entity_f1")
    low, high = span(nights)
    assert (low, high) == (0.1, 0.92)
    assert dots(nights[-1], low, high) == "|•" + " " * (SCALE - 1) + "|"
    assert dots(nights[1], low, high) == "|" + " " * (SCALE - 1) + "•|"
    assert dots(nights[2], low, high) == "|" + " " * SCALE + "|"


def test_any_metric_can_be_drawn_and_without_one_it_is_what_passed() -> None:
    assert words.metric_of(SMOKES) == "entity_f1"
    assert words.metrics_in(SMOKES) == ["entity_f1", "grounding", "passed"]
    assert words.nights(SMOKES, "grounding")[0].values == (0.9, 0.9)
    assert words.nights(SMOKES, "passed")[-1].values == (0.0, 0.0)
    assert words.metric_of([replace(one, metric="") for one in SMOKES]) == "passed"


@pytest.mark.parametrize(
    ("light", "finding", "status"),
    [
        ("green", None, 0),
        ("red", FOUND, 1),
        ("unsure", Finding("not-reproduced"), 3),
        ("red", Finding("good-endpoint-fails"), 4),
        ("red", Finding("undecided"), 5),
        ("unsure", None, 5),
        ("untestable", None, 5),
    ],
)
def test_each_end_has_its_exit_status(light: str, finding: Finding | None, status: int) -> None:
    assert words.status(smoke(1, light, (), finding=finding)) == status


class Page(HTMLParser):
    """What a page consists of, and whether each element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.titles: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in ("meta", "line", "rect", "circle", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.titles.append(data)


def test_the_page_draws_a_dot_for_each_run_says_more_on_hover_and_needs_nothing_else() -> None:
    text = as_html("v1", "entity_f1", words.nights(SMOKES, "entity_f1"))
    page = Page(text)
    assert page.open == []
    assert page.count["circle"] == 8
    assert page.count["tr"] == 1 + len(SMOKES)
    assert page.titles[-1].startswith("2026-11-24 red\n0.1 0.12\n3 packages moved: numpy 2.3.4 → 2.3.5, ")
    assert page.titles[-1].endswith("transformers 4.49.0 → 4.50.0 turns good into bad")
    assert "script" not in page.count and "img" not in page.count and "link" not in page.count
    assert re.findall(r">(\d+ Nov)<", text) == ["20 Nov", "21 Nov", "22 Nov", "23 Nov", "24 Nov"]
    assert not re.search(r"\b(?:src|href|url)\s*[=(]", text)


def test_what_a_workload_says_cannot_get_out_of_its_place() -> None:
    evil = "<script>alert(1)</script> @everyone \x1b[31m"
    one = smoke(1, "red", (0.1,), why=evil, finding=Finding("undecided", why=evil))
    page = Page(as_html("v1", "entity_f1", words.nights((one,), "entity_f1")))
    assert "script" not in page.count
    assert "\x1b" not in "".join(drawn(80, (one,)))
    markdown = smoke_as_markdown(one, ASKED, None, None)
    assert "<script>" not in markdown and "@everyone" not in markdown and "\x1b" not in markdown


def test_a_page_of_one_smoke_without_runs_is_a_page() -> None:
    page = Page(as_html("v1", "passed", words.nights(SMOKES[2:3], "passed")))
    assert page.open == [] and "svg" not in page.count


def test_markdown_says_what_moved_and_how_to_search_again() -> None:
    text = smoke_as_markdown(SMOKES[-1], ASKED, SMOKES[1], None)
    assert text.startswith("## ✗ v1: red: entity\\_f1 0.1, entity\\_f1 0.12\n\ntransformers 4.49.0 → 4.50.0 turns")
    assert "- compared with the last green of 2026-11-21\n- 3 packages moved\n" in text
    assert "- numpy 2.3.4 → 2.3.5\n- transformers 4.49.0 → 4.50.0\n" in text
    command = "mbisect run --good state/v1/locks/a.txt --bad 'state/v1/locks/b c.txt' --as v1 --python 3.11"
    assert f"```sh\n{command}\n```" in text
    assert "The same search" not in smoke_as_markdown(SMOKES[0], ASKED, None, None)


def test_for_programs_each_smoke_has_its_values() -> None:
    said = history_as_plain("v1", "entity_f1", words.nights(SMOKES, "entity_f1"))
    assert (said["schema"], said["snapshot"], said["metric"]) == ("mbisect.history/1", "v1", "entity_f1")
    smokes = said["smokes"]
    assert isinstance(smokes, list)
    assert [one["values"] for one in smokes] == [[0.91, 0.9], [0.92, 0.89], [], [0.7, 0.72], [0.1, 0.12]]
    assert smokes[-1]["found"] == "transformers 4.49.0 → 4.50.0 turns good into bad"
    assert smokes[-1]["moved"][0] == {"name": "numpy", "from": "2.3.4", "to": "2.3.5"}
