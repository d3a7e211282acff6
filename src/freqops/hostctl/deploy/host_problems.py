"""The problems of a host itself: its engine, our timers, and settings of SSH server and kernel that were undone."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from freqops.core.base import commands, units
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.halt import timers
from freqops.core.hardening import ssh_session, sshd, sysctl
from freqops.core.hardening.guard import Guard

UNITS = Path(units.PLACE)
ENGINE = "docker.service"
SYSTEMCTL_SECONDS = 20


def host_problems(clock: Clock) -> list[str]:
    """Return a line for each problem of this host, with its cure."""
    return [*_services(clock), *_ssh_server(), *_kernel()]


def _services(clock: Clock) -> list[str]:
    """Return the faults of the engine and of our timers: their state in systemd, and their last rounds."""
    there = [path.stem[len(timers.PREFIX) :] for path in sorted(UNITS.glob(f"{timers.PREFIX}*.timer"))]
    names = list(dict.fromkeys([*timers.ALWAYS, *there]))
    guard = timers.unit(timers.GUARD, "service")
    ours = [timers.unit(name, kind) for name in names for kind in ("timer", "service")]
    try:
        found = units.show(lambda words: commands.run(words, SYSTEMCTL_SECONDS), [ENGINE, guard, *ours])
    except NotProven as error:
        return [str(error)]
    state = found[ENGINE].get("ActiveState", "")
    engine = [] if state == "active" else [f"{ENGINE} is {state}: 'systemctl start {ENGINE}'"]
    wrong = units.wrong(found[guard], resident=True)
    wrong += [text for unit in ours for text in units.wrong(found[unit])]
    late = [text for name in [timers.GUARD, *names] if name in timers.RED_SECONDS for text in _late(name, found, clock)]
    return [*engine, *wrong, *late]


def _late(name: str, found: Mapping[str, units.Unit], clock: Clock) -> list[str]:
    """Return the faults of the last round of a timer.

    That which takes switches back starts nothing where none is under way. Its stamp is systemd's own: when it last
    looked whether to start it.
    """
    if name != timers.RECOVER:
        return timers.stamp_wrong(name, clock)
    service = found[timers.unit(name, "service")]
    if service.get("ActiveState") == "activating":
        return []
    looked, up_s = service.get("ConditionTimestampMonotonic", ""), clock.monotonic()
    known = looked.isdigit() and int(looked) > 0
    return timers.round_wrong(name, up_s - int(looked) / 1e6 if known else None, up_s)


def _ssh_server() -> list[str]:
    server = sshd.SshServer(commands.run, Guard("sshd", commands.run))
    if not server.drop_in.exists():
        return []
    try:
        session = ssh_session.find(os.getpid())
    except Refused:  # at the console
        session = None
    try:
        return server.undone(session)
    except NotProven as error:
        return [f"the settings of the SSH server are not known: {error}"]


def _kernel() -> list[str]:
    # What the file has, this host could set when it was written.
    return sysctl.undone(sysctl.Kernel(container=False))
