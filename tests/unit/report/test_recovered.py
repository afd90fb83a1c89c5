"""What `mbisect recover` shows: the names of other people's files are shown and never obeyed."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from rich.console import Console

from mbisect.environments.recover.evidence import Strength, present
from mbisect.environments.recover.gather import Gathered
from mbisect.environments.recover.result import How, Provenance, Recovered
from mbisect.environments.recover.weigh import Conflict, Dates
from mbisect.report.recovered import render_recovered
from mbisect.terms import Interpreter


def shown(*files: str, unread: tuple[str, ...] = ()) -> str:
    """An environment of one package, which each of these files tells of; the last one is set aside as well."""
    told = tuple(
        present(name, f"line {n}", "six==1.16.0", "six", "==1.16.0", Strength.STATED) for n, name in enumerate(files, 1)
    )
    recovered = Recovered(
        "v1", Interpreter("3.11.7", "/python"), Provenance("python", "3.11", How.EXACT, told[:1], ()), None,
        Dates(None, Strength.HINT, None, ()), datetime(2025, 2, 20, tzinfo=UTC), ("six==1.16.0",), (),
        (Provenance("six", "1.16.0", How.EXACT, told, ("1.17.0",)),), (), (),
        (Conflict(told[-1], told[0]),), Gathered(told, len(told), unread),
    )  # fmt: skip
    stream = io.StringIO()
    Console(file=stream, width=200, force_terminal=True, color_system=None).print(
        render_recovered(recovered, everything=False)
    )
    return stream.getvalue()


def test_names_with_markup_are_shown_as_they_are() -> None:
    text = shown("q[/requirements].txt", "[bold]y/requirements.txt")
    assert "q[/requirements].txt (line 1), and 1 more" in text
    assert "1 package: 1 exact\n" in text
    assert "set aside: [bold]y/requirements.txt (line 2)" in text
    assert "[bold]y/requirements.txt (line 1)" in shown("[bold]y/requirements.txt")


def test_names_with_escapes_and_line_breaks_stay_on_their_line() -> None:
    text = shown("a\x1b[2J\x1b]0;title\x07b\rc\nd/requirements.txt", unread=("x\x1b[31m\ny: not JSON",))
    assert "\x1b" not in text and "\r" not in text
    assert "ab c d/requirements.txt (line 1)" in text
    assert "not read: x y: not JSON" in text
