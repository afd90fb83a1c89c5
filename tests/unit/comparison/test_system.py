"""Machines and installations: what differs is told with its reason, and what was not observed is not made up."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mbisect.comparison.system import compare_systems, doubts, refine
from mbisect.environments.diff import Move, compare_locks
from mbisect.environments.observed import Observed, observed_in
from mbisect.terms import Axis, Lock, Pin

RECORD, OTHER = ("sha256:" + digit * 64 for digit in "ab")
MACHINE: dict[str, Any] = {
    "schema": "mbisect.probe/1",
    "interpreter": {"version": "3.11.7", "build": "main Jan 1 2026", "optimize": 0, "implementation": "CPython"},
    "platform": {"system": "Linux", "machine": "x86_64", "libc": "glibc 2.36", "release": "6.1", "distribution": "A 1"},
    "cpu": {"model": "Xeon", "flags": ["arat", "avx2", "fma"], "usable": 8},
    "gpu": {"models": ["A100", "A100"], "memory": ["80 GiB", "80 GiB"], "driver": "550.54", "driver_cuda": "12.4"},
    "variables": {"OMP_NUM_THREADS": "8"},
    "torch_build": {"cuda": "12.4", "hip": None, "git_version": "c0ffee"},
    "numeric": {
        "torch": {"matmul_allow_tf32": False, "cudnn": 90100, "threads": 8, "default_dtype": {"error": "no"}},
        "numpy": {"blas": [{"user_api": "blas", "internal_api": "openblas", "version": "0.3.27"}]},
    },
    "distributions": [
        {"name": "torch", "version": "2.5.1+cpu", "record": RECORD},
        {"name": "numpy", "version": "2.1.0", "record": RECORD},
        {
            "name": "ours",
            "version": "1.0",
            "source": {"kind": "editable", "url": "file:///x", "git": {"commit": "a" * 40}},
        },
    ],
}  # fmt: skip


def observed(**changes: Any) -> Observed:
    """The machine with some values replaced, named as `gpu.driver`; a whole part by its own name."""
    said = copy.deepcopy(MACHINE)
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = said
        for part in parts:
            place = place[int(part)] if part.isdigit() else place[part]
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value
    found = observed_in(said)
    assert found is not None
    return found


def told(after: Observed, before: Observed | None = None) -> dict[str, tuple[str | None, str | None]]:
    rows = compare_systems(before or observed(), after)
    assert all(change.key.axis is Axis.SYSTEM and factor.reason and factor.times > 0 for change, factor in rows)
    return {change.key.name: (change.before, change.after) for change, _ in rows}


def test_a_machine_is_the_same_as_itself() -> None:
    assert told(observed()) == {}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"gpu__driver": "570.1"}, {"GPU driver": ("550.54", "570.1")}),
        ({"gpu__models": ["H100"]}, {"GPU": ("A100, A100", "H100")}),
        ({"gpu": None}, {"GPU": ("A100, A100", None)}),
        ({"torch_build__cuda": "12.6"}, {"CUDA of torch": ("12.4", "12.6")}),
        ({"numeric__torch__matmul_allow_tf32": True}, {"torch matmul allow tf32": ("no", "yes")}),
        ({"numeric__torch__cudnn": 90500}, {"cuDNN": ("90100", "90500")}),
        ({"platform__libc": "musl 1.2"}, {"C library": ("glibc 2.36", "musl 1.2")}),
        ({"interpreter__build": "main Feb 2 2026"}, {"build of Python": ("main Jan 1 2026", "main Feb 2 2026")}),
        ({"interpreter__optimize": 1}, {"Python optimize": ("0", "1")}),
        ({"cpu__flags": ["avx2", "avx512f", "fma"]}, {"processor flags": (None, "avx512f")}),
        ({"cpu__flags": ["avx2", "fma", "sgx"]}, {}),
        ({"variables": {}}, {"variable OMP_NUM_THREADS": ("8", None)}),
        (
            {"numeric__numpy__blas": [{"user_api": "blas", "internal_api": "mkl", "version": "2024"}]},
            {"BLAS of numpy": ("openblas 0.3.27", "mkl 2024")},
        ),
        (
            {"distributions__2__source__git": {"commit": "b" * 40, "dirty": True, "diff": "sha256:12345678"}},
            {
                "source of ours": (
                    "1.0, editable at aaaaaaaaaaaa",
                    "1.0, editable at bbbbbbbbbbbb with uncommitted changes (12345678)",
                )
            },
        ),
        (
            {"distributions__1__changed": ["numpy/a.py"], "distributions__1__missing": ["numpy/b.py"]},
            {"files of numpy": ("as released", "numpy/a.py changed, numpy/b.py missing")},
        ),
    ],
)  # fmt: skip
def test_one_difference_is_told_alone(changes: dict[str, Any], expected: dict[str, tuple[str, str]]) -> None:
    assert told(observed(**changes)) == expected


def test_what_one_side_did_not_observe_is_no_difference() -> None:
    assert told(observed(numeric=None, torch_build=None, cpu={}, platform={"error": "OSError"})) == {}


def test_the_build_of_another_python_says_nothing() -> None:
    assert told(observed(interpreter__build="x", interpreter__version="3.12.1")) == {}


def test_an_image_has_no_machine_of_its_own() -> None:
    assert told(observed(gpu=None, image={"id": "sha256:1"})) == {}


def test_variables_of_the_snapshots_are_compared_elsewhere() -> None:
    assert compare_systems(observed(), observed(variables={}), known=frozenset({"OMP_NUM_THREADS"})) == ()


def test_files_that_were_changed_on_both_sides_are_not_called_the_same() -> None:
    patched = observed(distributions__1__changed=["numpy/a.py"])
    assert told(patched, patched) == {}
    assert list(doubts(patched, patched)) == [
        "whether the changed files of numpy are the same in both: only their names are known"
    ]
    assert list(doubts(observed(), patched)) == []


def moves(after: Observed) -> dict[str, Move]:
    lock = Lock((Pin("numpy", "2.1.0", ("sha256:" + "f" * 64,)), Pin("torch", "2.5.1")))
    return {one.name: one.move for one in compare_locks(*refine((lock, lock), (observed(), after)))}


def test_a_local_version_that_no_lock_holds_is_seen() -> None:
    assert moves(observed()) == {}
    assert moves(observed(distributions__0__version="2.5.1+cu124")) == {"torch": Move.BUILD}


def test_another_wheel_of_the_same_version_is_seen_but_not_between_platforms() -> None:
    other = {"distributions__1__record": OTHER}
    assert moves(observed(**other)) == {"numpy": Move.FILES}
    assert moves(observed(**other, platform__machine="aarch64")) == {}


def test_an_observation_that_is_older_than_the_lock_changes_nothing() -> None:
    assert moves(observed(distributions__1__version="1.0", distributions__1__record=OTHER)) == {}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("\x1b[31m"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(MACHINE)), junk, max_size=4), st.sampled_from(sorted(MACHINE)), junk)
def test_a_hostile_file_is_none_or_harmless(changes: dict[str, Any], part: str, value: Any) -> None:
    said = {**copy.deepcopy(MACHINE), **changes}
    if isinstance(said[part], dict):
        said[part] = dict.fromkeys(said[part], value)
    found = observed_in({"environment": said})
    if found is not None:
        rows = compare_systems(observed(), found)
        lock = Lock((Pin("numpy", "2.1.0"),))
        refine((lock, lock), (observed(), found))
        assert not any("\x1b" in f"{change.key.name}{change.before}{change.after}" for change, _ in rows)
