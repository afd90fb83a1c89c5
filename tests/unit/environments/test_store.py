"""The cache is counted honestly, and pruning takes what is missed least."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from filelock import FileLock

from mbisect import shell, steps
from mbisect.environments import build, store
from mbisect.environments.bytecode import Bytecode
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.store import DAY, MEASURED, Store, human_size, parse_size
from mbisect.environments.uv import Uv
from mbisect.errors import UsageError
from mbisect.terms import PYTHON, Values, package

TWO = {"six": "1.16.0", "idna": "3.6"}


def builder(root: Path) -> build.Builder:
    return build.Builder(root / "environments", Uv(root / "uv"), find_interpreter, Bytecode(root / "bytecode"))


def values_of(**packages: str) -> Values:
    return Values({PYTHON: find_interpreter("3.11").version, **{package(n): v for n, v in packages.items()}})


def put(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def environment(root: Path, key: str, size: int, *, age: float, linked: Path | None = None) -> Path:
    """A complete environment that was used `age` seconds ago; `linked`: a file of uv's cache that it shares."""
    folder = root / "environments" / key
    put(folder / "own", size)
    if linked is not None:
        (folder / linked.name).hardlink_to(linked)
    marker = put(folder / build.COMPLETE, 0)
    os.utime(marker, (time.time() - age,) * 2)
    return folder


def trial(root: Path, key: str, size: int, *, age: float) -> Path:
    folder = root / "trials" / key
    put(folder / "out" / "model.bin", size)
    put(folder / "output.log", 10)
    measured = put(folder / MEASURED, 5)
    os.utime(measured, (time.time() - age,) * 2)
    return folder


def test_store_and_bench_mean_the_same_file_by_a_measured_trial() -> None:
    assert steps.KEPT == store.MEASURED


@pytest.mark.parametrize(
    ("text", "size"),
    [("2GB", 2 * 10**9), ("500 MiB", 500 * 2**20), ("0", 0), ("1.5g", 1_500_000_000), (" 20 kB ", 20_000), ("7B", 7)],
)
def test_a_size_is_read_in_the_ways_people_write_it(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "2 bananas", "GB", "1e9", "ib", "2\nGB\n!"])
def test_what_is_no_size_is_refused_in_one_line_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="20GB") as caught:
        parse_size(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (999.9, "1 kB"), (1_500_000_000, "1.5 GB"), (20e9, "20 GB"), (3.21e12, "3.2 TB")],
)
def test_a_size_is_shown_by_powers_of_a_thousand(size: float, text: str) -> None:
    assert human_size(size) == text


@pytest.mark.parametrize("size", [0, 17, 5_000, 20_000_000, 7 * 10**9])
def test_what_is_shown_can_be_typed_again(size: int) -> None:
    assert parse_size(human_size(size)) == size


def test_a_cache_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    cache = Store(tmp_path / "none")
    assert {(row.entries, row.size) for row in cache.usage()} == {(0, 0)}
    assert cache.prune(0).size == 0


def test_a_linked_file_counts_once_and_for_the_environments(tmp_path: Path) -> None:
    wheel = put(tmp_path / "uv" / "archive" / "module.py", 1000)
    put(tmp_path / "uv" / "archive" / "unused.py", 70)
    environment(tmp_path, "a", 1, age=0, linked=wheel)
    environment(tmp_path, "b", 2, age=0, linked=wheel)
    usage = {row.name: row for row in Store(tmp_path).usage()}
    assert (usage["environments"].entries, usage["environments"].size) == (2, 1003)
    assert usage["uv"].size == 70


def test_what_was_used_least_recently_goes_first(tmp_path: Path) -> None:
    old = environment(tmp_path, "old", 100, age=300)
    middle = environment(tmp_path, "middle", 100, age=200)
    young = environment(tmp_path, "young", 100, age=100)
    freed = Store(tmp_path).prune(200)
    assert (freed.environments, freed.size, freed.busy) == (1, 100, False)
    assert (old.exists(), middle.exists(), young.exists()) == (False, True, True)


def test_under_the_limit_nothing_that_is_complete_goes(tmp_path: Path) -> None:
    kept = [environment(tmp_path, "a", 100, age=1), trial(tmp_path, "t", 100, age=1)]
    assert Store(tmp_path).prune(1000).size == 0
    assert all(path.exists() for path in kept)
    assert (kept[1] / "out" / "model.bin").exists()


def test_an_environment_whose_lock_is_held_stays(tmp_path: Path) -> None:
    busy, idle = environment(tmp_path, "busy", 10, age=9), environment(tmp_path, "idle", 10, age=1)
    with FileLock(f"{busy}.lock"):
        assert Store(tmp_path).prune(0).environments == 1
    assert (busy.exists(), idle.exists()) == (True, False)


def test_while_a_trial_runs_environments_and_sources_stay_and_it_is_said(tmp_path: Path) -> None:
    used = environment(tmp_path, "used", 10, age=9)
    source = put(tmp_path / "staged" / "s" / "a.py", 10).parent
    (tmp_path / "trials").mkdir()
    with FileLock(tmp_path / "trials" / "t.lock"):
        freed = Store(tmp_path).prune(0)
    assert (freed.environments, freed.busy) == (0, True)
    assert used.exists()
    assert source.exists()
    freed = Store(tmp_path).prune(0)
    assert (freed.environments, freed.busy) == (1, False)
    assert not source.exists()


def test_a_half_built_environment_goes_whatever_the_limit_unless_it_is_being_built(tmp_path: Path) -> None:
    half, building = (put(tmp_path / "environments" / key / "lock.txt", 9).parent for key in ("half", "building"))
    with FileLock(f"{building}.lock"):
        Store(tmp_path).prune(10**9)
    assert (half.exists(), building.exists()) == (False, True)


def test_a_half_removed_environment_goes_whatever_the_limit(tmp_path: Path) -> None:
    put(tmp_path / "environments" / ".a.17" / "file", 9)
    Store(tmp_path).prune(10**9)
    assert not (tmp_path / "environments" / ".a.17").exists()


def test_a_killed_trial_goes_and_a_running_one_stays(tmp_path: Path) -> None:
    trials = tmp_path / "trials"
    killed, running = (put(trials / f".{key}-x1" / "out" / "x", 9).parents[1] for key in ("killed", "running"))
    with FileLock(trials / "running.lock"):
        Store(tmp_path).prune(10**9)
    assert (killed.exists(), running.exists()) == (False, True)


def test_scratch_folders_go_once_no_living_process_can_own_them(tmp_path: Path) -> None:
    scratch = [
        tmp_path / "staged" / ".unpacking-x",
        tmp_path / "bytecode" / "3.11.7" / ".collecting-x",
        tmp_path / "datasets" / "abc.17",
    ]
    for path in scratch:
        path.mkdir(parents=True)
    Store(tmp_path).prune(10**9)
    assert all(path.exists() for path in scratch)
    for path in scratch:
        os.utime(path, (time.time() - DAY - 1,) * 2)
    Store(tmp_path).prune(10**9)
    assert not any(path.exists() for path in scratch)


def test_oldest_outputs_go_and_measurements_stay(tmp_path: Path) -> None:
    old, young = trial(tmp_path, "old", 1000, age=200), trial(tmp_path, "young", 1000, age=100)
    Store(tmp_path).prune(1100)
    assert [path.name for path in old.iterdir()] == [MEASURED]
    assert (young / "out" / "model.bin").exists()


def test_environments_go_before_outputs(tmp_path: Path) -> None:
    gone, kept = environment(tmp_path, "a", 500, age=1), trial(tmp_path, "t", 500, age=900)
    Store(tmp_path).prune(600)
    assert not gone.exists()
    assert (kept / "out").exists()


def test_compiled_modules_and_records_of_wheels_go_oldest_first_after_everything_else(tmp_path: Path) -> None:
    kept = trial(tmp_path, "t", 100, age=1)
    old, young = (put(tmp_path / "bytecode" / "3.11" / name / "a.pyc", 1000) for name in ("six-1", "six-2"))
    record = put(tmp_path / "records" / "six-1.json", 300)
    os.utime(old.parent, (0, 0))
    Store(tmp_path).prune(1600)
    assert (old.exists(), young.exists(), record.exists(), (kept / "out").exists()) == (False, True, True, False)
    Store(tmp_path).prune(100)
    assert (young.exists(), record.exists(), (kept / MEASURED).exists()) == (False, False, True)
    assert list((tmp_path / "records").iterdir()) == []


def test_journals_are_never_pruned(tmp_path: Path) -> None:
    journal = put(tmp_path / "runs" / "0a1b" / "journal.jsonl", 1000)
    Store(tmp_path).prune(0)
    assert journal.stat().st_size == 1000


def test_the_cache_is_where_the_variable_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MBISECT_CACHE", str(tmp_path / "here"))
    assert store.cache_root() == tmp_path / "here"
    monkeypatch.delenv("MBISECT_CACHE")
    assert store.cache_root().name == "mbisect"


@pytest.mark.network
def test_downloads_that_no_environment_uses_go_last_and_what_is_installed_still_works(tmp_path: Path) -> None:
    environments, values = builder(tmp_path), {name: values_of(**{name: version}) for name, version in TWO.items()}
    built = {name: environments.build(value) for name, value in values.items()}
    assert all(isinstance(one, build.Environment) for one in built.values())
    cache = Store(tmp_path)
    rows = {row.name: row.size for row in cache.usage()}
    os.utime(built["idna"].folder / build.COMPLETE, (1, 1))
    freed = cache.prune(rows["environments"] - 1)
    assert freed.environments == 1
    assert not built["idna"].folder.exists()
    assert list((tmp_path / "uv").rglob("idna/core.py")) == []
    shell.run([str(built["six"].bin / "python"), "-c", "import six"])
    again = environments.build(values["idna"])
    assert isinstance(again, build.Environment)
    assert again.seconds > 0
