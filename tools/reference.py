"""Writes docs/reference/ from the code: python tools/reference.py [--check]

The command line from what typer knows of it, mbisect.toml from the models that read it, the words from the README.
Descriptions are the help texts and the docstrings below the fields: a page is mended there, never in docs/reference/.
--check writes nothing and exits with 1 where a page is out of date.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer.main
from pydantic import JsonValue

from mbisect import cli, errors, project

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
WRITTEN = "<!-- Written by `python tools/reference.py`. Not edited by hand. -->\n\n"
KINDS: dict[object, str] = {str: "text", float: "number", int: "whole number", bool: "true or false", Any: "anything"}


def main(argv: Sequence[str] | None = None) -> int:
    """The command; -> the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(argv).check
    stale = [name for name, page in PAGES.items() if not _is(FOLDER / name, WRITTEN + page())]
    for name in stale:
        if check:
            print(f"docs/reference/{name} is out of date: python tools/reference.py", file=sys.stderr)
        else:
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / name).write_text(WRITTEN + PAGES[name](), encoding="utf-8")
            print(f"wrote docs/reference/{name}")
    return 1 if check and stale else 0


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == text


def command_line() -> str:
    """Every command with its options, in the order of the help."""
    top: Any = typer.main.get_command(cli.app)
    names = sorted(top.commands)
    lines = ["# The command line", "", _sentences(top.help), ""]
    lines += _table(("command", "does"), ((f"[`{n}`](#mbisect-{n})", _first(top.commands[n].help)) for n in names))
    lines += ["", "Every command has `--help`. Results go to standard output, everything else to standard error."]
    lines += ["Where there is no terminal, as in a CI log, progress is a line per event."]
    for name in names:
        lines += ["", *_command(name, top.commands[name])]
    return "\n".join(lines) + "\n"


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"## mbisect {name}"
    yield ""
    paragraphs = inspect.cleandoc(command.help).split("\n\n")
    *said, examples = paragraphs
    yield from "\n\n".join(_sentences(text) for text in said).splitlines()
    yield ""
    context = command.context_class(command, info_name=f"mbisect {name}")
    yield from ("```text", " ".join(command.get_usage(context).partition("Usage: ")[2].split()), "```", "")
    rows = [(_names(one), _meaning(one)) for one in command.params if not getattr(one, "hidden", False)]
    yield from _table(("option or argument", "is"), rows)
    yield from ("", "<!-- parsed -->", "```sh", *(line.strip() for line in examples.splitlines()[2:]), "```")
    if command.epilog:
        yield from ("", command.epilog)


def _names(parameter: Any) -> str:
    value = f" {parameter.metavar}" if parameter.metavar and not getattr(parameter, "is_flag", False) else ""
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar}`"
    spelt = sorted([*parameter.opts, *parameter.secondary_opts], key=lambda one: one.startswith("--"))
    return ", ".join(f"`{one}`" for one in spelt[:-1]) + ", " * (len(spelt) > 1) + f"`{spelt[-1]}{value}`"


def _meaning(parameter: Any) -> str:
    said = _sentences(parameter.help)
    if parameter.required and parameter.param_type_name == "option":
        return f"{said} *Required.*"
    if parameter.default in (None, False, True) or "[default" in said:
        return said
    return f"{said} *Default: {parameter.default}.*"


def project_file() -> str:
    """The tables of mbisect.toml, from the models that read it."""
    lines = ["# mbisect.toml", ""]
    lines += ["It stands at the root of a project and is found from any folder below. Paths are relative to it."]
    lines += ["An unknown key is an error, so that a misspelt one is not silently ignored. This repository's own:", ""]
    lines += ["```toml", (ROOT / project.FILE).read_text(encoding="utf-8").rstrip(), "```"]
    documented = _docstrings(ast.parse(inspect.getsource(project)))
    for name, (said, fields) in documented.items():
        if said.startswith("["):
            lines += _model(getattr(project, name), said, fields)
    lines += ["", "## [settings]", "", f"Any keys. {documented['Project'][1]['settings']}"]
    return "\n".join(lines) + "\n"


def _model(model: type[project.Table], said: str, fields: dict[str, str]) -> Iterator[str]:
    """A table of the file; `fields` says what each key is."""
    title, _, more = said.partition(": ")
    yield from ("", f"## {title.rstrip('.')}", "")
    if more:
        yield from (_sentences(more[:1].upper() + more[1:]), "")
    hints = typing.get_type_hints(model)
    rows = [(f"`{key}`", _kind(hints[key]), _default(one), fields[key]) for key, one in model.model_fields.items()]
    yield from _table(("key", "holds", "default", "is"), rows)


def _docstrings(module: ast.Module) -> dict[str, tuple[str, dict[str, str]]]:
    """Class → its docstring and those below its fields."""
    found = {}
    for each in (node for node in module.body if isinstance(node, ast.ClassDef)):
        fields = {
            field.target.id: _sentences(str(below.value.value))
            for field, below in zip(each.body, each.body[1:], strict=False)
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        }
        found[each.name] = (ast.get_docstring(each) or "", fields)
    return found


def _kind(annotation: Any) -> str:
    """A type in words."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return _kind(next(one for one in inner if one is not type(None)))
    if isinstance(annotation, type) and issubclass(annotation, project.Table):
        return "table"
    if origin is tuple:
        return "tables" if issubclass(inner[0], project.Table) else f"list of {_kind(inner[0])}s"
    if origin is dict:
        return "table" if inner[1] is JsonValue else f"table of {_kind(inner[1])}s"
    return KINDS[annotation]


def _default(field: Any) -> str:
    if field.is_required():
        return "*required*"
    return "" if field.default in (None, (), {}) else f"`{field.default}`"


def exit_statuses() -> str:
    """What every command ends with."""
    top: Any = typer.main.get_command(cli.app)
    lines = ["# Exit statuses", "", "Of the commands that have statuses of their own:", ""]
    said = [(name, top.commands[name].epilog) for name in sorted(top.commands)]
    rows = [(f"[`{n}`](commands.md#mbisect-{n})", e.removeprefix("Exit status: ")) for n, e in said if e]
    lines += _table(("command", "exit status"), rows)
    lines += ["", "Of all: 0 done, and what is told of an error in one line on standard error:", ""]
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.MbisectError)]
    kinds = [one for one in kinds if one not in (errors.MbisectError, errors.NotStartedError)]
    grouped = sorted({(one.exit_status, _sentences(one.__doc__ or "")) for one in kinds})
    lines += _table(("exit status", "when"), ((str(status), text) for status, text in grouped))
    lines += ["", "`mbisect exec` passes on the exit status of the command that it runs."]
    return "\n".join(lines) + "\n"


def words() -> str:
    """The glossary, from the README."""
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Words\n")[2].partition("\n## ")[0]
    said = "One word per idea: the command line, the reports and the code use exactly these."
    return f"# The words\n\n{said}\n\n{table.strip()}\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines]


def _sentences(text: str) -> str:
    """One paragraph on one line."""
    return " ".join(text.split())


def _first(text: str) -> str:
    return _sentences(text.partition("\n\n")[0])


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": command_line,
    "project.md": project_file,
    "exit-statuses.md": exit_statuses,
    "words.md": words,
}

if __name__ == "__main__":
    sys.exit(main())
