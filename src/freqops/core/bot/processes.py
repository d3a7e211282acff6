"""Which processes of this host belong to a bot, read from /proc: no engine, no network, nothing they could forge.

A process is a bot's when the bot's own ``conf`` directory is mounted in it. That holds for the declared container,
for a second one that somebody started beside it, for frozen processes and with a dead engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PROC = Path("/proc")
CONF_IN_CONTAINER = "/freqops/conf"
TOOL_IN_CONTAINER = "/freqops/conf/freqops-host"
PYTHON = re.compile(r"^(python|pypy)[0-9.]*$")
PYTHON_OPTIONS_WITH_VALUE = ("-X", "-W")
DELETED = "//deleted"
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
    """

    pid: int
    argv: tuple[str, ...]
    bot: str | None
    is_init: bool = False
    waits: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether it is the health probe, or a start gate that waits: one that has not decided yet may still trade."""
        if TOOL_IN_CONTAINER not in self.argv[:2]:
            return False
        return self.waits or self.argv[self.argv.index(TOOL_IN_CONTAINER) + 1 :] == ("probe",)

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


def scan(proc: Path = PROC) -> list[Process]:
    """Return the live processes that belong to a bot or are Freqtrade."""
    return [process for process in _all(proc) if process.bot is not None or process.is_freqtrade]


def trading(bot: str, processes: list[Process]) -> list[Process]:
    """Return the processes of ``bot`` that could trade: all but the probe and a gate that waits."""
    return [process for process in processes if process.bot == bot and not process.is_ours]


def undeclared(bots: list[str], processes: list[Process]) -> list[Process]:
    """Return the Freqtrade processes that belong to none of ``bots``."""
    return [process for process in processes if process.is_freqtrade and process.bot not in bots]


def _all(proc: Path) -> Iterator[Process]:
    host = _mounts(proc.joinpath("self", "mountinfo").read_text())
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            argv = tuple(entry.joinpath("cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0"))
            status = entry.joinpath("status").read_text()
            bot = _bot_of(entry.joinpath("mountinfo").read_text(), host)
        except OSError:  # it ended while we looked
            continue
        if "\nState:\tZ" not in status:
            yield Process(int(entry.name), argv, bot, _is_init(status), status.startswith(f"Name:\t{WAITING}\n"))


@dataclass(frozen=True)
class _Mount:
    """One line of proc_pid_mountinfo(5): the device, the directory of it that is mounted, and where."""

    device: str
    root: str
    point: str


def _mounts(mountinfo: str) -> list[_Mount]:
    lines = [line.split(" ") for line in mountinfo.splitlines()]
    return [_Mount(*fields[2:5]) for fields in lines if len(fields) > 4]


def _bot_of(mountinfo: str, host: list[_Mount]) -> str | None:
    """Return the bot whose ``conf`` is mounted, even if that directory was moved aside or deleted since."""
    for mount in _mounts(mountinfo):
        if mount.point == CONF_IN_CONTAINER:
            for path in _paths(mount, host):
                parts = PurePosixPath(path).parts
                if len(parts) >= 3 and parts[-3] == "bots":
                    return parts[-2]
    return None


def _paths(mount: _Mount, host: list[_Mount]) -> Iterator[str]:
    """Give the directory as its file system calls it, then as the host does, where ``bots`` may be a volume."""
    root = mount.root[: -len(DELETED)] if mount.root.endswith(DELETED) else mount.root
    yield root
    for present in host:
        if present.device == mount.device and (root + "/").startswith(present.root.rstrip("/") + "/"):
            yield present.point + root[len(present.root.rstrip("/")) :]


def _is_init(status: str) -> bool:
    ids = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return len(ids) > 1 and ids[-1] == "1"
