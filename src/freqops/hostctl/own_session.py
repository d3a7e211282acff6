"""A command that outlives the terminal it was given in: work that was begun on the host is finished there.

The work is done by a child in a session of its own, which no hang-up and no Ctrl-C reaches; the command itself only
passes its words on. When the command is gone, the child works on, and its incident has the result.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Callable

INTERRUPTED = 2
CHUNK = 65536


def run(work: Callable[[], int]) -> int:
    """Do ``work`` in a child of its own session and return its exit status.

    Args:
        work: The work; its output is passed on.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(work, writer)
    os.close(writer)
    try:
        _pass_on(reader)
    except KeyboardInterrupt:
        sys.stderr.write("freqops-host: interrupted; the command goes on by itself, and its incident will say so\n")
        return INTERRUPTED
    finally:
        os.close(reader)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else INTERRUPTED


def _work(work: Callable[[], int], writer: int) -> None:
    status = INTERRUPTED
    try:
        os.setsid()
        for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.dup2(writer, 1)
        os.close(writer)
        status = work()
    finally:
        os._exit(status)


def _pass_on(reader: int) -> None:
    while True:
        data = os.read(reader, CHUNK)
        if not data:
            return
        os.write(1, data)
