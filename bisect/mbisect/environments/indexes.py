"""Which package indexes the user has set up, for pip or for uv. Reads their settings; asks no index."""

from __future__ import annotations

import ast
import configparser
import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache as remembered
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PipSettings:
    """What pip would use."""

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()


def settings_of_pip(environ: Mapping[str, str] = os.environ) -> PipSettings:
    """pip's settings from its variables and configuration files; variables win."""
    folders = [Path(p) for p in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep) if p]
    home = Path(environ.get("HOME", "~")).expanduser()
    files = [Path("/etc/pip.conf"), *(f / "pip" / "pip.conf" for f in folders), home / ".pip" / "pip.conf"]
    files += [home / ".config" / "pip" / "pip.conf", Path(sys.prefix) / "pip.conf"]
    files += [Path(environ["PIP_CONFIG_FILE"])] if environ.get("PIP_CONFIG_FILE") else []
    found: dict[str, str] = {}
    for file in files:
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            found |= dict(parser.items(section)) if parser.has_section(section) else {}
    for name in ("index-url", "extra-index-url", "find-links"):
        value = environ.get(f"PIP_{name.upper().replace('-', '_')}")
        if value:
            found[name] = value
    return PipSettings(
        found.get("index-url"),
        tuple(found.get("extra-index-url", "").split()),
        tuple(found.get("find-links", "").split()),
    )


def uv_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that make uv see what pip is set up with; only where the user has not set up uv itself.

    Extra indexes on the disk are left out: uv takes a package from the first index that has it, and such folders are
    partial copies. Several indexes mean to pip that the best version of all wins.
    """
    pip = settings_of_pip(environ)
    extra = [url for url in pip.extra_index_urls if url.startswith(("http://", "https://"))]
    added: dict[str, str] = {}
    if pip.index_url and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(environ):
        added["UV_DEFAULT_INDEX"] = pip.index_url
    if extra and not {"UV_INDEX", "UV_EXTRA_INDEX_URL"} & set(environ):
        added |= {"UV_INDEX": " ".join(extra), "UV_INDEX_STRATEGY": "unsafe-best-match"}
    if pip.find_links and "UV_FIND_LINKS" not in environ:
        added["UV_FIND_LINKS"] = ",".join(pip.find_links)
    return added


def endpoints_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Addresses of the simple indexes in use, the default one first; empty: the default of the index library."""
    merged = {**uv_environment(environ), **environ}
    main = merged.get("UV_DEFAULT_INDEX") or merged.get("UV_INDEX_URL")
    extra = (merged.get("UV_INDEX") or merged.get("UV_EXTRA_INDEX_URL") or "").split()
    if not main and not extra:
        return ()
    return (main or default_endpoint(), *(url.rpartition("=")[2] for url in extra))


def find_links_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Folders with further files."""
    merged = {**uv_environment(environ), **environ}
    return tuple(p for p in merged.get("UV_FIND_LINKS", "").replace(",", " ").split() if p)


@remembered
def default_endpoint() -> str:
    """The public index, by the index library's constant.

    It is read from the library's source where that can be: to import the library takes half a second.
    """
    spec = find_spec("pypi_simple")
    with contextlib.suppress(OSError, SyntaxError, ValueError):
        for node in ast.parse(Path((spec and spec.origin) or "").read_text(encoding="utf-8")).body:
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PYPI_SIMPLE_ENDPOINT" and node.value:
                return str(ast.literal_eval(node.value))
    from pypi_simple import PYPI_SIMPLE_ENDPOINT

    return PYPI_SIMPLE_ENDPOINT
