"""What a snapshot asked for (envs/NAME.toml) → what it gets (a lock), resolved at its cut-off date."""

from __future__ import annotations

import re
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from packaging.utils import canonicalize_name
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mbisect.environments.resolve import PLATFORM_ONLY
from mbisect.environments.uv import Uv
from mbisect.errors import CommandError, ConfigError
from mbisect.terms import Interpreter, Pin

PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


class AskedFor(BaseModel):
    """One envs/NAME.toml. Field names are uv's terms."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    python: str
    """Version or path."""
    requirements: Annotated[tuple[str, ...], Field(min_length=1)]
    """PEP 508 requirements, as the project asked for them."""
    exclude_newer: Annotated[str | None, Field(alias="exclude-newer")] = None
    """Nothing uploaded after this date (that day included) or RFC 3339 time is used."""
    exclude_newer_exempt: Annotated[tuple[str, ...], Field(alias="exclude-newer-exempt")] = ()
    """Packages that the cut-off does not apply to."""


def read_asked_for(path: Path, called: Path | None = None) -> AskedFor:
    """Read and check one file, which messages call `called`. Raises ConfigError."""
    called = called or path
    try:
        return AskedFor.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{called} does not exist; write down there what the snapshot asks for") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{called}: not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{called}: {'.'.join(str(p) for p in first['loc'])}: {first['msg']}") from error


def resolve_asked_for(
    asked: AskedFor, uv: Uv, find_interpreter: Callable[[str], Interpreter], *, refresh: bool = True
) -> tuple[Interpreter, tuple[Pin, ...]]:
    """Resolve to exact pins with hashes. Raises ConfigError when no solution exists.

    A release with a local version ("2.13.0+cpu") is pinned without it and without hashes, and packages that only the
    platform's build brings along are left out: both differ from machine to machine. Without `refresh` the index is not
    asked for what uv was told within the last day.
    """
    interpreter = find_interpreter(asked.python)
    with tempfile.TemporaryDirectory(prefix="mbisect-") as folder:
        wanted, out = Path(folder, "asked.in"), Path(folder, "out.txt")
        wanted.write_text("\n".join(asked.requirements) + "\n")
        argv = [
            "pip",
            "compile",
            "--quiet",
            "--no-header",
            "--no-annotate",
            "--generate-hashes",
            "--no-build",
        ]
        argv += ["--refresh"] if refresh else []
        argv += ["--python", interpreter.path, "--output-file", str(out), str(wanted)]
        if asked.exclude_newer is not None:
            argv += ["--exclude-newer", asked.exclude_newer]
            argv += [f"--exclude-newer-package={name}=false" for name in asked.exclude_newer_exempt]
        done = uv.run(argv, check=False)
        if done.status == 1:
            raise ConfigError(f"these requirements have no solution: {' '.join(done.stderr.split())[:600]}")
        if done.status != 0:
            raise CommandError(done.describe())
        return interpreter, tuple(_pins(out.read_text()))


def _pins(text: str) -> list[Pin]:
    pins = []
    for block in re.split(r"\n(?=\S)", text):
        match = PINNED.match(block)
        if match is None or PLATFORM_ONLY.match(canonicalize_name(match["name"])):
            continue
        version, _, local = match["version"].partition("+")
        hashes = () if local else tuple(sorted(HASH.findall(block)))
        pins.append(Pin(canonicalize_name(match["name"]), version, hashes))
    return pins
