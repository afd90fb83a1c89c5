"""Which names the instances of a class hold, from its source alone: nothing is imported. Knows no package and no index.

What ends in a saved file is the `__dict__` of an instance: the fields of a dataclass, and what its methods assign to
`self`. A name is held `always` when every instance has it, and `sometimes` when a condition or a later call decides.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

BUILDERS = ("__init__", "__post_init__")
"""What runs for every instance."""
SAVERS = ("to_dict", "to_diff_dict", "save_pretrained")
"""What may add a name to the saved file, or keep one out of it."""
DATACLASS = {"dataclass", "strict", "dataclass_transform"}
"""Decorators under which annotations are fields; the last is inherited with its effect."""


class Held(NamedTuple):
    """Names that the instances hold."""

    always: frozenset[str] = frozenset()
    sometimes: frozenset[str] = frozenset()

    def __or__(self, other: object) -> Held:
        assert isinstance(other, Held)
        always = self.always | other.always
        return Held(always, (self.sometimes | other.sometimes) - always)

    def without(self, names: Collection[str]) -> Held:
        """These names are not held."""
        return Held(self.always.difference(names), self.sometimes.difference(names))

    def doubted(self, names: Collection[str]) -> Held:
        """These names are held sometimes, if at all."""
        return Held(self.always.difference(names), self.sometimes | self.always.intersection(names))

    def renamed(self, names: Mapping[str, str]) -> Held:
        """Each name stands for another one, where it is given one."""
        return Held(*(frozenset(names.get(name, name) for name in part) for part in self))


NOTHING = Held()


@dataclass(frozen=True, slots=True)
class Class:
    """One class as its own source shows it, without its bases."""

    name: str
    bases: tuple[str, ...] = ()
    decorators: frozenset[str] = frozenset()
    declared: Held = NOTHING
    """Annotated names: fields, if it is a dataclass."""
    assigned: Held = NOTHING
    """What its methods give to `self`."""
    given: frozenset[str] = frozenset()
    """What its saving methods put into the file, its builders take out of the keyword arguments, and its methods with
    `generation_` in their names return as the keys of a dictionary."""
    dropped: frozenset[str] = frozenset()
    """What its saving methods take out again."""
    properties: frozenset[str] = frozenset()
    """Assigning to such a name leaves no attribute of this name."""
    constants: Mapping[str, object] = field(default_factory=dict)
    """Literals of the class body, and the `X.Y` that are assigned to `self` when it is built, as "Y"."""


def classes_of(source: str) -> dict[str, Class]:
    """The classes at the top of a module. Raises SyntaxError."""
    return {node.name: _class(node) for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}


def held_by(name: str, classes: Mapping[str, Class], until: Collection[str] = ()) -> Held:
    """What the `__dict__` of an instance holds, by the class and its bases, those named `until` left out."""
    line = [classes[base] for base in lineage(name, classes)]
    properties = {prop for one in line for prop in one.properties}
    found = fields_of(name, classes, until)
    for one in (classes[base] for base in lineage(name, classes, until)):
        names = one.constants.get("attribute_map")
        renamed = {str(old): str(new) for old, new in names.items()} if isinstance(names, dict) else {}
        found = (found | one.assigned).renamed(renamed).doubted(one.dropped)
    return found.without(properties)


def fields_of(name: str, classes: Mapping[str, Class], until: Collection[str] = ()) -> Held:
    """The fields of a dataclass, those that it inherits included, by the same bases."""
    inherited = any("dataclass_transform" in classes[base].decorators for base in lineage(name, classes))
    found = Held()
    for one in (classes[base] for base in lineage(name, classes, until)):
        if inherited or one.decorators & DATACLASS:
            found = (found | one.declared).doubted(one.dropped)
    return found


def lineage(name: str, classes: Mapping[str, Class], until: Collection[str] = ()) -> Iterator[str]:
    """A class and its bases, nearest first, as far as they are known."""
    if name in classes and name not in until:
        yield name
        for base in classes[name].bases:
            yield from lineage(base, classes, until)


def attributes_of(source: str, owner: str) -> frozenset[str]:
    """What a module assigns to the attributes of `owner` or `self.owner`, such as `args`."""
    owners = (owner, f"self.{owner}")
    return frozenset(
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) in owners
    )


def _class(node: ast.ClassDef) -> Class:
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
    marks = {method: {_last(mark) for mark in method.decorator_list} for method in methods}
    built, changed, cached = Held(), set[str](), set[str]()
    for method in methods:
        if method.name in BUILDERS:
            built |= _assigned(method.body)
        else:
            changed |= _assigned(method.body).always | _assigned(method.body).sometimes
        if "cached_property" in marks[method]:
            cached |= {method.name, f"__cached_{method.name}"}  # by functools, and by transformers' own before 5.0
    savers = [method for method in methods if method.name in SAVERS]
    return Class(
        name=node.name,
        bases=tuple(_last(base) for base in node.bases),
        decorators=frozenset(_last(mark) for mark in node.decorator_list),
        declared=_declared(node.body),
        assigned=built | Held(sometimes=frozenset(changed | cached)),
        given=frozenset(name for method in methods for name in _given(method)),
        dropped=frozenset(name for method in savers for name in _dropped(method)),
        properties=frozenset(method.name for method in methods if marks[method] & {"property", "setter"}),
        constants=dict(_constants(node.body)) | dict(_members(methods)),
    )


def _last(node: ast.expr) -> str:
    """`name` of name, module.name, name(...) and name[...]."""
    return ast.unparse(node).partition("(")[0].partition("[")[0].rpartition(".")[2]


def _declared(body: Iterable[ast.stmt]) -> Held:
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if _last(node.annotation) in ("ClassVar", "InitVar"):
                continue
            options = node.value.keywords if isinstance(node.value, ast.Call) else []
            left_out = any(o.arg == "init" and getattr(o.value, "value", None) is False for o in options)
            found[not left_out].add(node.target.id)
    return Held(frozenset(found[True]), frozenset(found[False]))


def _assigned(body: Iterable[ast.stmt]) -> Held:
    """What these statements give to `self`; `always` is what both branches give, or what stands in none."""
    always, seen = set[str](), set[str]()
    for node in body:
        seen |= {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute) and _on_self(n)}
        if isinstance(node, ast.If):
            always |= _assigned(node.body).always & _assigned(node.orelse).always
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            parts = [n for target in targets for n in ast.walk(target)]
            always |= {n.attr for n in parts if isinstance(n, ast.Attribute) and _on_self(n)}
    return Held(frozenset(always), frozenset(seen - always))


def _on_self(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self"


def _given(method: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(method):
        if method.name in SAVERS and isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield from _text(node.slice) if ast.unparse(node.value) != "kwargs" else ()
        elif method.name in BUILDERS and isinstance(node, ast.Call) and ast.unparse(node.func) == "kwargs.pop":
            yield from _text(node.args[0])
        elif "generation_" in method.name and isinstance(node, ast.Return) and isinstance(node.value, ast.Dict):
            for key in node.value.keys:
                yield from _text(key)


def _dropped(method: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(method):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Del):
            yield from _text(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "pop":
            yield from _text(node.args[0]) if node.args else ()


def _text(node: ast.AST | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _constants(body: Iterable[ast.stmt]) -> Iterator[tuple[str, object]]:
    for node in body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            try:
                yield target.id, ast.literal_eval(node.value)
            except ValueError:  # no literal
                continue


def _members(methods: Iterable[ast.FunctionDef]) -> Iterator[tuple[str, object]]:
    for node in (part for method in methods if method.name in BUILDERS for part in method.body):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Attribute) and _on_self(target):
                yield target.attr, node.value.attr
