"""The shipped table tells releases apart by the names that they save, and never excludes what it does not know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mbisect.environments.index import Index
from mbisect.environments.indexes import endpoints_of, find_links_of
from mbisect.environments.recover.fingerprints import TABLE, releases_with
from mbisect.environments.recover.pickled import Made, Named, read_saved
from mbisect.environments.store import cache_root

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


def test_the_table_is_small_enough_to_ship() -> None:
    assert TABLE.stat().st_size < 200_000


@pytest.mark.network
@pytest.mark.parametrize(("package", "version"), [("peft", "0.13.2"), ("trl", "0.12.1")])
def test_a_release_that_is_read_anew_agrees_with_the_table(
    package: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    from tools.fingerprints import extract

    index = Index(cache_root(), endpoints=endpoints_of(os.environ), find_links=find_links_of(os.environ))
    monkeypatch.setenv("MBISECT_CACHE", str(tmp_path))
    [(kind, owners)] = extract(index, package, version).items()
    for owner, held in owners.items():
        found = releases_with(package, kind, held.always, owner)
        assert found is not None
        assert (version in found.releases, found.contradictions) == (True, 0)
