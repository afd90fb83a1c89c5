"""Several files are there together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbisect.environments.atomic import write_together


def test_all_are_written_with_their_folders_and_nothing_else_stays(tmp_path: Path) -> None:
    write_together({tmp_path / "a" / "x": "1\n", tmp_path / "y": "ä\r\n"})
    assert (tmp_path / "y").read_bytes() == "ä\r\n".encode()
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()) == ["a/x", "y"]


def test_permissions_are_kept_and_links_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o600)
    (tmp_path / "link").symlink_to("real")
    write_together({tmp_path / "link": "new"})
    assert (tmp_path / "link").is_symlink()
    assert ((tmp_path / "real").read_text(), (tmp_path / "real").stat().st_mode & 0o777) == ("new", 0o600)


def test_when_one_cannot_be_put_in_place_those_before_it_are_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("old")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "full").touch()

    class Folder(type(tmp_path)):  # type: ignore[misc]  # says that there is nothing yet, as if a folder came in between
        def exists(self, **_: object) -> bool:
            return False

        def resolve(self, strict: bool = False) -> Path:
            return self

    with pytest.raises(OSError):  # which one, the system decides
        write_together(
            {
                tmp_path / "there": "new",
                tmp_path / "fresh": "new",
                Folder(tmp_path / "folder"): "new",
                tmp_path / "z": "z",
            }
        )
    assert (tmp_path / "there").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder", "there"]
