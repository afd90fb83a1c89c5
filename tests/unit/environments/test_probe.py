"""The probe says what an environment is, under every Python, and never a secret."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from mbisect.environments import probe
from mbisect.environments.observed import PROBE

PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
OTHERS = ("3.8.18", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.0")
GIT = ("git", "-c", "user.name=x", "-c", "user.email=x@example.com")


def ask(python: Path | str, *argv: str, **variables: str) -> dict[str, Any]:
    env = {"PATH": os.environ["PATH"], **variables}
    done = subprocess.run([python, PROBE, *argv], env=env, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.count("\n") == 1
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An empty virtual environment."""
    venv.create(tmp_path / "venv", symlinks=True)
    return tmp_path / "venv"


def install(environment: Path, name: str = "planted", version: str = "1.0", *, direct: object = None) -> Path:
    """Put a distribution into an environment, as an installer does; -> its site-packages."""
    [site] = environment.glob("lib/python3.*/site-packages")
    files = {f"{name}/__init__.py": "x = 1\n", f"{name}/data.bin": "0" * 1000}
    info = f"{name}-{version}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Dist: other>=1\n"
    files[f"{info}/INSTALLER"] = "pip\n"
    if direct is not None:
        files[f"{info}/direct_url.json"] = json.dumps(direct)
    rows = []
    for path, text in files.items():
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_text(text)
        digest = probe.base64.urlsafe_b64encode(probe.hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        rows.append(f"{path},sha256={digest},{len(text)}")
    rows += [f"{name}/__pycache__/__init__.cpython-311.pyc,,", f"{info}/RECORD,,", "../../../bin/planted,sha256=x,1"]
    (site / info / "RECORD").write_text("\n".join(rows) + "\n")
    return site


def planted(environment: Path, *argv: str) -> dict[str, Any]:
    answer = ask(environment / "bin" / "python", *argv)
    [found] = [one for one in answer["distributions"] if one["name"] == "planted"]
    return dict(found)


@pytest.mark.parametrize("version", OTHERS)
def test_it_runs_under_every_python_that_is_here(version: str) -> None:
    python = PYENV / version / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no Python {version} here")
    answer = ask(python)
    assert answer["schema"] == probe.SCHEMA
    assert answer["interpreter"]["version"] == version
    assert (answer["interpreter"]["debug"], answer["interpreter"]["free_threaded"]) == (False, False)
    assert "pip" in [one["name"] for one in answer["distributions"]]
    errors = [key for key, value in answer.items() if isinstance(value, dict) and "error" in value]
    assert errors == []


def test_its_syntax_is_that_of_the_oldest_python_and_it_imports_the_standard_library_alone() -> None:
    tree = ast.parse(PROBE.read_text(), feature_version=(3, 8))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    names = {(alias.name if isinstance(n, ast.Import) else n.module or "") for n in imports for alias in n.names}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names | {"__future__"}


def test_a_distribution_is_described_and_untouched_files_are_not_suspected(environment: Path) -> None:
    install(environment)
    found = planted(environment)
    assert (found["version"], found["requires"], found["installer"]) == ("1.0", ["other>=1"], "pip")
    assert (found["changed"], found["missing"], "source" in found) == ([], [], False)
    assert found["record"].startswith("sha256:")


def test_a_patched_file_a_resized_one_and_a_missing_one_are_named(environment: Path) -> None:
    site = install(environment)
    (site / "planted" / "__init__.py").write_text("x = 2\n")
    assert planted(environment)["changed"] == ["planted/__init__.py"]
    (site / "planted" / "data.bin").write_text("0")
    assert planted(environment)["changed"] == ["planted/__init__.py", "planted/data.bin"]
    (site / "planted" / "data.bin").unlink()
    found = planted(environment)
    assert (found["changed"], found["missing"]) == (["planted/__init__.py"], ["planted/data.bin"])


def test_without_time_files_are_unchecked_and_counted(environment: Path) -> None:
    site = install(environment)
    (site / "planted" / "__init__.py").write_text("x = 2\n")
    answer = ask(environment / "bin" / "python", "--seconds", "0")
    assert answer["unchecked_files"] == 4
    assert answer["distributions"][0]["changed"] == []


def test_the_digest_of_a_record_is_that_of_the_wheel_whoever_installed_it() -> None:
    pip = [["a/__init__.py", "sha256=1", "1"], ["a-1.dist-info/INSTALLER", "sha256=2", "3"], ["../../bin/a", "x", "1"]]
    uv = [["a-1.dist-info/INSTALLER", "sha256=9", "2"], ["a-1.dist-info/REQUESTED", "", ""], pip[0]]
    assert probe.record_digest(pip) == probe.record_digest(uv)
    assert probe.record_digest(pip) != probe.record_digest([["a/__init__.py", "sha256=2", "1"]])


def test_an_editable_install_says_its_commit_and_what_is_not_committed(environment: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.py").write_text("1\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*GIT, *words], cwd=source, check=True)
    commit = subprocess.run([*GIT, "rev-parse", "HEAD"], cwd=source, check=True, capture_output=True, text=True)
    install(environment, direct={"url": source.as_uri(), "dir_info": {"editable": True}})
    clean = planted(environment)["source"]
    assert (clean["kind"], clean["url"]) == ("editable", source.as_uri())
    assert clean["git"] == {"commit": commit.stdout.strip(), "dirty": False}
    (source / "a.py").write_text("2\n")
    dirty = planted(environment)["source"]["git"]
    assert (dirty["dirty"], dirty["untracked"]) == (True, 0)
    assert dirty["diff_bytes"] > 0
    (source / "b.py").write_text("new\n")
    more = planted(environment)["source"]["git"]
    assert more["untracked"] == 1
    assert more["diff"] != dirty["diff"]


def test_an_editable_install_of_old_is_found_by_its_path(environment: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "planted.egg-info").mkdir(parents=True)
    (source / "planted.egg-info" / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: planted\nVersion: 2\n")
    [site] = environment.glob("lib/python3.*/site-packages")
    (site / "easy-install.pth").write_text(f"{source}\n")
    found = planted(environment)
    assert (found["source"], found["record"]) == ({"kind": "editable", "url": source.as_uri(), "git": None}, None)


def test_the_remains_of_a_distribution_are_passed_over(environment: Path) -> None:
    site = install(environment)
    (site / "~lanted-0.9.dist-info").mkdir()
    assert planted(environment)["version"] == "1.0"


def test_a_vcs_source_says_its_commit_and_no_password(environment: Path) -> None:
    vcs = {"vcs": "git", "commit_id": "c" * 40, "requested_revision": "main"}
    install(environment, direct={"url": "https://me:sesame@example.com/a.git?sig=sesame", "vcs_info": vcs})
    source = planted(environment)["source"]
    assert source == {
        "kind": "vcs", "url": "https://example.com/a.git", "commit": "c" * 40, "requested_revision": "main",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"url": 1}'])
def test_a_source_that_cannot_be_read_is_unknown_and_loses_nothing_else(environment: Path, text: str) -> None:
    site = install(environment)
    (site / "planted-1.0.dist-info" / "direct_url.json").write_text(text)
    found = planted(environment)
    assert (found["version"], found["source"]["kind"]) == ("1.0", "unknown")


@pytest.mark.parametrize("text", ["", "a", "a,b,c,d", '"', "\0,x,1", "no/such/file,md9=x,1", "../../x,sha256=1,1"])
def test_a_damaged_record_loses_nothing_else(environment: Path, text: str) -> None:
    site = install(environment)
    (site / "planted-1.0.dist-info" / "RECORD").write_text(text)
    found = planted(environment)
    assert (found["version"], found["changed"]) == ("1.0", [])


def test_a_distribution_without_a_version_has_an_empty_one(environment: Path) -> None:
    site = install(environment)
    (site / "planted-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: planted\n")
    assert planted(environment)["version"] == ""


SECRETS = {
    "HF_TOKEN": "hf_abcdefghijklmnopqrstuvwxyz",
    "HUGGING_FACE_HUB_TOKEN": "sesame-open-1",
    "WANDB_API_KEY": "0123456789abcdef0123456789abcdef01234567",
    "AWS_SECRET_ACCESS_KEY": "sesame-open-2",
    "TORCH_AUTH_HEADER": "sesame-open-3",
    "TRANSFORMERS_API_KEY": "sesame-open-4",
    "CUDA_PASSWORD": "sesame-open-5",
    "MY_DATABASE": "sesame-open-6",
    "TORCH_MIRROR": "https://me:sesame-open-7@example.com/x",
    "NCCL_COPY": "holds 0123456789abcdef0123456789abcdef01234567",
    "OMP_COPY": "ghp_abcdefghijklmnopqrst",
}


def test_secrets_never_appear(environment: Path) -> None:
    token = SECRETS["WANDB_API_KEY"]
    install(environment, direct={"url": f"https://example.com/{token}/a.whl", "archive_info": {}})
    text = json.dumps(ask(environment / "bin" / "python", **SECRETS))
    for value in (*SECRETS.values(), "sesame"):
        assert value not in text
    assert "TORCH_MIRROR" in text


WANTED = {
    "CUDA_LAUNCH_BLOCKING": "1",
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    "HF_HUB_OFFLINE": "1",
    "MKL_NUM_THREADS": "3",
    "NCCL_ALGO": "Ring",
    "OMP_NUM_THREADS": "2",
    "PYTHONHASHSEED": "7",
    "TOKENIZERS_PARALLELISM": "false",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}


def test_variables_that_may_change_the_numbers_are_there_and_no_others() -> None:
    assert ask(sys.executable, **WANTED, USER="me", EDITOR="vi")["variables"] == WANTED


def crashing(environment: Path, name: str, text: str) -> None:
    site = install(environment, name)
    (site / name / "__init__.py").write_text(text)


def test_a_library_that_crashes_while_it_is_imported_loses_only_itself(environment: Path) -> None:
    crashing(environment, "torch", "import os; print('noise'); os.abort()")
    crashing(environment, "numpy", "__version__ = '9'\nprint('noise')\nones = lambda s: s\ndot = lambda a, b: a\n")
    answer = ask(environment / "bin" / "python", "--numeric")
    assert "status -6" in answer["numeric"]["torch"]["error"]
    assert answer["numeric"]["numpy"]["version"] == "9"
    assert [one["name"] for one in answer["distributions"]] == ["numpy", "torch"]


def test_nothing_that_is_installed_is_imported_unless_it_is_asked_for(environment: Path) -> None:
    crashing(environment, "torch", "import os; os.abort()")
    assert "numeric" not in ask(environment / "bin" / "python")


def test_what_torch_was_built_for_is_read_without_importing_it(environment: Path) -> None:
    crashing(environment, "torch", "import os; os.abort()")
    [site] = environment.glob("lib/python3.*/site-packages")
    (site / "torch" / "version.py").write_text("cuda: Optional[str] = '12.4'\nhip: Optional[str] = None\n")
    assert ask(environment / "bin" / "python")["torch_build"] == {"cuda": "12.4", "hip": None, "git_version": None}


NVIDIA_SMI = """#!/bin/sh
case "$1" in
--query-gpu*) printf 'NVIDIA H200, 570.86.15, 143771 MiB\\nNVIDIA H200, 570.86.15, 143771 MiB\\n' ;;
-q) printf 'Driver Version     : 570.86.15\\nCUDA Version       : 12.8\\n' ;;
*) exit 1 ;;
esac
"""


def test_gpus_and_their_driver_are_what_nvidia_smi_says(tmp_path: Path) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    assert ask(sys.executable, PATH=f"{tmp_path}:{os.environ['PATH']}")["gpu"] == {
        "models": ["NVIDIA H200", "NVIDIA H200"], "memory": ["143771 MiB", "143771 MiB"],
        "driver": "570.86.15", "driver_cuda": "12.8",
    }  # fmt: skip
    program.write_text("#!/bin/sh\nexit 9\n")
    assert ask(sys.executable, PATH=f"{tmp_path}:{os.environ['PATH']}")["gpu"] is None
