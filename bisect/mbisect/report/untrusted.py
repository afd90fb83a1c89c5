"""Makes texts that a workload wrote harmless to show. Knows nothing of colours, tables or Markdown."""

from __future__ import annotations

import re

SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|\x9c|$)"  # OSC, DCS, SOS, PM, APC: titles, links, up to their end
    r"|\x9b[0-?]*[ -/]*[@-~]"  # CSI as one 8-bit character
    r"|\x1b[ -/]*[0-~]?",  # all other escapes
    re.MULTILINE | re.DOTALL,
)
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""Control characters but tab and newline, and those that are not seen or turn the writing direction."""
SURROGATE = re.compile("[\ud800-\udfff]")
REDRAWN = re.compile(r"^[^\n]*\r(?!\n|$)", re.MULTILINE)
"""What a carriage return overwrites: all states of a progress bar but the last one. From the line's start alone: tried
at every character, a long line would take time by its square."""
BAR = re.compile(r"\d+%\|.*\|")
"""A progress bar as tqdm draws it: it says nothing of what came out."""
LONGEST = 400
"""Characters of a line that are shown at most."""


def clean(text: str) -> str:
    """Text without escape sequences, control characters, redrawn lines and characters that cannot be printed."""
    text = SEQUENCE.sub("", text)
    text = REDRAWN.sub("", text.replace("\r\n", "\n"))
    return SURROGATE.sub("\ufffd", HIDDEN.sub("", text.expandtabs(4)))


def one_line(text: str, longest: int = LONGEST) -> str:
    """Clean text on one line, cut after `longest` characters."""
    return cut(" ".join(clean(text).split()), longest)


def last_lines(text: str, count: int, longest: int = LONGEST) -> tuple[str, ...]:
    """The last lines that are neither empty nor a progress bar, each cut after `longest` characters; indentation is
    kept."""
    lines = [line.rstrip() for line in clean(text).splitlines() if line.strip() and not BAR.search(line)]
    return tuple(cut(line, longest) for line in lines[-count:])


def cut(text: str, longest: int) -> str:
    """Text of at most `longest` characters, … where something is missing."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
