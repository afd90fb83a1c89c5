"""The seed and the settings: the strongest evidence counts, contradictions are told, names of the project are used."""

from __future__ import annotations

import pytest

from mbisect.environments.recover.chosen import Setting, chosen, named_by, weigh_chosen
from mbisect.environments.recover.evidence import Strength


def test_the_strongest_counts_then_what_more_places_say_and_the_rest_is_told() -> None:
    evidence = [
        *chosen("card", "line 3", "train_batch_size", 8, Strength.STATED),
        *chosen("a/args", "seed", "seed", 1, Strength.RECORDED),
        *chosen("b/args", "seed", "seed", 2, Strength.RECORDED),
        *chosen("c/args", "seed", "seed", 2, Strength.RECORDED),
        *chosen("args", "x", "per_device_train_batch_size", 4, Strength.RECORDED),
    ]
    found, conflicts = weigh_chosen(evidence)
    assert {one.name: one.value for one in found} == {"per_device_train_batch_size": 4, "seed": 2}
    assert [(one.aside.file, one.why.file) for one in conflicts] == [("card", "args"), ("a/args", "b/args")]


def test_the_same_number_written_otherwise_is_no_contradiction() -> None:
    evidence = [
        *chosen("args", "x", "epochs", 3, Strength.RECORDED),
        *chosen("card", "x", "epochs", 3.0, Strength.STATED),
    ]
    assert weigh_chosen(evidence)[1] == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", True),
        ("seed", -1),
        ("seed", "7"),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", {"a": 1}),
        ("learning_rate", None),
        ("output_dir", "out"),
        pytest.param("max_length", 10**9000, id="max_length-too many digits"),
    ],
)
def test_what_is_no_plain_value_of_a_known_setting_says_nothing(name: str, value: object) -> None:
    assert list(chosen("file", "place", name, value, Strength.RECORDED)) == []


def test_a_project_gets_what_it_has_a_name_for_in_its_own_kind_of_number() -> None:
    settings = [
        Setting("learning_rate", 0.002, ()),
        Setting("num_train_epochs", 3.0, ()),
        Setting("r", 16, ()),
        Setting("seed", 4, ()),
        Setting("warmup_ratio", 0.1, ()),
    ]
    project = {"lr": 0.1, "epochs": 5, "lora_rank": 8, "seed": 0, "threads": 2}
    found = [(name, value) for name, value, _ in named_by(settings, project)]
    assert found == [("lr", 0.002), ("epochs", 3), ("lora_rank", 16)]
    assert all(type(value) is not float for name, value in found if name != "lr")
