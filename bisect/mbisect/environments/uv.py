"""How uv is called: which program, which cache, which indexes. Knows nothing of locks."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mbisect import shell
from mbisect.environments.indexes import default_endpoint, uv_environment
from mbisect.errors import CommandError, NetworkError

INDEX = """[[index]]
{name}url = {url}
default = {default}
cache-control = {{ api = "max-age=86400", files = "max-age=31536000, immutable" }}
"""
"""Files of an index never change; its listings are asked for again after a day, or where a release is missed.

Without this, uv asks the index again for each of fifty packages in each resolution: 0.5 to 4 s instead of 0.05 s.
"""
INDEX_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
NETWORK = ("error sending request", "Failed to fetch", "dns error", "operation timed out", "Connection refused")
FULL = ("No space left on device", "Disk quota exceeded")
DROPPED = (*INDEX_VARIABLES, "UV_CONFIG_FILE", "UV_NO_CONFIG", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")


class Uv:
    """uv with a cache and a configuration of our own, and no downloads of interpreters.

    The cache is our own since uv keeps wheels that it built: whether an old release builds must not depend on what
    somebody else built before.
    """

    def __init__(self, cache: Path, environ: Mapping[str, str] | None = None) -> None:
        environ = {**(os.environ if environ is None else environ)}
        environ |= uv_environment(environ)
        self._env = {
            **{name: value for name, value in environ.items() if name not in DROPPED},
            "UV_CACHE_DIR": str(cache),
            "UV_CONFIG_FILE": str(_configure(cache, environ)),
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_NO_PROGRESS": "1",
        }
        self._program = find_uv()

    def run(self, argv: Sequence[str], *, check: bool = True) -> shell.Completed:
        """Run uv to its end. Raises CommandError as shell.run does."""
        return shell.run([self._program, *argv], env=self._env, check=check)


def is_network(stderr: str) -> bool:
    """uv failed for want of a network: no verdict may be drawn from it."""
    return any(sign in stderr for sign in NETWORK)


def check_machine(done: shell.Completed) -> None:
    """Of a call of uv that failed: raises NetworkError for want of a network and CommandError for want of disk space.

    Neither says anything of the packages.
    """
    if is_network(done.stderr):
        raise NetworkError(f"the package index could not be reached: {done.describe()}")
    if any(sign in done.stderr for sign in FULL):
        raise CommandError(f"the disk is full; `mbisect cache --prune` makes room: {done.describe()}")


def find_uv() -> str:
    """The uv that was installed with mbisect, else the one on PATH."""
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else "uv"


def _configure(cache: Path, environ: Mapping[str, str]) -> Path:
    """Write the indexes in use into a configuration for uv, for the user alone: addresses may hold passwords.

    Named by what it holds: another process that uses other indexes has another one.
    """
    default = environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL") or default_endpoint()
    extra = (environ.get("UV_INDEX") or environ.get("UV_EXTRA_INDEX_URL") or "").split()
    text = "".join(_index(address, index == len(extra)) for index, address in enumerate([*extra, default]))
    path = cache.with_name(f"uv-{hashlib.sha256(text.encode()).hexdigest()[:12]}.toml")
    if not path.exists():
        cache.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    return path


def _index(address: str, default: bool) -> str:
    name, separator, url = address.partition("=")
    if not separator or "/" in name:
        name, url = "", address
    return INDEX.format(
        name=f"name = {json.dumps(name)}\n" if name else "", url=json.dumps(url), default=json.dumps(default)
    )
