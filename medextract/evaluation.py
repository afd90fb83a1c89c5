"""Batched greedy evaluation with left padding, the swap test, and what is written down of it."""

import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medextract.base import BOS, EOS, PAD
from medextract.diagnosis import diagnose
from medextract.metrics import Answer, is_grounded, measure, read_answer
from medextract.notes import Note, prompt_of
from medextract.reading import row_of
from medextract.settings import Settings
from medextract.training import encode

SWAPS = 20
"""Notes of the swap test."""


def evaluate(
    model: Any, tokenizer: Any, notes: list[Note], trained: frozenset[str], settings: Settings, out: Path
) -> dict[str, float | str]:
    """Answer all notes, write predictions.jsonl into `out`; -> the measures, and what they come to in words.

    `trained`: the names of the training answers.
    """
    notes = notes[: settings.test_limit or None]
    began = time.monotonic()
    swapped = swap_names(notes[:SWAPS])
    answers = answer(model, tokenizer, [note.text for note in notes] + [text for _, _, text in swapped], settings)
    swaps = [(old, new, found) for (old, new, _), found in zip(swapped, answers[len(notes) :], strict=True)]
    answers = answers[: len(notes)]
    measured = measure(notes, answers, trained, swaps)
    write_predictions(out / "predictions.jsonl", notes, answers, trained)
    return {**measured, **diagnosed(notes, answers, trained), "evaluate_seconds": round(time.monotonic() - began, 3)}


def diagnosed(notes: Sequence[Note], answers: Sequence[Answer], trained: frozenset[str]) -> dict[str, str]:
    """What `python -m medextract diagnose` says of the predictions: a `summary`, and the `diagnosis` if it is clear."""
    rows = [
        row_of(number, note.text, found.text, found.ended, [list(entity) for entity in note.entities], strict=True)
        for number, (note, found) in enumerate(zip(notes, answers, strict=True), 1)
    ]
    found = diagnose(rows, trained)
    return {"summary": found.summary, **({"diagnosis": found.kind} if found.clear else {})}


def answer(model: Any, tokenizer: Any, texts: Sequence[str], settings: Settings) -> list[Answer]:
    """Greedy answers, in the order of the texts; computed in batches of texts of like length."""
    import torch
    from transformers import GenerationConfig

    # As people ask for it: a configuration of one's own that says "greedy", whatever the checkpoint's own one says.
    greedy = GenerationConfig(
        do_sample=False,
        max_new_tokens=settings.max_new_tokens,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
    )
    prompts = [[BOS, *encode(tokenizer, prompt_of(text))] for text in texts]
    order = sorted(range(len(texts)), key=lambda i: len(prompts[i]))
    answers: list[Answer | None] = [None] * len(texts)
    model.eval()
    for k in range(0, len(order), settings.eval_batch_size):
        batch = order[k : k + settings.eval_batch_size]
        longest = max(len(prompts[i]) for i in batch)
        ids = torch.tensor([[PAD] * (longest - len(prompts[i])) + prompts[i] for i in batch], device=model.device)
        with torch.no_grad():
            generated = model.generate(input_ids=ids, attention_mask=(ids != PAD).long(), generation_config=greedy)
        for i, tokens in zip(batch, generated[:, longest:].tolist(), strict=True):
            ended = EOS in tokens
            tokens = tokens[: tokens.index(EOS)] if ended else tokens
            answers[i] = read_answer(tokenizer.decode([token for token in tokens if token != PAD]), ended)
    return [found for found in answers if found is not None]


def swap_names(notes: Sequence[Note]) -> list[tuple[str, str, str]]:
    """In each note, put another note's name of the same kind in the place of one; -> (old, new, changed text)."""
    rng = random.Random("swap")
    pool = [entity for note in notes for entity in note.entities]
    swapped = []
    for note in notes:
        choices = [(k, old, new) for k, old in note.entities for its, new in pool if k == its and new not in note.text]
        if choices:
            _, old, new = rng.choice(choices)
            swapped.append((old, new, note.text.replace(old, new)))
    return swapped


def write_predictions(path: Path, notes: Sequence[Note], answers: Sequence[Answer], trained: frozenset[str]) -> None:
    """One line for each note: what was asked and answered, and for each named entity whether it is in the text."""
    with path.open("w", encoding="utf-8") as file:
        for number, (note, found) in enumerate(zip(notes, answers, strict=True)):
            entities = [
                {
                    "type": kind,
                    "text": name,
                    "grounded": is_grounded(name, note.text),
                    "memorised": not is_grounded(name, note.text) and name in trained,
                }
                for kind, name in found.entities
            ]
            relations = [{"head": head, "relation": how, "tail": tail} for head, how, tail in found.relations]
            row = {"id": number, "input": note.text, "output": found.text, "ended": found.ended, "entities": entities,
                   "relations": relations, "gold": [{"type": kind, "text": name} for kind, name in note.entities],
                   "gold_relations": [{"head": head, "relation": how, "tail": tail}
                                      for head, how, tail in note.relations]}  # fmt: skip
            file.write(json.dumps(row) + "\n")
