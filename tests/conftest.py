"""Signals are what they are for a program on a terminal, also where the tests run in the background or under nohup.

A process hands ignored signals on to those that it starts, and some tests send one.
"""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
