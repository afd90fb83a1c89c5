"""What people and libraries call the packages of a fine-tune, in what they print and where they import them from."""

from __future__ import annotations

from packaging.utils import canonicalize_name

from mbisect.environments.recover.evidence import PYTHON

DISTRIBUTIONS = frozenset(
    """accelerate apex auto-gptq autoawq axolotl bitsandbytes causal-conv1d datasets deepspeed diffusers einops evaluate
    fairscale flash-attn flax fsspec gptqmodel huggingface-hub hydra-core jax jaxlib liger-kernel lightning llamafactory
    mamba-ssm megatron-core mlflow numpy omegaconf onnxruntime optimum pandas peft polars protobuf pyarrow
    pytorch-lightning ray safetensors scikit-learn scipy sentence-transformers sentencepiece seqeval spacy tensorboard
    tensorflow tiktoken tokenizers torch torchao torchaudio torchdata torchmetrics torchtext torchtune torchvision
    transformers triton trl tyro unsloth unsloth-zoo vllm wandb xformers""".split()
)
OTHERS = {
    "flash-attention": "flash-attn",
    "hf-hub": "huggingface-hub",
    "pytorch": "torch",
    "python": PYTHON,
    "sklearn": "scikit-learn",
    "transformer-engine": "transformer-engine",
}
IMPORTED = {"flash_attn": "flash-attn", "huggingface_hub": "huggingface-hub", "sklearn": "scikit-learn",
            "pytorch_lightning": "pytorch-lightning", "sentence_transformers": "sentence-transformers"}  # fmt: skip
"""Folders of site-packages that are not called like their distribution."""
FOLDERS = {**{name: name for name in DISTRIBUTIONS if "-" not in name and name not in ("apex", "ray")}, **IMPORTED}
"""Folder of site-packages → distribution. Left out: names that other distributions have too."""


def distribution(label: str) -> str | None:
    """The distribution that is meant by a label such as "PyTorch" or "Huggingface_hub"; None: not one of these."""
    name = canonicalize_name(label.strip().replace(" ", "-"))
    return name if name in DISTRIBUTIONS else OTHERS.get(name)
