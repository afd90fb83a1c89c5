"""A lock is built once, whole or not at all, whoever builds it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from mbisect import shell
from mbisect.environments.build import COMPLETE, Builder, Environment, Unbuildable, environment_key
from mbisect.environments.bytecode import Bytecode
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.uv import Uv
from mbisect.errors import NetworkError
from mbisect.terms import PYTHON, Interpreter, Pin, Values, package

PYTHON_HERE = find_interpreter("3.11")


@pytest.fixture(scope="module")
def uv(tmp_path_factory: pytest.TempPathFactory) -> Uv:
    return Uv(tmp_path_factory.mktemp("cache") / "uv")


@pytest.fixture
def builder(uv: Uv, tmp_path: Path) -> Builder:
    return Builder(tmp_path / "environments", uv, find_interpreter, Bytecode(tmp_path / "bytecode"))


def values_of(**versions: str) -> Values:
    return Values({PYTHON: PYTHON_HERE.version, **{package(name): version for name, version in versions.items()}})


def built(outcome: Environment | Unbuildable) -> Environment:
    assert isinstance(outcome, Environment), outcome
    return outcome


def version_in(environment: Environment, module: str) -> str:
    program = f"import {module}; print({module}.__version__)"
    return shell.run([str(environment.bin / "python"), "-c", program]).stdout.strip()


def test_an_environment_is_named_by_packages_and_interpreter_and_nothing_else() -> None:
    other = Interpreter(PYTHON_HERE.version, "/elsewhere/python")
    one = environment_key(values_of(six="1.16.0"), PYTHON_HERE)
    assert one == environment_key(values_of(six="1.16.0").put({}), PYTHON_HERE)
    assert (
        len(
            {
                one,
                environment_key(values_of(six="1.15.0"), PYTHON_HERE),
                environment_key(values_of(six="1.16.0"), other),
            }
        )
        == 3
    )


@pytest.mark.network
def test_exactly_the_lock_is_installed_and_nothing_that_it_requires(builder: Builder) -> None:
    environment = built(builder.build(values_of(httpcore="1.0.5", six="1.16.0")))
    infos = {path.name for path in environment.folder.glob("lib/*/site-packages/*.dist-info")}
    assert infos == {"httpcore-1.0.5.dist-info", "six-1.16.0.dist-info"}
    assert version_in(environment, "six") == "1.16.0"


@pytest.mark.network
def test_the_marker_says_what_was_built_and_what_stands_ready_is_not_built_again(builder: Builder) -> None:
    first = built(builder.build(values_of(six="1.16.0")))
    marker = json.loads((first.folder / COMPLETE).read_text())
    assert (marker["packages"], marker["python"]) == ({"six": "1.16.0"}, PYTHON_HERE.version)
    again = built(builder.build(values_of(six="1.16.0")))
    assert (again.folder, again.seconds) == (first.folder, 0.0)
    assert json.loads((first.folder / COMPLETE).read_text())["built"] == marker["built"]


@pytest.mark.network
def test_use_refreshes_the_time_by_which_pruning_judges(builder: Builder) -> None:
    first = built(builder.build(values_of(six="1.16.0")))
    os.utime(first.folder / COMPLETE, (1, 1))
    builder.build(values_of(six="1.16.0"))
    assert (first.folder / COMPLETE).stat().st_mtime > time.time() - 60


@pytest.mark.network
def test_without_a_marker_an_environment_is_built_anew(builder: Builder) -> None:
    first = built(builder.build(values_of(six="1.16.0")))
    (first.folder / COMPLETE).unlink()
    [module] = first.folder.glob("lib/*/site-packages/six.py")
    module.unlink()
    again = built(builder.build(values_of(six="1.16.0")))
    assert again.seconds > 0
    assert version_in(again, "six") == "1.16.0"


@pytest.mark.network
@pytest.mark.parametrize("text", ["", "{", '{"packages": {"six": "1.15.0"}}', "[]"])
def test_a_marker_that_was_damaged_is_not_trusted(builder: Builder, text: str) -> None:
    first = built(builder.build(values_of(six="1.16.0")))
    (first.folder / COMPLETE).write_text(text)
    assert built(builder.build(values_of(six="1.16.0"))).seconds > 0
    assert json.loads((first.folder / COMPLETE).read_text())["packages"] == {"six": "1.16.0"}


@pytest.mark.network
def test_what_cannot_be_installed_is_a_reason_and_leaves_nothing(builder: Builder, tmp_path: Path) -> None:
    outcome = builder.build(values_of(six="0.0.1"))
    assert isinstance(outcome, Unbuildable)
    assert "six" in outcome.reason
    assert "\n" not in outcome.reason
    assert [path for path in (tmp_path / "environments").iterdir() if path.is_dir()] == []


@pytest.mark.network
def test_a_build_for_another_machine_is_said_to_be_one(builder: Builder) -> None:
    outcome = builder.build(values_of(six="1.16.0+cu121"))
    assert isinstance(outcome, Unbuildable)
    assert outcome.reason.startswith("no index here has six 1.16.0+cu121, which was built for one kind of machine: ")
    assert outcome.reason.endswith("or pin six==1.16.0")


@pytest.mark.network
def test_a_file_that_is_not_the_locked_one_is_not_installed(builder: Builder) -> None:
    wrong = {"six": Pin("six", "1.16.0", (f"sha256:{'0' * 64}",))}
    outcome = builder.build(values_of(six="1.16.0"), hashes=wrong)
    assert isinstance(outcome, Unbuildable)
    assert "hash" in outcome.output.lower()


@pytest.mark.network
def test_hashes_of_another_version_are_not_asked_for(builder: Builder) -> None:
    other = {"six": Pin("six", "1.15.0", (f"sha256:{'0' * 64}",))}
    assert version_in(built(builder.build(values_of(six="1.16.0"), hashes=other)), "six") == "1.16.0"


@pytest.mark.network
def test_a_release_without_a_wheel_is_built_only_where_that_is_allowed(builder: Builder) -> None:
    """docopt 0.6.2 was only ever uploaded as source."""
    values = values_of(docopt="0.6.2", six="1.16.0")
    for allowed in (frozenset[str](), frozenset({"six"})):
        assert isinstance(builder.build(values, built=allowed), Unbuildable)
    assert version_in(built(builder.build(values, built=frozenset({"docopt"}))), "docopt") == "0.6.2"


def test_an_index_that_does_not_answer_is_no_verdict_on_the_lock(tmp_path: Path) -> None:
    environ = {
        "PATH": "",
        "HOME": str(tmp_path),
        "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple",
        "UV_HTTP_RETRIES": "0",
    }
    uv = Uv(tmp_path / "uv", environ)
    builder = Builder(tmp_path / "environments", uv, find_interpreter, Bytecode(tmp_path / "bytecode"))
    with pytest.raises(NetworkError):
        builder.build(values_of(six="1.16.0"))


@pytest.mark.network
def test_an_empty_lock_is_an_environment_without_packages(builder: Builder) -> None:
    environment = built(builder.build(values_of()))
    assert shell.run([str(environment.bin / "python"), "-c", "print('well')"]).stdout == "well\n"


BUILD = """
import sys
from pathlib import Path
from mbisect.environments.build import Builder
from mbisect.environments.bytecode import Bytecode
from mbisect.environments.interpreters import find_interpreter
from mbisect.environments.uv import Uv
from mbisect.terms import PYTHON, Values, package

root = Path(sys.argv[1])
builder = Builder(root / "environments", Uv(root / "uv"), find_interpreter, Bytecode(root / "bytecode"))
print("ready", flush=True)
sys.stdin.readline()
python = find_interpreter("3.11").version
print(builder.build(Values({PYTHON: python, package("six"): "1.16.0", package("idna"): "3.6"})).seconds)
"""


@pytest.mark.network
def test_two_processes_that_want_the_same_environment_build_it_once(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", BUILD, str(tmp_path)]
    both = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    seconds = sorted(float(process.communicate(timeout=120)[0]) for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert seconds[0] == 0.0
    assert seconds[1] > 0.0
    assert len(list(tmp_path.glob("environments/*/complete.json"))) == 1


@pytest.mark.network
def test_whoever_finds_it_being_built_waits(builder: Builder, tmp_path: Path) -> None:
    values = values_of(six="1.16.0")
    key = environment_key(values, PYTHON_HERE)
    (tmp_path / "environments").mkdir()
    done = threading.Event()
    with FileLock(tmp_path / "environments" / f"{key}.lock"):
        waiting = threading.Thread(target=lambda: (builder.build(values), done.set()))
        waiting.start()
        assert not done.wait(0.5)
        assert not (tmp_path / "environments" / key).exists()
    waiting.join(60)
    assert (tmp_path / "environments" / key / COMPLETE).exists()
