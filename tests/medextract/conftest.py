"""The environment of snapshot v1, built once by mbisect itself from its committed lock."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def python_of_v1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a real environment with torch, transformers, peft and trl."""
    from mbisect.environments.build import Builder, Environment
    from mbisect.environments.bytecode import Bytecode
    from mbisect.environments.interpreters import find_interpreter
    from mbisect.environments.lockfile import marker_environment, read_lock
    from mbisect.environments.uv import Uv
    from mbisect.terms import PYTHON, Values, package

    given = os.environ.get("MBISECT_CACHE")
    root = Path(given) if given else tmp_path_factory.mktemp("cache")
    interpreter = find_interpreter("3.11")
    lock = read_lock(ROOT / "lockfiles" / "v1.txt", environment=marker_environment(interpreter))
    values = Values({PYTHON: interpreter.version, **{package(pin.name): pin.version for pin in lock.pins}})
    builder = Builder(root / "environments", Uv(root / "uv"), lambda _: interpreter, Bytecode(root / "bytecode"))
    built = builder.build(values, hashes={pin.name: pin for pin in lock.pins}, built=None)
    assert isinstance(built, Environment), built
    return built.bin / "python"
