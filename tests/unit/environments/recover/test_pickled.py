"""A pickle is described, and nothing in it is ever made, called or imported."""

from __future__ import annotations

import os
import pickle
import tracemalloc
import zipfile
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from mbisect.environments.recover.pickled import LARGEST, Made, MalformedError, Named, describe, read_saved
from mbisect.errors import ConfigError


class Strategy(Enum):
    NO = "no"


@dataclass
class Arguments:
    rate: float
    name: str
    steps: tuple[int, ...]
    strategy: Strategy
    more: dict[str, object]


class Hostile:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> object:
        return os.system, (f"touch {self._marker}",)


@pytest.mark.parametrize("protocol", range(6))
def test_the_attributes_of_an_object_are_its_own_in_every_protocol(protocol: int) -> None:
    made = Arguments(0.001, "größe", (1, 2**70, -3), Strategy.NO, {"a": [None, True, b"x"], "b": OrderedDict(c={1})})
    found = describe(pickle.dumps(made, protocol)).top
    assert isinstance(found, Made)
    assert list(found.attributes) == ["rate", "name", "steps", "strategy", "more"]
    assert (found.attributes["rate"], found.attributes["name"]) == (0.001, "größe")
    assert found.attributes["steps"] == (1, 2**70, -3)
    assert Named(__name__, "Strategy") in describe(pickle.dumps(made, protocol)).named


def test_what_is_referred_to_twice_is_the_same_thing() -> None:
    shared = ["x"]
    assert describe(pickle.dumps({"a": shared, "b": shared})).top == {"a": ["x"], "b": ["x"]}


def test_a_pickle_that_would_run_a_command_runs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    contents = describe(pickle.dumps(Hostile(marker)))
    assert contents.named == (Named("posix", "system"),)
    assert not marker.exists()


@pytest.mark.parametrize(
    "raw", [b"", b".", b"\x80\x05", b"\x80\x05]q\x00h\x01.", b"}]s.", b"\x80\x04\x8c\x02\xff\xfe."]
)
def test_broken_ones_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedError):
        describe(raw)


def saved(path: Path, raw: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", raw)
    return path


@pytest.mark.parametrize(
    "raw",
    [b"\0" * (LARGEST + 1), b"}" * LARGEST + b".", b"(" * LARGEST + b".", b"\x80\x04" + b"]\x94" * (LARGEST // 2)],
    ids=["zip bomb", "tables", "marks", "memo"],
)
def test_what_would_explode_is_refused_within_bounds(tmp_path: Path, raw: bytes) -> None:
    path = saved(tmp_path / "training_args.bin", raw)
    tracemalloc.start()
    try:
        with pytest.raises(ConfigError, match=r"training_args\.bin"):
            read_saved(path)
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


def test_what_is_no_archive_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "rng_state.pth"
    path.write_bytes(pickle.dumps({"python": 1}))
    with pytest.raises(ConfigError, match=r"not a file that torch\.save writes"):
        read_saved(path)
