"""Which releases of a package can have saved a file, by the names in it alone. Reads no files but its own table.

The table is made from released wheels by tools/fingerprints.py. A name is saved `always` or `sometimes` (a default that
was not changed, a condition). A name that a release does not know speaks against it, and so does one that it always
saves and that is missing. Releases newer than the table are unknown: the verdict says when they may be the right ones.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path
from typing import Any

FORMAT = 1
TABLE = Path(__file__).with_name("fingerprints.json")
OWNER = {
    "adapter_config": "LORA",
    "generation_config": "GenerationConfig",
    "model_config": "*",
    "tokenizer_config": "PreTrainedTokenizerBase",
    "trainer_state": "TrainerState",
    "training_args": "TrainingArguments",
}
"""Kind of file → whose names are in it, when the file does not say; `*`: what all model configurations share."""
CARRIED = {"generation_config", "model_config", "tokenizer_config"}
"""Files that are written with all names that the file had from which they were loaded: a strange name proves little."""
TOGETHER = {("transformers", "training_args"): "trl", ("trl", "training_args"): "transformers"}
"""Where two packages fill one file: the other one, whose names are not strange."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One name that decided."""

    name: str
    says: str

    def __str__(self) -> str:
        return f"`{self.name}` {self.says}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the names in a file say of the package that saved it."""

    package: str
    releases: tuple[str, ...]
    """Ascending: those that nothing speaks against, else those that the fewest names speak against."""
    likely: tuple[str, ...]
    """Those of them to which the fewest names are strange. Fewer than all only for files that carry names on, and then
    a guess: of 1,486 config.json that one release loaded from another's and saved, `releases` had the true one each
    time, `likely` in 88 %."""
    of: int
    """Releases that the table knows."""
    contradictions: int
    """Names that speak against each of `releases`; 0: they are consistent."""
    reasons: tuple[Reason, ...]
    """What speaks against the neighbours of `releases`; where nothing is consistent, what speaks against these."""
    unknown: tuple[str, ...]
    """Names of no release: the user's own, or of a class derived by someone."""
    open_ended: bool
    """The newest release of the table is among `releases`: so may be newer ones."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Where one name is saved: places in the order of releases."""

    always: frozenset[int] = frozenset()
    held: frozenset[int] = frozenset()
    """Always or sometimes."""


def releases_with(package: str, kind: str, names: Collection[str], owner: str | None = None) -> Verdict | None:
    """The releases of a package that can have saved a file with exactly these names; None: the table has no such files.

    `owner` is whose names they are: the class in a pickle (`SFTConfig`), the file's `model_type` or `peft_type`. Names
    of `training_args` belong to transformers and trl: ask for both, with all names and the same owner.
    """
    order: list[str] = _packages().get(package, {}).get("releases", [])
    mark = _owner(package, kind, owner)
    if mark is None:
        return None
    rows, others = _rows(package, kind, mark), _names_of_the_other(package, kind, owner)
    seen = {*names, mark}
    strange = [
        {n for n in seen if n in rows and n not in others and at not in rows[n].held} for at in range(len(order))
    ]
    missing = [{n for n, row in rows.items() if n not in seen and at in row.always} for at in range(len(order))]
    against = missing if kind in CARRIED else [one | two for one, two in zip(strange, missing, strict=True)]
    best = _least(range(len(order)), against)
    fewest = len(against[best[0]])
    reasons = _inside(order, best, against, seen) if fewest else _edges(order, best, against, seen)
    return Verdict(
        package=package,
        releases=tuple(order[at] for at in best),
        likely=tuple(order[at] for at in _least(best, strange)) if kind in CARRIED else tuple(order[at] for at in best),
        of=len(order),
        contradictions=fewest,
        reasons=tuple(reasons),
        unknown=tuple(sorted(seen - rows.keys() - others)),
        open_ended=len(order) - 1 in best,
    )


def _least(places: Iterable[int], against: Sequence[Collection[str]]) -> list[int]:
    """The places against which the fewest names speak."""
    among = list(places)
    fewest = min(len(against[at]) for at in among)
    return [at for at in among if len(against[at]) == fewest]


def _edges(order: Sequence[str], best: Sequence[int], against: Sequence[set[str]], seen: set[str]) -> Iterator[Reason]:
    """Why the stretches of `best` begin and end where they do."""
    for at in best:
        if at and at - 1 not in best:
            for name in sorted(against[at - 1]):
                said = (
                    f"came with {order[at]}" if name in seen else f"is missing, and always saved until {order[at - 1]}"
                )
                yield Reason(name, said)
        if at + 1 < len(order) and at + 1 not in best:
            for name in sorted(against[at + 1]):
                said = f"ended with {order[at]}" if name in seen else f"is missing, and always saved by {order[at + 1]}"
                yield Reason(name, said)


def _inside(order: Sequence[str], best: Sequence[int], against: Sequence[set[str]], seen: set[str]) -> Iterator[Reason]:
    """What speaks against `best` itself."""
    for name in sorted({name for at in best for name in against[at]}):
        where = ", ".join(order[at] for at in best if name in against[at])
        yield Reason(name, f"is unknown to {where}" if name in seen else f"is missing, and always saved by {where}")


def _names_of_the_other(package: str, kind: str, owner: str | None) -> frozenset[str]:
    other = TOGETHER.get((package, kind))
    mark = _owner(other, kind, owner) if other else None
    return frozenset(_rows(other, kind, mark)) if other and mark else frozenset()


def _owner(package: str, kind: str, owner: str | None) -> str | None:
    """Under which name the table has the owner, or what stands for it: the class that an unknown one derives from."""
    known = _packages().get(package, {}).get("files", {}).get(kind, {})
    if owner is None or (owner not in known and kind != "adapter_config"):
        owner = OWNER.get(kind)
    return owner if owner in known else None


@remembered
def _rows(package: str, kind: str, owner: str) -> Mapping[str, _Row]:
    """All names of an owner; the owner's own name stands for the releases that have it."""
    found = _packages()[package]
    order = {release: place for place, release in enumerate(found["releases"])}
    owners = [
        found["files"][kind][one] for one in dict.fromkeys((owner, OWNER[kind] if kind == "model_config" else owner))
    ]
    rows: dict[str, _Row] = {}
    for table in owners:
        for when, spans in table.items():
            for span, names in spans.items():
                places = frozenset(_places(span, order))
                for name in names:
                    row = rows.get(name, _Row())
                    rows[name] = _Row(row.always | places if when == "always" else row.always, row.held | places)
    own = {name for spans in owners[0].values() for names in spans.values() for name in names}
    rows[owner] = _Row(held=frozenset(at for name in own for at in rows[name].held))
    return rows


def _places(spans: str, order: Mapping[str, int]) -> Iterator[int]:
    """ "A..B C..D" → the places from A to B and from C to D; an end that is left out is that of the table."""
    for span in spans.split():
        first, _, last = span.partition("..")
        yield from range(order.get(first, 0), order.get(last, len(order) - 1) + 1)


@remembered
def _packages() -> dict[str, Any]:
    table = json.loads(TABLE.read_text(encoding="utf-8"))
    if table["format"] != FORMAT:
        raise ValueError(f"{TABLE.name} has format {table['format']}, not {FORMAT}")
    packages: dict[str, Any] = table["packages"]
    return packages
