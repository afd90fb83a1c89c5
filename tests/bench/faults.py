"""Makes the faults that fine-tunes really have, by real training, and measures how often `diagnose` names them rightly.

    mbisect exec v1 -- python tests/bench/faults.py make --seeds 0 1 2 --out DIR            # three minutes a training
    mbisect exec v1 -- python tests/bench/faults.py make --seeds 3 4 5 --other --out DIR    # other rows and epochs
    python tests/bench/faults.py keep DIR                                                   # for the tests
    python tests/bench/faults.py table > docs/measured/diagnosis.md

Every fault is planted from outside, where a user would plant it: in the rows of the dataset, in a collator or a prompt
of one's own, in the decoding's arguments. What is kept of each is its predictions.jsonl.
"""

import argparse
import contextlib
import json
import lzma
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from medextract import evaluation, metrics, notes, reading, training  # noqa: E402  (the script is run by its path)
from medextract.base import EOS  # noqa: E402
from medextract.diagnosis import (  # noqa: E402
    CLASSES,
    EXTRACTION,
    FORMAT,
    IGNORING,
    MEASURES,
    RECITING,
    RUN_ON,
    TRUNCATION,
    Diagnosis,
    diagnose,
)  # fmt: skip
from medextract.settings import Settings  # noqa: E402

KEPT = ROOT / "tests" / "medextract" / "faults"
NOTES = 50
"""Test notes of each."""
USUAL = Settings(trainer="loop", threads=1, train_limit=180, batch_size=4)
OTHER = replace(USUAL, train_limit=150, epochs=4)
"""For the seeds on which no threshold was set."""

SEEDS, OTHER_SEEDS = (0, 1, 2), (3, 4, 5)
ALL_SEEDS = SEEDS + OTHER_SEEDS
KINDS = {kind: kind.removeprefix("hallucination: ") for kind in CLASSES}
HEAD = """# What `diagnose` says of faults that were really trained

Written by `python tests/bench/faults.py table`. Each fault was made by real training (or evaluation) as it stands in
tests/bench/faults.py; its predictions are kept in tests/medextract/faults. Columns: what was said, how often.
"""

Examples = list[notes.Example]
Rows = list[training.Row]


def same(given: Any) -> Any:
    """Nothing is wrong here."""
    return given


def shuffled(examples: Examples) -> Examples:
    """The outputs were sorted or shuffled, and the inputs were not."""
    outputs = random.Random(1).sample([example.output for example in examples], len(examples))
    return [notes.Example(example.input, output) for example, output in zip(examples, outputs, strict=True)]


def shifted(examples: Examples) -> Examples:
    """A header row was counted as a row on one side."""
    outputs = [example.output for example in examples]
    return [notes.Example(e.input, output) for e, output in zip(examples, outputs[1:] + outputs[:1], strict=True)]


def without_eos(rows: Rows) -> Rows:
    """The padding token is the end token, and the collator ignores padding."""
    return [{**row, "labels": [training.IGNORED if label == EOS else label for label in row["labels"]]} for row in rows]


def cut_answers(rows: Rows) -> Rows:
    """max_completion_length=40: the end of every longer answer is gone, and the end token with it."""
    cut = []
    for row in rows:
        end = sum(label == training.IGNORED for label in row["labels"]) + 40
        cut.append({name: tokens[:end] for name, tokens in row.items()})
    return cut


def cut_inputs(rows: Rows) -> Rows:
    """max_prompt_length=32, keeping the end: of the note the last words are left."""
    cut = []
    for row in rows:
        start = max(0, sum(label == training.IGNORED for label in row["labels"]) - 32)
        cut.append({name: tokens[start:] for name, tokens in row.items()})
    return cut


def no_input(text: str) -> str:
    """The template asks for a column that is not there, and gets an empty text."""
    return notes.prompt_of("")


def other_template(text: str) -> str:
    """Another chat template than the one of the training."""
    return f"<|user|>\n{notes.INSTRUCTION}\n{text}\n<|assistant|>\n"


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where."""

    right: tuple[str, ...]
    """The classes that a reader would call right, the first one most."""
    examples: Callable[[Examples], Examples] = same
    rows: Callable[[Rows], Rows] = same
    prompt: Callable[[str], str] = notes.prompt_of
    """In training."""
    asked: Callable[[str], str] = notes.prompt_of
    """In the evaluation."""
    epochs: int = 1
    """So many times the usual ones, and then on a third of the rows."""
    decoding: dict[str, Any] = field(default_factory=dict)
    adapter: bool = True
    """It is loaded for the evaluation."""

    @property
    def trained(self) -> tuple[object, ...]:
        """Faults for which this is equal have one training in common."""
        return self.examples, self.rows, self.prompt, self.epochs


FAULTS = {
    "healthy": Fault((EXTRACTION,)),
    "rows shuffled": Fault((RECITING,), examples=shuffled),
    "rows shifted": Fault((RECITING,), examples=shifted),
    "input lost": Fault((IGNORING,), prompt=no_input, asked=no_input),
    "input lost in evaluation": Fault((IGNORING,), asked=no_input),
    "EOS masked": Fault((RUN_ON,), rows=without_eos),
    "labels cut": Fault((RUN_ON,), rows=cut_answers),
    "inputs cut": Fault((FORMAT,), rows=cut_inputs),
    "answers cut": Fault((TRUNCATION,), decoding={"max_new_tokens": 40}),
    "sampling 1.0": Fault((EXTRACTION, FORMAT), decoding={"do_sample": True, "temperature": 1.0, "top_k": 0}),
    "sampling 1.5": Fault((FORMAT,), decoding={"do_sample": True, "temperature": 1.5, "top_k": 0}),
    "sampling 2.0": Fault((FORMAT,), decoding={"do_sample": True, "temperature": 2.0, "top_k": 0}),
    "adapter not loaded": Fault((FORMAT,), adapter=False),
    "wrong template": Fault((FORMAT,), asked=other_template),
    "too many epochs": Fault((EXTRACTION,), epochs=4),
}


SNAPSHOTS = {"v1": (EXTRACTION,), "v3": (FORMAT,), "v4": (RECITING,)}
"""This repository's own, at full size: `predictions.jsonl` of their trials in `mbisect run` v1 → v3 and v1 → v4."""


def make(out: Path, seeds: list[int], settings: Settings, names: list[str]) -> None:
    """Train and evaluate each fault with each seed; what is there already is not made again."""
    out.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        models: dict[tuple[object, ...], Any] = {}
        for name in names:
            path = out / f"{name.replace(' ', '-')}-{seed}.jsonl"
            if path.exists():
                continue
            began = time.monotonic()
            fault = FAULTS[name]
            with tempfile.TemporaryDirectory() as folder:
                predictions = make_one(fault, seed, settings, models, Path(folder))
            path.write_text(predictions, encoding="utf-8")
            print(f"{name}, seed {seed}: {time.monotonic() - began:.0f} s", flush=True)


def make_one(fault: Fault, seed: int, settings: Settings, models: dict[tuple[object, ...], Any], folder: Path) -> str:
    """The predictions of one fault."""
    examples, test = notes.default_dataset(seed)
    examples = fault.examples(examples)
    if fault.trained not in models:
        rows_of = training.rows_of
        limit = settings.train_limit // (3 if fault.epochs > 1 else 1)
        more = replace(settings, epochs=settings.epochs * fault.epochs, train_limit=limit)
        with (
            patch.object(training, "prompt_of", fault.prompt),
            patch.object(training, "rows_of", lambda tokenizer, given: fault.rows(rows_of(tokenizer, given))),
        ):
            models[fault.trained] = training.train(examples, more, seed, folder)[:2]
    model, tokenizer = models[fault.trained]
    trained = metrics.names_in(example.output for example in examples)
    with (
        patch.object(evaluation, "prompt_of", fault.asked),
        decoding(fault.decoding),
        contextlib.nullcontext() if fault.adapter else model.disable_adapter(),
    ):
        answers = evaluation.answer(model, tokenizer, [note.text for note in test[:NOTES]], settings)
    evaluation.write_predictions(folder / "predictions.jsonl", test[:NOTES], answers, trained)
    return (folder / "predictions.jsonl").read_text(encoding="utf-8")


@contextlib.contextmanager
def decoding(given: dict[str, Any]) -> Iterator[None]:
    """Greedy decoding is asked for, and something else is done."""
    import transformers

    asked = transformers.GenerationConfig
    with patch.object(transformers, "GenerationConfig", lambda **words: asked(**{**words, **given})):
        yield


def keep(folder: Path) -> None:
    """Pack what was made into one file for each seed, each line with the name of its fault."""
    KEPT.mkdir(exist_ok=True)
    packs = {f"seed-{seed}": {name: f"{name.replace(' ', '-')}-{seed}" for name in FAULTS} for seed in ALL_SEEDS}
    for pack, names in {**packs, "snapshots": {name: name for name in SNAPSHOTS}}.items():
        lines = []
        for name, stem in names.items():
            path = folder / f"{stem}.jsonl"
            if path.exists():
                rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
                lines += [json.dumps({"fault": name, **row}) + "\n" for row in rows]
        if lines:
            packed = lzma.compress("".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME)
            (KEPT / f"{pack}.jsonl.xz").write_bytes(packed)


def kept(pack: str) -> dict[str, tuple[list[reading.Row], frozenset[str] | None]]:
    """Fault → its predictions, as `diagnose` reads them from a file. `pack`: seed-0 …, or snapshots."""
    path = KEPT / f"{pack}.jsonl.xz"
    lines = lzma.decompress(path.read_bytes()).decode().splitlines() if path.exists() else []
    by_fault: dict[str, list[str]] = {}
    for line in lines:
        by_fault.setdefault(json.loads(line)["fault"], []).append(line)
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, of in by_fault.items():
            path = Path(folder, "predictions.jsonl")
            path.write_text("\n".join(of), encoding="utf-8")
            found[name] = reading.read_predictions(path)
    return found


def diagnoses() -> dict[tuple[str, int], tuple[Diagnosis, Diagnosis]]:
    """(fault, seed) → what is said with the training names, and without them."""
    return {
        (name, seed): (diagnose(rows, trained), diagnose(rows))
        for seed in ALL_SEEDS
        for name, (rows, trained) in kept(f"seed-{seed}").items()
    }


def table() -> str:
    """docs/measured/diagnosis.md."""
    found = diagnoses()
    parts = [HEAD, "| fault | " + " | ".join(["right", *KINDS.values()]) + " |", "|---" * (len(KINDS) + 2) + "|"]
    for name, fault in FAULTS.items():
        tally = Counter(with_.kind for (its, _), (with_, _) in found.items() if its == name)
        cells = [str(tally[kind]) if tally[kind] else "" for kind in KINDS]
        right = sum(tally[kind] for kind in fault.right)
        parts.append(f"| {name} | {right} of {tally.total()} | " + " | ".join(cells) + " |")
    for name, right in SNAPSHOTS.items():
        said = [diagnose(*given).kind for its, given in kept("snapshots").items() if its == name]
        cells = ["1" if kind in said else "" for kind in KINDS]
        parts.append(f"| {name}, full size | {sum(kind in right for kind in said)} of 1 | {' | '.join(cells)} |")
    parts += ["", "Right:", ""]
    for title, seeds in (("seeds on which thresholds were set", SEEDS), ("other seeds, rows and epochs", OTHER_SEEDS)):
        of = {key: pair for key, pair in found.items() if key[1] in seeds}
        right = [sum(pair[k].kind in FAULTS[name].right for (name, _), pair in of.items()) for k in (0, 1)]
        parts.append(f"- {title}: {right[0]} of {len(of)}; without training names {right[1]} of {len(of)}")
    measures = [name for name in MEASURES if name != "named"]
    parts += ["", "Answers in the class of the diagnosis, and measures, means over the seeds:", ""]
    parts += ["| fault | share | " + " | ".join(measures) + " |", "|---" * (len(measures) + 2) + "|"]
    for name in FAULTS:
        those = [with_ for (its, _), (with_, _) in found.items() if its == name]
        shares = [of.counts.get(of.kind, 0) / len(of.cases) for of in those]
        columns = [shares, *([of.measures.get(measure, 0.0) for of in those] for measure in measures)]
        parts.append(f"| {name} | {' | '.join(f'{statistics.mean(c):.2f}' if c else '–' for c in columns)} |")
    return "\n".join(parts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("make", help="train and evaluate")
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--seeds", type=int, nargs="+", required=True)
    command.add_argument("--other", action="store_true")
    command.add_argument("names", nargs="*", metavar="FAULT")
    commands.add_parser("keep", help="pack for the tests").add_argument("folder", type=Path)
    commands.add_parser("table", help="print docs/measured/diagnosis.md")
    options = parser.parse_args()
    if options.command == "make":
        make(options.out, options.seeds, OTHER if options.other else USUAL, options.names or list(FAULTS))
    elif options.command == "keep":
        keep(options.folder)
    else:
        print(table())
