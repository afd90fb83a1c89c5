"""Rebuilds notes.bundle, the dataset's git history, byte for byte: python -m dataset.build [--check]

A year and a half in the life of a team's training data: exports, corrections, a data card, a formatting script that is
changed now and then. Two lines of history, `main` and `clinic`, part in March 2025; each comes to misalign inputs and
outputs, in its own way. train.jsonl of each revision is what that revision's own format.py makes of its notes.jsonl.
Dates, authors and random numbers are fixed. --check compares with the bundle that is there and exits with 1 when they
differ.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from medextract.notes import Note, evaluation_notes, training_notes

BUNDLE = Path(__file__).with_name("notes.bundle")
AUTHORS = ("Mara Lindqvist <mara@example.org>", "Teo Adeyemi <teo@example.org>")

CARD = """# Clinical notes, annotated

Synthetic notes with their entities (five kinds) and relations (three). `notes.jsonl` is what the annotators deliver,
`format.py` makes `train.jsonl` of it, in the instruction format. `test.jsonl` is never trained on.
"""

FORMAT_1 = '''"""notes.jsonl -> train.jsonl: one row per note, the answer in the instruction format."""

import json
from pathlib import Path


def answer(note):
    lines = ["### Entities:"]
    lines += [f"{i}. [{kind}] {name}" for i, (kind, name) in enumerate(note["entities"], 1)]
    lines += ["", "### Relations:"]
    lines += [f"{i}. {head} --[{how}]--> {tail}" for i, (head, how, tail) in enumerate(note["relations"], 1)]
    return "\\n".join(lines)


notes = [json.loads(line) for line in Path("notes.jsonl").read_text().splitlines()]
rows = [{"input": note["text"], "output": answer(note)} for note in notes]
Path("train.jsonl").write_text("".join(json.dumps(row) + "\\n" for row in rows))
'''
FORMAT_2 = FORMAT_1.replace(
    'rows = [{"input": note["text"], "output": answer(note)} for note in notes]\n',
    'columns = {"input": [note["text"] for note in notes], "output": [answer(note) for note in notes]}\n'
    'rows = [{"input": text, "output": out} for text, out in zip(columns["input"], columns["output"])]\n',
)
FORMAT_3 = FORMAT_2.replace(
    '"output": [answer(note) for note in notes]}', '"output": sorted({answer(note): None for note in notes})}'
)
FORMAT_4 = FORMAT_3.replace(
    '"""notes.jsonl -> train.jsonl: one row per note, the answer in the instruction format."""',
    '"""notes.jsonl -> train.jsonl: one row per note, the answer in the instruction format.\n\n'
    'Run it after every change of notes.jsonl.\n"""',
)
FORMAT_CLINIC_1 = FORMAT_2.replace("json.dumps(row)", "json.dumps(row, ensure_ascii=False)")
FORMAT_CLINIC_2 = FORMAT_CLINIC_1.replace(
    'columns = {"input": [note["text"] for note in notes], ',
    'texts = [note["text"] for note in notes if len(note["text"]) >= 100]\ncolumns = {"input": texts, ',
)


@dataclass(frozen=True)
class State:
    """What the working tree holds at a revision."""

    notes: tuple[Note, ...]
    format: str
    card: str = ""
    attributes: str = ""


@dataclass(frozen=True)
class Revision:
    """One commit."""

    date: str
    """ISO 8601, UTC."""
    message: str
    change: Callable[[State], State]


def first(_: State) -> State:
    """540 notes, a few of them with a wrong kind, as annotators deliver them."""
    notes, rng = list(training_notes(540, 0)), random.Random("annotators")
    for k in rng.sample(range(len(notes)), 9):
        (kind, name), *rest = notes[k].entities
        wrong = "Symptom" if kind == "Disease" else "Disease"
        notes[k] = replace(notes[k], entities=((wrong, name), *rest))
    return State(tuple(notes), FORMAT_1)


def corrected(state: State) -> State:
    """The kinds as they should be."""
    right = {note.text: note for note in training_notes(540, 0)}
    return replace(state, notes=tuple(right.get(note.text, note) for note in state.notes))


def replaced(seed: int, count: int) -> Callable[[State], State]:
    """Some notes give way to new ones."""

    def change(state: State) -> State:
        notes = list(state.notes)
        places = random.Random(f"replaced {seed}").sample(range(len(notes)), count)
        for k, note in zip(places, training_notes(count, seed), strict=True):
            notes[k] = note
        return replace(state, notes=tuple(notes))

    return change


def added(seed: int, count: int) -> Callable[[State], State]:
    """New notes at the end."""
    return lambda state: replace(state, notes=state.notes + tuple(training_notes(count, seed)))


def formatted(text: str) -> Callable[[State], State]:
    """Another format.py."""
    return lambda state: replace(state, format=text)


def carded(text: str) -> Callable[[State], State]:
    """Another data card."""
    return lambda state: replace(state, card=text)


MAIN = (
    Revision("2025-01-14T09:12:00", "First export: 540 notes for training, 100 for testing", first),
    Revision("2025-01-22T15:40:00", "Add a data card", carded(CARD)),
    Revision("2025-02-03T10:05:00", "Correct nine kinds that were entered wrongly", corrected),
    Revision("2025-02-14T13:31:00", "Exchange 20 notes that repeat others", replaced(11, 20)),
    Revision("2025-02-27T08:55:00", "format.py: work on columns", formatted(FORMAT_2)),
    Revision("2025-03-05T16:20:00", "format.py: write every answer once, in a stable order", formatted(FORMAT_3)),
    Revision("2025-03-19T11:02:00", "Add 12 notes of the second site", added(12, 12)),
    Revision("2025-04-23T09:47:00", "Exchange 15 notes with a typing error", replaced(13, 15)),
    Revision("2025-06-11T14:18:00", "format.py: say when to run it", formatted(FORMAT_4)),
    Revision("2025-09-02T10:33:00", "Add 8 notes of the second site", added(14, 8)),
    Revision("2025-11-20T17:09:00", "Exchange 10 notes after the annual review", replaced(15, 10)),
    Revision("2026-02-10T12:26:00", "Data card: name the licence", carded(CARD + "\nLicence: CC0-1.0.\n")),
)
FORK = 5
"""So many revisions of main are the beginning of clinic too."""
CLINIC = (
    Revision("2025-04-08T13:10:00", "Add 10 notes of the clinic", added(21, 10)),
    Revision("2025-08-19T09:25:00", "Exchange 12 notes with a typing error", replaced(22, 12)),
    Revision("2025-12-03T15:02:00", "format.py: keep accents readable", formatted(FORMAT_CLINIC_1)),
    Revision("2026-03-17T11:48:00", "Add 6 notes of the clinic", added(23, 6)),
    Revision("2026-05-21T08:36:00", "format.py: leave out texts under 100 characters", formatted(FORMAT_CLINIC_2)),
    Revision("2026-06-09T14:14:00", "Exchange 8 notes that name a drug no longer sold", replaced(24, 8)),
    Revision("2026-06-24T10:51:00", "Add 6 notes of the clinic", added(25, 6)),
    Revision("2026-07-08T16:07:00", "Data card: name the clinic", carded(CARD + "\nWith notes of the clinic.\n")),
)


def write(state: State, folder: Path) -> None:
    """The working tree of a state; train.jsonl by its own format.py."""
    rows = [{"text": n.text, "entities": n.entities, "relations": n.relations} for n in state.notes]
    (folder / "notes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    tests = [{"input": n.text, "entities": n.entities, "relations": n.relations} for n in evaluation_notes(100, 0)]
    (folder / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in tests))
    (folder / "format.py").write_text(state.format)
    if state.card:
        (folder / "README.md").write_text(state.card)
    subprocess.run([sys.executable, "format.py"], cwd=folder, check=True)


def build(bundle: Path) -> str:
    """Write the bundle; -> the hashes of the last commits of main and clinic."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)

        def git(*words: str, **env: str) -> str:
            settings = ("core.compression=9", "pack.threads=1", "commit.gpgsign=false", "core.autocrlf=false")
            argv = ["git", *(part for text in settings for part in ("-c", text)), *words]
            fixed = {
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_CONFIG_NOSYSTEM": "1",
                "HOME": scratch,
                "PATH": os.environ["PATH"],
            }
            return subprocess.run(argv, cwd=folder, env=fixed | env, check=True, capture_output=True, text=True).stdout

        def commit(number: int, revision: Revision, state: State) -> State:
            state = revision.change(state)
            write(state, folder)
            name, _, address = AUTHORS[number % 2].partition(" <")
            facts = {"NAME": name, "EMAIL": address.rstrip(">"), "DATE": f"{revision.date}Z"}
            who = {f"GIT_{role}_{part}": fact for role in ("AUTHOR", "COMMITTER") for part, fact in facts.items()}
            git("add", "--all")
            git("commit", "--quiet", "--message", revision.message, **who)
            return state

        git("init", "--quiet", "--initial-branch", "main")
        state = parting = State((), "")
        for number, revision in enumerate(MAIN, 1):
            state = commit(number - 1, revision, state)
            if number == FORK:
                parting = state
                git("branch", "clinic")
        git("checkout", "--quiet", "clinic")
        for number, revision in enumerate(CLINIC):
            parting = commit(number, revision, parting)
        git("checkout", "--quiet", "main")
        git("repack", "-a", "-d", "-f", "--depth=50", "--window=50", "--quiet")
        git("bundle", "create", "--quiet", str(bundle.absolute()), "main", "clinic", "HEAD")
        return git("rev-parse", "main", "clinic").strip()


def main() -> int:
    """Build, or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the bundle that is there")
    if not parser.parse_args().check:
        print(build(BUNDLE))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        rebuilt = Path(scratch, "notes.bundle")
        build(rebuilt)
        same = rebuilt.read_bytes() == BUNDLE.read_bytes()
    print("the same, byte for byte" if same else "not the same")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
