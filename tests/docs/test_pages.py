"""Every claim of the README and of docs/ is a command that runs: here, or in a test or bench that the page names."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from mbisect.cli import UNPARSABLE, app
from mbisect.environments.store import cache_root
from tests.docs.pages import ROOT, Block, matches, perform, read

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), ROOT / "medextract/README.md", *ROOT.glob("docs/**/*.md"))
    if "reports" not in path.parts  # what real runs wrote: docs/report_pictures.py
)
RUN_HERE = [page for page in PAGES if any(block.kind == "run" for block in read(ROOT / page)[0])]
INLINE = re.compile(r"`((?:mbisect|python) [^`]+)`")
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")


def marked(page: str) -> Any:
    """What is run in a clone of the repository is its own story; all that is run asks the package index."""
    story = [pytest.mark.story] if read(ROOT / page)[1] else []
    return pytest.param(page, marks=[pytest.mark.network, *story])


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("page", [marked(page) for page in RUN_HERE])
def test_what_a_page_shows_is_what_its_commands_print(page: str, tmp_path: Path, fresh: Path) -> None:
    """What is run in a clone of the repository takes the user's own cache: its trials are minutes each."""
    clone = read(ROOT / page)[1]
    (folder := tmp_path / "project").mkdir()
    missing: set[str] = set()
    for ran in perform(ROOT / page, folder, cache_root() if clone else fresh):
        where = f"{page}:{ran.block.first}: {ran.block.text}"
        if ran.status is None:
            missing.add(ran.block.needs)
            continue
        assert ran.status == ran.block.status, f"{where}{ran.stdout}{ran.stderr}"
        assert ran.as_shown(), f"{where}printed\n{ran.stdout}"
    if missing:
        pytest.skip(f"{page}: left out what needs {' and '.join(f'`{one}`' for one in sorted(missing))}")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_commands_is_run_here_or_names_what_runs_it(page: str) -> None:
    for block in commands(page):
        assert block.kind in ("run", "shown by", "parsed"), f"{page}:{block.first} is neither run nor shown by a test"
        if block.kind == "shown by":
            named = [ROOT / path for path in block.more.split()]
            assert [path for path in named if not path.is_file()] == [], f"{page}:{block.first}"
            told = "\n".join(path.read_text(encoding="utf-8") for path in named)
            used = {words[1] for words in calls(block.lines) if len(words) > 1 and not words[1].startswith("-")}
            assert {one for one in used if not re.search(rf"\b{one}\b", told)} == set(), f"{page}:{block.first}"


@pytest.mark.parametrize("page", PAGES)
def test_every_call_of_mbisect_is_one_that_it_understands(page: str) -> None:
    for block in commands(page):
        for words in calls(block.lines):
            understood(words[1:])
    for words in calls(inline(page)):
        understood([word for word in words[1:] if word != "…"], whole=False)


@pytest.mark.parametrize("page", PAGES)
def test_every_script_that_a_page_runs_is_there_and_knows_its_options(page: str) -> None:
    lines = [line for block in commands(page) for line in block.lines] + inline(page)
    written = {block.more for block in read(ROOT / page)[0] if block.kind == "file"}
    for words in calls(lines, program="python"):
        if words[1:2] == ["-m"]:
            assert words[2] in ("pytest", "venv") or find_spec(words[2]) is not None, words
        elif words[1:] and words[1].startswith(("tests/", "tools/", "docs/")) and words[1] not in written:
            source = (ROOT / words[1]).read_text(encoding="utf-8")
            compile(source, words[1], "exec")
            options = [word for word in words[2:] if word.startswith("--")]
            told = help_of(words[1]) if options else ""
            assert [word for word in options if word not in told] == [], words


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_links_to_is_there(page: str) -> None:
    folder = (ROOT / page).parent
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [link for link in LINK.findall(text) if not (folder / link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_a_list_stands_below_an_empty_line(page: str) -> None:
    """GitHub does not need one, the site does."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    starts = [n for n, line in enumerate(lines) if re.match(r"(-|\d+\.) ", line)]
    assert [n + 1 for n in starts if lines[n - 1] and not re.match(r"(-|\d+\.| ) ?", lines[n - 1])] == []


def test_no_page_names_a_folder_of_a_machine() -> None:
    found = {page: re.findall(r"/(?:root|home|tmp|work)/\S+", (ROOT / page).read_text()) for page in PAGES}
    assert {page: paths for page, paths in found.items() if paths} == {}


def test_a_line_of_an_ellipsis_stands_for_any_lines_and_times_may_differ() -> None:
    assert matches("a\n…\nd took 3 s\n", "a\nb\nc\nd took 1 min 20 s\n")
    assert matches("a\n…\n", "a\n")
    assert not matches("a\n…\n", "b\n")
    assert not matches("a\n", "a\nb\n")
    assert matches("run 0a1b2c3d4e5f\n", "run ffffffffffff  \n")
    assert not matches("12 trials\n", "13 trials\n")
    assert matches("trials     4     1.51 kB\n", "trials     4      1.7 kB\n")
    assert not matches("trials     4     1.51 kB\n", "trials     5     1.51 kB\n")


def commands(page: str) -> list[Block]:
    """The blocks of a page that are typed."""
    shells = ("sh", "bash", "console", "shell")
    return [block for block in read(ROOT / page)[0] if block.language in shells and block.kind != "file"]


def inline(page: str) -> list[str]:
    """Calls in the text."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(call.split()) for call in INLINE.findall(text)]


def calls(lines: list[str], program: str = "mbisect") -> Iterator[list[str]]:
    """The words of each call of a program, without what a shell does with it."""
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
        lexer.whitespace_split = True
        call: list[str] = []
        for word in [*lexer, ";"]:
            if not set(word) <= set("();<>|&"):
                call.append(word)
                continue
            at = [n for n, one in enumerate(call) if re.fullmatch(rf"(\S*/)?{program}[\d.]*", one)]
            if at:
                yield call[at[0] :]
            call = []


def understood(words: list[str], *, whole: bool = True) -> None:
    """The command line can be parsed. Where it is not whole, something that is required may be missing."""
    top: Any = typer.main.get_command(app)
    if not words or words[0] in ("--help", "--version"):
        return
    assert words[0] in top.commands, f"there is no `mbisect {words[0]}`"
    try:
        top.commands[words[0]].make_context(words[0], list(words[1:]))
    except typer.Exit:  # an option that answers at once, as --help does
        return
    except UNPARSABLE as error:
        if whole or not re.search("Missing|requires an argument", f"{type(error).__name__} {error.format_message()}"):
            pytest.fail(f"mbisect {' '.join(words)}: {error.format_message()}")


@cache
def help_of(script: str) -> str:
    """What a script says of its options."""
    argv = [sys.executable, script, "--help"]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout
