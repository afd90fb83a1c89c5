"""What a page shows: its fenced blocks, and the comments above them that say how each is known to be true.

A comment that readers do not see stands on the line above a block:

    <!-- run -->                    the commands are run; a ```text block that follows at once is what they print
    <!-- run, status 1 -->          they end with another exit status than 0
    <!-- run if COMMAND -->         they are run where this command ends well: where there is such a thing
    <!-- file NAME -->              the block is written into that file before what comes after it is run
    <!-- shown by PATH PATH … -->   tests or benches that run these commands
    <!-- parsed -->                 an example whose names are the reader's: mbisect must understand it, no more
    <!-- unseen                     commands that are run here and not shown
    COMMANDS
    -->

All of a page is run in one folder, in order: an empty one, or a clone of this repository where the page says
`<!-- in a clone of the repository -->`. In what is printed, a line of `…` alone stands for any lines, and what a search
may do otherwise on another machine may differ: ids, times, sizes, and how often something was run.

`python tests/docs/pages.py PAGE …` runs pages and writes what their commands print into them, where that is not true.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mbisect.environments.store import cache_root

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)$")
COMMENT = re.compile(r"^<!-- (run|file|shown by|parsed|in a clone of the repository)(?:,? (.*?))? -->$")
UNSEEN = "<!-- unseen"
VARYING = {
    r"\b[0-9a-f]{12}\b": "ID",
    r"\b(?:\d+ h )?(?:\d+ min )?\d+(?:\.\d+)? s\b|\b(?:\d+ h )?\d+ min\b": "TIME",
    r" *\b\d+(?:\.\d+)? [kMG]?B\b": " SIZE",  # with the spaces that line it up
    r'"seconds": [\d.]+': "SECONDS",
    r"\btrial \d+:": "trial N:",
    r"\b\d+ of \d+ runs \(\d+% to \d+%\)": "RUNS",
}
WIDTH = 100
"""Columns of what is printed: as wide as a block on the site's page."""


@dataclass(slots=True)
class Block:
    """A fenced block, or commands that are not shown."""

    language: str
    first: int
    """The number of its first line, from 0; the fence stands on the line above."""
    lines: list[str]
    kind: str = ""
    """The comment's first word; empty: there was none."""
    more: str = ""
    """What the comment says after it."""
    printed: Block | None = field(default=None, repr=False)
    """The block that shows what the commands print."""

    @property
    def text(self) -> str:
        """All of it, each line with its end."""
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def status(self) -> int:
        """The exit status that the page states."""
        return int(self.more.rpartition("status ")[2]) if "status " in self.more else 0

    @property
    def needs(self) -> str:
        """The command that says whether they can be run; empty: they always can."""
        return self.more.removeprefix("if ").partition(", status")[0] if self.more.startswith("if ") else ""


def read(path: Path) -> tuple[list[Block], bool]:
    """A page's blocks, and whether they are run in a clone of the repository."""
    lines = path.read_text(encoding="utf-8").splitlines()
    blocks: list[Block] = []
    comment, clone = ("", ""), False
    at = 0
    while at < len(lines):
        fence, said = FENCE.match(lines[at]), COMMENT.match(lines[at])
        if fence is not None:
            end = lines.index("```", at + 1)
            block = Block(fence[1], at + 1, lines[at + 1 : end], *comment)
            if block.language == "text" and not block.kind and blocks and _follows(lines, blocks[-1], at):
                blocks[-1].printed = block
            else:
                blocks.append(block)
            comment, at = ("", ""), end
        elif lines[at] == UNSEEN:
            end = lines.index("-->", at + 1)
            blocks.append(Block("sh", at + 1, lines[at + 1 : end], "run"))
            at = end
        elif said is not None:
            comment = (said[1], said[2] or "")
            clone = clone or said[1].startswith("in a clone")
        elif lines[at].strip():
            comment = ("", "")
        at += 1
    return blocks, clone


def _follows(lines: list[str], before: Block, at: int) -> bool:
    """Nothing but empty lines stands between a run block's end and this line."""
    end = before.first + len(before.lines) + 1
    return before.kind == "run" and not any(line.strip() for line in lines[end:at])


@dataclass(frozen=True, slots=True)
class Ran:
    """What the commands of a block did."""

    block: Block
    status: int | None
    """None: they were not run, as what they need is not here."""
    stdout: str
    stderr: str

    def as_shown(self) -> bool:
        """They ended and printed as the page says."""
        shown = self.block.printed
        return self.status == self.block.status and (shown is None or matches(shown.text, self.stdout))


def perform(path: Path, folder: Path, cache: Path | None) -> Iterator[Ran]:
    """Write the files of a page and run its commands, in order, in a folder that is empty."""
    blocks, clone = read(path)
    if clone:
        subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
    environ = _environ(cache)
    for block in blocks:
        if block.kind == "file":
            target = folder / block.more
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.kind == "run" and block.needs and _bash(block.needs, folder, environ).returncode:
            yield Ran(block, None, "", "")
        elif block.kind == "run":
            done = _bash(block.text, folder, environ)
            printed = done.stdout.replace(str(folder.resolve()), "~/project")
            printed = printed.replace(str(cache or cache_root()), "~/.cache/mbisect")
            yield Ran(block, done.returncode, printed, done.stderr)


def _bash(commands: str, folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    argv = ["bash", "-euo", "pipefail", "-c", commands]
    return subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, timeout=3600)


def _environ(cache: Path | None) -> Mapping[str, str]:
    """As on a machine where mbisect is installed, with a cache of our own where there is one."""
    found = {**os.environ, "COLUMNS": str(WIDTH), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    found |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "you", "GIT_COMMITTER_NAME": "you"}
    found |= {"GIT_AUTHOR_EMAIL": "you@example.org", "GIT_COMMITTER_EMAIL": "you@example.org"}
    return found | ({"MBISECT_CACHE": str(cache)} if cache is not None else {})


def matches(shown: str, printed: str) -> bool:
    """The page shows what was printed, but for ids, times and sizes; `…` stands for any lines."""
    parts = [re.escape(_steady(part)) for part in re.split(r"^…\n", shown, flags=re.MULTILINE)]
    return re.fullmatch(r"(?:.*\n)*?".join(parts), _steady(printed)) is not None


def _steady(text: str) -> str:
    for pattern, name in VARYING.items():
        text = re.sub(pattern, name, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def write(path: Path) -> None:
    """Run a page and put what its commands print into it, where it shows something else."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "project")
        folder.mkdir()
        ran = list(perform(path, folder, None if read(path)[1] else Path(scratch, "cache")))
    lines = path.read_text(encoding="utf-8").splitlines()
    for one in reversed(ran):
        if one.status != one.block.status:
            print(f"{path}:{one.block.first}: exit status {one.status}\n{one.stdout}{one.stderr}", file=sys.stderr)
        elif one.block.printed is not None and not one.as_shown():
            shown = one.block.printed
            lines[shown.first : shown.first + len(shown.lines)] = [s.rstrip() for s in one.stdout.splitlines()]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    for page in sys.argv[1:]:
        write(Path(page))
