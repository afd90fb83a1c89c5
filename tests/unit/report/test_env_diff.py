"""All reports of a comparison tell the same, in their own form, and none is fooled by what it shows."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import jsonschema
import pytest
from rich.console import Console

from mbisect.comparison.dataset import DatasetDiff, Example, Overlap, SplitDiff
from mbisect.comparison.result import Commit, Comparison, Difference, Shortlog
from mbisect.environments.diff import Move, PackageDiff, ReleaseFacts
from mbisect.priors import Factor
from mbisect.report.env_diff.html import as_html
from mbisect.report.env_diff.machine import as_plain
from mbisect.report.env_diff.markdown import as_markdown
from mbisect.report.env_diff.schema import as_text as as_schema
from mbisect.report.env_diff.terminal import render
from mbisect.terms import DATASET, SEED, Axis, Key, package

OLD, NEW = (datetime(year, 2, 17, tzinfo=UTC) for year in (2025, 2026))
TORCH = PackageDiff("torch", "2.5.1+cpu", "2.5.1+cu124", Move.BUILD, True)
TOOL = PackageDiff(
    "tool", "1.0", "3.0", Move.RAISED, False, ("trl", "peft"), ReleaseFacts(OLD), ReleaseFacts(NEW, "breaks things"), 12
)
EVIL = "</script><img src=x onerror=alert(1)>\x1b[31m\x1b]8;;http://x\x07 `code` | @user"


def difference(key: Key, before: str | None, after: str | None, share: float, *why: str, **more: object) -> Difference:
    return Difference(key, before, after, share, tuple(Factor(2.0, reason) for reason in why), **more)  # type: ignore[arg-type]


SPLIT = SplitDiff("train", 540, 560, 65, 45, 495, 0, 429, (1.0, 0.04), (Example('"Who?"', '"She."', '"They."'),))
COMPARISON = Comparison(
    "v1",
    "v4",
    (
        difference(DATASET, "a" * 40, "b" * 40, 0.6, "495 of 495 inputs of train have another output"),
        difference(package("tool"), "1.0", "3.0", 0.2, "yanked", "a major release", package=TOOL),
        difference(package("torch"), "2.5.1+cpu", "2.5.1+cu124", 0.1, "computes numbers", package=TORCH),
        difference(Key(Axis.SETTING, "epochs"), "3", None, 0.05, "a setting of the workload"),
        difference(SEED, "1", "4", 0.05),
    ),
    7,
    DatasetDiff((SPLIT,), (Overlap("test", "train", 0, 3),), (("format.py", "changed"),), ("x.json: not valid JSON",)),
    Shortlog((Commit("c" * 40, NEW, "Ann", "Train longer"),), (Commit("d" * 40, OLD, "Bob", "Train well"),)),
    unknown=("what requires what: nobody knows (v1)",),
)
TOLD = (
    "v1 and v4 differ in 2 of 9 packages, dataset revision, setting epochs and seed",
    "2.5.1+cpu",
    "the same release, built otherwise",
    "2025-02-17 → 2026-02-17",
    "12 releases later",
    "required by trl and peft",
    "3.0 is yanked: breaks things",
    "495 of 495 inputs that stayed have another output, 429 of them one that belonged to another input",
    "100 % of the telling words of an output stood in its input, now 4 %",
    "test and train share 3 inputs; before 0",
    "format.py changed",
    "x.json: not valid JSON",
    "Train longer",
    "Train well",
    "∅",
    "nobody knows (v1)",
    "60 %",
)


def printed(comparison: Comparison, width: int = 200, *, everything: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(render(comparison, width, everything=everything))
    return console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO


def plain(text: str) -> str:
    return " ".join(text.replace("\\", "").split())


class Page(HTMLParser):
    """The visible text of a page, and its tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return plain(" ".join(self.texts))


@pytest.mark.parametrize("told", TOLD)
def test_every_report_tells_it(told: str) -> None:
    assert told in plain(printed(COMPARISON))
    assert told in plain(as_markdown(COMPARISON)).replace("`", "")
    assert told in Page(as_html(COMPARISON)).text


def test_the_same_is_said_to_be_the_same() -> None:
    same = Comparison("v1", "v2", (), 50)
    assert printed(same) == "v1 and v2 are the same: 50 packages\n"
    assert as_markdown(same) == "## mbisect: v1 and v2 are the same: 50 packages\n"
    assert as_plain(same)["same"] is True
    assert "Most suspicious" not in as_html(same)


def many(count: int) -> Comparison:
    found = [
        difference(package(f"p{k}"), "1", "2", 1 / count, package=PackageDiff(f"p{k}", "1", "2", Move.RAISED, None))
        for k in range(count)
    ]
    return Comparison("a", "b", (*found, difference(SEED, "1", "2", 0.0)), 0)


def test_less_suspicious_packages_are_folded_into_a_count_and_all_shows_them() -> None:
    folded = printed(many(30))
    assert "and 20 less suspicious differences; --all shows them" in folded
    assert "p9 " in folded
    assert "p10 " not in folded
    assert "seed" in folded, "what is no package is never folded"
    unfolded = printed(many(30), everything=True)
    assert "p29 " in unfolded
    assert "--all" not in unfolded


def test_the_page_holds_the_folded_ones_too() -> None:
    page = as_html(many(30))
    assert "20 less suspicious differences" in page
    assert ">p29<" in page


@pytest.mark.parametrize("width", [60, 80, 120, 140, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert all(len(line) <= width for line in printed(COMPARISON, width).splitlines())


def evil() -> Comparison:
    tool = replace(TOOL, after_facts=ReleaseFacts(NEW, EVIL), required_by=(EVIL,))
    found = (
        difference(package("tool"), EVIL, EVIL, 0.5, package=tool),
        difference(Key(Axis.SETTING, EVIL), EVIL, None, 0.5),
    )
    split = replace(SPLIT, name=EVIL, examples=(Example(EVIL, EVIL, EVIL),))
    dataset = DatasetDiff((split,), (Overlap(EVIL, EVIL, 0, 1),), ((EVIL, "added"),), (EVIL,))
    log = Shortlog((Commit("c" * 40, NEW, EVIL, EVIL),))
    return Comparison(EVIL, EVIL, found, 0, dataset, log, log, unknown=(EVIL,))


def test_the_page_runs_nothing_and_asks_for_nothing() -> None:
    for comparison in (COMPARISON, evil()):
        text = as_html(comparison)
        tags = Page(text).tags
        assert {"script", "img", "link", "iframe", "object", "a"}.isdisjoint(tag for tag, _ in tags)
        assert not [name for _, attributes in tags for name in attributes if name.startswith("on") or name == "src"]
        assert "default-src 'none'" in text
        assert not re.search(r"url\(|@import", text)
        assert "\x1b" not in text


def test_the_page_can_be_read_by_all() -> None:
    text = as_html(COMPARISON)
    tags = Page(text).tags
    assert ("html", {"lang": "en"}) in tags
    assert [tag for tag, _ in tags].count("h1") == 1
    assert "prefers-color-scheme: dark" in text
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")


def test_untrusted_text_moves_no_cursor_and_calls_nobody() -> None:
    assert "\x1b" not in printed(evil())
    markdown = as_markdown(evil())
    assert "\x1b" not in markdown
    assert not re.search(r"(?<!`)<img", re.sub(r"(`+).*?\1", "", markdown).replace("\\<", ""))


def test_the_json_is_complete() -> None:
    found = json.loads(json.dumps(as_plain(COMPARISON)))
    assert (found["schema"], found["a"], found["b"], found["same"]) == ("mbisect.env-diff/1", "v1", "v4", False)
    tool = found["differences"][1]
    assert (tool["axis"], tool["name"], tool["from"], tool["to"]) == ("package", "tool", "1.0", "3.0")
    assert tool["why"][0] == {"times": 2.0, "reason": "yanked"}
    assert tool["package"] == {
        "move": "raised",
        "direct": False,
        "required_by": ["trl", "peft"],
        "releases": 12,
        "from": {"released": "2025-02-17T00:00:00+00:00", "yanked": None},
        "to": {"released": "2026-02-17T00:00:00+00:00", "yanked": "breaks things"},
    }
    [split] = found["dataset"]["splits"]
    assert (split["rows"], split["changed"], split["swapped"], split["grounded"]) == ([540, 560], 495, 429, [1.0, 0.04])
    assert [commit["subject"] for commit in found["commits"]["undone"]] == ["Train well"]
    assert found["unknown"] == ["what requires what: nobody knows (v1)"]


def system(count: int) -> Comparison:
    """Facts of the system differ as well."""
    rows = [difference(Key(Axis.SYSTEM, f"fact {n:02}"), "old", "new", 0.04, f"reason {n:02}") for n in range(count)]
    return replace(COMPARISON, differences=(*COMPARISON.differences, *rows))


def test_what_the_machine_is_has_its_place_in_every_report_and_many_of_it_are_folded() -> None:
    few, many = system(1), system(12)
    assert "seed and fact 00" in printed(few, 300)
    assert "seed and 12 facts of the system" in printed(many, 300)
    for text in (printed(many), as_markdown(many)):
        assert "reason 09" in text
        assert "reason 10" not in text
        assert "and 2 less suspicious differences; --all shows them" in text
    assert "reason 11" in printed(many, everything=True)
    assert "reason 11" in as_html(many)
    assert {"axis": "system", "name": "fact 11", "from": "old", "to": "new"}.items() <= as_plain(many)["differences"][
        -1
    ].items()  # type: ignore[index]  # plain JSON


@pytest.mark.parametrize(
    "comparison",
    [COMPARISON, Comparison("a", "b", (), 9), many(3), system(12), evil()],
    ids=["everything", "nothing", "packages", "system", "evil"],
)
def test_the_plain_data_is_as_the_published_schema_says(comparison: Comparison) -> None:
    """Nothing is admitted here that the schema does not name, so that every field must stand in it."""
    schema = json.loads(as_schema())
    for part in (schema, *schema["$defs"].values()):
        part["additionalProperties"] = False
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(as_plain(comparison))))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**as_plain(comparison), "differences": [{}]}, schema)
