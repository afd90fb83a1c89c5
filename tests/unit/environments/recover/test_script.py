"""A training script names what was there; other Python files say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbisect.environments.recover.evidence import Present
from mbisect.environments.recover.readers import script


def said(path: Path, text: str) -> list[str]:
    path.write_text(text)
    return [one.says.package for one in script.read(path, path.name) if isinstance(one.says, Present)]


def test_a_script_that_trains_names_each_distribution_once(tmp_path: Path) -> None:
    text = "import torch as t, os\nfrom trl.trainer import X\nimport torch.nn\nfrom huggingface_hub import login\n"
    assert said(tmp_path / "train.py", text) == ["torch", "trl", "huggingface-hub"]


def test_what_a_script_that_does_not_train_imports_need_not_have_been_there(tmp_path: Path) -> None:
    assert said(tmp_path / "plot.py", "import pandas\nimport torch\n") == []


def test_what_is_indented_may_have_been_optional(tmp_path: Path) -> None:
    assert said(tmp_path / "train.py", "import trl\ntry:\n    import vllm\nexcept ImportError:\n    pass\n") == ["trl"]


@pytest.mark.parametrize(("name", "read"), [("train.py", True), ("test_train.py", False), ("conftest.py", False)])
def test_tests_are_not_read(name: str, read: bool) -> None:
    assert script.recognises(Path(name)) is read
