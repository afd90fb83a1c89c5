"""The planted suspect stands first, and its reason is told."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from mbisect.comparison.dataset import DatasetDiff, Overlap, SplitDiff
from mbisect.comparison.result import Difference
from mbisect.comparison.suspicion import rank
from mbisect.environments.diff import Move, PackageDiff, ReleaseFacts
from mbisect.environments.loaded import Loaded
from mbisect.terms import DATASET, PYTHON, SEED, Axis, Change, Key, Values, package


def diff(name: str, *, direct: bool | None = False, move: Move = Move.RAISED, **more: object) -> PackageDiff:
    before = None if move is Move.ADDED else "1.0"
    after = None if move is Move.REMOVED else "1.0" if move in (Move.FILES, Move.BUILD) else "1.0.1"
    return PackageDiff(name, before, after, move, direct, **more)  # type: ignore[arg-type]  # handed through


def ranked(
    *packages: PackageDiff,
    others: tuple[Key, ...] = (),
    dataset: DatasetDiff | None = None,
    loaded: Loaded | None = None,
) -> tuple[Difference, ...]:
    changes = {package(p.name): (Change(package(p.name), p.before, p.after),) for p in packages}
    changes |= {key: (Change(key, "1", "2"),) for key in others}
    good = Values({key: steps[0].before for key, steps in changes.items() if steps[0].before})
    bad = Values({key: steps[0].after for key, steps in changes.items() if steps[0].after})
    return rank(changes, packages, good, bad, dataset=dataset, loaded=loaded)


def reasons(difference: Difference) -> list[str]:
    return [factor.reason for factor in difference.factors]


def test_the_shares_add_up_and_the_first_is_the_largest() -> None:
    found = ranked(diff("a"), diff("b", direct=True), others=(SEED, PYTHON))
    assert abs(sum(d.suspicion for d in found) - 1) < 1e-9
    assert [d.suspicion for d in found] == sorted((d.suspicion for d in found), reverse=True)


def test_what_is_asked_for_by_name_stands_before_what_came_along() -> None:
    first, second = ranked(diff("a"), diff("b", direct=True))
    assert (first.key.name, second.key.name) == ("b", "a")
    assert "asked for by name" in reasons(first)
    assert "transitive" in reasons(second)


def test_what_computes_stands_before_what_does_not() -> None:
    first, _ = ranked(diff("colorama"), diff("torch"))
    assert (first.key.name, reasons(first)[0]) == ("torch", "computes numbers")


def test_what_the_workload_loads_stands_before_what_it_does_not() -> None:
    first, second = ranked(diff("a"), diff("b"), loaded=Loaded({"b": frozenset({"b.py"})}))
    assert first.key.name == "b"
    assert "the workload loads it" in reasons(first)
    assert "the workload does not load it" in reasons(second)


def test_a_yanked_release_is_suspicious() -> None:
    first, _ = ranked(diff("a"), diff("b", after_facts=ReleaseFacts(None, "broken")))
    assert (first.key.name, reasons(first)[0]) == ("b", "yanked")


def test_a_package_that_comes_with_another_stands_after_it() -> None:
    first, second = ranked(diff("rider", move=Move.ADDED, required_by=("carrier",)), diff("carrier", direct=True))
    assert first.key.name == "carrier"
    assert "comes with carrier" in reasons(second)


def test_the_same_version_built_otherwise_is_told_so() -> None:
    [found] = ranked(diff("a", move=Move.BUILD))
    assert "the same release, built otherwise" in reasons(found)
    [found] = ranked(diff("a", move=Move.FILES))
    assert reasons(found) == ["the same version, other files", "transitive"]


def test_a_release_of_the_window_is_told_from_one_that_had_been_there() -> None:
    old, new = (datetime(year, 1, 1, tzinfo=UTC) for year in (2024, 2025))
    window = diff("a", before_facts=ReleaseFacts(old), after_facts=ReleaseFacts(new))
    before = diff("b", before_facts=ReleaseFacts(old), after_facts=ReleaseFacts(old))
    first, second = ranked(window, before)
    assert "released since" in reasons(first)
    assert "released since" not in reasons(second)


def test_many_releases_weigh_more_than_one() -> None:
    versions = ["1.0", *(f"1.0.{k}" for k in range(1, 31))]
    many = tuple(Change(package("many"), a, b) for a, b in itertools.pairwise(versions))
    one = (Change(package("one"), "1.0", "1.0.1"),)
    packages = PackageDiff("many", "1.0", "1.0.30", Move.RAISED, False, steps=30), diff("one")
    ends = (Values({package("many"): value, package("one"): "1.0"}) for value in ("1.0", "1.0.30"))
    first, second = rank({package("one"): one, package("many"): many}, packages, *ends)
    assert first.key.name == "many"
    assert first.suspicion == 30 * second.suspicion
    assert "30 releases" in reasons(first)


def slipped(changed: int, swapped: int, grounded: tuple[float, float]) -> DatasetDiff:
    return DatasetDiff((SplitDiff("train", 100, 100, 0, 0, changed, 100 - changed, swapped, grounded),), ())


def test_a_dataset_whose_answers_slipped_stands_first_of_all() -> None:
    packages = [diff(name, direct=True) for name in ("torch", "peft", "trl")]
    first, *_ = ranked(*packages, others=(DATASET, SEED), dataset=slipped(100, 99, (1.0, 0.1)))
    assert first.key == DATASET
    assert reasons(first)[:2] == [
        "100 of 100 inputs of train have another output",
        "outputs of train no longer match their inputs",
    ]


def test_a_dataset_of_which_no_row_differs_stands_last() -> None:
    *_, last = ranked(diff("a"), diff("b"), others=(DATASET,), dataset=slipped(0, 0, (1.0, 1.0)))
    assert (last.key, reasons(last)[0]) == (DATASET, "no row differs")


def test_splits_that_come_to_share_inputs_are_told() -> None:
    leaky = DatasetDiff((SplitDiff("train", 5, 6, 1),), (Overlap("test", "train", 0, 1),))
    [found] = ranked(others=(DATASET,), dataset=leaky)
    assert "test and train share inputs" in reasons(found)


def test_everything_that_is_no_package_has_a_reason() -> None:
    keys = tuple(Key(axis, str(axis)) for axis in (Axis.SETTING, Axis.SEED, Axis.VARIABLE, Axis.COMMIT, Axis.PYTHON))
    assert all(len(reasons(found)) == 2 for found in ranked(others=keys))
