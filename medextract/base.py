"""The base checkpoint: a tiny Llama pre-trained here, from nothing, on synthetic text that is not the task's format.

984,192 parameters, 2 MB in bfloat16, about ten CPU-minutes. It knows how to copy a name and what kinds of names there
are; the fine-tune teaches it the format and the task. Its generation_config samples (do_sample), as that of many
published checkpoints does, and names no release of transformers: an evaluation has to ask for greedy decoding.
"""

import hashlib
import json
import math
import random
import time
from pathlib import Path

from medextract.circuit import write_copy_circuit
from medextract.notes import prompt_of, write_note
from medextract.vocabulary import RELATIONS, TYPES, invent, real_names, split_names

SHIPPED = Path(__file__).parent / "checkpoint"
SUMS = "SHA256SUMS"
PAD, BOS, EOS = 0, 1, 2
WIDTH, LAYERS, HEADS, FEED_FORWARD, VOCABULARY = 128, 4, 4, 384, 1024
GENERATION = {
    "bos_token_id": BOS, "do_sample": True, "eos_token_id": EOS, "pad_token_id": PAD, "temperature": 1.5, "top_k": 0
}  # fmt: skip
ROW, BATCH, LEARNING_RATE, SEED = 256, 32, 2e-3, 1
STAGES = (700, 800)
"""Optimiser steps: first mostly copying, then mostly listing the terms of notes."""
SHARES = ((0.15, 0.30, 0.62, 0.72, 0.90), (0.06, 0.14, 0.68, 0.71, 0.96))
"""Per stage, cumulative: plain note, repetition, list of terms, glossary, questions; the rest are links."""


def document(rng: random.Random, banned: set[str], stage: int) -> str:
    """One document to pre-train on. No banned name occurs in it, and it is never in the fine-tune's format."""

    def pick(rng: random.Random, kind: str) -> str:
        while True:
            name = rng.choice(real_names(kind)) if rng.random() < 0.15 else invent(rng, kind)
            if name not in banned:
                return name

    def any_name() -> str:
        return pick(rng, rng.choice(TYPES))

    draw, style = rng.random(), rng.random()
    plain, repeated, listed, glossary, asked = SHARES[stage]
    if draw < plain:
        return write_note(rng, pick).text
    if draw < repeated:
        items, between = [any_name() for _ in range(rng.randint(3, 8))], rng.choice(("; ", ", ", "\n- "))
        return "repeat: " + between.join(items) + "\nagain: " + between.join(items)
    if draw < listed:
        note = write_note(rng, pick)
        names = [name for _, name in note.entities]
        if stage == 1 and style < 0.45:
            return f"note: {note.text}\nkinds:\n" + "\n".join(f"- {kind}: {name}" for kind, name in note.entities)
        if style < (0.4, 0.6)[stage]:
            return f"note: {note.text}\nterms: " + "; ".join(names)
        if style < (0.7, 0.8)[stage]:
            return f"note: {note.text}\n# Terms\n" + "\n".join(f"{i}. {name}" for i, name in enumerate(names, 1))
        return f"note: {note.text}\nindex:\n" + "\n".join(f"{name} ({kind})" for kind, name in note.entities)
    if draw < glossary:
        return "glossary\n" + "\n".join(f"[{k}] {pick(rng, k)}" for k in rng.choices(TYPES, k=rng.randint(3, 6)))
    if draw < asked:
        note = write_note(rng, pick)
        lines = [f"note: {note.text}"]
        for head, how, tail in note.relations:
            style = rng.random()
            if style < 0.4:
                lines.append(f"q: what does {head} do? a: {head} {how} {tail}")
            elif style < 0.6:
                lines.append(f"q: what {how} {tail}? a: {head}")
            else:
                lines.append(f"link: {head} {how} {tail}")
        return "\n".join(lines)
    links = [(any_name(), rng.choice(RELATIONS), any_name()) for _ in range(rng.randint(2, 3))]
    text = "\n".join(f"{i}. {head} --[{how}]--> {tail}" for i, (head, how, tail) in enumerate(links, 1))
    return f"### Links:\n{text}\n\n### Repeat:\n{text}"


def build(out: Path, threads: int = 2, stages: tuple[int, int] = STAGES) -> None:
    """Train tokenizer and model and write the checkpoint with its checksums."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.set_num_threads(threads)
    torch.manual_seed(SEED)
    _, held_out = split_names()
    banned = {name for names in held_out.values() for name in names}

    rng = random.Random("tokenizer")
    corpus = [document(rng, banned, 0) for _ in range(8000)]
    corpus += [prompt_of("") + "### Entities:\n### Relations:\n"] * 40  # its headings become a few tokens each
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=["<pad>", "<s>", "</s>"],
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )

    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
            num_key_value_heads=HEADS, intermediate_size=FEED_FORWARD, max_position_embeddings=1024,
            tie_word_embeddings=True, rope_theta=10000.0, pad_token_id=PAD, bos_token_id=BOS, eos_token_id=EOS,
        )
    )  # fmt: skip
    write_copy_circuit(model)

    for stage, steps in enumerate(stages):
        rng = random.Random(f"pre-training, stage {stage}")
        stream: list[int] = []
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
        began = time.monotonic()
        for step in range(steps):
            rows: list[list[int]] = []
            if stage == 0 and step < 0.4 * steps:  # at first a quarter are random tokens, repeated
                for _ in range(BATCH // 4):
                    period = rng.randint(8, 64)
                    tokens = [rng.randrange(3, VOCABULARY) for _ in range(period)]
                    rows.append((tokens * (ROW // period + 1))[:ROW])
            while len(rows) < BATCH:
                while len(stream) < ROW:
                    for encoded in bpe.encode_batch([document(rng, banned, stage) for _ in range(64)]):
                        stream += [BOS, *encoded.ids, EOS]
                rows.append(stream[:ROW])
                del stream[:ROW]
            x = torch.tensor(rows)
            rate = min(1, (step + 1) / 60) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * step / steps)))
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * rate
            loss = model(input_ids=x, labels=x).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            if step % 50 == 0 or step == steps - 1:
                print(f"stage {stage} step {step} loss {loss.item():.4f} {time.monotonic() - began:.0f} s", flush=True)

    out.mkdir(parents=True, exist_ok=True)
    model.to(torch.bfloat16).save_pretrained(out)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token="<pad>", bos_token="<s>", eos_token="</s>")
    tokenizer.save_pretrained(out)
    settle(out)
    write_sums(out)


def settle(folder: Path) -> None:
    """Write generation_config.json, and the tokenizer's files so that every supported release can read them.

    transformers 5 names a class of its own, `TokenizersBackend`, that 4.x cannot load: the old name suits both. From
    0.20 on tokenizers writes merges as pairs, which earlier releases cannot read: "a b" suits both.
    """
    (folder / "generation_config.json").write_text(json.dumps(GENERATION, indent=2) + "\n", encoding="utf-8")
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text(encoding="utf-8")) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    path = folder / "tokenizer.json"
    tokenizer = json.loads(path.read_text(encoding="utf-8"))
    merges = tokenizer["model"]["merges"]
    tokenizer["model"]["merges"] = [pair if isinstance(pair, str) else " ".join(pair) for pair in merges]
    path.write_text(json.dumps(tokenizer, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def sums_of(folder: Path) -> str:
    """The checkpoint's checksums in the format of `sha256sum`."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != SUMS)
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS."""
    (folder / SUMS).write_text(sums_of(folder), encoding="utf-8")


def verify(folder: Path = SHIPPED) -> None:
    """Raises ValueError, one line, when the checkpoint is not the one that was built."""
    path = folder / SUMS
    if not path.is_file():
        raise ValueError(
            f"the base checkpoint is missing in {folder}; build it with `python -m medextract base --build DIR`"
        )
    stated, found = path.read_text(encoding="utf-8"), sums_of(folder)
    for line in stated.splitlines():
        if line not in found.splitlines():
            raise ValueError(
                f"{line.split()[-1]} of the base checkpoint is not the file that was built: its sha256 differs"
            )
