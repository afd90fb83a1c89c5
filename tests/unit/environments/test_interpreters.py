"""Interpreters are found by version or by path, and never downloaded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mbisect.environments.interpreters import available, find_interpreter
from mbisect.errors import ConfigError

HERE = ".".join(map(str, sys.version_info[:3]))


def test_each_version_is_there_once_in_order_and_answers() -> None:
    found = available()
    versions = [tuple(map(int, i.version.split("."))) for i in found]
    assert versions == sorted(set(versions))
    assert HERE in [i.version for i in found]
    assert all(Path(i.path).exists() for i in found)


def test_an_exact_version_is_that_one() -> None:
    assert find_interpreter(HERE).version == HERE
    assert find_interpreter(HERE).minor == f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_a_line_is_its_newest_installed_version() -> None:
    line = f"{sys.version_info[0]}.{sys.version_info[1]}"
    fitting = [i for i in available() if i.minor == line]
    assert find_interpreter(line) == fitting[-1]


def test_a_bare_three_is_the_python_that_runs_this() -> None:
    assert find_interpreter("3").version == HERE


def test_a_path_is_an_executable_or_a_folder_with_one() -> None:
    program = Path(sys.executable)
    assert find_interpreter(str(program)).version == HERE
    assert find_interpreter(str(program)).path == str(program)
    assert find_interpreter(str(program.parent.parent)).version == HERE
    assert find_interpreter(str(program.parent)).version == HERE


def test_a_path_is_not_replaced_by_what_it_links_to(tmp_path: Path) -> None:
    """A virtual environment's python is a link; what it links to has other packages."""
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert find_interpreter(str(link)).path == str(link)


def test_a_missing_version_names_those_that_are_there() -> None:
    with pytest.raises(ConfigError, match=rf"no Python 3\.99 on this machine; found .*{HERE}") as caught:
        find_interpreter("3.99")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("request_", ["three", "3.x", "3.11.7.1", "", ">=3.11"])
def test_what_is_neither_version_nor_path_is_refused(request_: str) -> None:
    with pytest.raises(ConfigError, match=r"give a version such as 3\.11, or a path"):
        find_interpreter(request_)


def test_a_path_without_a_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    (tmp_path / "liar").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "liar").chmod(0o755)
    for path in (tmp_path / "none", tmp_path / "text", tmp_path / "liar", tmp_path):
        with pytest.raises(ConfigError, match="there is no Python at"):
            find_interpreter(str(path))


def test_versions_of_pyenv_are_found_by_their_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for version, program in (("3.10.2", "python3.10"), ("3.9-dev", "python3.9"), ("3.12.1", "none")):
        path = tmp_path / "versions" / version / "bin" / program
        path.parent.mkdir(parents=True)
        path.touch()
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert [i.version for i in available()] == sorted({"3.10.2", HERE}, key=lambda v: [int(p) for p in v.split(".")])
