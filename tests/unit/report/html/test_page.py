"""The page tells the whole story, holds all that it shows, and lets no text leave its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mbisect.journal import Record
from mbisect.report.html.known import Known, Link, read_metadata
from mbisect.report.html.page import as_html
from mbisect.terms import Asked, Axis, Fixed, Key, package

HTTPX = package("httpx")
EPOCHS = Key(Axis.SETTING, "epochs")
EVERY = ("single", "together", "each", "not-reproduced", "good-endpoint-fails", "undecided")
HOSTILE = "</script><img src=x onerror=alert(1)><!--\x1b[31m\u202e \"'&amp;"


class Page(HTMLParser):
    """A page's tags, its visible text, and what its script elements hold, by id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: dict[str, str] = {}
        self._inside: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = str(dict(attrs).get("id")) if tag == "script" else "style" if tag == "style" else None

    def handle_endtag(self, tag: str) -> None:
        self._inside = None

    def handle_data(self, data: str) -> None:
        if self._inside is None:
            self.texts.append(data)
        else:
            self.scripts[self._inside] = self.scripts.get(self._inside, "") + data

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    @property
    def data(self) -> dict:
        return json.loads(self.scripts["data"])


def story(world, name: str) -> Record:
    if name == "single":
        return world.found((HTTPX, "0.28.0"))
    if name in ("together", "each"):
        return world.found((EPOCHS, "5"), (HTTPX, "0.25.0"), relation=name)
    ends = {"not-reproduced": ("good", "good"), "good-endpoint-fails": ("bad", "bad")}.get(name, ("good", "untestable"))
    return world.failed(name, "for a reason", *ends)


@pytest.mark.parametrize("name", EVERY)
def test_every_story_is_told_with_its_verdict_its_trials_and_its_commands(world, name: str) -> None:
    record = story(world, name)
    page = Page(as_html(record))
    for part in ("v1", "v4", "mbisect reproduce 0a1b2c3d4e5f good", f"All {len(record.trials)} trials as a table"):
        assert part in page.text
    ids = [attributes.get("id") for tag, attributes in page.tags]
    assert [f"trial-{n}" in ids for n in range(1, len(record.trials) + 2)] == [True] * len(record.trials) + [False]
    assert ("mbisect pin" in page.text) == (record.finding.outcome == "found")


def test_a_finding_shows_how_sure_it_is_and_links_both_confirmations_to_their_trials(world) -> None:
    page = Page(as_html(story(world, "single")))
    for part in (
        "cause found",
        "httpx 0.27.0 → 0.28.0 turns good into bad",
        "released 2024-01-08, no trial speaks against it",
        "✓ sufficient good with this change alone is bad trial 5 : bad",
        "✓ necessary bad without it is good trial 6 : good, exit status 0",
        "8 of 14 changes",
        "v1 and v4 differ in",
    ):
        assert part in page.text
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert {"#trial-5", "#trial-6"} <= set(links)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("not-reproduced", ("not reproduced: for a reason", "1 of 1 run good", "run 2 times, at the ends alone")),
        ("good-endpoint-fails", ("the good end fails: for a reason", "good end v1: 1 of 1 run bad", "an older one")),
        ("undecided", ("undecided: for a reason", "bad end v4: 1 of 1 run untestable", "goes on from here")),
    ],
)
def test_without_a_cause_both_ends_and_what_to_do_next_are_told(world, name: str, told: tuple[str, ...]) -> None:
    text = Page(as_html(story(world, name))).text
    for part in told:
        assert part in text


def test_the_same_record_makes_the_same_page(world) -> None:
    assert as_html(story(world, "each")) == as_html(story(world, "each"))


def test_what_the_project_says_of_itself_is_linked(world) -> None:
    known = Known("A client", (Link("Changelog", "https://example.org/changes"),))
    page = Page(as_html(story(world, "single"), {"httpx": known}))
    assert "“A client”" in page.text
    [link] = [a for tag, a in page.tags if tag == "a" and not str(a["href"]).startswith("#")]
    assert link == {"href": "https://example.org/changes", "rel": "noreferrer noopener"}


def test_the_question_can_be_asked_again_as_it_was_asked(world) -> None:
    asked = Asked("v1", "v4", ("python", "a test.py"), "3.11", "3.12", (Axis.PACKAGE,), 2.5, True)
    text = Page(as_html(replace(story(world, "single"), asked=asked))).text
    words = "--good-python 3.11 --bad-python 3.12 --axis package --timeout 2.5 --allow-builds -- python 'a test.py'"
    assert f"mbisect run --good v1 --bad v4 {words}" in text
    assert "only changes on these axes were searched: package" in text
    tested = Asked("old.txt", "new.txt", like="v1", tests=("t.py::a b",))
    text = Page(as_html(replace(story(world, "single"), asked=tested))).text
    assert "mbisect run --good old.txt --bad new.txt --as v1 --pytest 't.py::a b'" in text


def test_what_no_trial_could_install_and_what_was_learnt_is_told(world) -> None:
    record = world.found((HTTPX, "0.28.0"), learnt=("a 1 does not work with b 2",))
    good = replace(record.good, lock=replace(record.good.lock, fixed=(Fixed("mine", "1", "an editable install"),)))
    text = Page(as_html(replace(record, good=good))).text
    assert "v1: left out, for no package index has it: mine (an editable install)" in text
    assert "a 1 does not work with b 2" in text


def test_everything_is_in_the_file_and_only_its_own_scripts_may_run(world) -> None:
    text = as_html(story(world, "single"))
    page = Page(text)
    [policy] = [str(a["content"]) for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy.partition("style-src")[0]
    assert "unsafe-eval" not in policy
    assert not re.search(r"<(link|iframe|object|embed|base|img)\b", text)
    assert not re.search(r"url\(|@import", text)
    assert not [name for tag, a in page.tags for name in a if name.startswith("on") or name == "src"]
    assert len(text) < 8_000_000


def test_the_page_has_landmarks_one_first_heading_and_tables_with_captions(world) -> None:
    text = as_html(story(world, "single"))
    page = Page(text)
    tags = [tag for tag, _ in page.tags]
    assert ("html", {"lang": "en"}) in page.tags
    assert (tags.count("main"), tags.count("nav"), tags.count("h1")) == (1, 1, 1)
    assert tags.count("caption") == tags.count("table") > 0
    assert all("scope" in a for tag, a in page.tags if tag == "th")
    ids = {a["id"] for _, a in page.tags if "id" in a}
    assert {str(a["aria-labelledby"]) for tag, a in page.tags if "aria-labelledby" in a} <= ids
    assert {str(a["href"])[1:] for tag, a in page.tags if tag == "a" and str(a["href"]).startswith("#")} <= ids
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_hostile_texts_stay_texts(world, predictions: Callable[..., str], tmp_path: Path) -> None:
    record = hostile(story(world, "single"), predictions, tmp_path)
    known = read_metadata(f"Summary: {HOSTILE}\nProject-URL: {HOSTILE}, https://example.org/x\n")
    text = as_html(record, {"httpx": known})
    page = Page(text)
    assert "img" not in [tag for tag, _ in page.tags]
    assert [tag for tag, _ in page.tags].count("script") == 3
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<img src=x" in page.data["answers"]["examples"][0]["good"]["items"][0][1]
    assert all("<img" not in note["text"] for note in page.data["timeline"]["layout"]["annotations"])


def hostile(record: Record, predictions: Callable[..., str], folder: Path) -> Record:
    """The record with a text that would break out wherever a workload or a lock may choose one."""
    sides = [predictions(side, [(1, HOSTILE, [(HOSTILE, False, True)])]) for side in ("good", "bad")]
    for side in sides:
        (Path(side) / "curves.json").write_text(json.dumps({HOSTILE: [[0, 1], [1, 0.5]]}))
    trials = [
        replace(
            trial,
            measurement=replace(
                trial.measurement,
                tail=HOSTILE,
                output=sides[n % 2],
                metrics=((HOSTILE, n / 2),),
                notes=(("summary", HOSTILE),),
            ),
            outcome=replace(trial.outcome, reason=HOSTILE),
        )
        for n, trial in enumerate(record.trials)
    ]
    ends = [replace(end, name=HOSTILE) for end in (record.good, record.bad)]
    finding = replace(record.finding, learnt=(HOSTILE,), why=HOSTILE)
    return replace(
        record, good=ends[0], bad=ends[1], trials=tuple(trials), finding=finding, judge=HOSTILE, command=(HOSTILE,)
    )
