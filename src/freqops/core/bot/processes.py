"""The processes of each bot of this host, read from /proc: no engine, no network, nothing they could forge.

A process is a bot's when the bot's own ``conf`` directory is mounted in it. That holds for the declared container,
for a second one that somebody started beside it, for frozen processes and with a dead engine.

The kernel names the mounted directory by its device and by its place in that file system. A directory at the place of
``conf``, or beside it in the bot's home, moved aside or deleted, is the bot's. Another directory is not, whatever its
name is. So only root, who alone may write there, can make a process pass for a bot's.

A process writes its own name and its own arguments. So a program inside a bot's container can take those of a start
gate that waits. At the lower levels that gains nothing, for the bot's own word counts there. At level 3 no process that
was there when the hold was latched is believed: see `left`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PROC = Path("/proc")
BOTS = Path("/srv/freqops/bots")
CONF_IN_CONTAINER = "/freqops/conf"
TOOL_IN_CONTAINER = "/freqops/conf/freqops-host"
PYTHON = re.compile(r"^(python|pypy)[0-9.]*$")
PYTHON_OPTIONS_WITH_VALUE = ("-X", "-W")
DELETED = "//deleted"
NAMESPACES = 2  # that of the host, and that of a container; whoever is inside may at most begin a third
WAITING = "freqops-waits"  # at most 15 bytes, proc_pid_comm(5)


@dataclass(frozen=True)
class Process:
    """One process of the host.

    Attributes:
        pid: Its number on the host.
        argv: Its arguments.
        bot: The bot whose ``conf`` it has mounted, if any.
        is_init: Whether it is the first process of its container.
        waits: Whether it carries the name that a start gate takes when it has refused.
        frozen: Whether a signal has stopped it, SIGSTOP say: it lives, and does nothing until SIGCONT.
    """

    pid: int
    argv: tuple[str, ...]
    bot: str | None
    is_init: bool = False
    waits: bool = False
    frozen: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether it is the health probe, or a start gate that waits: one that has not decided yet may still trade."""
        if TOOL_IN_CONTAINER not in self.argv[:2]:
            return False
        return self.waits or self.argv[self.argv.index(TOOL_IN_CONTAINER) + 1 :] == ("probe",)

    @property
    def is_waiting_gate(self) -> bool:
        """Whether it says that it is a start gate that waits, and is the first process of its container, as one is."""
        return self.is_gate and self.waits

    @property
    def is_gate(self) -> bool:
        """Whether it is a start gate, the first process of its container: one that waits, or one that only begins."""
        return self.is_init and TOOL_IN_CONTAINER in self.argv[:2]

    @property
    def is_freqtrade(self) -> bool:
        """Whether it was started as Freqtrade that may trade, wherever it runs: not a backtest, not `vim freqtrade`."""
        words = list(self.argv)
        if words and PYTHON.match(PurePosixPath(words[0]).name):
            words = _script(words[1:])
        return bool(words) and PurePosixPath(words[0]).name == "freqtrade" and _may_trade(words[1:])

    @property
    def command(self) -> str:
        """Its arguments, shortened for a table."""
        return " ".join(self.argv)[:120]


def _script(words: list[str]) -> list[str]:
    """Return the program that Python runs, and its arguments: the script, or the module after ``-m``."""
    rest = iter(words)
    for word in rest:
        if word in PYTHON_OPTIONS_WITH_VALUE:
            next(rest, None)
        elif word == "-m" or not word.startswith("-"):
            return list(rest) if word == "-m" else [word, *rest]
    return []


def _may_trade(arguments: list[str]) -> bool:
    """Whether Freqtrade's command is to trade, or something we cannot read: only another command's name says no."""
    return not arguments or arguments[0] == "trade" or arguments[0].startswith("-")


def scan(proc: Path = PROC, bots: Path = BOTS) -> list[Process]:
    """Return the live processes that belong to a bot or are Freqtrade.

    Args:
        proc: What the kernel says of processes.
        bots: The directory that has the homes of the bots.
    """
    return [process for process in _all(proc, bots) if process.bot is not None or process.is_freqtrade]


def trading(bot: str, processes: list[Process]) -> list[Process]:
    """Return the processes of ``bot`` that could trade: all but the probe and a gate that waits."""
    return [process for process in processes if process.bot == bot and not process.is_ours]


def of(bot: str, processes: list[Process]) -> list[Process]:
    """Return every process of ``bot``, under any name."""
    return [process for process in processes if process.bot == bot]


def left(present: list[Process], before: frozenset[int]) -> list[Process]:
    """Return the processes of a bot that are not believed to be a waiting gate, under a hold of level 3 on the disk.

    A process that was there when the hold was latched may have taken that name, so it is to be ended; to end a real
    gate costs nothing. The engine alone begins the first process of a container, and one that came later is a gate that
    executes nothing under that hold. So that one is believed, and a restart policy that brings the gate back again and
    again keeps no halt from being proven.

    Args:
        present: All processes of the bot.
        before: The numbers of those that were there when the hold was latched.
    """
    return [process for process in present if process.pid in before or not process.is_waiting_gate]


def undeclared(bots: list[str], processes: list[Process]) -> list[Process]:
    """Return the Freqtrade processes that belong to none of ``bots``."""
    return [process for process in processes if process.is_freqtrade and process.bot not in bots]


def _all(proc: Path, bots: Path) -> Iterator[Process]:
    own = proc / "self"
    host = _Host(_mounts(own.joinpath("mountinfo").read_text()), bots.resolve(), _user_namespace(own))
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            argv = tuple(entry.joinpath("cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0"))
            status = entry.joinpath("status").read_text()
            bot = _bot_of(entry, host)
        except OSError:  # it ended while we looked
            continue
        if "\nState:\tZ" not in status:
            waits, frozen = status.startswith(f"Name:\t{WAITING}\n"), "\nState:\tT" in status
            yield Process(int(entry.name), argv, bot, _is_init(status), waits, frozen)


@dataclass(frozen=True)
class _Mount:
    """One line of proc_pid_mountinfo(5): the device, the directory of it that is mounted, and where."""

    device: str
    root: str
    point: str


def _mounts(mountinfo: str) -> list[_Mount]:
    lines = [line.split(" ") for line in mountinfo.splitlines()]
    return [_Mount(*fields[2:5]) for fields in lines if len(fields) > 4]


@dataclass(frozen=True)
class _Host:
    """The host as the kernel shows it: its own mounts, where its bots lie, and its user namespace."""

    mounts: list[_Mount]
    bots: Path
    user_namespace: str | None


def _bot_of(entry: Path, host: _Host) -> str | None:
    """Return the bot whose ``conf`` is mounted, even if that directory was moved aside or deleted since."""
    for mount in _mounts(entry.joinpath("mountinfo").read_text()):
        if mount.point == CONF_IN_CONTAINER:
            root = mount.root[: -len(DELETED)] if mount.root.endswith(DELETED) else mount.root
            paths = list(_paths(mount.device, root, host.mounts))
            names = [_below(path, host.bots) for path in paths] or [_by_name(root, entry, host)]
            return next((name for name in names if name is not None), None)
    return None


def _paths(device: str, root: str, mounts: list[_Mount]) -> Iterator[str]:
    """Give a directory of a file system as the host calls it, which may have it at several places."""
    for present in mounts:
        above = present.root.rstrip("/")
        if present.device == device and (root + "/").startswith(above + "/"):
            yield present.point.rstrip("/") + root[len(above) :]


def _below(path: str, bots: Path) -> str | None:
    """Return in which bot's home a directory of the host lies, None where it is no bot's."""
    parts, home = PurePosixPath(path).parts, bots.parts
    return parts[len(home)] if parts[: len(home)] == home and len(parts) > len(home) + 1 else None


def _by_name(root: str, entry: Path, host: _Host) -> str | None:
    """Return the bot of a directory that the host cannot reach any more, because its volume was taken away.

    Only its name is left to judge by. A mount in the host's own user namespace takes root. In a namespace of their own
    all users may mount, and such a mount is no bot.
    """
    parts = PurePosixPath(root).parts
    if host.user_namespace is None or _user_namespace(entry) != host.user_namespace:
        return None
    return parts[-2] if len(parts) > 2 and parts[-3] == host.bots.name else None


def _user_namespace(entry: Path) -> str | None:
    try:
        return str(entry.joinpath("ns", "user").readlink())
    except OSError:
        return None


def _is_init(status: str) -> bool:
    ids = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return len(ids) == NAMESPACES and ids[-1] == "1"
