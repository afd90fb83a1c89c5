"""A file that somebody wrote → text, and the document in it. Bounds what a hostile one can cost; knows no format."""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from mbisect.environments.pins import shown
from mbisect.errors import ConfigError

Syntax = Literal["text", "json", "toml", "yaml"]

SIZE = {"text": 16 << 20, "json": 12 << 20, "toml": 4 << 20, "yaml": 256 << 10}
"""Bytes that are read at most. The largest real ones: a hashed lock of 500 packages 5 MB, `pip inspect` of 500 6 MB, a
uv.lock 3 MB, an environment.yml 50 KB. A parser makes up to a kilobyte of objects of a byte of YAML."""
CONTAINERS = 200_000
"""Lists and tables that a document may open, as far as counting brackets tells; each costs 64 to 500 bytes."""
KNOWN = {"Pipfile.lock": "json", "uv.lock": "toml", "poetry.lock": "toml", "pdm.lock": "toml"}
ENDINGS = {".json": "json", ".toml": "toml", ".yml": "yaml", ".yaml": "yaml"}
IMAGE = "image:"
"""What a Docker image is named with wherever a lock file may be named."""
HEAD = 64 << 10
"""Characters of the text that say what it is."""
LONG_KEY = re.compile(r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){64}")
"""A dotted key with so many parts: tomllib takes quadratic time over it."""

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Source:
    """One file: what it says, and in which syntax."""

    path: Path
    syntax: Syntax
    text: str
    """Empty for anything but plain text."""
    document: Any = None
    """What the parser made of it; None for plain text."""

    def has(self, *keys: str) -> bool:
        """Whether the document is a table that has all of these keys."""
        return isinstance(self.document, dict) and all(key in self.document for key in keys)

    def as_(self, model: type[Model], tool: str) -> Model:
        """The document, checked. Raises ConfigError that says where it is not what the tool writes."""
        try:
            return model.model_validate(self.document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = shown(".".join(str(part) for part in first["loc"])) or "the file"
            raise ConfigError(
                f"{self.path}: {where}: {shown(first['msg'])}; write the file again with {tool}"
            ) from None


def load(path: Path, kind: str = "lock", syntax: Syntax | None = None) -> Source:
    """Read and parse a file. Raises ConfigError, one line, for one that is too large, too deep or broken.

    `kind` is what the file should be, for the errors; without `syntax` it is known by the file's name, or its looks.
    """
    text = read_text(path, kind)
    return parse(path, text, kind, syntax or _syntax(path.name, text[:HEAD]))


def parse(path: Path, text: str, kind: str, syntax: Syntax) -> Source:
    """The same for a file that is read already."""
    if syntax == "text":
        return Source(path, syntax, text)
    if len(text) > SIZE[syntax]:
        raise ConfigError(
            f"{path}: {len(text) >> 10} KiB is too much for a {kind} in {syntax.upper()}; is it the right file?"
        )
    if text.count("[") + text.count("{") > CONTAINERS or (syntax == "toml" and LONG_KEY.search(text)):
        raise ConfigError(f"{path}: it is too intricate for a {kind}; is it the right file?")
    try:
        return Source(path, syntax, "", PARSERS[syntax](text))
    except (ValueError, yaml.YAMLError) as error:  # both parsers of the standard library raise a kind of ValueError
        raise ConfigError(f"{path}: not valid {syntax.upper()}: {shown(error, 160)}; write the file anew") from None
    except RecursionError:
        raise ConfigError(f"{path}: it is nested too deeply for a {kind}; is it the right file?") from None


def read_text(path: Path, kind: str = "lock") -> str:
    """A text file in UTF-8, or in UTF-16 where its first bytes say so (PowerShell's `>` writes that)."""
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE["text"] + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; give a {kind} file or the name of a snapshot") from None
    except IsADirectoryError:
        raise ConfigError(f"{path} is a folder; give a {kind} file") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    if len(raw) > SIZE["text"]:
        raise ConfigError(f"{path}: more than {SIZE['text'] >> 20} MiB is too much for a {kind}; is it the right file?")
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not a text file in UTF-8; give a {kind} file") from None


def _syntax(name: str, head: str) -> Syntax:
    """By name where that says it, else by what the text looks like."""
    named = KNOWN.get(name) or ENDINGS.get(Path(name).suffix.lower())
    if named is not None:
        return named  # type: ignore[return-value]  # a value of the two tables above
    if re.match(r"\s*(?:\{|\[\s*[\{\]])", head):
        return "json"
    if re.search(r"^(?:\[\[?[\w.\"-]+\]\]?\s*$|lock-version\s*=)", head, re.MULTILINE):
        return "toml"
    if re.search(r"^dependencies\s*:", head, re.MULTILINE):
        return "yaml"
    return "text"


class _Plain(yaml.SafeLoader):
    """Safe YAML without aliases: no tool writes them, and with them a few lines stand for gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (`*name`) are not read here; write the values out")
        return super().compose_node(parent, index)


def _yaml(text: str) -> Any:
    return yaml.load(text, _Plain)


def _json(text: str) -> Any:
    return json.loads(text)


PARSERS: dict[str, Callable[[str], Any]] = {"json": _json, "toml": tomllib.loads, "yaml": _yaml}
