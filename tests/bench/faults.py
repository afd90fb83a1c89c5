"""Makes the faults that fine-tunes really have, by real training, and measures how often `diagnose` names them rightly.

    mbisect exec v1 -- python tests/bench/faults.py make --seeds 0 1 2 --out DIR [FAULT …]     # DIR/seed-0.jsonl.xz …
    mbisect exec v1 -- python tests/bench/faults.py make --seeds 3 4 5 --other --out DIR       # other rows and epochs
    python tests/bench/faults.py table > docs/measured/diagnosis.md

Every fault is planted from outside, where a user would plant it: in the rows of the dataset, in a collator or a prompt
of one's own, in the decoding's arguments. What is kept of each is its predictions.jsonl.
"""

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from medextract import evaluation, metrics, notes, training  # noqa: E402  (the script is run by its path)
from medextract.base import EOS  # noqa: E402
from medextract.settings import Settings  # noqa: E402

KEPT = ROOT / "tests" / "medextract" / "faults"
NOTES = 50
"""Test notes of each."""
USUAL = Settings(trainer="loop", threads=1, train_limit=180, batch_size=4)
OTHER = replace(USUAL, train_limit=150, epochs=4)
"""For the seeds on which no threshold was set."""

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


def cut_rows(rows: Rows) -> Rows:
    """max_length=128: the end of nearly every answer is gone, and the end token with it."""
    return [{name: tokens[:128] for name, tokens in row.items()} for row in rows]


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
    """So many times the usual ones."""
    decoding: dict[str, Any] = field(default_factory=dict)
    adapter: bool = True
    """It is loaded for the evaluation."""

    @property
    def trained(self) -> tuple[object, ...]:
        """Faults for which this is equal have one training in common."""
        return self.examples, self.rows, self.prompt, self.epochs


FAULTS = {
    "healthy": Fault(("extraction",)),
    "rows shuffled": Fault(("reciting",), examples=shuffled),
    "rows shifted": Fault(("reciting",), examples=shifted),
    "input lost": Fault(("ignoring",), prompt=no_input, asked=no_input),
    "input lost in evaluation": Fault(("ignoring",), asked=no_input),
    "EOS masked": Fault(("run-on",), rows=without_eos),
    "rows cut": Fault(("run-on",), rows=cut_rows),
    "inputs cut": Fault(("reciting",), rows=cut_inputs),
    "answers cut": Fault(("truncation",), decoding={"max_new_tokens": 40}),
    "sampling 1.0": Fault(("inventing",), decoding={"do_sample": True, "temperature": 1.0, "top_k": 0}),
    "sampling 1.5": Fault(("inventing",), decoding={"do_sample": True, "temperature": 1.5, "top_k": 0}),
    "sampling 2.0": Fault(("inventing",), decoding={"do_sample": True, "temperature": 2.0, "top_k": 0}),
    "adapter not loaded": Fault(("format",), adapter=False),
    "wrong template": Fault(("format",), asked=other_template),
    "too many epochs": Fault(("extraction",), epochs=5),
}


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
        more = replace(settings, epochs=settings.epochs * fault.epochs)
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("make")
    command.add_argument("--out", type=Path, default=KEPT)
    command.add_argument("--seeds", type=int, nargs="+", required=True)
    command.add_argument("--other", action="store_true")
    command.add_argument("names", nargs="*", metavar="FAULT")
    options = parser.parse_args()
    make(options.out, options.seeds, OTHER if options.other else USUAL, options.names or list(FAULTS))
