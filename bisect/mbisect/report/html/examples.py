"""The same inputs, answered by both sides, item by item against what is right. Pure; knows nothing of a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from mbisect.report.predictions import Answer, Item, Pair
from mbisect.report.untrusted import clean, cut, one_line

MOST = 2000
"""Examples that a page holds."""
LONGEST = 4000
"""Characters of an input or an answer."""
ITEMS = 200
"""Items of an answer."""


class Standing(IntEnum):
    """How an item of an answer stands."""

    RIGHT = 0
    """It is right, kind and text."""
    WRONG_KIND = 1
    """Its text is right and its kind is another."""
    EXTRA = 2
    """It stands in the input and is not among what is right; or what is right is not known."""
    UNGROUNDED = 3
    """It does not stand in the input."""
    MEMORISED = 4
    """Nor does it, and the model was trained on it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer, checked."""

    standings: tuple[Standing, ...]
    """One for each item."""
    missed: tuple[tuple[str, str], ...]
    """What is right and was not named, under whatever kind."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it, by the names of the filters."""
        found = {
            "hallucinated": max(self.standings, default=0) >= Standing.UNGROUNDED,
            "missed": bool(self.missed),
            "wrong-kind": Standing.WRONG_KIND in self.standings,
        }
        return tuple(name for name, there in found.items() if there)


def check(answer: Answer) -> Checked:
    """Compare an answer with what is right, as far as that is known; case and spaces do not count."""
    gold = answer.gold or ()
    kinds: dict[str, set[str]] = {}
    for kind, text in gold:
        kinds.setdefault(_plain(text), set()).add(kind)
    named = {_plain(item.text) for item in answer.items}
    standings = tuple(_standing(item, kinds.get(_plain(item.text))) for item in answer.items)
    return Checked(standings, tuple((kind, text) for kind, text in gold if _plain(text) not in named))


def _standing(item: Item, kinds: set[str] | None) -> Standing:
    if kinds is not None:
        return Standing.RIGHT if item.kind in kinds else Standing.WRONG_KIND
    if item.grounded:
        return Standing.EXTRA
    return Standing.MEMORISED if item.memorised else Standing.UNGROUNDED


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def counts(pairs: Sequence[Pair]) -> dict[str, tuple[int, int, int]]:
    """Filter → inputs that it keeps: by the good side, by the bad side, by either."""
    found: dict[str, Counter[int]] = {name: Counter() for name in ("hallucinated", "missed", "wrong-kind")}
    for pair in pairs:
        good, bad = check(pair.good).problems, check(pair.bad).problems
        for name, tally in found.items():
            tally.update({0: name in good, 1: name in bad, 2: name in good or name in bad})
    return {name: (tally[0], tally[1], tally[2]) for name, tally in found.items()}


def as_plain(pairs: Sequence[Pair]) -> dict[str, object]:
    """The examples as plain JSON values, kinds by number; at most MOST of them, cut to what people read."""
    kinds: dict[str, int] = {}

    def number(kind: str) -> int:
        return kinds.setdefault(one_line(kind, 40), len(kinds))

    def side(answer: Answer) -> dict[str, object]:
        checked = check(answer)
        items = zip(answer.items[:ITEMS], checked.standings, strict=False)
        return {
            "said": _text(answer.output),
            "ended": answer.ended,
            "items": [[number(item.kind), one_line(item.text, 200), int(standing)] for item, standing in items],
            "missed": [[number(kind), one_line(text, 200)] for kind, text in checked.missed[:ITEMS]],
            "more": max(0, len(answer.items) - ITEMS),
        }

    examples = [
        {"id": p.good.id, "input": _text(p.good.input), "differ": p.differ, "good": side(p.good), "bad": side(p.bad)}
        for p in pairs[:MOST]
    ]
    return {"kinds": list(kinds), "examples": examples}


def _text(text: str) -> str:
    return cut(clean(text[: 2 * LONGEST]).strip(), LONGEST)
