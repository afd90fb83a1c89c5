"""Locks are read as pip reads requirement files, and refused, with file and line, where they do not lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from mbisect.environments.atomic import write_whole
from mbisect.environments.lockfile import marker_environment, read_lock, render, render_lock
from mbisect.errors import ConfigError
from mbisect.terms import Interpreter, Lock, Pin

A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
OLD, NEW = Interpreter("3.8.18", "/old"), Interpreter("3.13.0", "/new")


def read(path: Path, text: str | None = None, interpreter: Interpreter = NEW) -> Lock:
    if text is not None:
        path.write_text(text)
    return read_lock(path, environment=marker_environment(interpreter))


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "lock.txt"


def test_names_are_normalised_and_sorted(lock: Path) -> None:
    assert read(lock, "Typing.Extensions==4.9.0\nidna==3.6\n").versions() == {
        "idna": "3.6",
        "typing-extensions": "4.9.0",
    }


def test_comments_blank_lines_and_options_that_name_a_place_are_passed_over(lock: Path) -> None:
    text = "# written by a tool\n\n--index-url https://index.example/simple\n-i x\nidna==3.6  # via requests\n"
    assert read(lock, text).pins == (Pin("idna", "3.6"),)


def test_hashes_stand_on_continuation_lines(lock: Path) -> None:
    text = f"idna==3.6 \\\n    --hash={A} \\\n    --hash={B}\n    # via requests\nsix==1.16.0 --hash={A}\n"
    assert read(lock, text).pins == (Pin("idna", "3.6", (A, B)), Pin("six", "1.16.0", (A,)))


def test_extras_are_kept(lock: Path) -> None:
    assert read(lock, "httpx[http2,brotli]==0.27.0\n").pins == (Pin("httpx", "0.27.0", extras=("brotli", "http2")),)


def test_a_line_counts_only_where_its_marker_is_true_for_the_interpreter(lock: Path) -> None:
    text = 'idna==3.6\ntomli==2.0.1 ; python_version < "3.11"\nwinreg==1 ; sys_platform == "win32"\n'
    assert read(lock, text, OLD).versions() == {"idna": "3.6", "tomli": "2.0.1"}
    assert read(lock, text, NEW).versions() == {"idna": "3.6"}


def test_two_versions_for_two_interpreters_are_one_for_each(lock: Path) -> None:
    text = 'idna==3.6 ; python_version < "3.11"\nidna==3.7 ; python_version >= "3.11"\n'
    assert (read(lock, text, OLD).versions(), read(lock, text, NEW).versions()) == ({"idna": "3.6"}, {"idna": "3.7"})


def test_the_full_version_decides_where_a_marker_asks_for_it(lock: Path) -> None:
    text = 'idna==3.6\nsix==1.16.0 ; python_full_version > "3.13.0"\n'
    assert read(lock, text).versions() == {"idna": "3.6"}


@pytest.mark.parametrize("include", ["-r more.txt", "-rmore.txt", "--requirement more.txt", "--requirement=more.txt"])
def test_an_included_file_belongs_to_the_lock(lock: Path, include: str) -> None:
    lock.with_name("more.txt").write_text("six==1.16.0\n")
    assert read(lock, f"{include}\nidna==3.6\n").versions() == {"idna": "3.6", "six": "1.16.0"}


def test_an_included_file_is_looked_for_beside_the_one_that_includes_it(lock: Path) -> None:
    (lock.parent / "sub").mkdir()
    (lock.parent / "sub" / "one.txt").write_text("-r two.txt\n")
    (lock.parent / "sub" / "two.txt").write_text("six==1.16.0\n")
    assert read(lock, "-r sub/one.txt\n").versions() == {"six": "1.16.0"}


def test_a_file_may_be_included_twice_but_not_by_itself(lock: Path) -> None:
    lock.with_name("a.txt").write_text("-r c.txt\nsix==1.16.0\n")
    lock.with_name("b.txt").write_text("-r c.txt\n")
    lock.with_name("c.txt").write_text("idna==3.6\n")
    assert len(read(lock, "-r a.txt\n-r b.txt\n").pins) == 2
    lock.with_name("c.txt").write_text("-r a.txt\n")
    with pytest.raises(ConfigError, match=r"a\.txt: it includes itself"):
        read(lock, "-r a.txt\n")


def test_an_error_names_the_included_file_and_its_line(lock: Path) -> None:
    lock.with_name("more.txt").write_text("six==1.16.0\nidna>=3\n")
    with pytest.raises(ConfigError, match=r"more\.txt:2: "):
        read(lock, "-r more.txt\n")


def test_the_same_pin_twice_is_one_and_its_hashes_are_put_together(lock: Path) -> None:
    text = f"idna==3.6 --hash={A}\nIDNA[x]==3.6 --hash={B} --hash={A}\n"
    assert read(lock, text).pins == (Pin("idna", "3.6", (A, B), ("x",)),)


@pytest.mark.parametrize("same", ["1.0.0", "1.0.0+cpu", "1.0.0rc1", "2!1.0"])
def test_any_exact_version_is_a_pin(lock: Path, same: str) -> None:
    assert read(lock, f"thing=={same}\n").versions() == {"thing": same}


REFUSED = {
    "a range": ("idna>=3.6", r"lock\.txt:2: `idna>=3\.6` is not pinned"),
    "a prefix": ("idna==3.*", r"lock\.txt:2: .*is not pinned"),
    "two specifiers": ("idna==3.6,!=3.7", r"lock\.txt:2: .*is not pinned"),
    "a bare name": ("idna", r"lock\.txt:2: `idna` is not pinned to one version; write `idna==…`"),
    "a repository": ("git+https://host.example/a/b.git@main#egg=b", r"lock\.txt:2: .*repository or file address"),
    "a named repository": ("b @ git+https://host.example/a/b.git", r"lock\.txt:2: .*repository or file address"),
    "an address": ("https://host.example/b-1.0-py3-none-any.whl", r"lock\.txt:2: .*repository or file address"),
    "a file": ("b @ file:///b-1.0-py3-none-any.whl", r"lock\.txt:2: .*repository or file address"),
    "an editable": ("-e .", r"lock\.txt:2: `-e \.` is an editable install"),
    "a long editable": ("--editable=./sub", r"lock\.txt:2: .*is an editable install"),
    "a constraint file": ("-c limits.txt", r"lock\.txt:2: the option `-c limits\.txt` cannot be honoured"),
    "a source option": ("--no-binary=:all:", r"lock\.txt:2: the option .* cannot be honoured"),
    "another version": ("six==1.15.0", r"lock\.txt:2: six is pinned twice, to 1\.16\.0 and to 1\.15\.0; keep one"),
    "no version": ("idna==three", r"lock\.txt:2: .*"),
    "nonsense": ("?!", r"lock\.txt:2: `\?!` is not a pin"),
    "a missing include": ("-r none.txt", r"none\.txt does not exist"),
    "a pin that goes on": ("idna>=\\\n3.6", r"lock\.txt:2: .*is not pinned"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_locks_nothing_is_one_line_with_its_place(lock: Path, what: str) -> None:
    line, message = REFUSED[what]
    with pytest.raises(ConfigError, match=message) as caught:
        read(lock, f"six==1.16.0\n{line}\n")
    assert "\n" not in str(caught.value)


def test_after_a_continuation_the_line_numbers_still_fit(lock: Path) -> None:
    with pytest.raises(ConfigError, match=r"lock\.txt:4: "):
        read(lock, f"six==1.16.0 \\\n  --hash={A}\n\nidna\n")


@pytest.mark.parametrize("text", ["", "# nothing\n", "tomli==2.0.1 ; python_version < '3.11'\n", "-i x\n"])
def test_a_lock_that_pins_nothing_is_refused(lock: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="the lock is empty"):
        read(lock, text)


def test_what_is_no_text_file_is_refused_in_one_line(lock: Path, tmp_path: Path) -> None:
    lock.write_bytes(b"\x89PNG\x00i")
    with pytest.raises(ConfigError, match="not a text file"):
        read(lock)
    with pytest.raises(ConfigError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(ConfigError, match=r"none\.txt does not exist"):
        read(tmp_path / "none.txt")


def test_a_windows_file_with_a_byte_order_mark_is_read(lock: Path) -> None:
    lock.write_bytes(f"\ufeffidna==3.6 \\\r\n  --hash={A}\r\nsix==1.16.0\r\n".encode())
    assert read(lock).pins == (Pin("idna", "3.6", (A,)), Pin("six", "1.16.0"))


def test_what_is_written_is_read_again_as_it_was(lock: Path) -> None:
    pins = (Pin("httpx", "0.27.0", (A, B), ("brotli", "http2")), Pin("idna", "3.6"))
    write_whole(lock, render_lock(reversed(pins), header="Written by a test.\nFor all."))
    assert read(lock).pins == pins
    assert lock.read_text().startswith("# Written by a test.\n# For all.\n")
    assert list(lock.parent.iterdir()) == [lock]


def test_hashes_may_be_left_out_where_people_read() -> None:
    assert render([Pin("six", "1.16.0", (A,)), Pin("idna", "3.6", (B,))], hashes=False) == "idna==3.6\nsix==1.16.0\n"


COMMIT = "0123456789abcdef0123456789abcdef01234567"
FROZEN = f"""anyio==4.16.0
-e git+ssh://me:secret@host.example/a/b.git@{COMMIT}#egg=b&subdirectory=c
cuda @ https://host.example/cuda-12.4%2Bcu124-cp311-cp311-linux_x86_64.whl#sha256={"a" * 64}
fork @ git+https://host.example/a/fork.git@{COMMIT}
numpy @ file:///croot/numpy_1668593735768/work
# Editable install with no version control (thing==0.3)
-e /home/me/thing
typing_extensions==4.16.0
"""


def test_what_pip_freeze_wrote_is_read_and_what_is_no_release_is_fixed(lock: Path) -> None:
    found = read(lock, FROZEN)
    assert found.versions() == {"anyio": "4.16.0", "typing-extensions": "4.16.0"}
    assert [(one.name, one.version, one.why) for one in found.fixed] == [
        ("b", "", "an editable install"),
        ("cuda", "12.4+cu124", "installed from a file address"),
        ("fork", "", "installed from a repository"),
        ("numpy", "", "installed from a file address"),
        ("thing", "", "an editable install"),
    ]


def test_a_freeze_may_say_where_packages_come_from(lock: Path) -> None:
    index = "-i https://host.example/simple\n--extra-index-url https://more.example\n"
    assert read(lock, index + FROZEN) == read(lock, FROZEN)


def test_no_address_of_a_freeze_is_kept(lock: Path) -> None:
    assert "secret" not in repr(read(lock, FROZEN))
    assert "host.example" not in repr(read(lock, FROZEN))


@pytest.mark.parametrize(
    ("frozen", "by_hand"),
    [
        (f"fork.git@{COMMIT}\n", "fork.git@main\n"),
        ("# Editable install with no version control (thing==0.3)\n", ""),
        ("anyio==4.16.0\n", "zipp==4.16.0\n"),
        ("anyio==4.16.0\n", "anyio==4.16.0 ; python_version > '3'\n"),
        ("anyio==4.16.0\n", f"anyio==4.16.0 --hash={A}\n"),
    ],
)
def test_a_file_that_pip_freeze_would_not_write_is_held_to_pins(lock: Path, frozen: str, by_hand: str) -> None:
    """A commit that is not whole, a folder without pip's remark, another order, markers, hashes."""
    assert frozen in FROZEN
    with pytest.raises(ConfigError, match=r"is an editable install|is a repository or file address"):
        read(lock, FROZEN.replace(frozen, by_hand))


@pytest.mark.parametrize("line", ["=", "=x", "==1.0", "\\", "[", "a[", "six==1.16.0 --hash=sha256:zz", "six===1.0=="])
def test_lines_that_begin_or_end_oddly_are_refused_in_one_line(lock: Path, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(lock, f"{line}\n")
    assert "\n" not in str(caught.value)
