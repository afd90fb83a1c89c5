"""A model or a run that MLflow logged: the releases of what the model imports, the interpreter, the time.

MLflow lists only what it found to be imported, each in the release that is installed. Knows no other tracker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mbisect.environments.recover.checked import dated, interpreter, released, table
from mbisect.environments.recover.evidence import PYTHON, Evidence, Present, Strength
from mbisect.environments.recover.known import distribution
from mbisect.environments.recover.lines import MOST
from mbisect.environments.recover.requirement import logical_lines, required
from mbisect.environments.sources import Source, parse, read_text

TITLE = "MLflow model or run"
RECORDED, STATED = Strength.RECORDED, Strength.STATED
MODEL, RUN = "MLmodel", "meta.yaml"
BESIDE = ("requirements.txt", "conda.yaml", "python_env.yaml")
FLAVOUR = re.compile(r"(?P<package>\w{1,60})_version")


def recognises(path: Path) -> bool:
    """By its name; the files that others have too only beside an MLmodel."""
    return path.name in (MODEL, RUN) or (path.name in BESIDE and path.with_name(MODEL).exists())


def read(path: Path, name: str) -> Iterator[Evidence]:
    """What was installed when the model was logged."""
    return islice(_read(path, name), MOST)


def _read(path: Path, name: str) -> Iterator[Evidence]:
    text = read_text(path, "MLflow")
    if path.name == "requirements.txt":
        for number, line in logical_lines(text):
            yield from _installed(name, f"line {number}", line)
    elif path.name != RUN or re.search(r"^(?:run_id|artifact_uri|model_id)\s*:", text, re.MULTILINE):
        source = parse(path, text, "MLflow", "yaml")
        yield from {MODEL: _model, RUN: _run, "conda.yaml": _conda, "python_env.yaml": _python}[path.name](source, name)


def _installed(name: str, place: str, line: object) -> Iterator[Evidence]:
    """A pin is what was installed; a range somebody gave to `log_model`. For pip itself it is always one."""
    for one in required(name, place, str(line).strip(), STATED):
        if isinstance(one.says, Present) and one.says.exact is not None:
            yield from released(name, place, line, one.says.package, one.says.exact, RECORDED)
        else:
            yield one


def _model(source: Source, name: str) -> Iterator[Evidence]:
    document = table(source.document)
    yield from released(name, "mlflow_version", document.get("mlflow_version"), "mlflow",
                        document.get("mlflow_version"), RECORDED)  # fmt: skip
    yield from dated(name, "utc_time_created", document.get("utc_time_created"), document.get("utc_time_created"),
                     RECORDED)  # fmt: skip
    for flavour, said in table(document.get("flavors")).items():
        for key, value in table(said).items():
            match = FLAVOUR.fullmatch(str(key))
            package = distribution(match["package"]) if match is not None else None
            place = f"flavors.{flavour}.{key}"
            if package == PYTHON:
                yield from interpreter(name, place, value, value, RECORDED)
            elif package is not None:
                yield from released(name, place, value, package, value, RECORDED)


def _run(source: Source, name: str) -> Iterator[Evidence]:
    """Milliseconds; those of a model have other names than those of a run."""
    for key in ("start_time", "end_time", "creation_timestamp"):
        when = table(source.document).get(key)
        if isinstance(when, int):
            yield from dated(name, key, when, when / 1000, RECORDED)


def _conda(source: Source, name: str) -> Iterator[Evidence]:
    for number, entry in enumerate(_listed(source, "dependencies"), 1):
        place = f"dependencies {number}"
        for pip in table(entry).values():
            for line in pip if isinstance(pip, list) else ():
                yield from _installed(name, f"{place}, pip", line)
        if isinstance(entry, str) and entry.startswith("python="):
            yield from interpreter(name, place, entry, entry.partition("=")[2], RECORDED)


def _python(source: Source, name: str) -> Iterator[Evidence]:
    python = table(source.document).get("python")
    yield from interpreter(name, "python", python, python, RECORDED)
    for number, entry in enumerate(_listed(source, "build_dependencies"), 1):
        pins = _installed(name, f"build_dependencies {number}", entry)
        yield from (one for one in pins if one.strength is RECORDED)  # nobody asked for these


def _listed(source: Source, key: str) -> list[object]:
    value = table(source.document).get(key)
    return value if isinstance(value, list) else []
