"""The command line: parse, call, print, exit status. The only room that catches our errors; imports late.

A module per group of commands. To import it puts them into the program; the help lists them in the order of imports.
"""

from __future__ import annotations

import io
import signal
import sys
import traceback
from typing import Any, NoReturn

import typer

from mbisect.cli import search, matrix, report, runs, pin, snapshots, recover, cache, compare, smoke, simulate  # isort: skip  # noqa: F401  # in the order of the help
from mbisect.cli.app import app
from mbisect.errors import MbisectError

__all__ = ["app", "main"]


UNPARSABLE: Any = typer.BadParameter.__base__
"""What typer raises for a command line that cannot be parsed. Newer versions of it bring their own copy of click, so
that catching click's own class would miss it."""


def main() -> NoReturn:
    """Entry point: every error of ours is one line on stderr and its own exit status.

    To be told to end (`kill`, a closed terminal) is the same as Ctrl-C: the trials that run are ended too. What the
    caller had ignored (`nohup`) stays ignored. What the terminal's encoding lacks is printed as `?`.
    """
    for told in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(told) is not signal.SIG_IGN:
            signal.signal(told, signal.default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        status = app(standalone_mode=False)
        if status == 130:  # newer versions of typer turn Ctrl-C into this status and say nothing
            raise KeyboardInterrupt
    except MbisectError as error:
        status = _complain(str(error), error.exit_status)
    except UNPARSABLE as error:
        status = _misused(error)
    except (KeyboardInterrupt, typer.Abort):
        status = _complain("interrupted; the same command goes on where this one stopped", 130)
    except BrokenPipeError:
        sys.stderr.close()
        status = 141
    except SystemExit:  # rich and click end so, with status 1, where nobody reads on
        status = 141
    except OSError as error:
        status = _complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error), 2)
    except Exception:
        traceback.print_exc()
        status = _complain("this is a fault of mbisect; please report it with the lines above", 70)
    sys.exit(status if isinstance(status, int) else 0)


def _complain(message: str, status: int) -> int:
    typer.echo(f"mbisect: {message}", err=True)
    return status


def _misused(error: Any) -> int:
    """Say in one line what was wrong with the command line, and where it is told how it is used."""
    if type(error).__name__ == "NoArgsIsHelpError":  # no word at all: what is shown is the help
        error.show()
        return 2
    program = error.ctx.command_path if error.ctx is not None else "mbisect"
    said = error.format_message().removesuffix(".")
    return _complain(f"{said}; `{program} -h` shows how it is used", 2)
