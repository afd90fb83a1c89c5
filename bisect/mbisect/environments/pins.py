"""Collects pins from untrusted text: names, versions and hashes are checked, as they go into files that uv reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.utils import canonicalize_name
from packaging.version import Version

from mbisect.errors import ConfigError
from mbisect.terms import Fixed, Lock, Pin

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
HASH = re.compile(r"(?:md5|sha1|sha224|sha256|sha384|sha512):[0-9a-f]{2,128}")
LONG, SHORT = 4000, 200
"""Characters of a marker or requirement, and of a name or version, at most: longer ones take their parsers minutes."""
STRONG = ("sha256:", "sha384:", "sha512:")
"""The only ones that installers take; weaker ones are left out."""


def shown(text: object, limit: int = 80) -> str:
    """Untrusted text as one printable line of bounded length."""
    line = "".join(c if c.isprintable() else "?" for c in " ".join(str(text)[: 10 * limit].split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def applies(marker: str | None, environment: Mapping[str, str], place: str) -> bool:
    """Whether an environment marker is true; no marker is. Raises ConfigError for one that cannot be evaluated."""
    if not marker:
        return True
    try:
        if len(marker) > LONG:
            raise InvalidMarker(marker[:SHORT])
        return Marker(marker).evaluate({"extra": "", **environment})
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError, KeyError):
        raise ConfigError(f"{place}: `{shown(marker)}` is not an environment marker; correct it") from None


class Collection:
    """The pins of one file, put together entry by entry."""

    def __init__(self) -> None:
        self._pins: dict[str, Pin] = {}
        self._fixed: dict[tuple[str, str], Fixed] = {}

    def pin(self, place: str, name: str, version: str, hashes: Iterable[str] = (), extras: Iterable[str] = ()) -> None:
        """One release of one package. Raises ConfigError when it is none, or another one is pinned already."""
        if len(name) > SHORT or NAME.fullmatch(name) is None:
            raise ConfigError(f"{place}: `{shown(name)}` is not the name of a package; correct it")
        try:
            if len(version) > SHORT:
                raise ValueError(version[:SHORT])
            exact = str(Version(version))
        except ValueError:  # InvalidVersion is one, and so is a number of thousands of digits
            raise ConfigError(f"{place}: `{shown(version)}` is not a version (PEP 440); correct it") from None
        wanted = tuple(sorted({*extras}))
        wrong = next((one for one in wanted if len(one) > SHORT or NAME.fullmatch(one) is None), None)
        if wrong is not None:
            raise ConfigError(f"{place}: `{shown(wrong)}` is not the name of an extra; correct it")
        kept = dict.fromkeys(one for one in (_checked(text, place) for text in hashes) if one.startswith(STRONG))
        new = Pin(canonicalize_name(name), exact, tuple(kept), wanted)
        known = self._pins.get(new.name)
        if known is not None:
            if known.version != new.version:
                raise ConfigError(
                    f"{place}: {new.name} is pinned twice, to {known.version} and to {new.version}; keep one"
                )
            merged = tuple(dict.fromkeys((*known.hashes, *new.hashes)))
            new = Pin(new.name, new.version, merged, tuple(sorted({*known.extras, *new.extras})))
        self._pins[new.name] = new

    def leave(self, name: str, version: str | None, why: str) -> None:
        """Something that is there and cannot be moved."""
        one = Fixed(shown(name), shown(version or "", 40), why)
        self._fixed.setdefault((one.name, one.version), one)

    def lock(self, path: Path, *, python: str = "", example: str = "") -> Lock:
        """What was collected. Raises ConfigError when there is no pin in it."""
        if not self._pins:
            left = f"; what it names cannot be moved ({len(self._fixed)} entries)" if self._fixed else ""
            raise ConfigError(f"{path}: the lock is empty{left}{example or '; give one that pins a package'}")
        pins = tuple(self._pins[name] for name in sorted(self._pins))
        return Lock(pins, str(path), tuple(self._fixed[key] for key in sorted(self._fixed)), python)


def _checked(text: str, place: str) -> str:
    lower = text.lower()
    if HASH.fullmatch(lower) is None:
        raise ConfigError(f"{place}: `{shown(text)}` is not a hash such as `sha256:…`; correct it")
    return lower


def is_version(text: str) -> bool:
    """Whether it is a version as PEP 440 has them."""
    try:
        Version(text)
    except ValueError:
        return False
    return True
