"""Every format keeps the same promises, on files that its own tool wrote."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from mbisect.environments.formats import FORMATS, python_of, read_source
from mbisect.environments.lockfile import marker_environment
from mbisect.environments.sources import load
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter
from tests.contract.formats.expectations import FOLDER, SAMPLES, Sample

OLD, NEW = (marker_environment(Interpreter(version, "/python")) for version in ("3.10.13", "3.12.1"))
each = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.file)


def pins(text: str) -> dict[str, str]:
    return dict(pin.split("==") for pin in text.split())


def test_every_format_has_a_sample_and_every_sample_an_expectation() -> None:
    assert {one.TITLE for one in FORMATS} == {sample.title for sample in SAMPLES}
    assert {path.name for path in FOLDER.iterdir()} - {"README.md"} == {sample.file for sample in SAMPLES}
    assert all(f"`{sample.file}`" in (FOLDER / "README.md").read_text() for sample in SAMPLES)


def test_no_sample_names_a_registry_or_a_folder_of_the_machine_that_made_it() -> None:
    names = re.compile(r"pypi\.org|pythonhosted|pypi\.python|anaconda\.org|/tmp/|/root/")
    assert [sample.file for sample in SAMPLES if names.search(sample.path.read_text())] == []


@each
def test_it_is_recognised_by_the_first_format_that_can(sample: Sample) -> None:
    source = load(sample.path)
    assert next(one.TITLE for one in FORMATS if one.recognises(source)) == sample.title


@each
def test_it_is_recognised_by_its_content_under_any_name(sample: Sample, tmp_path: Path) -> None:
    renamed = tmp_path / "what-john-sent"
    shutil.copy(sample.path, renamed)
    assert read_source(load(renamed), NEW).pins == read_source(load(sample.path), NEW).pins


@each
def test_it_pins_what_its_tool_installs_on_a_new_python(sample: Sample) -> None:
    assert read_source(load(sample.path), NEW).versions() == pins(sample.new)


@each
def test_on_an_old_python_what_only_that_needs_is_there_too(sample: Sample) -> None:
    if sample.old is None:
        with pytest.raises(ConfigError, match="zipp has no version, for it was locked on another Python"):
            read_source(load(sample.path), OLD)
    else:
        assert read_source(load(sample.path), OLD).versions() == pins(sample.old)


@each
def test_what_no_index_can_give_back_is_fixed_and_says_why(sample: Sample) -> None:
    fixed = read_source(load(sample.path), NEW).fixed
    assert [one.name for one in fixed] == sorted(sample.fixed.split())
    assert all(one.why and "/" not in one.why for one in fixed)


@each
def test_hashes_are_kept_where_the_format_has_them(sample: Sample) -> None:
    found = read_source(load(sample.path), NEW).pins
    assert {bool(pin.hashes) for pin in found} == {sample.hashed}
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for pin in found for one in pin.hashes)


@each
def test_the_python_that_it_was_written_for_is_known(sample: Sample) -> None:
    assert python_of(load(sample.path)) == sample.python


@each
def test_the_lock_is_sorted_and_says_where_it_is_from(sample: Sample) -> None:
    lock = read_source(load(sample.path), NEW)
    assert list(lock.versions()) == sorted(lock.versions())
    assert lock.source == str(sample.path)


@each
def test_a_windows_file_is_the_same(sample: Sample, tmp_path: Path) -> None:
    """PowerShell's redirection writes UTF-16 with a mark and CRLF."""
    wide = tmp_path / sample.file
    wide.write_bytes(sample.path.read_text(encoding="utf-8").replace("\n", "\r\n").encode("utf-16"))
    assert read_source(load(wide), NEW).pins == read_source(load(sample.path), NEW).pins


@each
def test_an_empty_file_is_one_line(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / sample.file).write_text("")
    with pytest.raises(ConfigError, match=re.escape(sample.file)) as caught:
        read_source(load(tmp_path / sample.file), NEW)
    assert "\n" not in str(caught.value)


@each
def test_half_a_file_is_one_line_or_fewer_pins(sample: Sample, tmp_path: Path) -> None:
    """A cut JSON document is none; a cut list of lines may be one."""
    text = sample.path.read_text()
    (tmp_path / sample.file).write_text(text[: len(text) // 2])
    try:
        found = read_source(load(tmp_path / sample.file), NEW).versions()
    except ConfigError as error:
        assert sample.file in str(error)
        assert "\n" not in str(error)
    else:
        assert set(found) < set(pins(sample.new))
