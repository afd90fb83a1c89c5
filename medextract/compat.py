"""Every fork on the version of a library, one function each. Works for transformers 4.44 to 5.x."""

import inspect
import json
from pathlib import Path
from typing import Any


def accepts(callee: Any, name: str) -> bool:
    """A parameter of this name exists here."""
    return name in inspect.signature(callee).parameters


def bf16_argument(on_gpu: bool) -> dict[str, bool]:
    """bfloat16 on a GPU alone. trl's SFTConfig turns it on by itself from 0.20, so that it has to be said."""
    return {"bf16": on_gpu}


def sft_length_argument(config: Any, tokens: int) -> dict[str, int]:
    """Longest row: SFTConfig(max_length=…), and max_seq_length before trl 0.16."""
    return {"max_length": tokens} if accepts(config, "max_length") else {"max_seq_length": tokens}


def sft_tokenizer_argument(trainer: Any, tokenizer: Any) -> dict[str, Any]:
    """SFTTrainer(processing_class=…), and tokenizer before trl 0.12. Else trl looks for one by the model's name."""
    return {"processing_class" if accepts(trainer, "processing_class") else "tokenizer": tokenizer}


def with_adapter(model: Any, folder: Path) -> Any:
    """The model with a LoRA adapter that any peft has saved.

    peft before 0.14 refuses an adapter_config.json with a field that it does not know, and releases add some
    (`corda_config` with 0.15, `peft_version` with 0.18). What is unknown here is left out: ours all hold defaults.
    """
    from peft import LoraConfig, PeftModel

    said = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    known = {name: value for name, value in said.items() if accepts(LoraConfig, name)}
    return PeftModel.from_pretrained(model, folder, config=LoraConfig(**known))
