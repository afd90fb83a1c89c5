"""Compiled modules, shared between environments: what one trial compiled, the next one's interpreter finds ready.

Importing a large stack takes twice as long while its modules are compiled, and each candidate is a new environment
though most of its packages are not new. A .pyc file names the time and size of the source that it was made from and is
not used for another; both are the same wherever the same file of uv's cache is linked. Knows nothing of trials.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path


class Bytecode:
    """A folder with one folder for each release whose modules were compiled by one interpreter."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lend(self, environment: Path, python: str) -> None:
        """Link what is known into a new environment."""
        for site in _sites(environment):
            for release, _ in _releases(site):
                kept = self._folder / python / release
                for file in _modules(kept):
                    target = site / file.relative_to(kept)
                    with contextlib.suppress(OSError):
                        target.parent.mkdir(exist_ok=True)
                        os.link(file, target)

    def collect(self, environment: Path, python: str) -> None:
        """Keep what a trial compiled in an environment, for the releases that nothing is kept of yet."""
        for site in _sites(environment):
            for release, record in _releases(site):
                kept = self._folder / python / release
                if not kept.exists():
                    self._keep(site, record, kept)

    def _keep(self, site: Path, record: Path, kept: Path) -> None:
        compiled = list(_compiled(site, record))
        if not compiled:
            return
        kept.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=kept.parent, prefix=".collecting-"))
        try:
            for file in compiled:
                target = scratch / file.relative_to(site)
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, target)
            scratch.rename(kept)
        except OSError:
            shutil.rmtree(scratch, ignore_errors=True)


def _modules(kept: Path) -> list[Path]:
    """What is kept of a release; nothing where it is being pruned."""
    try:
        return list(kept.rglob("*.pyc"))
    except OSError:
        return []


def _sites(environment: Path) -> list[Path]:
    return list(environment.glob("lib/python3.*/site-packages"))


def _releases(site: Path) -> Iterator[tuple[str, Path]]:
    """Name and version of each installed release, with its RECORD."""
    for info in site.glob("*.dist-info"):
        if (info / "RECORD").is_file():
            yield info.name.removesuffix(".dist-info"), info / "RECORD"


def _compiled(site: Path, record: Path) -> Iterator[Path]:
    """The .pyc files that stand beside a release's modules."""
    sources = {line.split(",", 1)[0] for line in record.read_text(errors="replace").splitlines() if ".py," in line}
    for folder in {os.path.dirname(source) for source in sources}:  # noqa: PTH120 - thousands of them: Path is slow
        with contextlib.suppress(OSError):
            for entry in os.scandir(site / folder / "__pycache__"):
                module = f"{entry.name.split('.', 1)[0]}.py"
                if entry.name.endswith(".pyc") and (f"{folder}/{module}" if folder else module) in sources:
                    yield Path(entry.path)
