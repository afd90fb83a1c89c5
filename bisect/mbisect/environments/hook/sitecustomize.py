"""Runs inside a workload's interpreters as they start: at exit, writes down which installed files each had loaded.

A copy of this file stands in a folder of its own, which PYTHONPATH names, so it is found before any `sitecustomize` of
the environment; it takes the folder off sys.path and hands over to that one. Each process writes a file of its own into
the same folder, children too. One that is killed, that leaves by os._exit (forked workers do) or that ignores
PYTHONPATH (-I, -E, -S) writes nothing. Standard library only, and nothing that an old Python could not read: a workload
may start one.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
# An annotation would be a syntax error in Python 2, which would be printed among what the workload says.

import atexit
import binascii
import os
import sys

MARK = "/site-packages/"


def _loaded():
    """The files of all modules that lie in a site-packages folder, as paths below it."""
    found = set()
    for module in list(sys.modules.values()):
        try:
            # Not getattr: some modules import others the moment that an attribute is asked for.
            path = object.__getattribute__(module, "__dict__")["__file__"].replace(os.sep, "/")
        except Exception:  # sys.modules may hold anything
            continue
        if MARK in path:
            found.add(path.rpartition(MARK)[2])
    return found


def _write(folder):
    """One file for this process; it gets its ending last, so that a half-written one is never read."""
    try:
        path = os.path.join(folder, "%d-%s" % (os.getpid(), binascii.hexlify(os.urandom(4)).decode()))
        with open(path, "wb") as file:
            file.write("\n".join(sorted(_loaded())).encode("utf-8"))
        os.rename(path, path + ".txt")
    except Exception:  # how the workload ends matters more
        return


_here = os.path.dirname(os.path.abspath(__file__))
atexit.register(_write, _here)  # registered first, so it runs last
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _here]
sys.modules.pop("sitecustomize", None)
__import__("sitecustomize")  # the environment's own; where there is none, Python passes over the ImportError
