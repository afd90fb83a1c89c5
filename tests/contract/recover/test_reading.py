"""Every reader of what a run leaves behind keeps the same promises, on files that the tools wrote."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from mbisect.environments.recover.chosen import KNOWN
from mbisect.environments.recover.evidence import SHOWN, Chosen, Present
from mbisect.environments.recover.readers import READERS, Reader
from tests.contract.recover.expectations import EXPECTED, SAMPLES, folder, line_of, samples

each = pytest.mark.parametrize(("reader", "file"), samples(), ids=lambda one: one if isinstance(one, str) else "")


def said(reader: Reader, file: str) -> list[str]:
    return [line_of(one) for one in reader.read(SAMPLES / file, file)]


def test_every_reader_has_a_title_and_a_sample_and_every_sample_is_read_by_somebody() -> None:
    assert len({reader.TITLE for reader in READERS}) == len(READERS)
    assert {folder(reader) for reader, _ in samples()} == {folder(reader) for reader in READERS}
    files = {path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*") if path.is_file()}
    assert files - {"README.md"} == {file for _, file in samples()}


def test_no_sample_names_a_registry_or_a_folder_of_the_machine_that_made_it() -> None:
    names = re.compile(rb"pypi\.org|pythonhosted|pypi\.python|anaconda\.org|(?<!me)/tmp/|/root/[^.]")
    assert [file for _, file in samples() if names.search((SAMPLES / file).read_bytes())] == []


@each
def test_it_says_what_is_in_the_file_and_nothing_else(reader: Reader, file: str) -> None:
    assert said(reader, file) == (EXPECTED / f"{file}.txt").read_text().splitlines()


@each
def test_each_piece_of_evidence_can_be_looked_up(reader: Reader, file: str) -> None:
    for one in reader.read(SAMPLES / file, "as/it/was/found"):
        assert one.file == "as/it/was/found"
        assert one.place
        assert one.place.isprintable()
        assert one.raw
        assert len(one.raw) <= SHOWN
        if isinstance(one.says, Present):
            assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", one.says.package)
        elif isinstance(one.says, Chosen):
            assert one.says.name in KNOWN
        else:
            assert one.says.when.tzinfo is not None


@each
def test_reading_twice_says_the_same(reader: Reader, file: str) -> None:
    assert list(reader.read(SAMPLES / file, file)) == list(reader.read(SAMPLES / file, file))


@each
def test_a_file_of_windows_says_the_same(reader: Reader, file: str, tmp_path: Path) -> None:
    """CRLF, which editors and git put there."""
    text = (SAMPLES / file).read_bytes()
    if b"\0" in text:
        pytest.skip("not a text")
    shutil.copytree(SAMPLES / folder(reader), tmp_path / folder(reader))
    (tmp_path / file).write_bytes(text.replace(b"\n", b"\r\n"))
    assert [line_of(one) for one in reader.read(tmp_path / file, file)] == said(reader, file)
