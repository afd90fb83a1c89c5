"""The hook says what a real interpreter loaded, whichever it is, and is not noticed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mbisect.environments.interpreters import available
from mbisect.environments.loaded import HOOK, gather, hooked, read_loaded

PYTHONS = {interpreter.minor: interpreter for interpreter in available()}
HERE = PYTHONS[f"{sys.version_info[0]}.{sys.version_info[1]}"]


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    subprocess.run([HERE.path, "-m", "venv", "--without-pip", str(tmp_path / "env")], check=True)
    site = tmp_path / "env" / "lib" / f"python{HERE.minor}" / "site-packages"
    for name in ("used", "unused"):
        (site / name).mkdir()
        (site / name / "__init__.py").write_text(f"name = {name!r}\n")
        (site / name / "more.py").write_text("")
        (site / f"{name}-1.0.dist-info").mkdir()
        record = f"{name}/__init__.py,sha256=a,1\n{name}/more.py,sha256=b,1\n"
        (site / f"{name}-1.0.dist-info" / "RECORD").write_text(record)
    return tmp_path / "env"


def run(environment: Path, trace: Path, program: str, *flags: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = hooked({"PATH": os.environ["PATH"], **more}, trace)
    argv = [environment / "bin" / "python", *flags, "-c", program]
    return subprocess.run(argv, env=env, capture_output=True, text=True)


def traced(environment: Path, trace: Path) -> dict[str, frozenset[str]] | None:
    gather(trace, environment, trace.with_suffix(".json"))
    found = read_loaded(trace.with_suffix(".json"))
    return None if found is None else dict(found.files)


def test_what_is_loaded_is_told_by_package(environment: Path, tmp_path: Path) -> None:
    done = run(environment, tmp_path / "trace", "import used.more; print(used.name)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "used\n", "")
    assert traced(environment, tmp_path / "trace") == {"used": {"used/__init__.py", "used/more.py"}}


def test_what_child_processes_load_is_told_too(environment: Path, tmp_path: Path) -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import unused'], check=True); import used"
    assert run(environment, tmp_path / "trace", program).returncode == 0
    assert set(traced(environment, tmp_path / "trace") or ()) == {"used", "unused"}


@pytest.mark.parametrize("end", ["raise SystemExit(3)", "1/0", "import sys; sys.modules.clear()"])
def test_however_it_ends_it_ends_as_it_would_without_the_hook(environment: Path, tmp_path: Path, end: str) -> None:
    program = f"import used\n{end}"
    bare = subprocess.run([environment / "bin" / "python", "-c", program], capture_output=True, text=True)
    done = run(environment, tmp_path / "trace", program)
    assert (done.returncode, done.stdout, done.stderr) == (bare.returncode, bare.stdout, bare.stderr)


@pytest.mark.parametrize("program", ["import os; os._exit(0)", "import os; os.kill(os.getpid(), 9)"])
def test_a_process_that_does_not_end_by_itself_leaves_no_trace(environment: Path, tmp_path: Path, program: str) -> None:
    run(environment, tmp_path / "trace", program)
    assert traced(environment, tmp_path / "trace") is None


@pytest.mark.parametrize("flag", ["-I", "-E", "-S"])
def test_an_interpreter_that_is_told_to_ignore_it_leaves_no_trace(environment: Path, tmp_path: Path, flag: str) -> None:
    assert run(environment, tmp_path / "trace", "pass", flag).returncode == 0
    assert traced(environment, tmp_path / "trace") is None


def test_a_workload_that_loads_nothing_is_a_trace_of_nothing(environment: Path, tmp_path: Path) -> None:
    run(environment, tmp_path / "trace", "pass")
    assert traced(environment, tmp_path / "trace") == {}


def test_the_workload_does_not_see_the_hook(environment: Path, tmp_path: Path) -> None:
    program = "import sys; print([p for p in sys.path if 'trace' in p], 'sitecustomize' in sys.modules)"
    assert run(environment, tmp_path / "trace", program).stdout == "[] False\n"


def test_the_sitecustomize_of_the_environment_still_runs(environment: Path, tmp_path: Path) -> None:
    site = environment / "lib" / f"python{HERE.minor}" / "site-packages"
    (site / "sitecustomize.py").write_text("import used; loud = 'mine'\n")
    done = run(environment, tmp_path / "trace", "import sitecustomize; print(sitecustomize.loud)")
    assert (done.stdout, done.stderr) == ("mine\n", "")
    assert "used" in (traced(environment, tmp_path / "trace") or {})


def test_an_error_in_the_sitecustomize_of_the_environment_is_shown_as_ever(environment: Path, tmp_path: Path) -> None:
    site = environment / "lib" / f"python{HERE.minor}" / "site-packages"
    (site / "sitecustomize.py").write_text("raise RuntimeError('mine')\n")
    done = run(environment, tmp_path / "trace", "print('goes on')")
    assert done.stdout == "goes on\n"
    assert "RuntimeError: mine" in done.stderr


def test_a_python_path_that_a_snapshot_sets_is_kept(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.py").write_text("")
    done = run(environment, tmp_path / "trace", "import own, used", PYTHONPATH=str(tmp_path / "mine"))
    assert (done.returncode, done.stderr) == (0, "")
    assert set(traced(environment, tmp_path / "trace") or ()) == {"used"}


def test_a_trace_that_cannot_be_written_is_not_noticed(environment: Path, tmp_path: Path) -> None:
    program = f"import shutil; shutil.rmtree({str(tmp_path / 'trace')!r})"
    done = run(environment, tmp_path / "trace", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert traced(environment, tmp_path / "trace") is None


@pytest.mark.parametrize("minor", sorted(PYTHONS, key=lambda minor: int(minor.partition(".")[2])))
def test_every_python_understands_the_hook(tmp_path: Path, minor: str) -> None:
    site = tmp_path / "env" / "lib" / f"python{minor}" / "site-packages"
    (site / "used-1.0.dist-info").mkdir(parents=True)
    (site / "used-1.0.dist-info" / "RECORD").write_text("used.py,sha256=a,1\n")
    (site / "used.py").write_text("")
    program = f"import sys; sys.path.append({str(site)!r}); import used; print('fine')"
    env = hooked({"PATH": os.environ["PATH"]}, tmp_path / "trace")
    done = subprocess.run([PYTHONS[minor].path, "-c", program], env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")
    assert traced(tmp_path / "env", tmp_path / "trace") == {"used": {"used.py"}}


def test_even_an_ancient_python_would_not_complain_of_the_syntax() -> None:
    """No annotations, f-strings or keyword-only arguments: Python 2 prints an error for a hook that it cannot read."""
    text = HOOK.read_text()
    assert "->" not in text.partition('"""')[2].partition('"""')[2]
    assert 'f"' not in text


@pytest.mark.parametrize("text", ["", "[1]", "{", "null", '{"a": 1}'])
def test_a_damaged_trace_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "loaded.json").write_text(text)
    assert read_loaded(tmp_path / "loaded.json") is None
