"""Locks that are graphs are walked as their tools walk them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mbisect.errors import ConfigError
from mbisect.terms import Lock

Read = Callable[..., Lock]
INDEX = 'source = { registry = "r" }'


def uv(*packages: str, head: str = "") -> str:
    return f"version = 1\n{head}\n" + "".join(f"[[package]]\n{package}\n" for package in packages)


def root(*edges: str) -> str:
    return f'name = "root"\nversion = "1"\nsource = {{ virtual = "." }}\ndependencies = [{", ".join(edges)}]'


def one(name: str, version: str, *edges: str) -> str:
    return f'name = "{name}"\nversion = "{version}"\n{INDEX}\ndependencies = [{", ".join(edges)}]'


def test_a_fork_takes_the_version_that_its_marker_leads_to(read: Read) -> None:
    text = uv(
        root(
            '{ name = "numpy", version = "1.26", marker = "python_version < \'3.11\'" }',
            '{ name = "numpy", version = "2.1", marker = "python_version >= \'3.11\'" }',
        ),
        one("numpy", "1.26"),
        one("numpy", "2.1"),
    )
    assert read("uv.lock", text).versions() == {"numpy": "2.1"}
    assert read("uv.lock", text, "3.10.1").versions() == {"numpy": "1.26"}


def test_what_nothing_reaches_is_not_installed_and_a_circle_ends(read: Read) -> None:
    text = uv(root('{ name = "a" }'), one("a", "1", '{ name = "b" }'), one("b", "2", '{ name = "a" }'), one("c", "3"))
    assert read("uv.lock", text).versions() == {"a": "1", "b": "2"}


def test_every_member_of_a_workspace_is_a_root(read: Read) -> None:
    member = 'name = "sub"\nversion = "1"\nsource = { editable = "sub" }\ndependencies = [{ name = "b" }]'
    text = uv(
        root('{ name = "a" }'), member, one("a", "1"), one("b", "2"), head='[manifest]\nmembers = ["root", "sub"]'
    )
    found = read("uv.lock", text)
    assert found.versions() == {"a": "1", "b": "2"}
    assert [fixed.name for fixed in found.fixed] == ["sub"]


def test_an_edge_that_leads_nowhere_or_to_two_is_one_line(read: Read) -> None:
    with pytest.raises(ConfigError, match="b, which is needed, is not in it; write it again with `uv lock`"):
        read("uv.lock", uv(root('{ name = "b" }')))
    with pytest.raises(ConfigError, match="b, which is needed, is in it several times"):
        read("uv.lock", uv(root('{ name = "b" }'), one("b", "1"), one("b", "2")))


def test_a_lock_for_another_python_is_refused_with_the_way_out(read: Read) -> None:
    text = uv(root('{ name = "a" }'), one("a", "1"), head='requires-python = ">=3.12"')
    with pytest.raises(ConfigError, match=r"is for Python >=3\.12, not 3\.11; give another one with --python"):
        read("uv.lock", text)


OLD_POETRY = """
[[package]]
name = "click"
version = "8.1.7"
optional = false
python-versions = ">=3.7"
files = []
[package.dependencies]
colorama = {version = "*", markers = "platform_system == \\"Windows\\""}
Importlib-Metadata = [{version = ">=1", markers = "python_version < \\"3.11\\""}]

[[package]]
name = "colorama"
version = "0.4.6"
optional = false
python-versions = "*"

[[package]]
name = "importlib-metadata"
version = "6.0.0"
optional = false
python-versions = ">=3.7"

[[package]]
name = "numpy"
version = "1.24.0"
optional = false
python-versions = "<3.11"

[[package]]
name = "numpy"
version = "2.0.0"
optional = false
python-versions = ">=3.11"

[[package]]
name = "extra"
version = "1.0"
optional = true
python-versions = "*"

[metadata]
lock-version = "2.0"
python-versions = "^3.10"
content-hash = "x"
[metadata.files]
colorama = []
"""


def test_an_older_poetrys_markers_are_found_at_what_needs_a_package(read: Read) -> None:
    assert read("poetry.lock", OLD_POETRY).versions() == {"click": "8.1.7", "numpy": "2.0.0"}
    old = {"click": "8.1.7", "importlib-metadata": "6.0.0", "numpy": "1.24.0"}
    assert read("poetry.lock", OLD_POETRY, "3.10.1").versions() == old


OLD_PDM = """
[metadata]
lock_version = "4.4"
[[package]]
name = "click"
version = "8.1.7"
dependencies = ["colorama; platform_system == \\"Windows\\"", "six"]
[[package]]
name = "colorama"
version = "0.4.6"
[[package]]
name = "six"
version = "1.16.0"
[[package]]
name = "httpx"
version = "0.27.0"
[[package]]
name = "httpx"
extras = ["http2"]
version = "0.27.0"
dependencies = ["httpx==0.27.0", "h2"]
[[package]]
name = "h2"
version = "4.1.0"
[[package]]
name = "fork"
version = "1.0"
git = "https://host.example/a.git"
"""


def test_a_pdm_lock_without_inherited_metadata_is_walked(read: Read) -> None:
    found = read("pdm.lock", OLD_PDM)
    assert found.versions() == {"click": "8.1.7", "h2": "4.1.0", "httpx": "0.27.0", "six": "1.16.0"}
    assert [(one.name, one.why) for one in found.fixed] == [("fork", "installed from a repository")]
