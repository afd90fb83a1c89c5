"""What was observed becomes a lock: all that an index has, and the rest is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mbisect.environments.asked import read_asked_for
from mbisect.environments.capture import Capture, capture, lock_header, render_asked_for, settable
from mbisect.environments.lockfile import marker_environment, read_lock, render_lock
from mbisect.environments.observed import Observed, read_answer
from mbisect.errors import CommandError
from mbisect.terms import Interpreter

PYTHON = Interpreter("3.11.7", "/python")
HASH, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def observed(*distributions: dict[str, Any], **more: Any) -> Observed:
    said = {"schema": "mbisect.probe/1", "interpreter": {"version": "3.11.7"}, "distributions": distributions, **more}
    return Observed.model_validate(said)


def dist(name: str, version: str = "1.0", **more: Any) -> dict[str, Any]:
    return {"name": name, "version": version, **more}


def captured(*distributions: dict[str, Any], **more: Any) -> Capture:
    """The index has `known` and torch, and a stranger's `ours`."""
    index = {("known", "1.0"), ("torch", "2.13.0"), ("ours", "1.0")}
    return capture(observed(*distributions, **more), PYTHON, lambda n, v: (HASH,) if (n, v) in index else None)


def pinned(found: Capture) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {pin.name: (pin.version, pin.hashes) for pin in found.pins}


def test_what_the_index_has_is_pinned_with_its_hashes() -> None:
    found = captured(dist("known"))
    assert (pinned(found), found.left_out, found.warnings) == ({"known": ("1.0", (HASH,))}, (), ())


def test_a_local_version_is_pinned_without_it_and_without_hashes() -> None:
    assert pinned(captured(dist("torch", "2.13.0+cpu"))) == {"torch": ("2.13.0", ())}


def test_what_the_index_does_not_have_is_left_out_and_said() -> None:
    found = captured(dist("known"), dist("secret", "2.0"), dist("odd", "unknown-1x"))
    assert list(pinned(found)) == ["known"]
    assert found.warnings == (
        "secret 2.0 is left out of the lock: not on the package index",
        "odd unknown-1x is left out of the lock: its version is none by PEP 440",
    )


@pytest.mark.parametrize("kind", ["editable", "vcs", "folder"])
def test_what_came_from_elsewhere_is_never_replaced_by_what_the_index_has_under_its_name(kind: str) -> None:
    source = {"kind": kind, "url": "file:///src", "git": {"commit": "c" * 40, "dirty": True}}
    found = captured(dist("known"), dist("ours", source=source))
    assert list(pinned(found)) == ["known"]
    assert "file:///src at cccccccccccc with uncommitted changes" in found.warnings[0]


def test_an_archive_is_pinned_where_it_is_a_file_of_the_index_or_another_build_of_its_release() -> None:
    def archive(*hashes: str) -> dict[str, Any]:
        return {"kind": "archive", "url": "https://example.com/x.whl", "hashes": hashes}

    assert list(pinned(captured(dist("ours", source=archive(HASH))))) == ["ours"]
    assert list(pinned(captured(dist("ours", source=archive(OTHER))))) == []
    assert list(pinned(captured(dist("ours", source=archive())))) == []
    assert pinned(captured(dist("torch", "2.13.0+cu124", source=archive(OTHER)))) == {"torch": ("2.13.0", ())}


def test_patched_files_are_warned_of_by_name() -> None:
    found = captured(dist("known", changed=["a", "b", "c", "d", "e"], missing=["f"]))
    assert found.warnings == (
        "known 1.0: changed since it was installed: a, b, c and 2 more; what is built from the lock has the originals",
        "known 1.0: missing: f; what is built from the lock has the originals",
    )


def test_what_the_probe_could_not_do_is_warned_of() -> None:
    numeric = {"torch": {"error": "it crashed"}}
    found = captured(unread=["OSError: x"], unchecked_files=5, variables={"PYTHONPATH": "/x"}, numeric=numeric)
    assert len(found.warnings) == 4


def test_only_what_nothing_else_requires_is_asked_for() -> None:
    found = captured(dist("torch", "2.13.0+cpu"), dist("known", requires=["torch>=2"]))
    assert found.asked_for == ("known==1.0",)


def test_both_files_are_read_back_by_those_who_read_them(tmp_path: Path) -> None:
    found = captured(dist("known"), dist("torch", "2.13.0+cpu"), dist("secret"))
    (tmp_path / "v1.toml").write_text(
        render_asked_for(found, name="v1", python="3.11.7", newest=datetime(2026, 5, 4, 23, tzinfo=UTC))
    )
    asked = read_asked_for(tmp_path / "v1.toml")
    assert (asked.python, asked.requirements) == ("3.11.7", ("known==1.0", "torch==2.13.0"))
    assert asked.exclude_newer == "2026-05-04"
    (tmp_path / "v1.txt").write_text(render_lock(found.pins, header=lock_header(found, name="v1", python="3.11.7")))
    assert read_lock(tmp_path / "v1.txt", environment=marker_environment(PYTHON)).pins == found.pins


def test_variables_that_name_places_are_observed_but_not_set_again() -> None:
    said = {"PYTHONHASHSEED": "0", "CUDA_VISIBLE_DEVICES": "3", "LD_LIBRARY_PATH": "/x", "CUDA_HOME": "/cuda"}
    assert settable(said) == {"PYTHONHASHSEED": "0"}


def test_the_answer_is_the_last_line_whatever_start_up_code_prints() -> None:
    answer = '{"schema": "mbisect.probe/1", "interpreter": {}, "distributions": [{"error": "OSError: x"}]}'
    found, _ = read_answer(f'hello\n{{"not": "it"}}\n{answer}\nbye\n', "here")
    assert (found.distributions, found.unread) == ((), ("OSError: x",))


@pytest.mark.parametrize("text", ["", "nothing", "{}", '{"schema": "other/1", "distributions": [], "interpreter": {}}'])
def test_no_answer_is_an_error_in_one_line(text: str) -> None:
    with pytest.raises(CommandError, match="the probe's answer from here cannot be read") as caught:
        read_answer(text, "here")
    assert "\n" not in str(caught.value)
