"""A process of the control node that does something again and again for as long as the run of Ansible lives.

It is no child of a worker, which ends with its task, and it belongs to no terminal. The kernel tells it of the end of
the run of Ansible, however that ends: by its own last line, by an interrupt, or by a signal that cannot be caught.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable

from freqops.core.base import process_table
from freqops.core.base.errors import FreqopsError, Refused

TRIES_BETWEEN = 10  # tries within one beat, where one did not succeed


class Over(FreqopsError):
    """There is nothing more to be kept alive."""


def begin(play: int, seconds: float, beat: Callable[[], bool]) -> None:
    """Begin to beat.

    Args:
        play: The process of the run of Ansible, a live one.
        seconds: Seconds between two beats.
        beat: Is called for each beat, in the process that beats. It returns whether that succeeded, and raises `Over`
            when no more are wanted.

    Raises:
        Refused: The run of Ansible is gone.
    """
    began = process_table.started(play)
    end_of_play = os.pidfd_open(play)
    if not process_table.lives(play, began):
        os.close(end_of_play)
        raise Refused(f"the run of Ansible, process {play}, is gone")
    child = os.fork()
    if child == 0:
        _detach_and_beat(end_of_play, seconds, beat)
    os.close(end_of_play)
    os.waitpid(child, 0)


def _detach_and_beat(end_of_play: int, seconds: float, beat: Callable[[], bool]) -> None:
    try:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):  # who reads the output of the play must see its end
            os.dup2(nowhere, descriptor)
        _beat(end_of_play, seconds, beat)
    finally:
        os._exit(0)


def _beat(end_of_play: int, seconds: float, beat: Callable[[], bool]) -> None:
    ended = select.poll()
    ended.register(end_of_play, select.POLLIN)
    wait = seconds
    while not ended.poll(wait * 1000):
        try:
            wait = seconds if beat() else seconds / TRIES_BETWEEN
        except Over:
            return
