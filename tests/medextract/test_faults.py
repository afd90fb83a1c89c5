"""Faults that were really trained, kept as their predictions: the diagnosis names what was planted."""

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).parents[1] / "bench" / "faults.py"
ENOUGH = 0.95


@pytest.fixture(scope="module")
def faults() -> ModuleType:
    """The script that made them, which knows what was planted."""
    spec = importlib.util.spec_from_file_location("faults", BENCH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["faults"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(faults: ModuleType) -> dict:
    return faults.diagnoses()


def test_every_fault_is_there_with_three_seeds(faults, found):
    seeds = Counter(name for name, _ in found)
    assert {name for name in faults.FAULTS if seeds[name] < 3} == set()


@pytest.mark.parametrize("known", [True, False], ids=["training names known", "training names unknown"])
@pytest.mark.parametrize("seeds", ["SEEDS", "OTHER_SEEDS"])
def test_the_class_is_right_also_on_seeds_and_settings_that_set_no_threshold(faults, found, seeds, known):
    those = {key: pair for key, pair in found.items() if key[1] in getattr(faults, seeds)}
    wrong = {key: pair[not known].kind for key, pair in those.items()
             if pair[not known].kind not in faults.FAULTS[key[0]].right}  # fmt: skip
    assert len(those) >= 15
    assert 1 - len(wrong) / len(those) >= ENOUGH, wrong


def test_a_healthy_model_is_never_called_ill(found):
    assert {pair[0].kind for (name, _), pair in found.items() if name == "healthy"} == {"extraction"}


def test_the_table_in_the_docs_is_the_one_that_the_script_writes(faults):
    measured = Path(__file__).parents[2] / "docs" / "measured" / "diagnosis.md"
    assert measured.read_text(encoding="utf-8") == faults.table() + "\n"
