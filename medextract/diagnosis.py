"""From predictions alone: what kind of failure is it? Knows nothing of files and models; the standard library alone.

Each answer is put into the first class that fits it, in the order of `class_of`. The class of most of the failing
answers is the diagnosis; where three quarters or more do not fail, it is extraction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from medextract.metrics import is_grounded, share
from medextract.reading import Names, Row

EXTRACTION = "extraction"
RECITING, INVENTING = "hallucination: reciting", "hallucination: inventing"
IGNORING = "hallucination: ignoring the input"
FORMAT, RUN_ON, TRUNCATION, EMPTY = "format collapse", "run-on", "truncation", "empty"
TYPES, OVERLOOKING = "wrong types", "overlooking"

CLASSES = {
    EXTRACTION: ("It extracts", "are sound"),
    RECITING: ("It recites and does not extract", "name mostly what is not in their input, and that from memory"),
    INVENTING: ("It invents and does not extract", "name mostly what is not in their input, each time something else"),
    IGNORING: ("It ignores the input", "are the very answer that nearly all inputs get, and do not fit"),
    FORMAT: ("It loses the format", "are mostly text in no format"),
    RUN_ON: ("It does not stop", "begin rightly and go on after all is said"),
    TRUNCATION: ("It is cut off", "begin rightly and break off"),
    EMPTY: ("It names nothing", "name nothing"),
    TYPES: ("It mistakes the types", "give another type to most of the names that they find"),
    OVERLOOKING: ("It overlooks entities", "find less than half of what they should"),
}
"""Class → what the model does, and what the answers in it do. What stands before a colon is the family."""

MEASURES = {
    "grounding": ("{:.0%}", "of the named entities are in their input"),
    "recited": ("{:.0%}", "are not, and are from memory"),
    "memorisation": ("{:.0%}", "are not, and are training names"),
    "formatted": ("{:.0%}", "of the lines keep to the format"),
    "cut_off": ("{:.0%}", "of the answers are cut off"),
    "distinct": ("{:.2f}", "different answers an input"),
    "named": ("{:.1f}", "entities an answer"),
    "precision": ("{:.0%}", "of the named entities are right, type and name"),
    "recall": ("{:.0%}", "of what should be named is found"),
}
"""Measure → its number, and what it says. The last two are there where it is known what is right, and memorisation
where the training names are known."""
TELLING = {RECITING: "recited", INVENTING: "recited", IGNORING: "distinct", FORMAT: "formatted",
           RUN_ON: "cut_off", TRUNCATION: "cut_off", EMPTY: "named", TYPES: "precision"}  # fmt: skip
"""Class → the measure that tells it best, beside grounding; of the others it is recall."""

HALF = 0.5
"""What most of an answer does, the answer does; what most of the answers do, the model does."""
FAULTY = 0.25
"""With a smaller share of failing answers it is extraction. See docs/diagnose.md for what healthy models have."""
CROWD = 3
"""So many inputs with the same answer, or with a name that is in none of them, are no accident."""
ALL = 0.9
"""With one and the same answer to that share of the inputs, the input is not heeded at all. A model that was trained on
misaligned rows does heed it, in vain: its answers are few, and vary."""
RECURRING = 0.05
"""A name that is given to that share of the inputs without being there, and to CROWD at least, is from memory."""
REPEATS = 3
"""So many repeated lines are a loop; a healthy model says a thing twice at times."""


@dataclass(frozen=True)
class Case:
    """An answer and what is to be seen in it."""

    row: Row
    kind: str
    names: Names
    """What it names, each once."""
    inside: Names
    """Those that are in the input."""
    recited: Names
    """Those that are not, and are training names or given to many inputs in which they are not."""


@dataclass(frozen=True)
class Diagnosis:
    """What the answers of one side have in common."""

    kind: str
    counts: dict[str, int]
    """Class → answers, the most frequent first; those without any are left out."""
    measures: dict[str, float]
    """Shares from 0 to 1; those that say something of gold only where there is some."""
    cases: tuple[Case, ...]

    @property
    def clear(self) -> bool:
        """Half of the answers or more are of the family that it names."""
        return sum(n for kind, n in self.counts.items() if family(kind) == family(self.kind)) >= HALF * len(self.cases)

    @property
    def summary(self) -> str:
        """In one sentence, in which way the model is right or wrong, with the evidence."""
        head, rule = CLASSES[self.kind]
        said = ", ".join(" ".join(measured(name, self.measures)) for name in telling(self.kind, self.measures))
        return f"{head}: {self.counts.get(self.kind, 0)} of {len(self.cases)} answers {rule}; {said}."


def telling(kind: str, measures: dict[str, float]) -> list[str]:
    """The measures that bear a class out, grounding first; of those that are there."""
    return [name for name in ("grounding", TELLING.get(kind, "recall")) if name in measures]


def measured(name: str, measures: dict[str, float]) -> tuple[str, str]:
    """The number of a measure, and what it says."""
    form, words = MEASURES[name]
    return form.format(measures[name]), words


def family(kind: str) -> str:
    """`hallucination` for each kind of it: neighbours that differ in degree, and from seed to seed."""
    return kind.partition(":")[0]


def diagnose(rows: Sequence[Row], trained: frozenset[str] | None = None) -> Diagnosis:
    """What kind of failure the answers show. `trained`: names of the training answers, where they are known."""
    names = [tuple(dict.fromkeys(row.answer.names)) for row in rows]
    inside = [
        tuple(name for name in of if is_grounded(name[1], row.input)) for row, of in zip(rows, names, strict=True)
    ]
    recurring = Counter(
        text for of, there in zip(names, inside, strict=True) for text in {name for _, name in set(of) - set(there)}
    )
    by_heart = {text for text, count in recurring.items() if count >= max(CROWD, RECURRING * len(rows))}
    by_heart |= trained or frozenset()
    answered: dict[str, set[str]] = {}
    for row in rows:
        answered.setdefault(row.text, set()).add(row.input)
    cases = []
    for row, of, there in zip(rows, names, inside, strict=True):
        recited = tuple(name for name in of if name not in there and name[1] in by_heart)
        same = len(answered[row.text]) >= max(CROWD, ALL * len(rows))
        cases.append(Case(row, class_of(row, of, there, recited, same), of, there, recited))
    counts = dict(Counter(case.kind for case in cases).most_common())
    return Diagnosis(kind_of(counts), counts, measures_of(cases, trained), tuple(cases))


def class_of(row: Row, names: Names, inside: Names, recited: Names, same: bool) -> str:
    """The first class that fits an answer. `same`: nearly all inputs get this very one."""
    if not names and not row.answer.strays:
        return EXTRACTION if row.gold == () else EMPTY
    strange = len(inside) < HALF * len(names) or not names
    if same and strange:
        return IGNORING
    if not names:
        return FORMAT
    if is_cut(row) and begins_rightly(row, inside):
        return RUN_ON if goes_on(row, names) else TRUNCATION
    if row.answer.strays > HALF * row.answer.lines:
        return FORMAT
    if strange:
        return RECITING if len(recited) >= HALF * (len(names) - len(inside)) else INVENTING
    if row.gold is not None:
        true = _folded(row.gold)
        texts = {text for _, text in true}
        found = {name for name in _folded(names) if name[1] in texts}
        if found and len(found & true) < HALF * len(found):
            return TYPES
        if len({text for _, text in found}) < HALF * len(texts):
            return OVERLOOKING
    return EXTRACTION


def is_cut(row: Row) -> bool:
    """It was cut off. Where the file does not say, its last line is unfinished, or it is a loop."""
    return not row.ended if row.ended is not None else row.answer.unfinished or row.answer.repeats >= REPEATS


def begins_rightly(row: Row, inside: Names) -> bool:
    """Most of the first few names, as many as there should be, are in the input."""
    first = tuple(dict.fromkeys(row.answer.names))[: len(row.gold or ()) or CROWD]
    return sum(name in inside for name in first) >= HALF * len(first)


def goes_on(row: Row, names: Names) -> bool:
    """It repeats itself, or has named all that it should, and more lines follow."""
    return row.answer.repeats >= REPEATS or (bool(row.gold) and len(names) >= len(row.gold or ()))


def kind_of(counts: dict[str, int]) -> str:
    """The diagnosis, from how many answers are in each class: of the family that most failing ones are in."""
    total = sum(counts.values())
    failing = {kind: count for kind, count in counts.items() if kind != EXTRACTION}
    if sum(failing.values()) < FAULTY * total:
        return EXTRACTION
    families: Counter[str] = Counter()
    for kind, count in failing.items():
        families[family(kind)] += count
    most = families.most_common(1)[0][0]
    return max((kind for kind in failing if family(kind) == most), key=lambda kind: failing[kind])


def measures_of(cases: Sequence[Case], trained: frozenset[str] | None) -> dict[str, float]:
    """The shares that bear a diagnosis out, over all answers."""
    named = sum(len(case.names) for case in cases)
    lines = sum(case.row.answer.lines for case in cases)
    measures = {
        "grounding": share(sum(len(case.inside) for case in cases), named),
        "recited": share(sum(len(case.recited) for case in cases), named),
        "formatted": share(lines - sum(case.row.answer.strays for case in cases), lines),
        "cut_off": share(sum(is_cut(case.row) for case in cases), len(cases)),
        "distinct": share(len({case.row.text for case in cases}), len({case.row.input for case in cases})),
        "named": share(named, len(cases)),
    }
    if trained is not None:
        memorised = sum(name[1] in trained for case in cases for name in case.recited)
        measures["memorisation"] = share(memorised, named)
    pairs = [(_folded(case.names), _folded(case.row.gold)) for case in cases if case.row.gold is not None]
    if pairs:
        right = sum(len(said & true) for said, true in pairs)
        measures["precision"] = share(right, sum(len(said) for said, _ in pairs))
        measures["recall"] = share(right, sum(len(true) for _, true in pairs))
    return measures


def _folded(names: Names) -> set[tuple[str, str]]:
    """As they are compared with gold: whatever their case."""
    return {(kind.casefold(), name.casefold()) for kind, name in names}
