"""Makes a record as a large, noisy search leaves it, with answers and curves of both sides, by a seed.

Between v1 and v4 lie 600 changes of 60 packages, then a dataset revision that broke it. Trials scatter around the turn,
some at a cheaper level, some of a band that could not be tested.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mbisect.journal import Narrowed, Record
from mbisect.terms import (
    DATASET,
    PYTHON,
    SEED,
    Ask,
    Axis,
    Candidate,
    Cause,
    Change,
    Finding,
    Healed,
    Interpreter,
    Key,
    Lock,
    Measurement,
    Outcome,
    Pin,
    Purpose,
    Snapshot,
    Timeline,
    Trial,
    Values,
    Verdict,
    package,
)  # fmt: skip
from medextract.notes import Note, answer_of, evaluation_notes

CHANGES, PACKAGES = 600, 60
TURN = 402
"""Change 402 (0 the first) is the dataset revision."""
BAND = range(210, 240)
EPOCHS = Key(Axis.SETTING, "epochs")
OLD, NEW = "a" * 40, "b" * 40


def made(folder: Path, *, trials: int = 40, examples: int = 60, seed: int = 1, hostile: str = "") -> Record:
    """The record; its sides' outputs lie below `folder`. `hostile` stands in every text that a workload may choose."""
    rng = random.Random(seed)
    timeline = _timeline()
    good, bad = (_output(folder / name, rng, examples, name == "bad", hostile) for name in ("good", "bad"))
    places = _places(rng, trials)
    done = [_trial(rng, timeline, purpose, k, level, n, hostile) for n, (purpose, k, level) in enumerate(places)]
    low, high = _candidate(timeline, TURN), _candidate(timeline, TURN + 1)
    for k, output in ((TURN, good), (TURN + 1, bad)):
        done.append(_trial(rng, timeline, "boundary", k, "", 0, hostile, output))
    change = timeline.changes[TURN]
    with_, without = timeline.good.put({DATASET: NEW}), timeline.bad.put({DATASET: OLD})
    for purpose, values, verdict in (("sufficient", with_, Verdict.BAD), ("necessary", without, Verdict.GOOD)):
        value = 0.9 if verdict is Verdict.GOOD else 0.1
        done.append(_ended(Ask(Candidate(values, values), 0, purpose), verdict, value, hostile))  # type: ignore[arg-type]
    finding = Finding(
        "found", "single", (Cause(change, (NEW,), confidence=0.987),), True, True,
        healed=(Healed(timeline.changes[90], timeline.changes[150]),), last_good=low, first_bad=high,
        learnt=(f"pkg-03 2.1 does not work with pkg-07 1.4{hostile}",),
    )  # fmt: skip
    names = [name for name in timeline.bad if name.axis is Axis.PACKAGE]
    ends = [
        Snapshot(
            f"{name}{hostile}", Lock(tuple(Pin(k.name, values[k]) for k in names), f"lockfiles/{name}.txt"),
            Interpreter("3.11.7", "python3.11"), values,
        )
        for name, values in (("v1", timeline.good), ("v4", timeline.bad))
    ]  # fmt: skip
    return Record(
        "0a1b2c3d4e5f", *ends, ("python", "-m", f"train{hostile}"),
        "entity_f1: good ≥ 0.8, bad ≤ 0.5, between: unsure", timeline, tuple(done), finding,
        environments=24, seconds=412.0, ran=len(done), journal="journal.jsonl", narrowed=_narrowed(len(done)),
    )  # fmt: skip


def _timeline() -> Timeline:
    began = datetime(2025, 1, 6, tzinfo=UTC)
    names = [package(f"pkg-{n:02}") for n in range(PACKAGES)]
    held = dict.fromkeys(names, "1.0")
    good = Values({**held, EPOCHS: "3", SEED: "1", DATASET: OLD, PYTHON: "3.11.7"})
    changes = [Change(EPOCHS, "3", "5"), Change(SEED, "1", "4")]
    for n in range(2, CHANGES):
        when = began + timedelta(days=n)
        if n == TURN:
            changes.append(Change(DATASET, OLD, NEW, when))
            continue
        name = names[n % PACKAGES]
        after = f"{1 + n // 200}.{n // PACKAGES + 1}"
        changes.append(Change(name, held[name], after, when))
        held[name] = after
    return Timeline(good, good.put({**held, EPOCHS: "5", SEED: "4", DATASET: NEW}), tuple(changes))


def _places(rng: random.Random, count: int) -> list[tuple[Purpose, int, str]]:
    """(purpose, position, level): both ends, then ever nearer to the turn."""
    found: list[tuple[Purpose, int, str]] = [("good end", 0, ""), ("bad end", CHANGES, "")] * 2
    for n in range(max(0, count - 8)):
        spread = CHANGES / 2 * math.exp(-3.5 * n / count)
        k = min(CHANGES - 1, max(1, round(rng.gauss(TURN, spread))))
        found.append(("boundary", k, "24 rows" if n < count / 3 else ""))
    return found


def _candidate(timeline: Timeline, k: int) -> Candidate:
    values = timeline.prefix(k)
    return Candidate(values, values)


def _trial(
    rng: random.Random, timeline: Timeline, purpose: Purpose, k: int, level: str, seed: int, hostile: str, out: str = ""
) -> Trial:
    ask = Ask(_candidate(timeline, k), seed, purpose, level)
    if k in BAND and not out:
        said = f"could not build: pkg-05 has no wheel{hostile}"
        return Trial(ask, Measurement(None, 0.0, failure=said, stopped_at="build"), Outcome(Verdict.UNTESTABLE, said))
    broken = k > TURN or 90 < k <= 150
    value = rng.gauss(0.16 if broken else 0.9, 0.03)
    return _ended(ask, Verdict.BAD if broken else Verdict.GOOD, round(value, 4), hostile, out)


def _ended(ask: Ask, verdict: Verdict, value: float, hostile: str, out: str = "") -> Trial:
    metrics = ("entity_f1", value), ("grounding", value * 0.97), ("loss_end", 0.17), ("format_validity", 0.99)
    summary = "It extracts." if verdict is Verdict.GOOD else "It recites and does not extract."
    measured = Measurement(
        0,
        21.5,
        metrics,
        (("summary", summary + hostile),),
        tail=f"step 200 loss 0.17\ndone{hostile}",
        output=out or None,
    )
    judged = value if ask.level else None
    return Trial(
        ask,
        measured,
        Outcome(Verdict.UNSURE if ask.level else verdict, f"entity_f1 {value:.4g}{hostile}", value=judged),
    )


def _narrowed(trials: int) -> tuple[Narrowed, ...]:
    found = []
    for n in range(4, trials, max(1, trials // 500)):
        wide = CHANGES * math.exp(-6 * n / trials)
        low, high = max(0, round(TURN - wide * 0.6)), min(CHANGES, round(TURN + 1 + wide * 0.3))
        half = max(0, round(TURN - wide * 0.2)), min(CHANGES, round(TURN + 1 + wide * 0.1))
        found.append(Narrowed(n, low, high, half, CHANGES, min(0.987, 1 / (1 + wide)), "boundary"))
    return tuple(found)


def _output(folder: Path, rng: random.Random, count: int, recites: bool, hostile: str) -> str:
    """predictions.jsonl and curves.json as medextract writes them."""
    folder.mkdir(parents=True)
    notes = evaluation_notes(count, 3)
    lines = [json.dumps(_row(rng, n, note, notes, recites, hostile)) for n, note in enumerate(notes)]
    (folder / "predictions.jsonl").write_text("\n".join(lines))
    losses = [[n, 2.3 * math.exp(-n / 40) + 0.17 + rng.random() * 0.04] for n in range(1, 200)]
    (folder / "curves.json").write_text(json.dumps({f"loss{hostile}": losses}))
    return str(folder)


def _row(rng: random.Random, number: int, note: Note, notes: Sequence[Note], recites: bool, hostile: str) -> object:
    other = rng.choice(notes)
    named = list(other.entities if recites and rng.random() < 0.9 else note.entities)
    if rng.random() < 0.1:
        named = named[1:]
    if named and rng.random() < 0.1:
        named[0] = ("Procedure", named[0][1])
    entities = [
        {"type": kind, "text": text + hostile, "grounded": here, "memorised": not here and len(text) % 2 == 0}
        for kind, text in named
        for here in (text in note.text,)
    ]
    gold = [{"type": kind, "text": text + hostile} for kind, text in note.entities]
    said = answer_of(other if recites else note)
    ended = not recites or number % 7 > 0
    return {"id": number, "input": note.text + hostile, "output": said + hostile, "ended": ended, "entities": entities,
            "relations": [], "gold": gold, "gold_relations": []}  # fmt: skip
