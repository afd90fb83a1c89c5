"""Synthetic clinical notes with their entities and relations, and the format in which a model is asked for them.

### Instruction:
Extract all medical entities and their relations.

### Input:
A 54-year-old man was seen today. metformin was started for diabetes.

### Output:
### Entities:
1. [Medication] metformin
2. [Disease] diabetes

### Relations:
1. metformin --[treats]--> diabetes
"""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from medextract.vocabulary import TYPES, split_names

INSTRUCTION = "Extract all medical entities and their relations."
ENTITIES, LINKS = "### Entities:", "### Relations:"

OPENINGS = (
    "A {n}-year-old patient presents to the clinic.", "A {n}-year-old {s} was seen today.",
    "A {n}-year-old {s} was admitted overnight.", "This {n}-year-old patient returns for review.",
)  # fmt: skip
RELATED = (  # sentence, kinds of {a} and {b}, relation from a to b
    (" {a} was started for {b}.", "Medication", "Disease", "treats"),
    (" the {b} was managed with {a}.", "Medication", "Disease", "treats"),
    (" we prescribed {a} to control {b}.", "Medication", "Symptom", "treats"),
    (" {b} improved after {a}.", "Procedure", "Disease", "treats"),
    (" {a} was performed to treat {b}.", "Procedure", "Disease", "treats"),
    (" {b} responded well to {a}.", "Medication", "Symptom", "treats"),
    (" {b} was attributed to {a}.", "Disease", "Symptom", "causes"),
    (" {a} led to {b}.", "Disease", "Disease", "causes"),
    (" there was {b} secondary to {a}.", "Disease", "Symptom", "causes"),
    (" after taking {a} the patient developed {b}.", "Medication", "Symptom", "causes"),
    (" {b} is a known side effect of {a}.", "Medication", "Symptom", "causes"),
    (" {a} was abnormal, suggesting {b}.", "Lab_Test", "Disease", "indicates"),
    (" {a} results were consistent with {b}.", "Lab_Test", "Disease", "indicates"),
    (" {a} raised concern for {b}.", "Symptom", "Disease", "indicates"),
    (" {b} was suspected on the basis of {a}.", "Lab_Test", "Disease", "indicates"),
)
ALONE = (
    (" {a} was scheduled.", "Procedure"), (" there is a history of {a}.", "Disease"),
    (" the patient also reports {a}.", "Symptom"), (" {a} was ordered.", "Lab_Test"),
    (" currently taking {a}.", "Medication"), (" {a} was done last year.", "Procedure"),
    (" the family history includes {a}.", "Disease"), (" {a} was pending.", "Lab_Test"),
)  # fmt: skip
FILLERS = (
    " vital signs were stable.", " the patient was alert and oriented.", " no acute distress was noted.",
    " follow up in two weeks.", " the plan was discussed with the family.",
)  # fmt: skip

Pick = Callable[[random.Random, str], str]
"""Chooses a name of a kind."""


@dataclass(frozen=True)
class Note:
    """A text and what is in it."""

    text: str
    entities: tuple[tuple[str, str], ...]
    """(kind, name) in the order of the text."""
    relations: tuple[tuple[str, str, str], ...]
    """(head, relation, tail)."""


@dataclass(frozen=True)
class Example:
    """A row of the training set: the texts as the model gets them, whoever put them together."""

    input: str
    output: str


def write_note(rng: random.Random, pick: Pick) -> Note:
    """One note of one to three related pairs, up to two other mentions and perhaps a filler."""
    text = rng.choice(OPENINGS).format(n=rng.randint(19, 90), s=rng.choice(("man", "woman")))
    kinds: dict[str, str] = {}
    relations: list[tuple[str, str, str]] = []

    def name_of(kind: str) -> str:
        known = [name for name, its in kinds.items() if its == kind]
        if kind in ("Disease", "Symptom") and rng.random() < 0.25 and known:  # talk about the same thing again
            return rng.choice(known)
        while (name := pick(rng, kind)) in kinds:
            pass
        kinds[name] = kind
        return name

    plan = ["related"] * rng.randint(1, 3) + ["alone"] * rng.randint(0, 2) + ["filler"] * (rng.random() < 0.5)
    rng.shuffle(plan)
    for part in plan:
        if part == "filler":
            text += rng.choice(FILLERS)
        elif part == "alone":
            sentence, kind = rng.choice(ALONE)
            text += sentence.format(a=name_of(kind))
        else:
            sentence, head_kind, tail_kind, relation = rng.choice(RELATED)
            head, tail = name_of(head_kind), name_of(tail_kind)
            if head == tail:
                continue
            text += sentence.format(a=head, b=tail)
            if (head, relation, tail) not in relations:
                relations.append((head, relation, tail))
    mentioned = sorted((name for name in kinds if f" {name}" in text), key=lambda name: text.index(f" {name}"))
    return Note(text, tuple((kinds[name], name) for name in mentioned), tuple(relations))


def prompt_of(text: str) -> str:
    """What the model is given."""
    return f"### Instruction:\n{INSTRUCTION}\n\n### Input:\n{text}\n\n### Output:\n"


def answer_of(note: Note) -> str:
    """What the model should write."""
    entities = "\n".join(f"{i}. [{kind}] {name}" for i, (kind, name) in enumerate(note.entities, 1))
    links = "\n".join(f"{i}. {head} --[{how}]--> {tail}" for i, (head, how, tail) in enumerate(note.relations, 1))
    return f"{ENTITIES}\n{entities}\n\n{LINKS}\n{links}"


def training_notes(count: int, seed: int) -> list[Note]:
    """Notes that hold names for training alone."""
    training, _ = split_names()
    rng = random.Random(f"training {seed}")
    return [write_note(rng, lambda rng, kind: rng.choice(training[kind])) for _ in range(count)]


def evaluation_notes(count: int, seed: int, held_out_share: float = 0.5) -> list[Note]:
    """Notes about half of whose names are held out."""
    training, held_out = split_names()
    rng = random.Random(f"test {seed}")

    def pick(rng: random.Random, kind: str) -> str:
        return rng.choice((held_out if rng.random() < held_out_share else training)[kind])

    return [write_note(rng, pick) for _ in range(count)]


def write_dataset(folder: Path, training: Iterable[Example], test: Iterable[Note]) -> None:
    """train.jsonl with rows {"input", "output"}, test.jsonl with rows {"input", "entities", "relations"}."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = [{"input": row.input, "output": row.output} for row in training]
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    rows = [{"input": note.text, "entities": note.entities, "relations": note.relations} for note in test]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def read_dataset(folder: Path) -> tuple[list[Example], list[Note]]:
    """-> (training rows, test notes). Raises ValueError, one line, for a dataset that cannot be used."""
    training = [Example(row["input"], row["output"]) for row in _rows(folder / "train.jsonl", "input", "output")]
    test = [
        Note(
            row["input"],
            tuple((kind, name) for kind, name in row["entities"]),
            tuple((head, how, tail) for head, how, tail in row["relations"]),
        )
        for row in _rows(folder / "test.jsonl", "input", "entities", "relations")
    ]
    return training, test


def _rows(path: Path, *fields: str) -> list[dict]:
    if not path.is_file():
        raise ValueError(f"{path.name} is missing in the dataset; write one with `python -m medextract data --out DIR`")
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError:
            raise ValueError(f"{path.name}, line {number}: not JSON") from None
        missing = [field for field in fields if field not in row]
        if missing:
            raise ValueError(f"{path.name}, line {number}: no `{missing[0]}`")
        rows.append(row)
    if not rows:
        raise ValueError(f"{path.name} holds no rows")
    return rows


def default_dataset(seed: int = 0) -> tuple[list[Example], list[Note]]:
    """540 training rows and 100 test notes, for a run that is given no dataset."""
    training = [Example(note.text, answer_of(note)) for note in training_notes(540, seed)]
    return training, evaluation_notes(100, 0)


def kinds_are_known(entities: Iterable[tuple[str, str]]) -> bool:
    """All kinds are among the five."""
    return all(kind in TYPES for kind, _ in entities)
