"""Which files a package saves, and which classes in which of its modules decide their names. Knows no releases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tools.fields import Class, Held, attributes_of, classes_of, fields_of, held_by, lineage

BASES = ("PretrainedConfig", "PreTrainedConfig")
"""The base of all model configurations until 5.0 and since."""
FAMILIES = """
    albert bart bert bloom codegen cohere cohere2 deberta_v2 deepseek_v2 deepseek_v3 distilbert electra falcon
    falcon_mamba gemma gemma2 gemma3 gemma3n gemma4 glm glm4 glm4_moe gpt2 gpt_bigcode gpt_neo gpt_neox gpt_oss gptj
    granite granitemoe helium internlm3 jamba lfm2 llama llama4 mamba mamba2 minimax mistral mistral3 mixtral modernbert
    mpt mt5 nemotron olmo olmo2 olmo3 opt persimmon phi phi3 phimoe qwen2 qwen2_5_vl qwen2_moe qwen2_vl qwen3 qwen3_5
    qwen3_moe qwen3_next qwen3_vl roberta seed_oss smollm3 stablelm starcoder2 t5 xlm_roberta
""".split()
"""The model families that the table holds: those that text fine-tunes start from. All of them would make 300 KB."""

Owners = dict[str, Held]
"""Whose names, as the saved file says: the class of a pickle, `model_type` or `peft_type` → what it holds."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One kind of file, as one package saves it."""

    kind: str
    package: str
    members: tuple[str, ...]
    """Patterns of the modules in the wheel."""
    owners: Callable[[Mapping[str, str]], Owners]
    """Member → source, of those that match; -> what each owner holds. Raises SyntaxError."""

    def among(self, members: Mapping[str, str]) -> dict[str, str]:
        """Those that are this one's."""
        return {name: text for name, text in members.items() if any(fnmatchcase(name, one) for one in self.members)}


def training_args(sources: Mapping[str, str]) -> Owners:
    """The pickle of the arguments: their `__dict__`, to which the trainer may add."""
    classes = _classes(sources)
    added = Held(sometimes=attributes_of(sources["transformers/trainer.py"], "args"))
    return {name: held_by(name, classes) | added for name in ("TrainingArguments", "Seq2SeqTrainingArguments")}


def training_args_of_trl(sources: Mapping[str, str]) -> Owners:
    """What trl adds to the arguments of transformers, which it inherits from."""
    classes = _classes(sources)
    return {
        name: held_by(name, classes)
        for name in classes
        if any("TrainingArguments" in classes[base].bases for base in lineage(name, classes)) and name[0] != "_"
    }


def trainer_state(sources: Mapping[str, str]) -> Owners:
    """trainer_state.json: the fields of a dataclass, all of them."""
    return {"TrainerState": fields_of("TrainerState", _classes(sources))}


def adapter_config(sources: Mapping[str, str]) -> Owners:
    """adapter_config.json: the fields of a dataclass, all but those that its `to_dict` takes out."""
    classes = _classes(sources)
    types = {str(one.constants["peft_type"]): name for name, one in classes.items() if "peft_type" in one.constants}
    return {kind: fields_of(name, classes) for kind, name in types.items()}


def generation_config(sources: Mapping[str, str]) -> Owners:
    """generation_config.json: what differs from the defaults."""
    classes = _classes(sources)
    return {"GenerationConfig": _if_it_differs("GenerationConfig", classes)}


def tokenizer_config(sources: Mapping[str, str]) -> Owners:
    """tokenizer_config.json: what the tokenizer was made with, the names of its special tokens, and additions."""
    found = set[str]()
    for one in _classes(sources).values():
        if one.name in ("PreTrainedTokenizerBase", "SpecialTokensMixin"):
            tokens = one.constants.get("SPECIAL_TOKENS_ATTRIBUTES", [])
            found |= {str(token) for token in tokens} if isinstance(tokens, list) else set()
            found |= one.given
    return {"PreTrainedTokenizerBase": Held(sometimes=frozenset(found))}


def model_config(sources: Mapping[str, str]) -> Owners:
    """config.json: the model's own names always, those of the base of all configurations where they differ from it."""
    classes = _classes(sources)
    [base] = [name for name in BASES if name in classes]
    owners = {"*": _if_it_differs(base, classes)}
    inherited = held_by(base, classes).always | classes[base].given
    for name in classes:
        types = [classes[one].constants.get("model_type") for one in lineage(name, classes, BASES)]
        given = [str(one) for one in types if one]
        if given:
            own = held_by(name, classes, BASES).without(inherited)
            own = own.doubted([held for held in own.always if held.startswith("_")])
            before = owners.get(given[0], own)
            owners[given[0]] = (before | own).doubted(before.always ^ own.always)
    return owners


def _if_it_differs(name: str, classes: Mapping[str, Class]) -> Held:
    """Of a class that saves what differs from its defaults."""
    always, sometimes = held_by(name, classes)
    return Held(sometimes=always | sometimes | classes[name].given)


def _classes(sources: Mapping[str, str]) -> dict[str, Class]:
    """Of two with one name the one that declares more: the other one stands where it was before it moved."""
    found: dict[str, Class] = {}
    for text in sources.values():
        for name, one in classes_of(text).items():
            if name not in found or len(found[name].declared.always) < len(one.declared.always):
                found[name] = one
    return found


SAVED = (
    Saved(
        "adapter_config",
        "peft",
        ("peft/config.py", "peft/tuners/*config.py", "peft/tuners/lycoris_utils.py"),
        adapter_config,
    ),
    Saved("generation_config", "transformers", ("transformers/generation/configuration_utils.py",), generation_config),
    Saved(
        "model_config",
        "transformers",
        (
            "transformers/configuration_utils.py",
            *(f"transformers/models/{family}/configuration_*.py" for family in FAMILIES),
        ),
        model_config,
    ),
    Saved("tokenizer_config", "transformers", ("transformers/tokenization_utils_base.py",), tokenizer_config),
    Saved("trainer_state", "transformers", ("transformers/trainer_callback.py",), trainer_state),
    Saved(
        "training_args",
        "transformers",
        ("transformers/training_args.py", "transformers/training_args_seq2seq.py", "transformers/trainer.py"),
        training_args,
    ),
    Saved("training_args", "trl", ("trl/*_config.py", "trl/trainer/utils.py"), training_args_of_trl),
)
"""All that the table holds."""


def saved_by(package: str) -> Iterator[Saved]:
    """What one package saves."""
    return (one for one in SAVED if one.package == package)
