"""What a pickle would make, without making it: a description of plain values and names. Nothing in it is ever called.

The machine below follows the opcodes of the pickle protocols 0 to 5 as `pickletools` names them; objects stay
descriptions, whatever they are. torch.save writes a zip with one pickle in it, `…/data.pkl`.
"""

from __future__ import annotations

import pickletools
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from mbisect.errors import ConfigError

LARGEST = 8 << 20
"""Bytes of a pickle that is read; a real training_args.bin has 6 KB, the state of a random generator 20 KB."""
MOST_OPCODES = 400_000
"""Each leaves at most some hundred bytes behind."""


@dataclass(frozen=True, slots=True)
class Named:
    """Something of a module, by its name."""

    module: str
    name: str


@dataclass(slots=True)
class Made:
    """The result of a call that was not made."""

    of: object
    arguments: object
    state: list[object] = field(default_factory=list)

    @property
    def attributes(self) -> dict[str, object]:
        """What its `__dict__` would be set to."""
        found = [one for one in self.state if isinstance(one, dict)]
        return {name: value for one in found for name, value in one.items() if isinstance(name, str)}


@dataclass(frozen=True, slots=True)
class Contents:
    """A pickle, described."""

    top: object
    """The object itself."""
    named: tuple[Named, ...]
    """All names that it refers to, in the order in which they stand."""


def read_saved(path: Path) -> Contents:
    """The pickle in a file that torch.save wrote. Raises ConfigError."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [one for one in archive.infolist() if one.filename.rpartition("/")[2] == "data.pkl"]
            if not inside or inside[0].file_size > LARGEST:
                raise ConfigError(f"{path}: no pickle of a usual size is in it; was it written by torch.save?")
            with archive.open(inside[0]) as member:
                raw = member.read(LARGEST + 1)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, zlib.error) as error:
        raise ConfigError(f"{path}: not a file that torch.save writes ({error})") from None
    if len(raw) > LARGEST:
        raise ConfigError(f"{path}: the pickle in it is larger than it says")
    try:
        return describe(raw)
    except MalformedError as error:
        raise ConfigError(f"{path}: its pickle is broken: {error}") from None


class MalformedError(Exception):
    """The opcodes do not fit together."""


MARK = object()


def describe(raw: bytes) -> Contents:
    """Follow the opcodes. Raises MalformedError."""
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    named: list[Named] = []
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(raw)):
            if number > MOST_OPCODES:
                _fail("it has too many opcodes")
            name = opcode.name
            if name == "STOP":
                return Contents(stack[-1], tuple(named))
            if name in ("GLOBAL", "STACK_GLOBAL"):
                module, attribute = _global(argument, stack)
                named.append(Named(module, attribute))
                stack.append(named[-1])
            elif name in STORES:
                memo[len(memo) if name == "MEMOIZE" else argument] = stack[-1]
            elif name in LOADS:
                stack.append(memo[argument])
            elif name in STEPS:
                STEPS[name](stack)
            elif name not in SILENT:
                stack.append(argument)  # a plain value
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise MalformedError(f"{type(error).__name__}: {error}"[:120]) from None
    raise MalformedError("it has no end")


def _fail(why: str) -> NoReturn:
    raise MalformedError(why)


def _global(argument: Any, stack: list[Any]) -> tuple[str, str]:
    if argument is not None:
        module, _, attribute = argument.partition(" ")
        return module, attribute
    attribute, module = stack.pop(), stack.pop()
    return str(module), str(attribute)


def _marked(stack: list[Any]) -> list[Any]:
    """Take everything off the stack down to the last mark."""
    at = len(stack) - 1
    while stack[at] is not MARK:
        at -= 1
        if at < 0:
            _fail("a mark is missing")
    items = stack[at + 1 :]
    del stack[at:]
    return items


def _tuple(size: int) -> Callable[[list[Any]], None]:
    def step(stack: list[Any]) -> None:
        items = [stack.pop() for _ in range(size)]
        stack.append(tuple(reversed(items)))

    return step


def _put(stack: list[Any], pairs: list[Any]) -> None:
    target = stack[-1]
    if isinstance(target, dict):
        for key, value in zip(pairs[::2], pairs[1::2], strict=False):
            if isinstance(key, str | int | float | bool | None):
                target[key] = value


def _setitem(stack: list[Any]) -> None:
    value, key = stack.pop(), stack.pop()
    _put(stack, [key, value])


def _setitems(stack: list[Any]) -> None:
    pairs = _marked(stack)
    _put(stack, pairs)


def _append(stack: list[Any]) -> None:
    value = stack.pop()
    if isinstance(stack[-1], list):
        stack[-1].append(value)


def _appends(stack: list[Any]) -> None:
    items = _marked(stack)
    if isinstance(stack[-1], list):
        stack[-1].extend(items)


def _call(stack: list[Any]) -> None:
    arguments, what = stack.pop(), stack.pop()
    stack.append(Made(what, arguments))


def _call_with_names(stack: list[Any]) -> None:
    names, arguments, what = stack.pop(), stack.pop(), stack.pop()
    stack.append(Made(what, arguments, [names]))


def _build(stack: list[Any]) -> None:
    state = stack.pop()
    if isinstance(stack[-1], Made):
        stack[-1].state += state if isinstance(state, tuple) else (state,)


def _instance(stack: list[Any]) -> None:
    what, *arguments = _marked(stack)
    stack.append(Made(what, tuple(arguments)))


def _dict(stack: list[Any]) -> None:
    pairs = _marked(stack)
    stack.append({})
    _put(stack, pairs)


def _refer(stack: list[Any]) -> None:
    stack.append(Made("persistent", stack.pop()))


STORES = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
LOADS = {"GET", "BINGET", "LONG_BINGET"}
SILENT = {"PROTO", "FRAME", "READONLY_BUFFER"}
STEPS: dict[str, Callable[[list[Any]], None]] = {
    "MARK": lambda stack: stack.append(MARK),
    "POP": lambda stack: stack.pop(),
    "POP_MARK": lambda stack: _marked(stack).clear(),
    "DUP": lambda stack: stack.append(stack[-1]),
    "NEWTRUE": lambda stack: stack.append(True),
    "NEWFALSE": lambda stack: stack.append(False),
    "EMPTY_DICT": lambda stack: stack.append({}),
    "EMPTY_LIST": lambda stack: stack.append([]),
    "EMPTY_SET": lambda stack: stack.append([]),
    "EMPTY_TUPLE": lambda stack: stack.append(()),
    "TUPLE": lambda stack: stack.append(tuple(_marked(stack))),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "LIST": lambda stack: stack.append(_marked(stack)),
    "FROZENSET": lambda stack: stack.append(_marked(stack)),
    "DICT": _dict,
    "SETITEM": _setitem,
    "SETITEMS": _setitems,
    "APPEND": _append,
    "APPENDS": _appends,
    "ADDITEMS": _appends,
    "REDUCE": _call,
    "NEWOBJ": _call,
    "NEWOBJ_EX": _call_with_names,
    "BUILD": _build,
    "OBJ": _instance,
    "INST": lambda stack: stack.append(Made("instance", tuple(_marked(stack)))),
    "BINPERSID": _refer,
}
