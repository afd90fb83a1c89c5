"""The folder of a Weights & Biases run: every distribution, the interpreter, when it started. Knows no other tracker.

A run that was offline has only its requirements.txt, its logs and a binary file, run-ID.wandb, until it is synced: of
that one, which holds what config.yaml and wandb-metadata.json would say, only wandb's own record of versions is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mbisect.environments.recover.checked import dated, interpreter, released, table, within
from mbisect.environments.recover.evidence import PYTHON, Evidence, Strength
from mbisect.environments.recover.lines import MOST, SIZE, lines_in
from mbisect.environments.sources import Source, parse, read_text
from mbisect.errors import ConfigError

TITLE = "W&B run"
RECORDED = Strength.RECORDED
RUN = re.compile(r"(?:offline-)?run-(?P<day>\d{8})_(?P<time>\d{6})-[\w.-]+")
REQUIREMENTS, CONFIG, METADATA, SUMMARY = "requirements.txt", "config.yaml", "wandb-metadata.json", "wandb-summary.json"
BINARY = re.compile(r"run-[\w.-]+\.wandb")
VERSIONS = re.compile(rb"\x22(?P<size>.)(?P<python>3\.\d{1,2}\.\d{1,2})(?=\x2a)", re.DOTALL)
"""Field 4 of a TelemetryRecord with 5 behind it, in protobuf's encoding: a tag, the length, the text."""
NAMES = (REQUIREMENTS, METADATA, CONFIG, SUMMARY)
TELEMETRY = {"5": "wandb", "6": "transformers"}
"""Fields of wandb's TelemetryRecord that hold a version; 4 is Python's."""
IMPORTS = {1: "torch", 5: "scikit-learn", 9: "pytorch-lightning", 11: "transformers", 12: "jax", 41: "torchvision",
           49: "huggingface-hub", 51: "datasets", 71: "accelerate", 75: "sentence-transformers", 84: "trl", 98: "peft",
           99: "optimum", 100: "evaluate", 106: "lightning"}  # fmt: skip
"""Fields of wandb's telemetry message Imports, listed in field 2 of the record: what the run had imported."""


def recognises(path: Path) -> bool:
    """By its name; a requirements.txt only in a run's folder."""
    if BINARY.fullmatch(path.name):
        return True
    if path.name == REQUIREMENTS:
        return path.parent.name == "files" and (_run(path) is not None or path.with_name(METADATA).exists())
    return path.name in NAMES


def read(path: Path, name: str) -> Iterator[Evidence]:
    """What the environment wrote down itself."""
    if BINARY.fullmatch(path.name):
        yield from _binary(path, name)
        return
    text = read_text(path, "W&B")
    if path.name == REQUIREMENTS:
        yield from islice(_requirements(text, name), MOST)
    elif path.name != CONFIG or "_wandb" in text:  # any project may have a config.yaml
        document = parse(path, text, "W&B", "yaml" if path.name == CONFIG else "json")
        yield from {CONFIG: _config, METADATA: _metadata, SUMMARY: _summary}[path.name](document, name)
    run = _run(path)
    if run is not None and path.name == next((one for one in NAMES if path.with_name(one).exists()), None):
        yield from dated(name, "the folder's name", run[0], f"{run['day']}T{run['time']}", RECORDED)


def _run(path: Path) -> re.Match[str] | None:
    return RUN.fullmatch(path.parent.parent.name) if path.parent.name == "files" else None


def _requirements(text: str, name: str) -> Iterator[Evidence]:
    for place, line in lines_in(text):
        package, equals, version = line.strip().partition("==")
        if equals:
            yield from released(name, place, line, package, version, RECORDED)


def _config(source: Source, name: str) -> Iterator[Evidence]:
    """Written at the start, with what the run set as its configuration."""
    config = table(source.document)
    own = table(table(config.get("_wandb")).get("value"))
    telemetry = {str(key): value for key, value in table(own.get("t")).items()}
    for key, package in (("cli_version", "wandb"), ("huggingface_version", "transformers")):
        yield from released(name, f"_wandb.{key}", own.get(key), package, own.get(key), RECORDED)
    for key, package in TELEMETRY.items():
        yield from released(name, f"_wandb.t.{key}", telemetry.get(key), package, telemetry.get(key), RECORDED)
    for place, version in (("_wandb.python_version", own.get("python_version")), ("_wandb.t.4", telemetry.get("4"))):
        yield from interpreter(name, place, version, version, RECORDED)
    imports = telemetry.get("2")
    for number in imports if isinstance(imports, list) else ():
        if isinstance(number, int) and number in IMPORTS:
            yield from within(name, "_wandb.t.2", f"imported: {number}", IMPORTS[number], "", RECORDED)
    yield from dated(name, "_wandb.start_time", own.get("start_time"), own.get("start_time"), RECORDED)
    version = table(config.get("transformers_version")).get("value")  # the Trainer logs the model's configuration
    yield from released(name, "transformers_version", version, "transformers", version, RECORDED)


def _metadata(source: Source, name: str) -> Iterator[Evidence]:
    document = table(source.document)
    yield from interpreter(name, "python", document.get("python"), document.get("python"), RECORDED)
    for key in ("startedAt", "heartbeatAt"):
        yield from dated(name, key, document.get(key), document.get(key), RECORDED)


def _summary(source: Source, name: str) -> Iterator[Evidence]:
    when = table(source.document).get("_timestamp")
    yield from dated(name, "_timestamp", when, when, RECORDED)


def _binary(path: Path, name: str) -> Iterator[Evidence]:
    """The record is written anew when more is known, so each thing is said once."""
    try:
        with path.open("rb") as file:
            content = file.read(SIZE)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    said: dict[tuple[str, bytes], int] = {}
    for match in islice(VERSIONS.finditer(content), MOST):
        fields, at = [(PYTHON, match["python"])] if match["size"][0] == len(match["python"]) else [], match.end()
        for tag, package in (b"*", "wandb"), (b"2", "transformers"):
            if fields and content[at : at + 1] == tag and at + 1 < len(content):
                end = at + 2 + content[at + 1]
                fields.append((package, content[at + 2 : end]))
                at = end
        for field in fields if len(fields) > 1 else ():
            said.setdefault(field, match.start())
    for (package, raw), at in said.items():
        version = raw.decode("ascii", "replace")
        if package == PYTHON:
            yield from interpreter(name, f"byte {at}", version, version, RECORDED)
        else:
            yield from released(name, f"byte {at}", version, package, version, RECORDED)
