"""A Jupyter notebook: its kernel, what its cells install, and what they printed. Nothing in it is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from mbisect.environments.recover.checked import dated, interpreter, table
from mbisect.environments.recover.commands import installs
from mbisect.environments.recover.evidence import PYTHON, Evidence, Strength
from mbisect.environments.recover.lines import MOST, lines_in
from mbisect.environments.recover.readers import console, pip_log
from mbisect.environments.sources import load

TITLE = "Notebook"
RECORDED, STATED = Strength.RECORDED, Strength.STATED
COMMAND = re.compile(r"\s*(?:!|%(?=(?:pip|conda|mamba|uv)\b))(?P<command>.*)")
SCRIPT = re.compile(r"\s*%%(?:bash|sh|script bash)\b")
VERSION = re.compile(r"\s*(?P<module>\w{1,60}\.__version__)\s*;?\s*")


def recognises(path: Path) -> bool:
    """By its ending."""
    return path.suffix == ".ipynb"


def read(path: Path, name: str) -> Iterator[Evidence]:
    """The kernel's version, then the cells in their order, then when they ran."""
    document = table(load(path, "notebook", "json").document)
    metadata = table(document.get("metadata"))
    language = table(metadata.get("language_info"))
    if language.get("name", PYTHON) == PYTHON:
        version = language.get("version")
        yield from interpreter(name, "metadata.language_info.version", version, version, RECORDED)
    kernel = table(metadata.get("kernelspec")).get("display_name")
    yield from interpreter(name, "metadata.kernelspec.display_name", kernel, kernel, STATED)
    cells = document.get("cells")
    code = [
        (f"cell {number}", table(cell))
        for number, cell in enumerate(cells if isinstance(cells, list) else (), 1)
        if table(cell).get("cell_type") == "code"
    ]
    wanted = (one for place, cell in code for one in _installs(name, place, _text(cell.get("source"))))
    yield from islice(wanted, MOST)
    printed = [one for place, cell in code for one in _printed(place, cell)]
    yield from pip_log.said(printed, name)
    yield from console.said(printed, name)
    yield from _ran(name, code)


def _installs(name: str, place: str, source: str) -> Iterator[Evidence]:
    script = SCRIPT.match(source) is not None
    for at, line in lines_in(source.replace("\\\n", " "), f"{place}, "):
        command = COMMAND.match(line)
        if script or command is not None:
            yield from installs(name, at, command["command"] if command is not None else line)


def _printed(place: str, cell: dict[Any, Any]) -> Iterator[tuple[str, str]]:
    """Lines of what a cell printed, with their places."""
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        kind = table(output).get("output_type")
        if kind == "stream":
            yield from lines_in(_text(output.get("text")), f"{place}, output ")
        elif kind == "error":
            yield from lines_in(_text(output.get("traceback"), "\n"), f"{place}, output ")
        elif kind in ("execute_result", "display_data"):
            yield from _result(place, cell, _text(table(output.get("data")).get("text/plain")))


def _result(place: str, cell: dict[Any, Any], text: str) -> Iterator[tuple[str, str]]:
    """The value of the last line: a bare `'4.46.0'` says nothing without `transformers.__version__` before it."""
    asked = VERSION.fullmatch(_text(cell.get("source")).rstrip().rpartition("\n")[2])
    if asked is not None and "\n" not in text:
        yield f"{place}, output", f"{asked['module']} = {text}"
    else:
        yield from lines_in(text.strip("'"), f"{place}, output ")


def _ran(name: str, code: list[tuple[str, dict[Any, Any]]]) -> Iterator[Evidence]:
    """The first and the last time that JupyterLab wrote down."""
    times = [
        (f"{place}, execution", when)
        for place, cell in code
        for key, when in sorted(table(table(cell.get("metadata")).get("execution")).items(), key=str)
        if str(key).startswith("iopub.status.") and isinstance(when, str)
    ]
    ordered = sorted(times, key=lambda one: one[1])
    for place, when in dict.fromkeys((*ordered[:1], *ordered[-1:])):
        yield from dated(name, place, when, when, RECORDED)


def _text(value: object, between: str = "") -> str:
    """A text, which notebooks also have as a list of its lines."""
    if isinstance(value, list):
        return between.join(one for one in value if isinstance(one, str))
    return value if isinstance(value, str) else ""
