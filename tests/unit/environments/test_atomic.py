"""A file is there whole or not at all, and several together."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from mbisect.environments.atomic import write_together, write_whole
from mbisect.errors import UsageError


def test_a_file_is_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("older and longer")
    write_whole(tmp_path / "x", "ä \udc80\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"x": "ä ?\n".encode()}


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/real")
    if there:
        (tmp_path / "folder" / "real").touch(0o600)
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert [path.read_text() for path in (tmp_path / "folder").iterdir()] == ["new"]
    assert not there or (tmp_path / "folder" / "real").stat().st_mode & 0o777 == 0o600


def test_a_pipe_and_a_device_are_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe, heard = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: heard.append(pipe.read_text()), daemon=True)
    reader.start()
    write_whole(pipe, "told")
    reader.join(10)
    assert (heard, pipe.is_fifo()) == (["told"], True)
    (tmp_path / "nothing").symlink_to("/dev/null")
    write_whole(tmp_path / "nothing", "told")
    assert (tmp_path / "nothing").is_symlink() and not Path("/dev/null").is_file()


def test_a_dash_is_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_whole(Path("-"), "told\n")
    assert (capsys.readouterr().out, list(tmp_path.iterdir())) == ("told\n", [])


@pytest.mark.parametrize("name", ["folder", "none/x", "file/x"])
def test_what_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=rf"{name} cannot be written: "):
        write_whole(tmp_path / name, "x")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


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
