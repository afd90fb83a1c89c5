"""The program itself, and the options that several commands share."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup


class Group(TyperGroup):
    """Names arguments as they are typed; newer versions of typer show `{RUN}` and `RUN <str>`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        for command in self.commands.values():
            for argument in (one for one in command.params if one.param_type_name == "argument"):
                _name(argument)


def _name(argument: Any) -> None:
    shown = argument.metavar if argument.required else f"[{argument.metavar}]"
    argument.get_usage_pieces = lambda ctx: [shown]
    argument.display_type_rich = lambda ctx: ""


app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help="git bisect for everything a fine-tune depends on: names the release, commit, dataset revision, setting or "
    "seed that turned a good run into a bad one, proven in both directions.",
)

Good = Annotated[
    str,
    typer.Option("--good", metavar="GOOD", help="What works: a snapshot of mbisect.toml, a lock file or image:NAME."),
]
Bad = Annotated[str, typer.Option("--bad", metavar="BAD", help="What does not: a snapshot, a lock file or image:NAME.")]
Python = Annotated[str | None, typer.Option(help="Interpreter of both ends: a version (3.11) or a path.", metavar="V")]
ByName = Annotated[str, typer.Argument(metavar="NAME", help="Snapshot of mbisect.toml, lock file or image:NAME.")]
Other = Annotated[str | None, typer.Option(help="Another interpreter: a version (3.11) or a path.", metavar="V")]


def _version(wanted: bool) -> None:
    if wanted:
        from mbisect import __version__

        typer.echo(f"mbisect {__version__}")
        raise typer.Exit


@app.callback()
def top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options that belong to no command."""


def say(text: str) -> None:
    """A line beside the results."""
    typer.echo(f"mbisect: {text}", err=True)
