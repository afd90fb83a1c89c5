"""Places of this machine are named by what they are, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbisect.environments.hiding import Hiding, from_home

HOME = Path.home()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("/data/project/.venv/bin/python", "{prefix}/bin/python"),
        ("file:///data/project/own", "file://{project}/own"),
        (f"a {HOME}/x:{HOME}/y", "a ~/x:~/y"),
        ("/data/project", "{project}"),
        ("/data/projects", "/data/projects"),
        (f"/other{HOME}/x", f"/other{HOME}/x"),
        ("/usr/bin", "/usr/bin"),
    ],
)
def test_places_are_replaced_and_what_only_begins_or_ends_like_them_is_not(text: str, hidden: str) -> None:
    hide = Hiding({"prefix": "/data/project/.venv"}, Path("/data/project"))
    assert hide({"a": [text, 1, None]}) == {"a": [hidden, 1, None]}


def test_a_prefix_that_every_machine_has_stays() -> None:
    assert Hiding({"prefix": "/usr"}, Path("/data"))("/usr/bin/python3") == "/usr/bin/python3"


def test_a_path_in_the_home_folder_begins_with_a_tilde() -> None:
    assert (from_home(f"{HOME}/.pyenv/python"), from_home("/opt/python")) == ("~/.pyenv/python", "/opt/python")
