"""What a probe observed → what a snapshot is made of: what it asks for, its lock, its entry. Pure but for the index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packaging.version import InvalidVersion, Version

from mbisect.environments.lockfile import marker_environment
from mbisect.environments.observed import Installed, Observed
from mbisect.environments.toplevel import top_level
from mbisect.terms import Interpreter, Pin

SHOWN = 3
"""Files that a warning names."""
MACHINE = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "NCCL_SOCKET_IFNAME", "LANG", "LC_ALL", "TZ", "PYTHONPATH")
"""Variables that belong to the machine and not to the experiment: observed, and never set for a workload."""

Hashes = Callable[[str, str], tuple[str, ...] | None]
"""Name, version → the hashes of a release's files; None where no index has it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A distribution that no lock can hold, since it is on no index."""

    name: str
    version: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Capture:
    """What of an environment can be written down as a lock, and what must be said about it."""

    pins: tuple[Pin, ...]
    asked_for: tuple[str, ...]
    """Requirements of the top-level distributions, with the versions that are installed."""
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...]


def capture(observed: Observed, interpreter: Interpreter, hashes: Hashes) -> Capture:
    """Exact pins of everything that the index has.

    A local version ("2.13.0+cpu") is pinned without it and without hashes: it differs from machine to machine. What was
    installed from elsewhere is left out, whatever the index has under that name: it may be somebody else's.
    """
    pins, left_out = [], []
    for one in observed.distributions:
        found = _pin(one, hashes)
        if isinstance(found, Pin):
            pins.append(found)
        else:
            left_out.append(found)
    versions = {pin.name: pin.version for pin in pins}
    tops = top_level([one for one in observed.distributions if one.name in versions], marker_environment(interpreter))
    asked = tuple(f"{name}=={versions[name]}" for name in tops)
    return Capture(tuple(pins), asked, tuple(left_out), tuple(_warnings(observed, left_out)))


def _pin(one: Installed, hashes: Hashes) -> Pin | LeftOut:
    source = one.source
    if source is not None and source.kind != "archive":
        return LeftOut(one.name, one.version, _described(one))
    try:
        version = str(Version(one.version))
    except InvalidVersion:
        return LeftOut(one.name, one.version, "its version is none by PEP 440")
    public, _, local = version.partition("+")
    known = hashes(one.name, public)
    if known is None:
        return LeftOut(one.name, one.version, _described(one) if source else "not on the package index")
    if source is not None and not local and not set(source.hashes) & set(known):
        return LeftOut(one.name, one.version, f"{_described(one)}, which is no file of the package index")
    return Pin(one.name, public, () if local else known)


def _described(one: Installed) -> str:
    source = one.source
    assert source is not None, "only what came from elsewhere is described so"
    git = source.git or {}
    commit = source.commit or git.get("commit")
    words = {"editable": "editable install of", "vcs": "installed from", "folder": "installed from the folder"}
    text = f"{words.get(source.kind, 'installed from')} {source.url}"
    text += f" at {commit[:12]}" if commit else ""
    return text + (" with uncommitted changes" if git.get("dirty") else "")


def _warnings(observed: Observed, left_out: Iterable[LeftOut]) -> Iterable[str]:
    yield from _image_doubts(observed.image or {})
    for what in left_out:
        yield f"{what.name} {what.version} is left out of the lock: {what.reason}"
    for one in observed.distributions:
        for files, how in ((one.changed, "changed since it was installed"), (one.missing, "missing")):
            if files:
                more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
                shown = ", ".join(files[:SHOWN])
                yield f"{one.name} {one.version}: {how}: {shown}{more}; what is built from the lock has the originals"
    for error in observed.unread:
        yield f"a distribution could not be read: {error}"
    if observed.unchecked_files:
        yield f"{observed.unchecked_files} installed files were not checked against what was installed"
    if "PYTHONPATH" in observed.variables:
        yield "PYTHONPATH is set: modules that it leads to are not in the lock"
    for name, said in (observed.numeric or {}).items():
        if "error" in said:
            yield f"{name} could not be asked: {said['error']}"


def _image_doubts(image: Mapping[str, Any]) -> Iterable[str]:
    if image.get("not_run"):
        yield (
            f"no Python of {image['name']} could be run ({image['not_run']}): its files were read instead, "
            "and none of them was checked against what was installed"
        )
    if image.get("others"):
        more = "its packages are not in the lock" if image["not_run"] else "--python names another"
        yield f"{image['name']} also has {', '.join(image['others'][:SHOWN])}: {more}"


def settable(variables: Mapping[str, str]) -> dict[str, str]:
    """The observed variables that a workload should be given again: not those that name places on this machine."""
    return {name: value for name, value in variables.items() if name not in MACHINE and "/" not in value}


def render_asked_for(captured: Capture, *, name: str, python: str, newest: datetime | None) -> str:
    """envs/NAME.toml. Its cut-off is the day of the newest release: resolving it again gives nothing younger."""
    lines = [f"# Captured by `mbisect snapshot {name}`: what nothing else requires. `mbisect lock {name}` resolves it."]
    lines += [f"# Not on the package index, so not here: {what}" for what in captured.left_out]
    lines += [f"python = {json.dumps(python)}", "requirements = ["]
    lines += [f"    {json.dumps(text)}," for text in captured.asked_for]
    lines += ["]"]
    lines += [f'exclude-newer = "{newest.date().isoformat()}"'] if newest is not None else []
    return "\n".join(lines) + "\n"


def lock_header(captured: Capture, *, name: str, python: str) -> str:
    """The comment at the head of the lock."""
    lines = [f"Written by `mbisect snapshot {name}` from Python {python}; do not edit."]
    return "\n".join([*lines, *(f"Left out: {what}" for what in captured.left_out)])


def facts(
    said: Mapping[str, Any], captured: Capture, *, name: str, at: datetime, more: Mapping[str, Any]
) -> dict[str, Any]:
    """envs/NAME.json: everything that was observed, also what no lock can hold."""
    return {
        "schema": "mbisect.observed/1",
        "name": name,
        "captured": at.isoformat(timespec="seconds"),
        **more,
        "left_out": {what.name: what.reason for what in captured.left_out},
        "warnings": list(captured.warnings),
        "environment": dict(said),
    }
