"""The live processes of a slot on this machine: its holder, and the session of its run."""

from __future__ import annotations

import os
from pathlib import Path

from ..base import machine, process_table
from ..base.errors import Refused
from ..base.process_table import PROC
from .slots import Alive, Process, Slot


def alive(slot: Slot, proc: Path = PROC) -> Alive:
    """Return what lives of a slot; of a process of another machine that is not known.

    A run lives as long as any process of its session does: one whose leader was killed may still write its results.

    Raises:
        Refused: This machine does not tell of its processes.
    """
    here = identity(proc)
    holder, run = slot.holder.process, slot.run
    return Alive(
        process_table.lives(holder.pid, holder.started, proc) if holder.machine == here else None,
        in_session(run, proc) if run is not None and run.machine == here else None,
    )


def in_session(leader: Process, proc: Path = PROC) -> bool:
    """Return whether any process of the session that a process began is left.

    The kernel gives the number to no other process while one is left. A leader that began at another time is another
    one, and its session, too.
    """
    members = [entry for entry in process_table.entries(proc) if entry.session == leader.pid]
    return all(entry.started == leader.started for entry in members if entry.pid == leader.pid) and bool(members)


def known(pid: int, proc: Path = PROC) -> Process:
    """Return a process of this machine.

    Raises:
        Refused: There is none, or this machine does not tell.
    """
    began = process_table.started(pid, proc)
    if not began:
        raise Refused(f"there is no process {pid} on this machine, so it can hold no slot")
    return Process(pid, began, identity(proc))


def this(proc: Path = PROC) -> Process:
    """Return the process that asks.

    Raises:
        Refused: This machine does not tell.
    """
    return known(os.getpid(), proc)


def identity(proc: Path = PROC) -> str:
    """Return which machine this is.

    Raises:
        Refused: It cannot be told, so that the end of a holder could not be seen later.
    """
    here = machine.identity(proc)
    if not here:
        raise Refused("this machine cannot be identified: its boot and its process namespace cannot be read")
    return here
