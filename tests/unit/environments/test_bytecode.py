"""What one environment compiled, the next one finds ready, and only for the very same source."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mbisect import shell
from mbisect.environments.build import Builder, Environment
from mbisect.environments.bytecode import Bytecode
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.uv import Uv
from mbisect.terms import PYTHON, Values, package

PYTHON_HERE = ".".join(map(str, sys.version_info[:3]))
TAG = sys.implementation.cache_tag


def site_of(environment: Path) -> Path:
    return environment / "lib" / "python3.11" / "site-packages"


def install(environment: Path, release: str, *sources: Path) -> None:
    """A release as an installer leaves it: its files linked, a RECORD that lists them."""
    site = site_of(environment)
    info = site / f"{release}.dist-info"
    info.mkdir(parents=True)
    lines = []
    for source in sources:
        name = source.relative_to(source.parents[1])
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).hardlink_to(source)
        lines.append(f"{name},sha256=x,{source.stat().st_size}")
    (info / "RECORD").write_text("\n".join(lines) + "\n")


def source(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def use(environment: Path, module: str) -> None:
    argv = [sys.executable, "-c", f"import {module}"]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(argv, env={**env, "PYTHONPATH": str(site_of(environment))}, check=True)


@pytest.fixture
def bytecode(tmp_path: Path) -> Bytecode:
    return Bytecode(tmp_path / "bytecode")


def test_what_was_compiled_is_lent_to_the_next_environment(bytecode: Bytecode, tmp_path: Path) -> None:
    module = source(tmp_path / "wheel", "thing/__init__.py", "x = 1\n")
    install(tmp_path / "one", "thing-1.0", module)
    use(tmp_path / "one", "thing")
    bytecode.collect(tmp_path / "one", PYTHON_HERE)
    install(tmp_path / "two", "thing-1.0", module)
    bytecode.lend(tmp_path / "two", PYTHON_HERE)
    pycs = [site_of(tmp_path / name) / "thing" / "__pycache__" / f"__init__.{TAG}.pyc" for name in ("one", "two")]
    assert pycs[0].samefile(pycs[1])


def test_what_is_lent_is_what_the_interpreter_takes(bytecode: Bytecode, tmp_path: Path) -> None:
    """It would write the file anew, under another inode, if it did not fit the source."""
    module = source(tmp_path / "wheel", "thing/__init__.py", "x = 1\n")
    for name in ("one", "two"):
        install(tmp_path / name, "thing-1.0", module)
    use(tmp_path / "one", "thing")
    bytecode.collect(tmp_path / "one", PYTHON_HERE)
    bytecode.lend(tmp_path / "two", PYTHON_HERE)
    use(tmp_path / "two", "thing")
    pycs = [site_of(tmp_path / name) / "thing" / "__pycache__" / f"__init__.{TAG}.pyc" for name in ("one", "two")]
    assert pycs[0].samefile(pycs[1])


def test_another_release_and_another_interpreter_get_nothing(bytecode: Bytecode, tmp_path: Path) -> None:
    module = source(tmp_path / "wheel", "thing/__init__.py", "x = 1\n")
    install(tmp_path / "one", "thing-1.0", module)
    use(tmp_path / "one", "thing")
    bytecode.collect(tmp_path / "one", PYTHON_HERE)
    install(tmp_path / "two", "thing-1.1", module)
    install(tmp_path / "three", "thing-1.0", module)
    bytecode.lend(tmp_path / "two", PYTHON_HERE)
    bytecode.lend(tmp_path / "three", "3.99.0")
    assert list((tmp_path / "two").rglob("*.pyc")) == []
    assert list((tmp_path / "three").rglob("*.pyc")) == []


def test_files_that_belong_to_no_release_are_not_kept(bytecode: Bytecode, tmp_path: Path) -> None:
    """Two releases may share a folder, and a workload may write what it likes."""
    module = source(tmp_path / "wheel", "thing/__init__.py", "x = 1\n")
    install(tmp_path / "one", "thing-1.0", module)
    source(site_of(tmp_path / "one"), "thing/stray.py", "y = 1\n")
    use(tmp_path / "one", "thing.stray")
    bytecode.collect(tmp_path / "one", PYTHON_HERE)
    assert [path.name for path in (tmp_path / "bytecode").rglob("*.pyc")] == [f"__init__.{TAG}.pyc"]


def test_nothing_compiled_is_nothing_kept(bytecode: Bytecode, tmp_path: Path) -> None:
    install(tmp_path / "one", "thing-1.0", source(tmp_path / "wheel", "thing/__init__.py", "x = 1\n"))
    bytecode.collect(tmp_path / "one", PYTHON_HERE)
    assert not (tmp_path / "bytecode").exists()


def test_what_is_kept_is_kept_once_and_whole(bytecode: Bytecode, tmp_path: Path) -> None:
    module = source(tmp_path / "wheel", "thing/__init__.py", "x = 1\n")
    for name in ("one", "two"):
        install(tmp_path / name, "thing-1.0", module)
        use(tmp_path / name, "thing")
    bytecode.collect(tmp_path / "one", PYTHON_HERE)
    kept = {path: path.stat().st_ino for path in (tmp_path / "bytecode").rglob("*")}
    bytecode.collect(tmp_path / "two", PYTHON_HERE)
    assert {path: path.stat().st_ino for path in (tmp_path / "bytecode").rglob("*")} == kept
    assert [path.name for path in (tmp_path / "bytecode" / PYTHON_HERE).iterdir()] == ["thing-1.0"]


@pytest.mark.network
def test_a_real_environment_starts_with_what_another_one_compiled(tmp_path: Path) -> None:
    python = find_interpreter("3.11").version
    builder = Builder(tmp_path / "env", Uv(tmp_path / "uv"), find_interpreter, Bytecode(tmp_path / "bytecode"))
    first, second = (
        Values({PYTHON: python, package("six"): "1.16.0", package("idna"): version}) for version in ("3.6", "3.7")
    )
    one = builder.build(first)
    assert isinstance(one, Environment)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    shell.run([str(one.bin / "python"), "-c", "import six, idna"], env=env)
    builder.used(one, first)
    two = builder.build(second)
    assert isinstance(two, Environment)
    compiled = {path.name.split(".")[0] for path in two.folder.glob("lib/*/site-packages/**/*.pyc")}
    assert "six" in compiled
    assert "core" not in compiled
