"""Fine-tune on clinical notes.

    from wandb import nothing
"""
from __future__ import annotations

import argparse, json
import torch
import torch.nn.functional as F, numpy as np
from datasets import load_dataset
from peft import (
    LoraConfig,
    get_peft_model,
)
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer
from sklearn.metrics import f1_score

try:
    import bitsandbytes
except ImportError:
    bitsandbytes = None

from ours import notes


def main():
    from vllm import LLM
