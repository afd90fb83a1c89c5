"""What a release says of itself is read from an environment on disk; only addresses of the web become links."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mbisect.environments.build import environment_key
from mbisect.report.html.known import Known, Link, is_safe, known_of, read_metadata
from mbisect.terms import DATASET, package

METADATA = """\
Metadata-Version: 2.1
Name: httpx
Version: 0.28.0
Summary: The next generation \x1b[1mclient.
Home-page: https://example.org/httpx
Project-URL: Homepage, https://example.org/httpx/
Project-URL: Source, https://example.org/source
Project-URL: Changelog, https://example.org/changes
Project-URL: Donate, https://example.org/give
Project-URL: Evil, javascript:alert(1)
Project-URL: Worse, https://example.org/"><script>

Body: no field
"""


def test_the_most_telling_link_comes_first_and_none_twice():
    known = read_metadata(METADATA)
    assert known.summary == "The next generation client."
    assert [link.label for link in known.links] == ["Changelog", "Source", "Homepage"]


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//example.org", "https://", "http://[",
     "https://a b", "https://example.org/\"onmouseover=1", "https://example.org/\u009f", "JAVASCRIPT:https://x", ""],
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_none(address):
    assert not is_safe(address)


def test_it_is_found_in_the_environment_of_the_first_bad_candidate(world, tmp_path):
    record = world.found((package("httpx"), "0.28.0"))
    [cause] = record.finding.causes
    assert known_of(record, cause, tmp_path) == Known()
    key = environment_key(record.finding.first_bad.values, record.good.interpreter)
    folder = tmp_path / key / "lib/python3.11/site-packages/HTTPX-0.28.0.dist-info"
    folder.mkdir(parents=True)
    assert known_of(record, cause, tmp_path) == Known()
    (folder / "METADATA").write_text(METADATA)
    assert known_of(record, cause, tmp_path).links[0] == Link("Changelog", "https://example.org/changes")


def test_what_is_no_package_says_nothing(world, tmp_path):
    record = world.found((DATASET, "2" * 40))
    assert known_of(record, record.finding.causes[0], tmp_path) == Known()
    other = replace(record.finding.causes[0], change=world.change(package("chardet"), None))
    assert known_of(record, other, tmp_path) == Known()
