"""The seed and the settings of a run, as its files tell them, and what a project calls them. Pure.

Each has one name here, that of transformers or peft; cards, states and projects have others for it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mbisect.environments.pins import SHORT, shown
from mbisect.environments.recover.evidence import SHOWN, Chosen, Evidence, Strength
from mbisect.environments.recover.weigh import Conflict

SEED = "seed"
KNOWN: Mapping[str, tuple[str, ...]] = {
    SEED: (),
    "data_seed": (),
    "learning_rate": ("lr",),
    "num_train_epochs": ("epochs", "num_epochs", "train_epochs"),
    "max_steps": (),
    "per_device_train_batch_size": ("batch_size", "train_batch_size", "per_device_batch_size", "micro_batch_size"),
    "gradient_accumulation_steps": ("grad_accum", "accumulation_steps", "gradient_accumulation"),
    "warmup_steps": ("lr_scheduler_warmup_steps",),
    "warmup_ratio": ("lr_scheduler_warmup_ratio",),
    "weight_decay": (),
    "max_grad_norm": ("grad_clip",),
    "label_smoothing_factor": ("label_smoothing",),
    "bf16": (),
    "fp16": (),
    "max_length": ("max_seq_length", "max_seq_len"),
    "packing": (),
    "r": ("lora_rank", "lora_r", "rank"),
    "lora_alpha": (),
    "lora_dropout": (),
}
"""Name → what else it is called."""
NAMES = {other: name for name, others in KNOWN.items() for other in (name, *others)}


@dataclass(frozen=True, slots=True)
class Setting:
    """One of them, as far as evidence tells it."""

    name: str
    value: object
    """A number, a text or a boolean."""
    believed: tuple[Evidence, ...]


def chosen(file: str, place: str, name: str, value: object, strength: Strength) -> Iterator[Evidence]:
    """A setting by any of its names; nothing for other names, and for what is no plain value."""
    known = NAMES.get(name)
    if known is None or not isinstance(value, bool | int | float | str) or len(str(value)) > SHORT:
        return
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return
    if known == SEED and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        return
    says = Chosen(known, json.dumps(value))
    yield Evidence(file, shown(place), shown(f"{name}: {value}", SHOWN), says, strength)


def weigh_chosen(evidence: Iterable[Evidence]) -> tuple[tuple[Setting, ...], tuple[Conflict, ...]]:
    """What is believed of each, sorted by name: what the strongest evidence says, of that what most places say."""
    groups: dict[str, list[Evidence]] = defaultdict(list)
    for one in evidence:
        if isinstance(one.says, Chosen):
            groups[one.says.name].append(one)
    found, conflicts = [], []
    for name in sorted(groups):
        places: dict[object, int] = defaultdict(int)
        for one in groups[name]:
            places[_value(one)] += 1
        ordered = sorted(groups[name], key=lambda one: (-one.strength, -places[_value(one)]))
        value = _value(ordered[0])
        found.append(Setting(name, value, tuple(one for one in ordered if _value(one) == value)))
        conflicts += [Conflict(one, ordered[0]) for one in ordered if _value(one) != value]
    return tuple(found), tuple(conflicts)


def _value(one: Evidence) -> object:
    assert isinstance(one.says, Chosen), "only settings are weighed here"
    return json.loads(one.says.value)


def named_by(settings: Sequence[Setting], project: Mapping[str, object]) -> Iterator[tuple[str, object, Setting]]:
    """What a project calls a setting, and its value in the kind of number that the project has there.

    `project`: the names that its settings have, with any value of each.
    """
    for setting in settings:
        for name in (setting.name, *KNOWN[setting.name]):
            if name in project and setting.name != SEED:
                yield name, _like(setting.value, project[name]), setting
                break


def _like(value: object, example: object) -> object:
    """3.0 epochs are 3 where the project counts in whole numbers."""
    whole = isinstance(example, int) and not isinstance(example, bool)
    return int(value) if whole and isinstance(value, float) and value.is_integer() else value
