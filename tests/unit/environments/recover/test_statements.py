"""Which lines that a program printed state a version, and which only talk of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbisect.environments.recover.evidence import Present
from mbisect.environments.recover.readers import pip_log
from mbisect.environments.recover.statements import stated


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("transformers==4.46.0", "transformers 4.46.0"),
        ("Transformers version: 4.46.0", "transformers 4.46.0"),
        ("transformers version: 4.46", "transformers 4.46.*"),
        ("torch 2.5.1+cu124", "torch 2.5.1+cu124"),
        ("Using torch 2.5.1", "torch 2.5.1"),
        ("- PyTorch version (GPU?): 2.5.1+cu124 (True)", "torch 2.5.1+cu124"),
        ("transformers.__version__ = '4.46.0'", "transformers 4.46.0"),
        ("torch: 2.5.1, peft: 0.13.2, CUDA available: True", "torch 2.5.1, peft 0.13.2"),
        ("torch version .................... 2.5.1+cu124", "torch 2.5.1+cu124"),
        ("Python 3.11.7", "python 3.11.7"),
        ("3.11.7 (main, Dec  8 2023, 18:56:57) [GCC 9.4.0]", "python 3.11.7"),
        ("[conda] pytorch     2.1.0     py3.10_cuda12.1_cudnn8.9.2_0    pytorch", "torch 2.1.0"),
    ],
)
def test_a_line_that_is_nothing_but_versions_states_them(line: str, expected: str) -> None:
    assert ", ".join(" ".join(one) for one in stated(line)) == expected


@pytest.mark.parametrize(
    "line",
    """requires transformers>=4.40
    transformers 4.50.0 is available
    Please upgrade to transformers 4.50.0
    This behaviour will be removed in transformers 5.0.0
    `foo` is deprecated since transformers 4.46.0
    pip install transformers==4.46.0
    ERROR: Could not find a version that satisfies the requirement torch==1.7.1
    minimum transformers version: 4.40.0
    latest transformers version: 4.50.0
    checkpoint was saved with transformers 4.31.0
    "transformers_version": "4.31.0",
    - numpy==1.26.4
    evaluate: 0.45
    datasets 3.5
    accuracy: 0.13.2
    torch, numpy
    wandb: wandb version 0.18.9 is available!
    loading transformers 4.46.0 and torch 2.5.1
    model v4.46.0, transformers""".splitlines(),
)
def test_a_line_that_talks_of_versions_states_nothing(line: str) -> None:
    assert list(stated(line.strip())) == []


def test_what_is_installed_is_what_the_last_line_says(tmp_path: Path) -> None:
    lines = """Successfully installed flash-attn-2.6.3 torch-2.5.0 Jinja2-3.1.4 typing_extensions-4.12.2
     - torch==2.5.0
     + torch==2.5.1
      Successfully uninstalled flash-attn-2.6.3
    Requirement already satisfied: jinja2 in /x/lib/python3.12/site-packages (from torch) (3.1.4)"""
    (tmp_path / "a.log").write_text(lines)
    found = [one.says for one in pip_log.read(tmp_path / "a.log", "a.log")]
    assert {one.package: one.exact for one in found if isinstance(one, Present)} == {
        "python": None,
        "torch": "2.5.1",
        "jinja2": "3.1.4",
        "typing-extensions": "4.12.2",
    }
