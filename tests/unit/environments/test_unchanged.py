"""Two releases are the same to a workload unless something that it may have used tells them apart."""

from __future__ import annotations

import pytest

from mbisect.environments.unchanged import differing

BASE = {"a/__init__.py": "1", "a/used.py": "1", "a/other.py": "1", "a/words.txt": "1", "a/fast.so": "1", "b.py": "1"}
LOADED = frozenset({"a/__init__.py", "a/used.py", "a/fast.so", "b.py"})


@pytest.mark.parametrize(
    ("moves", "told"),
    [
        ({}, set()),
        ({"a/used.py": "2"}, {"a/used.py"}),
        ({"a/other.py": "2"}, set()),
        ({"a/other.py": None}, set()),
        ({"a/used.py": None}, {"a/used.py"}),
        ({"a/words.txt": "2"}, {"a/words.txt"}),
        ({"a/fast.so": "2"}, {"a/fast.so"}),
        ({"entry_points.txt": "1"}, {"entry_points.txt"}),
        ({"a/new.py": "1"}, set()),
        ({"b/__init__.py": "1"}, {"b/__init__.py"}),
        ({"a/used/__init__.py": "1"}, {"a/used/__init__.py"}),
        ({"a/used.so": "1"}, {"a/used.so"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_one_move_tells_them_apart_or_not(moves: dict[str, str | None], told: set[str]) -> None:
    after = {path: value for path, value in {**BASE, **moves}.items() if value is not None}
    assert differing(BASE, BASE, after, LOADED) == told


def test_a_file_that_the_traced_release_did_not_have_counts_as_loaded() -> None:
    """What later releases load is not known."""
    before, after = {**BASE, "a/late.py": "1"}, {**BASE, "a/late.py": "2"}
    assert differing(BASE, before, after, LOADED) == {"a/late.py"}


def test_a_file_without_a_hash_is_never_the_same() -> None:
    bare = {**BASE, "a/used.py": ""}
    assert differing(bare, bare, bare, LOADED) == {"a/used.py"}
