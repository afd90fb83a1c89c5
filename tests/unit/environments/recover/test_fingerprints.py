"""The shipped table tells releases apart by the names that they save, and never excludes what it does not know."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mbisect.environments.index import Index
from mbisect.environments.indexes import endpoints_of, find_links_of
from mbisect.environments.recover.fingerprints import OWNER, TABLE, releases_with
from mbisect.environments.recover.pickled import Made, Named, read_saved
from mbisect.environments.store import cache_root
from tools import fingerprints
from tools.fingerprints import extract

RUNS = Path(__file__).parents[3] / "bench" / "recover" / "runs"
STACKS = sorted(path.name for path in RUNS.iterdir())


def truth(stack: str) -> dict[str, str]:
    return dict(line.split("==") for line in (RUNS / stack / "truth.txt").read_text().splitlines() if "==" in line)


def arguments(stack: str, way: str) -> tuple[list[str], Named]:
    top = read_saved(RUNS / stack / way / "out" / "training_args.bin").top
    assert isinstance(top, Made)
    assert isinstance(top.of, Named)
    return list(top.attributes), top.of


@pytest.mark.parametrize("way", ["trainer", "sft"])
@pytest.mark.parametrize("stack", STACKS)
def test_the_release_that_saved_the_arguments_of_a_real_run_is_among_few(stack: str, way: str) -> None:
    names, owner = arguments(stack, way)
    found = releases_with("transformers", "training_args", names, owner.name)
    assert found is not None
    assert (found.contradictions, truth(stack)["transformers"] in found.releases) == (0, True)
    assert len(found.releases) <= found.of / 5
    trl = releases_with("trl", "training_args", names, owner.name)
    if owner.module.startswith("trl"):
        assert trl is not None
        assert (trl.contradictions, truth(stack)["trl"] in trl.releases) == (0, True)


@pytest.mark.parametrize("stack", STACKS)
def test_the_release_that_saved_an_adapter_is_among_few(stack: str) -> None:
    saved = json.loads((RUNS / stack / "sft" / "out" / "adapter_config.json").read_text())
    found = releases_with("peft", "adapter_config", list(saved), saved["peft_type"])
    assert found is not None
    assert (found.contradictions, truth(stack)["peft"] in found.releases) == (0, True)
    assert len(found.releases) <= found.of / 4


@pytest.mark.parametrize("stack", STACKS)
def test_the_release_that_saved_a_model_is_never_excluded(stack: str) -> None:
    saved = json.loads((RUNS / stack / "sft" / "base" / "config.json").read_text())
    found = releases_with("transformers", "model_config", list(saved), saved["model_type"])
    assert found is not None
    assert truth(stack)["transformers"] in found.likely


def test_the_reasons_name_what_decided() -> None:
    names, owner = arguments("transformers-4.44", "sft")
    found = releases_with("transformers", "training_args", names, owner.name)
    assert found is not None
    assert any("came with 4." in str(reason) for reason in found.reasons)
    assert any("is missing" in str(reason) for reason in found.reasons)


def test_names_that_no_release_has_are_told_apart_and_an_unknown_kind_is_none() -> None:
    names, owner = arguments("transformers-5.0", "trainer")
    found = releases_with("transformers", "training_args", [*names, "our_own_field"], owner.name)
    assert found is not None
    assert found.unknown == ("our_own_field",)
    assert truth("transformers-5.0")["transformers"] in found.releases
    assert releases_with("transformers", "poems", ["a"]) is None


def test_releases_newer_than_the_table_are_left_open() -> None:
    names, owner = arguments("transformers-5.23", "trainer")
    found = releases_with("transformers", "training_args", names, owner.name)
    assert found is not None
    assert found.open_ended == (
        json.loads(TABLE.read_text())["packages"]["transformers"]["releases"][-1] in found.releases
    )


@pytest.mark.parametrize(
    ("package", "kind", "owner", "name", "says"),
    [  # read in the modules of the releases on both sides
        ("transformers", "training_args", "TrainingArguments", "eval_strategy", "came with 4.41.0"),
        ("transformers", "training_args", "TrainingArguments", "evaluation_strategy", "ended with 4.50.3"),
        ("transformers", "training_args", "TrainingArguments", "no_cuda", "ended with 4.57.6"),
        ("transformers", "training_args", "TrainingArguments", "warmup_ratio", "ended with 5.14.1"),
        ("transformers", "trainer_state", None, "stateful_callbacks", "came with 4.41.0"),
        ("transformers", "trainer_state", None, "best_global_step", "came with 4.50.0"),
        ("peft", "adapter_config", "LORA", "use_rslora", "came with 0.8.0"),
        ("peft", "adapter_config", "LORA", "use_dora", "came with 0.9.0"),
        ("peft", "adapter_config", "LORA", "eva_config", "came with 0.14.0"),
        ("peft", "adapter_config", "LORA", "corda_config", "came with 0.15.0"),
        ("peft", "adapter_config", "LORA", "peft_version", "came with 0.18.0"),
        ("trl", "training_args", "SFTConfig", "SFTConfig", "came with 0.9.2"),
        ("trl", "training_args", "SFTConfig", "assistant_only_loss", "came with 0.19.0"),
        ("trl", "training_args", "SFTConfig", "max_seq_length", "ended with 0.19.1"),
    ],
)
def test_a_name_begins_and_ends_where_the_released_modules_say(
    package: str, kind: str, owner: str | None, name: str, says: str
) -> None:
    version = says.split()[-1]
    found = releases_with(package, kind, saved_always(package, kind, owner, version) | {name}, owner)
    assert found is not None
    assert (found.contradictions, version in found.releases) == (0, True)
    assert f"`{name}` {says}" in map(str, found.reasons)


def test_names_that_a_model_carries_on_exclude_nothing_and_those_that_are_missing_do() -> None:
    names = saved_always("transformers", "model_config", "llama", "5.0.0")
    assert "rope_parameters" in names
    found = releases_with("transformers", "model_config", {*names, "rope_theta", "torch_dtype"}, "llama")
    assert found is not None
    assert (found.releases[0], found.contradictions) == ("5.0.0", 0)


def test_names_that_no_release_has_together_give_those_with_the_fewest_contradictions_and_say_so() -> None:
    names = saved_always("peft", "adapter_config", "LORA", "0.9.0") | {"monteclora_config"}
    found = releases_with("peft", "adapter_config", names, "LORA")
    assert found is not None
    assert (found.releases, found.contradictions) == (("0.9.0",), 1)
    assert [str(reason) for reason in found.reasons] == ["`monteclora_config` is unknown to 0.9.0"]


def test_arguments_of_transformers_say_nothing_of_trl_and_an_adapter_of_an_unknown_type_nothing_of_peft() -> None:
    assert releases_with("trl", "training_args", ["eval_strategy"], "TrainingArguments") is None
    assert releases_with("peft", "adapter_config", ["r"], "OUR_OWN") is None


def test_arguments_of_a_class_that_somebody_derived_are_those_of_transformers() -> None:
    names = saved_always("transformers", "training_args", "TrainingArguments", "4.44.2") | {"our_own"}
    found = releases_with("transformers", "training_args", names, "OurArguments")
    assert found is not None
    assert ("4.44.2" in found.releases, found.contradictions, found.unknown) == (True, 0, ("our_own",))


def saved_always(package: str, kind: str, owner: str | None, version: str) -> set[str]:
    """What a release always saves, by the table itself."""
    order = {one: place for place, one in enumerate(packages()[package]["releases"])}
    return {
        name
        for span, names in packages()[package]["files"][kind][owner or OWNER[kind]].get("always", {}).items()
        for name in names
        if order[version] in set(places(span, order))
    }


def packages() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(TABLE.read_text())["packages"]
    return found


def places(spans: str, order: Mapping[str, int]) -> Iterator[int]:
    for first, last in (span.split("..") for span in spans.split()):
        yield from range(order[first] if first else 0, (order[last] if last else len(order) - 1) + 1)


def test_stretches_of_releases_are_open_where_the_table_ends() -> None:
    order = ["1", "2", "3", "4", "5"]
    assert [fingerprints.spans(order, members) for members in ("12345", "12", "45", "3", "135")] == [
        *("..", "..2", "4..", "3..3", "..1 3..3 5.."),
    ]


@pytest.mark.network
def test_the_check_names_the_releases_that_the_table_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = json.loads(TABLE.read_text())
    table["packages"]["peft"]["releases"].remove("0.13.2")
    (tmp_path / "table.json").write_text(json.dumps(table))
    monkeypatch.setattr(fingerprints, "TABLE", tmp_path / "table.json")
    assert fingerprints.main(["--check"]) == 1
    assert "peft 0.13.2" in capsys.readouterr().err


def test_the_table_is_small_enough_to_ship() -> None:
    assert TABLE.stat().st_size < 200_000


@pytest.mark.network
@pytest.mark.parametrize(("package", "version"), [("peft", "0.13.2"), ("trl", "0.12.1"), ("transformers", "5.23.0")])
def test_a_release_that_is_read_anew_agrees_with_the_table(
    package: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index(cache_root(), endpoints=endpoints_of(os.environ), find_links=find_links_of(os.environ))
    monkeypatch.setenv("MBISECT_CACHE", str(tmp_path))
    for kind, owners in extract(index, package, version).items():
        for owner, held in owners.items():
            assert held.always == saved_always(package, kind, owner, version), (kind, owner)
