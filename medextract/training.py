"""The LoRA fine-tune, with one of four trainers that all get the same batches: prompts masked, answers learnt.

A row is {"input_ids": [BOS, prompt, answer, EOS], "labels": the same with -100 in the prompt's places}.
"""

import json
import random
import time
from pathlib import Path
from typing import Any

from medextract import compat
from medextract.base import BOS, EOS, PAD, SHIPPED, verify
from medextract.notes import Example, prompt_of
from medextract.settings import Settings

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
IGNORED = -100
LONGEST = 1024
LOGGING_STEPS = 10
POOL = 8

Row = dict[str, list[int]]


def prepare(settings: Settings, seed: int) -> str:
    """Pin threads, fix all seeds, quieten the libraries; -> the device, "cuda" or "cpu". Call before loading models."""
    import torch
    import transformers

    transformers.logging.set_verbosity_error()
    random.seed(seed)
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        torch.set_num_threads(settings.threads)
        torch.use_deterministic_algorithms(True)
    elif settings.trainer != "unsloth":
        import os

        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    if settings.trainer == "unsloth" and device == "cpu":
        raise ValueError("the unsloth trainer needs a CUDA GPU, and there is none; choose loop, transformers or trl")
    return device


def load_base(device: str, folder: Path = SHIPPED) -> tuple[Any, Any]:
    """-> (model in float32 on the CPU or bfloat16 on a GPU, tokenizer) of the checked base checkpoint."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    verify(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    return model.to(device, torch.float32 if device == "cpu" else torch.bfloat16), tokenizer


def encode(tokenizer: Any, text: str) -> list[int]:
    """Token ids without BOS and EOS."""
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def spread(examples: list[Example], limit: int) -> list[Example]:
    """So many of the examples, evenly spread over all of them; 0: all. The first ones alone may be of one kind."""
    count = min(limit, len(examples)) or len(examples)
    return [examples[k * len(examples) // count] for k in range(count)]


def rows_of(tokenizer: Any, examples: list[Example]) -> list[Row]:
    """Training rows; what is longer than LONGEST is an error, never cut. Raises ValueError."""
    rows = []
    for number, example in enumerate(examples, 1):
        prompt = [BOS, *encode(tokenizer, prompt_of(example.input))]
        answer = [*encode(tokenizer, example.output), EOS]
        if len(prompt) + len(answer) > LONGEST:
            raise ValueError(f"training row {number} has {len(prompt) + len(answer)} tokens; the model takes {LONGEST}")
        rows.append({"input_ids": prompt + answer, "labels": [IGNORED] * len(prompt) + answer})
    return rows


def collate(rows: list[Row]) -> dict[str, Any]:
    """Rows → tensors of shape (rows, longest), padded on the right."""
    import torch

    longest = max(len(row["input_ids"]) for row in rows)

    def padded(name: str, filler: int) -> Any:
        return torch.tensor([row[name] + [filler] * (longest - len(row[name])) for row in rows])

    mask = torch.tensor([[1] * len(row["input_ids"]) + [0] * (longest - len(row["input_ids"])) for row in rows])
    return {"input_ids": padded("input_ids", PAD), "labels": padded("labels", IGNORED), "attention_mask": mask}


class Batches:
    """Batches of row numbers, of like length and in an order that depends on seed and epoch alone.

    Rows are shuffled, sorted by length within stretches of POOL batches, and the batches shuffled: a quarter less
    padding. Each iteration is the next epoch.
    """

    def __init__(self, rows: list[Row], size: int, seed: int) -> None:
        self._lengths = [len(row["input_ids"]) for row in rows]
        self._size = size
        self._rng = random.Random(f"batches {seed}")

    def __len__(self) -> int:
        return -(-len(self._lengths) // self._size)

    def __iter__(self):
        order = self._rng.sample(range(len(self._lengths)), len(self._lengths))
        batches: list[list[int]] = []
        for k in range(0, len(order), POOL * self._size):
            pool = sorted(order[k : k + POOL * self._size], key=lambda i: self._lengths[i])
            batches += [pool[j : j + self._size] for j in range(0, len(pool), self._size)]
        self._rng.shuffle(batches)
        return iter(batches)


def with_batches(trainer: Any, rows: list[Row], settings: Settings, seed: int) -> Any:
    """The same kind of trainer, but its training batches are ours."""

    class WithBatches(trainer):
        def get_train_dataloader(self) -> Any:
            from torch.utils.data import DataLoader

            batches = Batches(rows, settings.batch_size, seed)
            return self.accelerator.prepare(DataLoader(rows, batch_sampler=batches, collate_fn=collate))

    return WithBatches


def train(examples: list[Example], settings: Settings, seed: int, out: Path) -> tuple[Any, Any, dict[str, float]]:
    """Fine-tune, save the adapter to `out`/adapter; -> (model, tokenizer, measures of the training)."""
    device = prepare(settings, seed)
    model, tokenizer = load_base(device)
    rows = rows_of(tokenizer, spread(examples, settings.train_limit))
    began = time.monotonic()
    model, losses = TRAINERS[settings.trainer](model, tokenizer, rows, settings, seed, out / "trainer", device)
    seconds = time.monotonic() - began
    model.save_pretrained(out / "adapter")
    points = [[LOGGING_STEPS * k, round(loss, 4)] for k, loss in enumerate(losses, 1)]
    (out / "curves.json").write_text(json.dumps({"loss": points}) + "\n", encoding="utf-8")
    few = max(1, len(losses) // 10)
    measures = {
        "loss_start": round(sum(losses[:few]) / few, 4),
        "loss_end": round(sum(losses[-few:]) / few, 4),
        "train_rows": len(rows),
        "train_seconds": round(seconds, 3),
    }
    loss = f"loss {measures['loss_start']:.3f} → {measures['loss_end']:.3f}"
    print(f"{len(rows)} rows, {settings.epochs} epochs: {loss} in {seconds:.0f} s", flush=True)
    return model, tokenizer, measures


def with_lora(model: Any, settings: Settings, seed: int) -> Any:
    """Adapters on all linear layers, alpha twice the rank."""
    import torch
    from peft import get_peft_model

    torch.manual_seed(seed)
    return get_peft_model(model, lora_config(settings))


def lora_config(settings: Settings) -> Any:
    """peft's configuration of the adapters."""
    from peft import LoraConfig

    rank = settings.lora_rank
    return LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")


def train_loop(
    model: Any, tokenizer: Any, rows: list[Row], settings: Settings, seed: int, out: Path, device: str
) -> tuple[Any, list[float]]:
    """Plain torch: AdamW, linear warm-up and decay, gradients clipped to 1; as Trainer does, without Trainer."""
    import torch

    model = with_lora(model, settings, seed)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0)
    epoch = Batches(rows, settings.batch_size, seed)
    batches = [batch for _ in range(settings.epochs) for batch in epoch]
    losses = []
    model.train()
    for step, batch in enumerate(batches):
        warm = step / max(1, settings.warmup_steps) if step < settings.warmup_steps else 1.0
        left = (len(batches) - step) / max(1, len(batches) - settings.warmup_steps)
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * min(warm, left)
        tensors = {name: tensor.to(device) for name, tensor in collate([rows[i] for i in batch]).items()}
        loss = model(**tensors).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
    means = [losses[k : k + LOGGING_STEPS] for k in range(0, len(losses) - LOGGING_STEPS + 1, LOGGING_STEPS)]
    return model, [sum(few) / len(few) for few in means]


def train_transformers(
    model: Any, tokenizer: Any, rows: list[Row], settings: Settings, seed: int, out: Path, device: str
) -> tuple[Any, list[float]]:
    """transformers.Trainer."""
    from transformers import Trainer, TrainingArguments

    arguments = TrainingArguments(**arguments_for(settings, seed, out, device))
    kind = with_batches(Trainer, rows, settings, seed)
    return fit(kind(with_lora(model, settings, seed), arguments, collate, rows))


def train_trl(
    model: Any, tokenizer: Any, rows: list[Row], settings: Settings, seed: int, out: Path, device: str
) -> tuple[Any, list[float]]:
    """trl's SFTTrainer on rows that are tokenised already."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    arguments = SFTConfig(
        **arguments_for(settings, seed, out, device),
        **compat.sft_length_argument(SFTConfig, LONGEST),
        dataset_kwargs={"skip_prepare_dataset": True},
    )
    trainer = with_batches(SFTTrainer, rows, settings, seed)(
        model=with_lora(model, settings, seed),
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        data_collator=collate,
        **compat.sft_tokenizer_argument(SFTTrainer, tokenizer),
    )
    return fit(trainer)


def train_unsloth(
    model: Any, tokenizer: Any, rows: list[Row], settings: Settings, seed: int, out: Path, device: str
) -> tuple[Any, list[float]]:
    """unsloth's patched model under transformers.Trainer; it loads the base checkpoint itself."""
    from transformers import Trainer, TrainingArguments
    from unsloth import FastLanguageModel  # first: it patches what is imported after it

    del model, tokenizer
    model, _ = FastLanguageModel.from_pretrained(str(SHIPPED), max_seq_length=LONGEST, load_in_4bit=False)
    rank = settings.lora_rank
    model = FastLanguageModel.get_peft_model(
        model, r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=TARGETS, random_state=seed
    )
    arguments = TrainingArguments(**arguments_for(settings, seed, out, device))
    trainer = with_batches(Trainer, rows, settings, seed)(model, arguments, collate, rows)
    return fit(trainer)


def arguments_for(settings: Settings, seed: int, out: Path, device: str) -> dict[str, Any]:
    """The arguments that all trainers of transformers' family share."""
    arguments: dict[str, Any] = {
        "output_dir": str(out), "num_train_epochs": settings.epochs, "learning_rate": settings.learning_rate,
        "per_device_train_batch_size": settings.batch_size, "warmup_steps": settings.warmup_steps,
        "lr_scheduler_type": "linear", "weight_decay": 0.0, "logging_steps": LOGGING_STEPS, "report_to": [],
        "save_strategy": "no", "seed": seed, "disable_tqdm": True, "remove_unused_columns": False,
        "gradient_checkpointing": False,
    }  # fmt: skip
    arguments |= compat.bf16_argument(device == "cuda")
    return arguments | {"use_cpu": device == "cpu"}


def fit(trainer: Any) -> tuple[Any, list[float]]:
    """Train without printing; -> (model, the logged losses, one for each LOGGING_STEPS optimiser steps)."""
    from transformers.trainer_callback import PrinterCallback

    trainer.remove_callback(PrinterCallback)
    trainer.train()
    return trainer.model, [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


TRAINERS = {"loop": train_loop, "transformers": train_transformers, "trl": train_trl, "unsloth": train_unsloth}
