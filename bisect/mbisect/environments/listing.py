"""Reads one package's listing on one simple index: JSON (PEP 691) or HTML (PEP 503). Remembers nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache as remembered
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from packaging.tags import parse_tag
from packaging.utils import parse_sdist_filename
from packaging.version import Version

if TYPE_CHECKING:
    import requests

JSON = "application/vnd.pypi.simple.v1+json"
"""The content type of PEP 691."""


def files_of(session: requests.Session, url: str, name: str) -> Iterator[dict[str, Any]]:
    """The files of one package on one index; none where it does not have the package.

    JSON (PEP 691) is read directly, in a quarter of the time that the index library takes for its objects.
    Raises requests.RequestException, and KeyError, TypeError or ValueError for what is no listing.
    """
    answer = session.get(url, timeout=60, headers={"Accept": f"{JSON}, text/html;q=0.1"})
    if answer.status_code == 404:
        return
    answer.raise_for_status()
    if answer.headers.get("content-type", "").partition(";")[0].strip() == JSON:
        for file in json.loads(answer.content)["files"]:
            entry = entry_of(file["filename"])
            if entry is not None:
                said, uploaded = file.get("yanked", False), file.get("upload-time")
                date = datetime.fromisoformat(uploaded).isoformat() if uploaded else None
                entry |= {"date": date, "python": file.get("requires-python"), "size": file.get("size")}
                entry["yanked"] = said if isinstance(said, str) else "" if said else None
                entry |= {"sha256": file.get("hashes", {}).get("sha256"), "file": file["filename"]}
                yield {
                    **entry,
                    "address": urljoin(answer.url, file["url"]) if "://" not in file["url"] else file["url"],
                }
        return
    from pypi_simple import ProjectPage

    for package in ProjectPage.from_response(answer, name).packages:
        entry = entry_of(package.filename)
        if entry is not None:
            yanked = (package.yanked_reason or "") if package.is_yanked else None
            date = package.upload_time.isoformat() if package.upload_time else None
            entry |= {"date": date, "python": package.requires_python, "yanked": yanked, "size": package.size}
            entry |= {"sha256": package.digests.get("sha256"), "file": package.filename}
            yield {**entry, "address": package.url}


def entry_of(filename: str) -> dict[str, Any] | None:
    """Version and tags of a file; None for what is neither wheel nor sdist. Listings have tens of thousands."""
    try:
        if filename.endswith(".whl"):
            parts = filename[:-4].split("-")
            if len(parts) not in (5, 6) or (len(parts) == 6 and not parts[2][:1].isdigit()):
                return None
            return {"version": _normal(parts[1]), "tags": _checked("-".join(parts[-3:]))}
        _, version = parse_sdist_filename(filename)
    except ValueError:  # also of names that packaging refuses
        return None
    return {"version": str(version), "tags": None}


@remembered
def _normal(version: str) -> str:
    """As PEP 440 spells it. Raises ValueError."""
    return str(Version(version.replace("_", "-")))


@remembered
def _checked(tags: str) -> str:
    """The tags of a wheel. Raises ValueError."""
    parse_tag(tags)
    return tags
