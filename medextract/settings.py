"""The settings of a run, with the values of the failure report's v1 as defaults, and the checks on what is given."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

TRAINERS = ("loop", "transformers", "trl", "unsloth")


@dataclass(frozen=True)
class Settings:
    """Names are those of peft and transformers."""

    trainer: str = "transformers"
    epochs: int = 3
    learning_rate: float = 4e-3
    batch_size: int = 8
    warmup_steps: int = 7
    lora_rank: int = 16
    train_limit: int = 0
    """Use so many rows, evenly spread over the dataset; 0: all."""
    test_limit: int = 0
    """Use the first notes only; 0: all."""
    max_new_tokens: int = 220
    eval_batch_size: int = 50
    threads: int = 2
    """Of torch on a CPU. Another number may change the last bits of the weights."""


def read_settings(path: Path | None) -> Settings:
    """The defaults, with what a JSON file of settings says. Raises ValueError, one line."""
    given = {}
    if path is not None:
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ValueError(f"the settings cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise ValueError("the settings are not a JSON object")
    known = {field.name: type(field.default) for field in fields(Settings)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"there is no setting `{name}`; known: {', '.join(known)}")
        fits = isinstance(value, (int, float) if known[name] is float else known[name]) and not isinstance(value, bool)
        if not fits or (known[name] is not str and value < 0):
            raise ValueError(f"setting {name}: {value!r} is not a {known[name].__name__} of 0 or more")
    settings = Settings(**given)
    if settings.trainer not in TRAINERS:
        raise ValueError(f"setting trainer: `{settings.trainer}` is none of {', '.join(TRAINERS)}")
    for name in ("epochs", "batch_size", "lora_rank", "max_new_tokens", "eval_batch_size", "threads"):
        if getattr(settings, name) < 1:
            raise ValueError(f"setting {name}: at least 1")
    return settings
