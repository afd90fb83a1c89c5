"""What can go wrong, each kind with its exit status. Only cli.py catches these."""

from __future__ import annotations


class MbisectError(Exception):
    """Base of all errors that a user is told of in one line. The message says what, where and what to do next."""

    exit_status = 2


class UsageError(MbisectError):
    """The command line asks for something that cannot be."""


class ConfigError(MbisectError):
    """mbisect.toml, a lock or another of the user's files says something that cannot be honoured."""


class NetworkError(MbisectError):
    """The package index cannot be reached; no verdict may be drawn from it."""

    exit_status = 70


class CommandError(MbisectError):
    """A command that we depend on failed in a way that we do not understand."""

    exit_status = 70


class NotStartedError(MbisectError):
    """A user's program could not be started; its exit status is the one that a shell would give."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


class InterruptError(MbisectError):
    """The user pressed Ctrl-C."""

    exit_status = 130
