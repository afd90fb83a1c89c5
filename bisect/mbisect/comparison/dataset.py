"""What differs between two revisions of a dataset, row by row. Pure: the rows are handed in.

A row has an input, the fields that a model is shown, and an output, all its other fields. Rows are matched by their
input, so that a dataset whose answers slipped against its questions is told from one that got new rows.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, object]
"""One JSON object."""
INPUTS = ("instruction", "input", "prompt", "question", "context", "text", "source", "document")
"""Fields that hold what a model is shown, by the conventions of the common instruction formats."""
CHAT = ("messages", "conversations")
"""Fields that hold a conversation: its last turn is the output."""
EXAMPLES = 2
"""Changed rows of a split that are kept to be shown."""
SAMPLE = 2000
"""Rows of a split in which words are looked for."""
WORD = re.compile(r"\w{4,}")
FORMAT_WORDS = 0.2
"""A word in a larger share of all outputs belongs to their format and says nothing of their inputs."""


@dataclass(frozen=True, slots=True)
class Example:
    """A row whose input stayed and whose output did not; as JSON text."""

    input: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SplitDiff:
    """One split in both revisions."""

    name: str
    before: int | None
    """Rows; None: there is no such split."""
    after: int | None
    added: int = 0
    """Rows whose input is new."""
    removed: int = 0
    """Rows whose input is gone."""
    changed: int = 0
    """Rows whose input stayed and whose output is another one."""
    same: int = 0
    swapped: int = 0
    """Of the changed rows, those whose output belonged to another input before: answers slipped against questions."""
    grounded: tuple[float | None, float | None] = (None, None)
    """Share of the telling words of an output that its own input holds, before and after."""
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlap:
    """Inputs that two splits share."""

    first: str
    second: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """Two revisions of a dataset."""

    splits: tuple[SplitDiff, ...]
    overlaps: tuple[Overlap, ...]
    """Of all pairs of splits that share inputs in one of the revisions."""
    files: tuple[tuple[str, str], ...] = ()
    """Path and `added`, `removed` or `changed`, of all other files."""
    unread: tuple[str, ...] = ()
    """Splits that could not be compared, with the reason."""

    @property
    def matched(self) -> int:
        """Rows of the earlier revision whose input is still there."""
        return sum(split.same + split.changed for split in self.splits)

    @property
    def changed(self) -> int:
        """Rows of all splits whose output is another one."""
        return sum(split.changed for split in self.splits)

    @property
    def touched(self) -> int:
        """Rows that are not the same in both."""
        return sum(split.added + split.removed + split.changed for split in self.splits)


def compare_datasets(before: Mapping[str, Sequence[Row]], after: Mapping[str, Sequence[Row]]) -> DatasetDiff:
    """Compare splits by their names."""
    names = sorted({*before, *after})
    inputs = [{name: {_parts(row)[0] for row in rows} for name, rows in side.items()} for side in (before, after)]
    overlaps = []
    for one, other in itertools.combinations(names, 2):
        counts = [len(side.get(one, set()) & side.get(other, set())) for side in inputs]
        if any(counts):
            overlaps.append(Overlap(one, other, *counts))
    return DatasetDiff(
        tuple(_compare_split(name, before.get(name), after.get(name)) for name in names), tuple(overlaps)
    )


def _compare_split(name: str, before: Sequence[Row] | None, after: Sequence[Row] | None) -> SplitDiff:
    old, new = ([_parts(row) for row in rows or ()] for rows in (before, after))
    outputs: tuple[dict[str, Counter[str]], ...] = (defaultdict(Counter), defaultdict(Counter))
    for side, rows in zip(outputs, (old, new), strict=True):
        for shown, answer in rows:
            side[shown][answer] += 1
    first, second = outputs
    known = {answer: shown for shown, answer in old}
    added = sum(shown not in first for shown, _ in new)
    removed = sum(shown not in second for shown, _ in old)
    same = changed = swapped = 0
    examples: list[Example] = []
    for shown, said in first.items():
        now = second.get(shown)
        if now is None:
            continue
        kept = sum((said & now).values())
        fresh, gone = now - said, said - now
        pairs = max(sum(fresh.values()), sum(gone.values()))
        same, changed = same + kept, changed + pairs
        swapped += sum(number for answer, number in fresh.items() if answer in known and known[answer] != shown)
        if fresh and gone and len(examples) < EXAMPLES:
            examples.append(Example(shown, next(iter(gone)), next(iter(fresh))))
    return SplitDiff(
        name,
        None if before is None else len(before),
        None if after is None else len(after),
        added,
        removed,
        changed,
        same,
        swapped,
        (grounded(before or ()), grounded(after or ())),
        tuple(examples),
    )


def _parts(row: Row) -> tuple[str, str]:
    """Input and output of a row, as JSON text that is equal for equal values."""
    for field in CHAT:
        turns = row.get(field)
        if isinstance(turns, list) and len(turns) > 1:
            return _text({**row, field: turns[:-1]}), _text(turns[-1])
    shown = {field: row[field] for field in INPUTS if field in row}
    if not shown:
        return _text(row), ""
    said = {field: value for field, value in row.items() if field not in shown}
    single = [side for side in (shown, said) if len(side) == 1]
    texts = [_text(next(iter(side.values())) if side in single else side) for side in (shown, said)]
    return texts[0], texts[1] if said else ""


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def grounded(rows: Sequence[Row]) -> float | None:
    """Mean share, from 0 to 1, of the telling words of an output that its own input holds; None without such words.

    Extraction has a high share, and where outputs belong to other inputs it falls; for other tasks it may be low in
    both, and only the difference says something.
    """
    words = [(set(_words(shown)), set(_words(said))) for shown, said in map(_parts, rows[:SAMPLE])]
    frequent = Counter(itertools.chain.from_iterable(said for _, said in words))
    common = {word for word, number in frequent.items() if number > FORMAT_WORDS * len(words)} if len(words) > 5 else ()
    shares = [len(telling & shown) / len(telling) for shown, said in words if (telling := said.difference(common))]
    return sum(shares) / len(shares) if shares else None


def _words(text: str) -> Iterable[str]:
    return WORD.findall(text.replace("\\n", " ").lower())
