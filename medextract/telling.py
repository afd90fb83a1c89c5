"""Tells a diagnosis, of one side or of two beside each other, as text and as JSON. Decides nothing."""

from collections.abc import Sequence

from medextract.diagnosis import CLASSES, EXTRACTION, MEASURES, Case, Diagnosis, family, measured, telling

SCHEMA = "medextract.diagnosis/1"
EXAMPLES = 3
WIDTH = 110
LEGEND = "‹…›: not in the input; ‹…›*: not in the input, but from memory"

Side = tuple[str, Diagnosis]
"""The name of a file and what its answers show."""


def as_text(sides: Sequence[Side]) -> str:
    """One side with its evidence, or two beside each other."""
    parts = [[f"{name}: {found.kind}", found.summary] for name, found in sides]
    if len(sides) == 2:
        parts.append([comparison(*sides)])
    parts += [_table(sides), _examples(sides)]
    return "\n\n".join("\n".join(lines) for lines in parts)


def comparison(one: Side, other: Side) -> str:
    """Both sides in a sentence: what each does, and the measures that tell it as they change from one to the other."""
    (name, found), (its, also) = one, other
    does, its_does = (CLASSES[side.kind][0].removeprefix("It ") for side in (found, also))
    said = f"{name} {does}; {its} {'does the same' if found.kind == also.kind else its_does}"
    told = [*telling(also.kind, also.measures), *telling(found.kind, found.measures)]
    moved = [f"{key} {found.measures[key]:.2f} → {also.measures[key]:.2f}"
             for key in dict.fromkeys(told) if key in found.measures and key in also.measures]  # fmt: skip
    return f"{said}: {', '.join(moved)}."


def as_plain(sides: Sequence[Side]) -> dict[str, object]:
    """For --json."""
    plain: dict[str, object] = {"schema": SCHEMA, "sides": [_plain(name, found) for name, found in sides]}
    if len(sides) == 2:
        plain["comparison"] = comparison(*sides)
    return plain


def examples(found: Diagnosis) -> list[Case]:
    """A few answers that show the class, the shortest inputs first."""
    fitting = [case for case in found.cases if case.kind == found.kind]
    return sorted(fitting, key=lambda case: (len(case.row.input), case.row.number))[:EXAMPLES]


def _plain(name: str, found: Diagnosis) -> dict[str, object]:
    shown = [
        {"line": case.row.number, "input": case.row.input, "answer": case.row.text, "class": case.kind}
        for case in examples(found)
    ]
    return {
        "file": name, "diagnosis": found.kind, "family": family(found.kind), "clear": found.clear,
        "summary": found.summary, "answers": len(found.cases), "classes": found.counts, "measures": found.measures,
        "examples": shown,
    }  # fmt: skip


def _table(sides: Sequence[Side]) -> list[str]:
    """Answers in each class, then the measures; each with its rule."""
    kinds = [kind for kind in CLASSES if any(kind in found.counts for _, found in sides)]
    sizes = " and ".join(str(len(found.cases)) for _, found in sides)
    rows = [([str(found.counts.get(kind, 0)) for _, found in sides], f"{CLASSES[kind][1]} ({kind})") for kind in kinds]
    rows.insert(0, ([""] * len(sides), f"of {sizes} answers"))
    for name, (_, words) in MEASURES.items():
        if any(name in found.measures for _, found in sides):
            cells = [measured(name, f.measures)[0] if name in f.measures else "–" for _, f in sides]
            rows.append((cells, f"{words} ({name})"))
    wide = max(len(cell) for cells, _ in rows for cell in cells)
    return ["  ".join([*(cell.rjust(wide) for cell in cells), words]) for cells, words in rows]


def _examples(sides: Sequence[Side]) -> list[str]:
    """The answers of the last side that show its class, with what the other one answered to the same input."""
    lines: list[str] = []
    for case in examples(sides[-1][1]):
        lines += [f"line {case.row.number}: {_short(case.row.input)}"]
        for name, found in sides:
            same = next((its for its in found.cases if its.row.input == case.row.input), None)
            lines += [f"    {name}: {_said(same)}"] if same else []
        if case.row.gold is not None:
            lines += [f"    right: {_short(' · '.join(f'[{kind}] {text}' for kind, text in case.row.gold))}"]
    return [*lines, LEGEND] if any("‹" in line for line in lines) else lines


def _said(case: Case) -> str:
    """What an answer names, marked; or what it says, where that is nothing."""
    if not case.names:
        return repr(_short(case.row.text))
    shown = [f"[{name[0]}] {_marked(name[1], name in case.inside, name in case.recited)}" for name in case.names]
    said = " · ".join(shown)
    return _short(said) + ("" if case.kind == EXTRACTION else f"  ({case.kind})")


def _marked(text: str, inside: bool, recited: bool) -> str:
    return text if inside else f"‹{text}›{'*' if recited else ''}"


def _short(text: str) -> str:
    """On one line."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
