"""``freqops-host`` as a host runs it, but for what is not the disk: bot, engine and time are stand-ins.

It reads jobs, a JSON object on a line each, and runs the real command line for each in a process of its own, so that a
tracer meets the same calls with the same names in every run. It prints the exit status of each.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from freqops.core.bot import processes
from freqops.hostctl import cli
from freqops.hostctl.bot import as_declared, holds_file, messengers, processes_and_api, start
from freqops.hostctl.commands import halt as halt_command
from freqops.hostctl.commands import resume as resume_command
from freqops.hostctl.halt import levels, resume
from freqops.hostctl.incident import journal, recorded
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, process

PATIENCE = 60.0  # a busy machine decides nothing here
BOUNDS: tuple[tuple[Any, str], ...] = (
    (holds_file, "LATCH_SECONDS"),
    (recorded, "SECONDS"),
    (journal, "CLOSE_SECONDS"),
)
SPOILT = 70


class NoEngine(FakeEngine):
    """An engine that brings containers up, and cannot be asked to stop one."""

    def begin_stop(self, name: str, grace: int) -> NoReturn:  # noqa: ARG002  the signature is the engine's
        raise FileNotFoundError(2, "no engine", "docker")


class SpokenApi(StillApi):
    """A bot that says on stderr what it was told."""

    def _said(self, what: str) -> None:
        sys.stderr.write(f"api {what}\n")
        sys.stderr.flush()
        super()._said(what)


def never(*_: Any) -> NoReturn:
    """Stand in for what must not happen on the machine of the tests."""
    raise AssertionError("a signal was sent")


def pretend(job: dict[str, Any]) -> None:
    """Put stand-ins where the command would look at this machine."""
    clock, numbers = FakeClock(), itertools.count()
    api = SpokenApi(clock, name=job["bot"], state=job["trader"])
    if job["lock"]:
        api.locks.append({"id": 7, "reason": job["lock"]})
    found = [process(bot=job["bot"])] if job["alive"] else []
    stand_ins: list[tuple[Any, str, Any]] = [
        *((command, "Clock", lambda: clock) for command in (halt_command, resume_command)),
        *((module, "Engine", NoEngine) for module in (resume_command, levels)),
        (processes, "scan", lambda *_: found),
        (os, "kill", never),
        *((module, name, PATIENCE) for module, name in BOUNDS),
        (os, "urandom", lambda count: next(numbers).to_bytes(count, "big")),
        *((module, "client", lambda _: api) for module in (processes_and_api, resume, start, as_declared, messengers)),
    ]
    for module, name, stand_in in stand_ins:
        if name not in vars(module):
            raise AssertionError(f"{module.__name__} has no {name}")
        setattr(module, name, stand_in)


Pretend = Callable[[dict[str, Any]], None]


def work(job: dict[str, Any], pretending: Pretend) -> int:
    """Run one command, its words going to the files that the job names."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    try:
        pretending(job)
        return cli.main(job["argv"], Path(job["root"]))
    except BaseException:  # noqa: BLE001  whatever it is, it is said, and is no exit status of the command
        traceback.print_exc()
        return SPOILT


def main(pretending: Pretend = pretend) -> None:
    """Do all jobs, one after the other."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(work(json.loads(line), pretending))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
