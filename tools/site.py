"""What mkdocs calls while it builds the site: pages that stand elsewhere in the repository, and links to them.

medextract's README, the changelog and the guide for contributors are pages of the site too. Each is read where it is;
links are turned so that they work on the site as they do in the repository.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "medextract/README.md": "medextract.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "index.md",  # the site has a front page of its own
}
"""File of the repository → page of the site."""
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)#\s]+)")
"""The target of a Markdown link that is a path, without its anchor."""


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that stand elsewhere."""
    for source, page in ELSEWHERE.items():
        if page not in files.src_uris:
            files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between docs/ and the rest of the repository."""
    at = page.file.src_uri
    source = next((PurePosixPath(path) for path, name in ELSEWHERE.items() if name == at != "index.md"), None)
    folder = (source or PurePosixPath("docs", at)).parent

    def turn(link: re.Match[str]) -> str:
        target = normpath(str(folder / link[0]))
        goal = ELSEWHERE.get(target) or target.removeprefix("docs/")
        known = target in ELSEWHERE or target.startswith("docs/")
        return relpath(goal, PurePosixPath(at).parent) if known else link[0]

    return LINK.sub(turn, markdown)
