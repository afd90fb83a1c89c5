"""A snapshot's entry in mbisect.toml: put there without touching another byte. Knows nothing of what it means."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from mbisect.errors import ConfigError

BARE = re.compile(r"[A-Za-z0-9_-]+")
PART = r"""(?:[A-Za-z0-9_-]+|"[^"\\]*"|'[^']*')"""
TABLE = re.compile(rf"^[ \t]*\[[ \t]*snapshots[ \t]*\.[ \t]*(?P<name>{PART})[ \t]*(?:\.[^\]]*)?\][ \t]*(?:#.*)?$")
HEADER = re.compile(r"^[ \t]*\[")
IDLE = re.compile(r"^[ \t]*(?:#.*)?$")


def with_entry(text: str, name: str, values: Mapping[str, Any]) -> str:
    """The file's text with `[snapshots.NAME]` in it: where an entry of that name was, else at the end.

    Raises ConfigError where an old entry is written in a form that cannot be replaced line by line.
    """
    old = tomllib.loads(text)
    entry = render_entry(name, values)
    if name in old.get("snapshots", {}):
        new = _replaced(text, name, entry)
    else:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        new = f"{text}{gap}{entry}"
    wanted = {**old, "snapshots": {**old.get("snapshots", {}), name: dict(values)}}
    try:
        kept = tomllib.loads(new) == wanted
    except tomllib.TOMLDecodeError:
        kept = False
    if not kept:
        raise ConfigError(
            f"mbisect.toml: snapshots.{name} is not a table of its own that could be written; take it out by hand first"
        )
    return new


def render_entry(name: str, values: Mapping[str, Any]) -> str:
    """The table as TOML."""
    return f"[snapshots.{_key(name)}]\n" + "".join(f"{_key(key)} = {_value(value)}\n" for key, value in values.items())


def _replaced(text: str, name: str, entry: str) -> str:
    """Take out the table and its sub-tables; blank lines and comments below them belong to what comes next."""
    lines = text.splitlines(keepends=True)
    owned: set[int] = set()
    ours = False
    for number, line in enumerate(lines):
        if HEADER.match(line):
            table = TABLE.match(line.rstrip("\r\n"))
            ours = table is not None and table["name"].strip("\"'") == name
        owned |= {number} if ours else set()
    for number in sorted(owned, reverse=True):
        if number + 1 not in owned and IDLE.match(lines[number].rstrip("\r\n")):
            owned.discard(number)
    place = min(owned, default=len(lines))
    kept = [line for number, line in enumerate(lines) if number not in owned]
    return "".join([*kept[:place], entry, *kept[place:]])


def _key(text: str) -> str:
    return text if BARE.fullmatch(text) else _text(text)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }" if value else "{}"
    return "[" + ", ".join(_value(one) for one in value) + "]"
