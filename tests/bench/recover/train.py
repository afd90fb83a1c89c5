"""A tiny LoRA fine-tune on the CPU that saves what real ones save: python train.py trainer|sft

make_runs.py runs it inside a dated environment, in an empty folder: it makes a random Llama and its tokenizer in base/,
trains an adapter for eight steps and leaves it in out/. Works with transformers from 4.38 and trl from 0.7.11 on; where
releases differ it goes by the arguments that they accept, as the scripts of their day would.
"""

import inspect
import sys

import datasets
import peft
import tokenizers
import torch
import transformers

DRUGS = ("metformin", "lisinopril", "warfarin", "insulin")
ILLS = ("diabetes", "hypertension", "thrombosis", "asthma", "migraine", "anaemia", "gout", "eczema")
TEXTS = [f"Patient has {ill} and takes {drug} daily.\n1. {ill}\n2. {drug}" for ill in ILLS for drug in DRUGS]
COMMON = {
    "output_dir": "out",
    "num_train_epochs": 1,
    "per_device_train_batch_size": 4,
    "learning_rate": 2e-3,
    "logging_steps": 2,
    "save_strategy": "steps",
    "save_steps": 8,
    "report_to": "none",
    "use_cpu": True,
    "logging_dir": "logs",  # its default holds the name of the machine and the day on which this is run
}


def accepted(function, **arguments):
    """Those of the arguments that a function or a dataclass of this release has."""
    known = inspect.signature(function).parameters
    return {name: value for name, value in arguments.items() if name in known}


def make_base():
    """Write a random Llama (d=32, 2 layers) and a byte-level BPE tokenizer to base/; -> both, loaded from there."""
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    special = ["<pad>", "<s>", "</s>"]
    bpe.train_from_iterator(
        TEXTS, tokenizers.trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=128
    )
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=128, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained("base")
    tokenizer.save_pretrained("base")
    return (
        transformers.AutoModelForCausalLM.from_pretrained("base"),
        transformers.AutoTokenizer.from_pretrained("base"),
    )


def lora():
    """The adapter's settings."""
    return peft.LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")


def with_trainer(model, tokenizer):
    """The Trainer of transformers, the adapter put on by hand."""
    rows = datasets.Dataset.from_list([{"text": text} for text in TEXTS])
    rows = rows.map(lambda row: tokenizer(row["text"] + tokenizer.eos_token), remove_columns=["text"])
    named = "processing_class" if accepted(transformers.Trainer.__init__, processing_class=0) else "tokenizer"
    return transformers.Trainer(
        model=peft.get_peft_model(model, lora()),
        args=transformers.TrainingArguments(**accepted(transformers.TrainingArguments, **COMMON)),
        train_dataset=rows,
        data_collator=transformers.DataCollatorForLanguageModeling(tokenizer, mlm=False),
        **{named: tokenizer},
    )


def with_sft(model, tokenizer):
    """trl's SFTTrainer, which takes raw texts and puts the adapter on."""
    import trl

    rows = datasets.Dataset.from_list([{"text": text} for text in TEXTS])
    settings = getattr(trl, "SFTConfig", transformers.TrainingArguments)
    special = {"dataset_text_field": "text", "max_length": 64, "max_seq_length": 64}
    if len(accepted(settings, **special)) == len(special):  # max_length took the place of max_seq_length
        del special["max_seq_length"]
    named = "processing_class" if accepted(trl.SFTTrainer.__init__, processing_class=0) else "tokenizer"
    old = {} if hasattr(trl, "SFTConfig") else accepted(trl.SFTTrainer.__init__, **special)
    return trl.SFTTrainer(
        model=model,
        args=settings(**accepted(settings, **COMMON, **special)),
        train_dataset=rows,
        peft_config=lora(),
        **{named: tokenizer},
        **old,
    )


def main():
    """Train, save, describe."""
    torch.set_num_threads(1)
    transformers.set_seed(0)
    model, tokenizer = make_base()
    trainer = {"trainer": with_trainer, "sft": with_sft}[sys.argv[1]](model, tokenizer)
    trainer.train()
    trainer.save_model()
    trainer.save_state()
    tokenizer.save_pretrained("out")
    trainer.create_model_card()


if __name__ == "__main__":
    main()
