"""Reads what a workload answered, input by input, and picks where two runs differ most. Knows no subject matter.

`predictions.jsonl` holds one JSON object a line: {"id": 7, "input": "…", "output": "…", "entities": [{"type": "…",
"text": "…", "grounded": true, "memorised": false}, …]}, and may say what is right ("gold": [{"type": "…", "text": "…"},
…]) and whether the answer came to its end ("ended"). Other fields are passed over, damaged lines too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mbisect.report.untrusted import one_line

NAME = "predictions.jsonl"
"""Below the folder that a trial writes to."""
MOST = 32 * 2**20
"""Bytes of the file that are read."""

ITEMS = 8
"""Items of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that an answer names."""

    kind: str
    text: str
    grounded: bool
    """It stands in the input."""
    memorised: bool
    """It stands in what the model was trained on, but not in the input."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the file."""

    id: int
    input: str
    output: str
    items: tuple[Item, ...]
    gold: tuple[tuple[str, str], ...] | None = None
    """What is right: (kind, text); None: not known."""
    ended: bool = True
    """It was not cut off."""

    @property
    def grounded(self) -> int:
        """How many items stand in the input."""
        return sum(item.grounded for item in self.items)

    @property
    def share(self) -> float:
        """Grounded items among all; 0 for an answer that names nothing."""
        return self.grounded / len(self.items) if self.items else 0.0


@dataclass(frozen=True, slots=True)
class Pair:
    """The same input answered by both sides."""

    good: Answer
    bad: Answer

    @property
    def differ(self) -> bool:
        """They are not answered alike."""
        return (self.good.output, self.good.items) != (self.bad.output, self.bad.items)


def load(folder: str | None) -> dict[int, Answer]:
    """Id → answer; empty when there is no file or it cannot be read. Of two lines with one id the first counts."""
    if folder is None:
        return {}
    try:
        with Path(folder, NAME).open("rb") as file:
            lines = file.read(MOST).splitlines()
    except OSError:
        return {}
    answers: dict[int, Answer] = {}
    for line in lines:
        answer = _answer(line)
        if answer is not None:
            answers.setdefault(answer.id, answer)
    return answers


def telling(good: str | None, bad: str | None, count: int = 3) -> tuple[Pair, ...]:
    """The `count` inputs on which two output folders differ most in their grounded share.

    Where that is equal: the shorter input first, then the smaller id. Inputs that are answered alike are left out.
    """
    return tuple(pair for pair in paired(good, bad) if pair.differ)[:count]


def paired(good: str | None, bad: str | None) -> tuple[Pair, ...]:
    """All inputs that both output folders answer, in the order of `telling`; last those that are answered alike."""
    goods, bads = load(good), load(bad)
    pairs = [Pair(answer, bads[id]) for id, answer in goods.items() if id in bads and bads[id].input == answer.input]
    pairs.sort(key=lambda p: (not p.differ, p.bad.share - p.good.share, len(p.good.input), p.good.id))
    return tuple(pairs)


def legend(pairs: tuple[Pair, ...]) -> str:
    """What the numbers and marks of the answers mean; only those that occur."""
    items = [item for pair in pairs for answer in (pair.good, pair.bad) for item in answer.items[:ITEMS]]
    words = ["n of m: items that stand in the input"]
    if not all(item.grounded for item in items):
        words.append("‹…?›: does not")
    if any(item.memorised for item in items):
        words.append("‹…?›*: does not, but was trained on")
    return "; ".join(words)


def marked(item: Item) -> str:
    """The item's text, marked when it does not stand in the input."""
    text = one_line(item.text, 60)
    return text if item.grounded else f"‹{text}?›{'*' if item.memorised else ''}"


def _answer(line: bytes) -> Answer | None:
    try:
        found = json.loads(line)
        id, given, output, items = (found[name] for name in ("id", "input", "output", "entities"))
        parts = tuple(
            Item(str(item["type"]), str(item["text"]), bool(item["grounded"]), bool(item["memorised"]))
            for item in items
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not (isinstance(id, int) and isinstance(given, str) and isinstance(output, str)):
        return None
    return Answer(id, given, output, parts, _gold(found.get("gold")), found.get("ended") is not False)


def _gold(items: Any) -> tuple[tuple[str, str], ...] | None:
    try:
        return tuple((str(item["type"]), str(item["text"])) for item in items)
    except (TypeError, KeyError):
        return None
