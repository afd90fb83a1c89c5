"""From answers to measurements: does the model extract, or does it recite? Standard library alone.

Precision, recall and F1 are micro-averages over all notes. An entity is right when kind and name are (strict) or when
one name contains the other, whatever its kind (lenient). A relation is right when head, relation and tail are.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medextract.notes import ENTITIES, LINKS, Note, kinds_are_known
from medextract.vocabulary import RELATIONS

SCHEMA = "medextract.metrics/1"
ENTITY = re.compile(r"^\d+\. \[([A-Za-z_]+)\] (.+)$")
LINK = re.compile(r"^\d+\. (.+?) --\[([a-z]+)\]--> (.+)$")


@dataclass(frozen=True)
class Answer:
    """A model's answer, read as far as it can be read."""

    text: str
    ended: bool
    """It stopped by itself, and was not cut off."""
    entities: tuple[tuple[str, str], ...]
    relations: tuple[tuple[str, str, str], ...]
    strays: int
    """Lines that are in no format, or under no heading that they belong to."""
    valid: bool
    """Exactly in the format: both headings once, numbered lines alone, known kinds and relations, some entity."""


def read_answer(text: str, ended: bool) -> Answer:
    """Read an answer leniently, and say whether it keeps to the format strictly."""
    entities: list[tuple[str, str]] = []
    relations: list[tuple[str, str, str]] = []
    headings: list[str] = []
    strays = 0
    for line in (line.rstrip() for line in text.strip().split("\n")):
        if line in (ENTITIES, LINKS):
            headings.append(line)
            continue
        match = (ENTITY if headings[-1] == ENTITIES else LINK).match(line) if headings and line else None
        if match is None:
            strays += bool(line)
        elif headings[-1] == ENTITIES:
            entities.append((match[1], match[2]))
        else:
            relations.append((match[1], match[2], match[3]))
    valid = not strays and headings == [ENTITIES, LINKS] and bool(entities) and kinds_are_known(entities)
    valid = valid and all(how in RELATIONS for _, how, _ in relations)
    return Answer(text, ended, tuple(entities), tuple(relations), strays, valid)


def is_grounded(name: str, text: str) -> bool:
    """The name occurs in the text, as whole words."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) is not None


def names_in(outputs: Iterable[str]) -> frozenset[str]:
    """All entity names of the training answers."""
    return frozenset(name for output in outputs for _, name in read_answer(output, True).entities)


def measure(
    notes: Sequence[Note], answers: Sequence[Answer], trained: frozenset[str], swaps: Sequence[tuple[str, str, Answer]]
) -> dict[str, float]:
    """All measures of the answers to the test notes, each a share from 0 to 1 or a count.

    `trained`: names of the training answers. `swaps`: (name taken out, name put in, answer) of notes in which one
    entity was replaced by another.
    """
    strict, lenient, relation = Tally(), Tally(), Tally()
    held_out = found = grounded = memorised = named = 0
    for note, answer in zip(notes, answers, strict=True):
        predicted, true = set(answer.entities), set(note.entities)
        strict.add(len(predicted & true), len(predicted), len(true))
        hits = sum(any(_overlap(name, other) for _, other in true) for _, name in predicted)
        covered = sum(any(_overlap(name, other) for _, other in predicted) for _, name in true)
        lenient.add_both(hits, covered, len(predicted), len(true))
        links, true_links = set(answer.relations), set(note.relations)
        relation.add(len(links & true_links), len(links), len(true_links))
        new = {(kind, name) for kind, name in true if name not in trained}
        held_out += len(new)
        found += len(new & predicted)
        named += len(predicted)
        for _, name in predicted:
            inside = is_grounded(name, note.text)
            grounded += inside
            memorised += not inside and name in trained
    followed = sum(
        any(name == new for _, name in answer.entities) and all(name != old for _, name in answer.entities)
        for old, new, answer in swaps
    )
    count = len(answers)
    return {
        "entity_f1": strict.f1, "entity_precision": strict.precision, "entity_recall": strict.recall,
        "entity_f1_lenient": lenient.f1,
        "held_out_recall": share(found, held_out),
        "relation_f1": relation.f1, "relation_precision": relation.precision, "relation_recall": relation.recall,
        "grounding": share(grounded, named), "memorisation": share(memorised, named),
        "format_validity": share(sum(answer.valid for answer in answers), count),
        "run_on_rate": share(sum(not answer.ended for answer in answers), count),
        "swap_followed": share(followed, len(swaps)),
        "distinct_outputs": share(len({answer.text for answer in answers}), count),
        "predicted_entities": named, "test_notes": count,
    }  # fmt: skip


class Tally:
    """True positives, predictions and truths, summed over notes."""

    def __init__(self) -> None:
        self._right = self._covered = self._predicted = self._true = 0

    def add(self, right: int, predicted: int, true: int) -> None:
        """Count one note, where a hit is a hit on both sides."""
        self.add_both(right, right, predicted, true)

    def add_both(self, right: int, covered: int, predicted: int, true: int) -> None:
        """Count one note: `right` of the predictions are true, `covered` of the truths were predicted."""
        self._right += right
        self._covered += covered
        self._predicted += predicted
        self._true += true

    @property
    def precision(self) -> float:
        """Right among the predicted; 0 when nothing was predicted."""
        return share(self._right, self._predicted)

    @property
    def recall(self) -> float:
        """Covered among the true."""
        return share(self._covered, self._true)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        p, r = self.precision, self.recall
        return round(2 * p * r / (p + r), 6) if p + r else 0.0


def share(part: int, whole: int) -> float:
    """part / whole, 0 of nothing being 0."""
    return round(part / whole, 6) if whole else 0.0


def _overlap(name: str, other: str) -> bool:
    name, other = name.lower(), other.lower()
    return name in other or other in name
