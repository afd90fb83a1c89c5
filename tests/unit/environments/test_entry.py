"""A snapshot's entry is written into mbisect.toml, and nothing else in it changes."""

from __future__ import annotations

import tomllib
from datetime import date

import pytest

from mbisect.environments.entry import with_entry
from mbisect.errors import ConfigError

OLD = """# ours, by hand
[workload]
command = ["x"]   # odd   spacing

[snapshots.v1]  # the first
seed = 1

[snapshots.v1.settings]
epochs = 3

# about v2
[snapshots."v2"]
seed = 2
"""
ENTRY = {"python": "3.11.7", "seed": 4}


def test_a_new_entry_stands_at_the_end_and_the_rest_is_byte_for_byte_the_same() -> None:
    assert with_entry(OLD, "v3", ENTRY) == OLD + '\n[snapshots.v3]\npython = "3.11.7"\nseed = 4\n'


@pytest.mark.parametrize("old", ["", "a = 1", "a = 1\n", "# only a comment\r\n"])
def test_any_end_of_the_file_is_kept(old: str) -> None:
    new = with_entry(old, "v3", ENTRY)
    assert new.startswith(old)
    assert tomllib.loads(new)["snapshots"]["v3"] == ENTRY


def test_an_old_entry_is_replaced_in_its_place_with_its_tables_and_comments_of_others_stay() -> None:
    new = with_entry(OLD, "v1", ENTRY)
    assert new == OLD.partition("[snapshots.v1]")[0] + (
        '[snapshots.v1]\npython = "3.11.7"\nseed = 4\n\n# about v2\n[snapshots."v2"]\nseed = 2\n'
    )
    assert with_entry(OLD, "v2", {"seed": 9}) == OLD.replace('"v2"]\nseed = 2', "v2]\nseed = 9")


@pytest.mark.parametrize("name", ["v4.1", "v1"])
@pytest.mark.parametrize(
    "value", ['"', "\\", "ä\n\t\x7f\x00", 1.5, -3, True, [1, "a"], {"a b": {"c": []}}, {}, date.min]
)
def test_every_value_is_read_back_as_it_was(name: str, value: object) -> None:
    new = with_entry(OLD, name, {"settings": {"key": value}})
    assert tomllib.loads(new)["snapshots"][name] == {"settings": {"key": value}}


@pytest.mark.parametrize(
    "old",
    [
        "snapshots = { v1 = { seed = 1 } }\n",
        "[snapshots]\nv1 = { seed = 1 }\n",
        "[snapshots]\nv1.seed = 1\n",
        '[snapshots.v1]\ncommand = """\n[snapshots.v2]\n"""\n',
    ],
)
def test_an_entry_in_another_form_is_refused_and_not_damaged(old: str) -> None:
    with pytest.raises(ConfigError, match=r"^mbisect\.toml: snapshots\.v1 is not a table of its own"):
        with_entry(old, "v1", ENTRY)
