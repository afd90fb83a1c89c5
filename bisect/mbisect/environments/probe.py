"""Describes the environment whose Python runs it, as one line of JSON on stdout: `python probe.py`.

One file, standard library only, Python 3.8 to 3.14, and nothing of mbisect: it is copied into whatever is described. It
changes nothing there, and imports nothing that is installed there unless it is asked to (`--numeric`), and then in a
process of its own, for such an import is slow and may crash. What cannot be found out is absent, or says `error`; one
thing that fails loses no other. Secrets never appear: variables come from an allow-list, and what a variable with a
name like HF_TOKEN holds is struck out wherever else it turns up.
"""

from __future__ import annotations

import argparse
import base64
import csv
import functools
import hashlib
import importlib
import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Callable, Iterator

SCHEMA = "mbisect.probe/1"

ALLOWED = frozenset(
    "ATEN_CPU_CAPABILITY HF_DATASETS_OFFLINE HF_HUB_OFFLINE LANG LC_ALL LD_LIBRARY_PATH LD_PRELOAD "
    "NVIDIA_TF32_OVERRIDE NVIDIA_VISIBLE_DEVICES PYTHONHASHSEED PYTHONNOUSERSITE PYTHONOPTIMIZE PYTHONPATH PYTHONUTF8 "
    "RAYON_NUM_THREADS TOKENIZERS_PARALLELISM TZ".split()
)
ALLOWED_PREFIXES = tuple(
    "ACCELERATE_ BITSANDBYTES_ BLIS_ CUBLAS_ CUDA_ CUDNN_ DNNL_ GOMP_ HIP_ KMP_ MKL_ NCCL_ NUMEXPR_ OMP_ ONEDNN_ "
    "OPENBLAS_ PYTORCH_ ROCM_ TORCH_ TRANSFORMERS_ TRITON_ UNSLOTH_ VECLIB_ XLA_".split()
)
SECRET_NAME = re.compile(r"TOKEN(?!IZERS_PARALLELISM$)|KEY|SECRET|PASS|AUTH|CRED|COOKIE|WEBHOOK|DSN", re.IGNORECASE)
SECRET_VALUE = re.compile(r"\b(?:hf_|gh[opsu]_|github_pat_|glpat-|sk-|pypi-|xox[abp]-|AKIA)[A-Za-z0-9_-]{10,}")
LOGIN = re.compile(r"(?<=://)[^/@\s]+@")
"""User and password in an address."""

UNSTABLE = ("INSTALLER", "REQUESTED", "RECORD", "RECORD.jws", "RECORD.p7s", "direct_url.json", "uv_cache.json")
"""What the installer writes beside a release's own metadata: it differs though the release is the same."""
GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotepath=false")
UNREADABLE = "what an unreadable direct_url.json says"
MOST_UNTRACKED = 2000
"""Files that are new to git are read up to this many."""
LARGE = 1000000
"""Bytes."""
NUMERIC = ("numpy", "torch")
Found = Callable[[], Any]


def describe(numeric: bool, seconds: float) -> dict[str, Any]:
    """Everything, as plain JSON. `seconds` bounds the time in which installed files are read again."""
    deadline = time.monotonic() + seconds
    installed = list(_installed())
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "interpreter": _or_error(interpreter),
        "platform": _or_error(system),
        "cpu": _or_error(cpu),
        "gpu": _or_error(gpu),
        "variables": variables(os.environ),
        "distributions": [_or_error(functools.partial(distribution, found)) for found in installed],
        "unchecked_files": 0,
        "torch_build": _or_error(lambda: torch_build(installed)),
    }
    by_name = {entry["name"]: entry for entry in answer["distributions"] if "name" in entry}
    answer["unchecked_files"] = _or_error(lambda: check_files(installed, by_name, deadline))
    answer["distributions"].sort(key=lambda entry: entry.get("name", ""))
    if numeric:
        answer["numeric"] = {name: in_child(name) for name in NUMERIC if name in by_name}
    struck: dict[str, Any] = strike(answer, secrets_in(os.environ))
    return struck


def _or_error(find: Found) -> Any:
    try:
        return find()
    except Exception as error:
        return {"error": "%s: %s" % (type(error).__name__, error)}


# Distributions


def _installed() -> Iterator[importlib.metadata.Distribution]:
    """Every distribution that an import would find, the first one where a name is there twice."""
    seen = set()
    for found in importlib.metadata.distributions():
        try:
            name = found.metadata["Name"]
        except Exception:  # the remains of one, without metadata
            continue
        if name and normalised(name) not in seen:
            seen.add(normalised(name))
            yield found


def normalised(name: str) -> str:
    """A distribution's name by PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def distribution(found: importlib.metadata.Distribution) -> dict[str, Any]:
    """One distribution, its files on disk not yet checked."""
    rows = _record(found)
    entry: dict[str, Any] = {
        "name": normalised(found.metadata["Name"]),
        "version": str(found.version or ""),
        "requires": list(found.requires or ()),
        "installer": (found.read_text("INSTALLER") or "").strip() or None,
        "requested": found.read_text("REQUESTED") is not None,
        "record": record_digest(rows) if rows is not None else None,
        "files": len(rows) if rows is not None else None,
        "changed": [],
        "missing": [],
    }
    source = _or_error(lambda: _source(found))
    if source is not None:
        entry["source"] = source if "error" not in source else {"kind": "unknown", "url": UNREADABLE, **source}
    return entry


def _record(found: importlib.metadata.Distribution) -> list[list[str]] | None:
    text = found.read_text("RECORD")
    return rows_of(text) if text is not None else None


def rows_of(record: str) -> list[list[str]] | None:
    """The rows of a RECORD but those of compiled modules; None where it cannot be read."""
    try:
        return [row for row in csv.reader(record.splitlines()) if row and row[0] and not row[0].endswith(".pyc")]
    except csv.Error:
        return None


def record_digest(rows: list[list[str]]) -> str:
    """A digest of a release's files that is the same wherever and by whatever the same wheel was installed."""
    kept = []
    for row in rows:
        path = row[0].replace("\\", "/")
        outside = path.startswith(("../", "/"))  # programs, whose first line names the interpreter
        own = path.count("/") == 1 and path.split("/")[0].endswith(".dist-info") and path.split("/")[1] in UNSTABLE
        if not outside and not own:
            kept.append("%s,%s" % (path, row[1] if len(row) > 1 else ""))
    return "sha256:" + hashlib.sha256("\n".join(sorted(kept)).encode("utf-8")).hexdigest()


def _source(found: importlib.metadata.Distribution) -> dict[str, Any] | None:
    """Where a distribution came from when that was no index: PEP 610, or an old editable install without it."""
    text = found.read_text("direct_url.json")
    folder = Path(str(found.locate_file("")))
    if text is None:
        egg = str(getattr(found, "_path", "")).endswith(".egg-info")
        if not egg or folder.name in ("site-packages", "dist-packages") or folder.suffix == ".egg":
            return None
        return {"url": folder.as_uri(), "kind": "editable", "git": _or_error(lambda: git_state(folder))}
    source = origin(text)
    if source["kind"] in ("editable", "folder"):
        path = Path(urllib.request.url2pathname(urllib.parse.urlparse(json.loads(text)["url"]).path))
        source["git"] = _or_error(lambda: git_state(path))
    return source


def origin(direct_url: str) -> dict[str, Any]:
    """What a direct_url.json says (PEP 610); no password that its address holds."""
    said = json.loads(direct_url)
    source: dict[str, Any] = {"url": LOGIN.sub("", said["url"]).partition("?")[0], "kind": "archive"}
    if said.get("subdirectory"):
        source["subdirectory"] = said["subdirectory"]
    if "vcs_info" in said:
        source["kind"] = "vcs"
        source["commit"] = said["vcs_info"].get("commit_id")
        source["requested_revision"] = said["vcs_info"].get("requested_revision")
    elif "dir_info" in said:
        source["kind"] = "editable" if said["dir_info"].get("editable") else "folder"
    else:
        archive = said.get("archive_info", {})
        hashes = archive.get("hashes") or dict([archive["hash"].split("=", 1)] if archive.get("hash") else [])
        source["hashes"] = ["%s:%s" % pair for pair in sorted(hashes.items())]
    return source


def git_state(folder: Path) -> dict[str, Any] | None:
    """Commit of a working tree, and what of this folder is not in it; None where there is no git or no repository."""
    if shutil.which("git") is None or _git(folder, "rev-parse", "--git-dir") is None:
        return None
    head = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    state: dict[str, Any] = {"commit": head.decode().strip() if head else None, "dirty": False}
    against = [state["commit"]] if state["commit"] else ["--cached"]
    diff = _git(folder, "diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", *against, "--", ".") or b""
    listed = _git(folder, "ls-files", "-z", "--others", "--exclude-standard", "--", ".") or b""
    untracked = sorted(name for name in listed.split(b"\0") if name)
    if diff or untracked:
        digest = hashlib.sha256(diff)
        for name in untracked[:MOST_UNTRACKED]:
            path = folder / os.fsdecode(name)
            digest.update(b"\0" + name + b"\0" + _content(path))
        more = {"diff": "sha256:" + digest.hexdigest(), "diff_bytes": len(diff), "untracked": len(untracked)}
        state.update(dirty=True, **more)
    return state


def _content(path: Path) -> bytes:
    """What tells a file from another: the hash of a small one, the size of a large one, which is data."""
    if not path.is_file():
        return b""
    size = path.stat().st_size
    return _hash("sha256", path) if size <= LARGE else str(size).encode("ascii")


def _git(folder: Path, *argv: str) -> bytes | None:
    """What git says; None when it fails. It takes no locks, asks for no password and runs no program of the user's."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    env.update(GIT_OPTIONAL_LOCKS="0", GIT_TERMINAL_PROMPT="0")
    done = subprocess.run(
        [*GIT, "-C", str(folder), *argv], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else None


def check_files(
    installed: list[importlib.metadata.Distribution], entries: dict[str, dict[str, Any]], deadline: float
) -> int:
    """Compare what is on disk with the RECORDs; -> how many files there was no time for.

    Small files first: what people patch is source, and the shared libraries take nearly all of the time.
    """
    waiting = []
    for found in installed:
        entry = entries.get(normalised(found.metadata["Name"]))
        for row in _record(found) or ():
            if entry is None or len(row) < 3 or not row[1] or row[0].startswith(("../", "/")):
                continue
            path = Path(str(found.locate_file(row[0])))
            try:
                size = path.stat().st_size
            except OSError:
                entry["missing"].append(row[0])
                continue
            if row[2].isdigit() and int(row[2]) != size:
                entry["changed"].append(row[0])
            else:
                waiting.append((size, row[0], path, row[1], entry))
    waiting.sort(key=lambda one: one[:2])
    checked = 0
    for _, name, path, wanted, entry in waiting:
        if time.monotonic() > deadline:
            break
        checked += 1
        algorithm, _, value = wanted.partition("=")
        if algorithm in hashlib.algorithms_available:
            actual = base64.urlsafe_b64encode(_hash(algorithm, path)).decode("ascii").rstrip("=")
            if actual != value.rstrip("="):
                entry["changed"].append(name)
    for entry in entries.values():
        entry["changed"].sort()
        entry["missing"].sort()
    return len(waiting) - checked


def _hash(algorithm: str, path: Path) -> bytes:
    digest = hashlib.new(algorithm)
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.digest()


# Interpreter and machine


def interpreter() -> dict[str, Any]:
    """The Python that runs this, and how it was built."""
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "build": " ".join(platform.python_build()),
        "compiler": platform.python_compiler(),
        "abi": sysconfig.get_config_var("SOABI"),
        "debug": hasattr(sys, "gettotalrefcount"),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "bits": sys.maxsize.bit_length() + 1,
        "executable": sys.executable,
        "base_executable": getattr(sys, "_base_executable", None) or sys.executable,
        "prefix": sys.prefix,
        "virtual": sys.prefix != sys.base_prefix,
        "optimize": sys.flags.optimize,
    }


def system() -> dict[str, Any]:
    """Operating system and C library."""
    name, version = platform.libc_ver()
    if "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", {}):
        said = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        name, version = said if len(said) == 2 else (name, version)
    if not name and list(Path("/lib").glob("ld-musl-*")):
        name = "musl"
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "distribution": _os_release(),
        "libc": ("%s %s" % (name, version)).strip() or None,
    }


def _os_release() -> str | None:
    for path in (Path("/etc/os-release"), Path("/usr/lib/os-release")):
        if path.is_file():
            match = re.search(r'^PRETTY_NAME="?([^"\n]*)', path.read_text("utf-8", "replace"), re.MULTILINE)
            return match.group(1) if match else None
    return None


def cpu() -> dict[str, Any]:
    """Model and flags: which instructions a numeric library may choose decides the last bits of what it computes."""
    found: dict[str, Any] = {"model": platform.processor() or None, "flags": [], "count": os.cpu_count()}
    if hasattr(os, "sched_getaffinity"):
        found["usable"] = len(os.sched_getaffinity(0))
    path = Path("/proc/cpuinfo")
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    model = re.search(r"^(?:model name|Model|cpu model)\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    if model:
        found["model"] = model.group(1).strip()
    if flags:
        found["flags"] = sorted(set(flags.group(1).split()))
    return found


def gpu() -> dict[str, Any] | None:
    """GPUs, driver and the newest CUDA that the driver supports, as nvidia-smi says; None where there is none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    done = _ask(program, "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
    rows = [[part.strip() for part in line.split(",")] for line in done.splitlines() if line.count(",") == 2]
    if not rows:
        return None
    cuda = re.search(r"CUDA Version\s*:\s*([\d.]+)", _ask(program, "-q", "-d", "MEMORY") or "") or re.search(
        r"CUDA Version\s*:\s*([\d.]+)", _ask(program)
    )
    return {
        "models": [row[0] for row in rows],
        "memory": [row[2] for row in rows],
        "driver": rows[0][1],
        "driver_cuda": cuda.group(1) if cuda else None,
    }


def _ask(*argv: str) -> str:
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20
    )  # fmt: skip
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def torch_build(installed: list[importlib.metadata.Distribution]) -> dict[str, Any] | None:
    """What torch was built for, read out of its version.py without importing it; None without torch."""
    for found in installed:
        path = Path(str(found.locate_file("torch/version.py")))
        if normalised(found.metadata["Name"]) == "torch" and path.is_file():
            pattern = r"^(\w+)(?:\s*:[^=\n]+)?\s*=\s*'([^']*)'"
            said = dict(re.findall(pattern, path.read_text("utf-8", "replace"), re.MULTILINE))
            return {key: said.get(key) for key in ("cuda", "hip", "git_version")}
    return None


# Variables


def variables(environ: Any) -> dict[str, str]:
    """The variables that may change what a workload computes, by an allow-list, without anything like a secret."""
    secrets = secrets_in(environ)
    found = {}
    for name, value in sorted(environ.items()):
        if not (name in ALLOWED or name.startswith(ALLOWED_PREFIXES)) or SECRET_NAME.search(name):
            continue
        if not SECRET_VALUE.search(value) and not any(secret in value for secret in secrets):
            found[name] = LOGIN.sub("", value)
    return found


def secrets_in(environ: Any) -> list[str]:
    """What variables with telling names hold: the longest first, paths and what is too short to tell left out."""
    values = {value for name, value in environ.items() if SECRET_NAME.search(name)}
    return sorted((value for value in values if len(value) >= 8 and not value.startswith("/")), key=len, reverse=True)


def strike(value: Any, secrets: list[str]) -> Any:
    """The same without secrets, wherever they stand in it."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, "***")
        return SECRET_VALUE.sub("***", value)
    if isinstance(value, list):
        return [strike(one, secrets) for one in value]
    if isinstance(value, dict):
        return {strike(key, secrets): strike(one, secrets) for key, one in value.items()}
    return value


# What numeric libraries say, each in a process of its own


def in_child(name: str) -> Any:
    """Import a library in a new process and ask it; a crash, or more than two minutes, is an `error`."""
    try:
        done = subprocess.run(
            [sys.executable, os.path.abspath(__file__), "--ask", name], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": "importing it took more than two minutes"}
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        return {"error": "importing it ended with status %d%s" % (done.returncode, "".join(": " + s for s in said))}
    return json.loads(done.stdout.decode("utf-8").splitlines()[-1])


def ask_numpy() -> dict[str, Any]:
    """numpy's version and the BLAS that it loaded."""
    numpy: Any = importlib.import_module("numpy")
    numpy.dot(numpy.ones((2, 2)), numpy.ones((2, 2)))
    return {"version": numpy.__version__, "blas": _threadpools(), "libraries": _loaded_libraries()}


def ask_torch() -> dict[str, Any]:
    """torch's version, and each switch that changes numbers, as it stands after the import."""
    torch: Any = importlib.import_module("torch")
    wanted: dict[str, Found] = {
        "version": lambda: str(torch.__version__),
        "cuda": lambda: torch.version.cuda,
        "cudnn": lambda: torch.backends.cudnn.version(),
        "cudnn_benchmark": lambda: torch.backends.cudnn.benchmark,
        "cudnn_deterministic": lambda: torch.backends.cudnn.deterministic,
        "cudnn_allow_tf32": lambda: torch.backends.cudnn.allow_tf32,
        "matmul_allow_tf32": lambda: torch.backends.cuda.matmul.allow_tf32,
        "float32_matmul_precision": torch.get_float32_matmul_precision,
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled,
        "default_dtype": lambda: str(torch.get_default_dtype()),
        "threads": torch.get_num_threads,
        "interop_threads": torch.get_num_interop_threads,
        "cpu_capability": lambda: torch.backends.cpu.get_cpu_capability(),
        "mkl": lambda: torch.backends.mkl.is_available(),
        "blas": lambda: (re.findall(r"BLAS_INFO=(\w+)", torch.__config__.show()) or [None])[0],
        "devices": lambda: [torch.cuda.get_device_name(n) for n in range(torch.cuda.device_count())],
        "threadpools": _threadpools,
        "libraries": _loaded_libraries,
    }
    return {key: _or_error(find) for key, find in wanted.items()}


def _threadpools() -> Any:
    """BLAS and OpenMP libraries in this process, where threadpoolctl is installed."""
    try:
        threadpool_info: Found = importlib.import_module("threadpoolctl").threadpool_info
    except ImportError:
        return None
    keys = ("user_api", "internal_api", "version", "num_threads", "threading_layer", "architecture")
    return [{key: pool[key] for key in keys if key in pool} for pool in threadpool_info()]


def _loaded_libraries() -> list[str]:
    """File names of the BLAS, OpenMP, CUDA and cuDNN libraries that are mapped into this process."""
    path = Path("/proc/self/maps")
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    names = {line.rpartition("/")[2] for line in text.splitlines() if "/" in line}
    pattern = re.compile(r"blas|mkl|blis|lapack|[ig]?omp[.\d-]|cudart|cudnn|accelerate", re.IGNORECASE)
    return sorted(name for name in names if pattern.search(name) and ".so" in name)


def main() -> None:
    """Print the answer."""
    parser = argparse.ArgumentParser(description="Describe this environment as JSON.")
    parser.add_argument("--numeric", action="store_true", help="import numpy and torch too, and ask them")
    parser.add_argument("--seconds", type=float, default=60.0, help="most time for reading installed files again")
    parser.add_argument("--ask", choices=NUMERIC, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    real = os.dup(1)
    os.dup2(2, 1)  # what an import prints is no part of the answer
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]  # our neighbours' names
    answer = {"numpy": ask_numpy, "torch": ask_torch}[asked.ask]() if asked.ask else describe(**_options(asked))
    with os.fdopen(real, "w") as out:
        out.write(json.dumps(answer, sort_keys=True) + "\n")


def _options(asked: argparse.Namespace) -> dict[str, Any]:
    return {"numeric": asked.numeric, "seconds": asked.seconds}


if __name__ == "__main__":
    main()
