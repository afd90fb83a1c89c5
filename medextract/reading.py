"""Reads predictions, medextract's own and those of others, into answers that can be compared; has no opinion.

A line is a JSON object with what was asked, what was answered and, where that is known, what is right. An answer is
text in the format of notes.py or near it (`1. [Disease] diabetes`, `- [Disease] diabetes`), or entities as JSON, as a
value or as text: [{"type": "Disease", "text": "diabetes"}], {"Disease": ["diabetes"]}, [["Disease", "diabetes"]],
["diabetes"], each perhaps below "entities".
"""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from medextract import metrics

FIELDS = {
    "input": ("input", "text", "prompt"),
    "prediction": ("prediction", "output", "response", "completion"),
    "gold": ("gold", "label", "reference", "entities"),
}
"""What is looked for → the names of the field that holds it; the first one that is there counts."""
OWN = {"output", "ended", "entities"}
"""What a row of medextract's own has."""
KIND_FIELDS = ("type", "label", "kind", "entity_group", "category")
NAME_FIELDS = ("text", "name", "entity", "word", "value")
NUMBER = re.compile(r"^(?:\d+[.)]|[-*•])(?:\s+|(?=\[)|$)")
ITEM = re.compile(r"\[([^\[\]]+)\]\s*(\S.*)$")
LINK = re.compile(r"\S.*?\s--\[[^\[\]]+\]-->\s*\S")
HEADING = re.compile(r"(?:#+\s.*|\*\*[^*]+\*\*:?|[A-Za-z][\w ]{0,30}:)$")
BEGUN = re.compile(r"(?:\[[^\[\]]*\]?|\d+|#+\s*\w*)?$")
"""What is left, but for its number, of a line that was begun as an item or a heading and not finished."""
JSON_LIST = re.compile(r"\[\s*(?:[\[{\"]|\])")
OBJECT = re.compile(r"\{[^{}]*\}")
"""An object within a JSON text that was cut off."""

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Reading:
    """What can be read in an answer."""

    names: Names
    """(kind, name) of the entities that it names, in its order; the kind is empty where none is given."""
    lines: int
    """Lines that are not blank; an answer in JSON is one."""
    strays: int
    """Those of them that are in no format."""
    repeats: int = 0
    """Lines that say again, but for their number, what one before them said."""
    unfinished: bool = False
    """It ends in the middle of a line or of its JSON, as far as that can be seen."""


@dataclass(frozen=True)
class Row:
    """One input, what was answered, and what is right."""

    number: int
    """Of its line in the file, from 1."""
    input: str
    text: str
    """The answer as it was written."""
    answer: Reading
    ended: bool | None = None
    """It stopped by itself and was not cut off; None: the file does not say."""
    gold: Names | None = None
    """What is right, where that is known."""


def row_of(
    number: int, asked: str, answer: object, ended: bool | None = None, gold: object = None, *, strict: bool = False
) -> Row:
    """An answer, text or JSON values, with all that can be read in it. Raises ValueError for neither.

    `strict`: medextract's own, of which only what its evaluation counts is in the format.
    """
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    read = read_answer(answer)
    if strict:
        counted = metrics.read_answer(text, True)
        read = replace(read, names=counted.entities, strays=counted.strays)
    return Row(number, asked, text, read, ended, None if gold is None else read_answer(gold).names)


def read_answer(answer: object) -> Reading:
    """Read text or JSON values leniently. Raises ValueError for what is neither text nor entities."""
    if not isinstance(answer, str):
        return Reading(tuple(_entities(answer)), 1, 0)
    text = answer.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].removesuffix("```").strip()
    if text[:1] == "{" or JSON_LIST.match(text):
        return _json_text(text)
    lines = [NUMBER.sub("", line.strip(), count=1) for line in text.splitlines() if line.strip()]
    items = [ITEM.match(line) for line in lines]
    known = [item or LINK.match(line) or HEADING.match(line) for line, item in zip(lines, items, strict=True)]
    names = tuple((item[1].strip(), item[2]) for item in items if item)
    unfinished = bool(lines) and BEGUN.match(lines[-1]) is not None
    return Reading(names, len(lines), sum(not line for line in known), len(lines) - len(set(lines)), unfinished)


def _json_text(text: str) -> Reading:
    """Entities of a JSON text; of one that does not parse, those that are whole."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        found: list[tuple[str, str]] = []
        for match in OBJECT.finditer(text):
            with contextlib.suppress(ValueError):
                found += _entities([json.loads(match[0])])
        return Reading(tuple(found), 1, 1, unfinished=bool(found))
    try:
        return Reading(tuple(_entities(value)), 1, int(bool(text[end:].strip())))
    except ValueError:  # JSON of some other kind
        return Reading((), 1, 1)


def _entities(value: object) -> Iterator[tuple[str, str]]:
    """(kind, name) in any of the shapes. Raises ValueError for others."""
    if isinstance(value, Mapping) and isinstance(value.get("entities"), (list, dict)):
        value = value["entities"]
    if isinstance(value, Mapping):
        for kind, names in value.items():
            for name in names if isinstance(names, list) else [names]:
                if not isinstance(name, str):
                    raise ValueError(f"{json.dumps(value)[:60]} holds no names")
                yield str(kind), name.strip()
    elif isinstance(value, list):
        yield from (_entity(item) for item in value)
    else:
        raise ValueError(f"{json.dumps(value)[:60]} is neither text nor a list or object of entities")


def _entity(item: object) -> tuple[str, str]:
    if isinstance(item, str):
        return "", item.strip()
    if isinstance(item, list) and len(item) == 2 and all(isinstance(part, str) for part in item):
        return item[0].strip(), item[1].strip()
    if isinstance(item, Mapping):
        name = next((item[field] for field in NAME_FIELDS if isinstance(item.get(field), str)), None)
        kind = next((item[field] for field in KIND_FIELDS if isinstance(item.get(field), str)), "")
        if name is not None:
            return kind.strip(), name.strip()
    raise ValueError(f"{json.dumps(item)[:60]} is no entity: it takes a text and a type")


def read_predictions(path: Path, fields: Mapping[str, str] | None = None) -> tuple[list[Row], frozenset[str] | None]:
    """-> (rows, names that the file marks as memorised; None where it marks none). `fields`: what → its field's name.

    Raises ValueError, one line with the number of the line, for what cannot be read.
    """
    rows: list[Row] = []
    memorised: set[str] | None = None
    for number, found in _objects(path):
        where = f"{path.name}, line {number}"
        values = {what: _field(found, what, fields or {}, where) for what in FIELDS}
        asked, answer, gold = values["input"], values["prediction"], values["gold"]
        if not isinstance(asked, str):
            raise ValueError(f"{where}: the input is no text")
        for entity in _marked(found):
            memorised = memorised or set()
            memorised |= {str(entity.get("text")).strip()} if entity.get("memorised") is True else set()
        try:
            rows.append(row_of(number, asked, answer, _ended(found), gold, strict=found.keys() >= OWN))
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    if not rows:
        raise ValueError(f"{path.name} holds no predictions")
    return rows, None if memorised is None else frozenset(memorised)


def read_fields(words: Iterable[str]) -> dict[str, str]:
    """`input=note` → what → the name of its field. Raises ValueError."""
    fields: dict[str, str] = {}
    for word in words:
        what, found, name = word.partition("=")
        if what not in FIELDS or not found or not name:
            raise ValueError(f"--field {word}: it takes {', '.join(f'{known}=NAME' for known in FIELDS)}")
        fields[what] = name
    return fields


def read_training(path: Path, fields: Mapping[str, str] | None = None) -> frozenset[str]:
    """All names in the answers of a training file: of its `output`, or of whatever holds what is right."""
    names: set[str] = set()
    for number, found in _objects(path):
        where = f"{path.name}, line {number}"
        answer = _field(found, "gold", fields or {}, where)
        if answer is None:
            answer = _field(found, "prediction", fields or {}, where)
        try:
            names |= {name for _, name in read_answer(answer).names}
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
    if not names:
        raise ValueError(f"{path.name}: no training answer names an entity")
    return frozenset(names)


def _objects(path: Path) -> Iterable[tuple[int, dict[str, object]]]:
    """The objects of a file of JSON lines with their line numbers; blank lines are passed over."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise ValueError(f"{path.name}, line {number}: not JSON") from None
        if not isinstance(found, dict):
            raise ValueError(f"{path.name}, line {number}: not a JSON object")
        yield number, found


def _field(found: dict[str, object], what: str, fields: Mapping[str, str], where: str) -> object:
    """The value of a field, None where there is none and it may be left out. Raises ValueError."""
    names = (fields[what],) if what in fields else FIELDS[what]
    for name in names:
        if name in found and not (what == "gold" and name == "entities" and _marked(found)):
            return found[name]
    if what == "gold" and what not in fields:
        return None
    there = ", ".join(f"`{name}`" for name in found) or "nothing"
    tell = "" if what in fields else f"; name it with --field {what}=NAME"
    raise ValueError(f"{where}: no {' or '.join(f'`{name}`' for name in names)}; it holds {there}{tell}")


def _marked(found: dict[str, object]) -> list[dict[str, object]]:
    """medextract's own `entities`: what was predicted, marked whether it is in the text."""
    items = found.get("entities")
    if not isinstance(items, list):
        return []
    return [item for item in items if isinstance(item, dict) and "grounded" in item]


def _ended(found: dict[str, object]) -> bool | None:
    """medextract's `ended`, or the `finish_reason` of servers of models."""
    if isinstance(found.get("ended"), bool):
        return bool(found["ended"])
    reason = found.get("finish_reason")
    return None if not isinstance(reason, str) else reason not in ("length", "max_tokens", "MAX_TOKENS")
