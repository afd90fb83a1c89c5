"""A Docker image → what its Python holds: asked by the probe in a container, else read from its files. Remembers it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mbisect.environments import probe
from mbisect.environments.atomic import write_together
from mbisect.environments.engine import Engine, Image
from mbisect.environments.layers import read_layers
from mbisect.environments.observed import PROBE, Observed, read_answer
from mbisect.environments.sources import IMAGE
from mbisect.errors import CommandError, ConfigError

SCOUT = Path(__file__).with_name("scout.py")
PLACES = "/opt/conda/bin /venv/bin /opt/venv/bin /app/.venv/bin /usr/local/bin /usr/bin /bin".split()
"""Where a Python may be that is not on the image's own PATH."""
HARMLESS_LABELS = ("org.opencontainers.image.", "com.nvidia.")
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""What Docker calls an architecture → what Python calls it."""
LIMIT, NUMERIC_LIMIT = 180.0, 480.0
"""Seconds in which a container must have answered."""

Connect = Callable[[], Engine]


def observe_image(
    name: str, connect: Connect, cache: Path, *, python: str | None = None, numeric: bool = False
) -> tuple[Observed, dict[str, Any]]:
    """Ask the Python of an image; -> its answer, and the same as it was said, with `image`.

    `python` is a path in the image; else that of its entry point is asked, then those on its PATH, then those of known
    places. `cache` is a folder of answers: an image of the same id was not changed. What is this machine's and not the
    image's is left out. Raises ConfigError for an image that is not here or has no packages, and CommandError.
    """
    if not name:
        raise ConfigError(f"{IMAGE} names no image; give one such as {IMAGE}train:v4")
    engine = connect()
    image = engine.image(name)
    program = PROBE.read_text(encoding="utf-8")
    key = hashlib.sha256("\n".join([image.id, python or "", str(numeric), program]).encode()).hexdigest()[:24]
    kept = cache / f"{key}.json"
    if kept.is_file():
        said = json.loads(kept.read_text(encoding="utf-8"))
    else:
        said = _asked(engine, image, program, python, numeric)
        write_together({kept: json.dumps(said) + "\n"})
    said["image"] |= {"name": name, "digest": image.digest}  # the same image may have many names
    return read_answer(json.dumps(said), IMAGE + name)


def _asked(engine: Engine, image: Image, program: str, python: str | None, numeric: bool) -> dict[str, Any]:
    said, problem = _probed(engine, image, program, python, numeric)
    if said is None:
        if python is not None:
            raise ConfigError(f"{IMAGE}{image.name}: {python} does not answer there: {problem}")
        with engine.files(image) as chunks:
            said = read_layers(image.name, chunks, image.variables)
    said.pop("cpu", None)
    said.pop("gpu", None)
    platform = said["platform"] = {"system": image.os.capitalize(), **(said.get("platform") or {})}
    platform.pop("release", None)  # of the kernel, which is this machine's
    platform.setdefault("machine", MACHINES.get(image.architecture, image.architecture))
    said["image"] = {
        "id": image.id,
        "created": image.created,
        "architecture": image.architecture,
        "labels": {key: value[:200] for key, value in sorted(image.labels.items()) if key.startswith(HARMLESS_LABELS)},
        "not_run": problem,
        "others": said.pop("others", []),
    }
    struck: dict[str, Any] = probe.strike(_without_logins(said), probe.secrets_in(image.variables))
    return struck


def _probed(
    engine: Engine, image: Image, program: str, python: str | None, numeric: bool
) -> tuple[dict[str, Any] | None, str]:
    """The answer of the image's Python, and why there is none."""
    options = ["--seconds=60", *(["--numeric"] if numeric else [])]
    first = image.entrypoint[0] if image.entrypoint else ""
    own = [first.rpartition("/")[0]] if first.startswith("/") and "python" in first.rpartition("/")[2] else []
    places = list(dict.fromkeys([*own, *filter(None, image.variables.get("PATH", "").split(":")), *PLACES]))
    path = ":".join(places)
    problem = ""
    for program_name in [python] if python is not None else ["python3", "python"]:
        argv = [program_name, "-c", SCOUT.read_text(encoding="utf-8"), program, "" if python else path, *options]
        ran = engine.run(image, argv, path=path, limit=NUMERIC_LIMIT if numeric else LIMIT)
        said = ran.stderr.strip().splitlines()[-1:]
        problem = ran.problem or "".join(said) or "it gave no answer"
        try:
            return read_answer(ran.stdout, IMAGE + image.name)[1], ""
        except CommandError:
            continue
    return None, problem


def _without_logins(value: Any) -> Any:
    """Labels are free text, and some name an address with its password."""
    labels = value["image"]["labels"]
    return {**value, "image": {**value["image"], "labels": {k: probe.LOGIN.sub("", v) for k, v in labels.items()}}}
