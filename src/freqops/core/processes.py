"""Which processes of this host belong to a bot, read from /proc: no engine, no network, nothing they could forge.

A process is a bot's when the bot's own ``conf`` directory is mounted in it. That holds for the declared container,
for a second one that somebody started beside it, for frozen processes and with a dead engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PROC = Path("/proc")
CONF_IN_CONTAINER = "/freqops/conf"
TOOL_IN_CONTAINER = "/freqops/conf/freqops-host"


@dataclass(frozen=True)
class Process:
    """One process: its number on the host, its arguments, and the bot whose ``conf`` it has mounted, if any."""

    pid: int
    argv: tuple[str, ...]
    bot: str | None
    is_init: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether it is the start gate or the health probe, which never trade."""
        return TOOL_IN_CONTAINER in self.argv[:2]

    @property
    def is_freqtrade(self) -> bool:
        """Whether it was started as Freqtrade, wherever it runs."""
        names = [PurePosixPath(word).name for word in self.argv[:3]]
        return not self.is_ours and ("freqtrade" in names or names[1:3] == ["-m", "freqtrade"])

    @property
    def command(self) -> str:
        """Its arguments, shortened for a table."""
        return " ".join(self.argv)[:120]


def scan(proc: Path = PROC) -> list[Process]:
    """Return the live processes that belong to a bot or are Freqtrade."""
    return [process for process in _all(proc) if process.bot is not None or process.is_freqtrade]


def trading(bot: str, processes: list[Process]) -> list[Process]:
    """Return the processes of ``bot`` that could trade: all but gate and probe."""
    return [process for process in processes if process.bot == bot and not process.is_ours]


def undeclared(bots: list[str], processes: list[Process]) -> list[Process]:
    """Return the Freqtrade processes that belong to none of ``bots``."""
    return [process for process in processes if process.is_freqtrade and process.bot not in bots]


def _all(proc: Path) -> Iterator[Process]:
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            argv = tuple(entry.joinpath("cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0"))
            status = entry.joinpath("status").read_text()
            bot = _bot_of(entry.joinpath("mountinfo").read_text())
        except OSError:  # it ended while we looked
            continue
        if "\nState:\tZ" not in status:
            yield Process(int(entry.name), argv, bot, _is_init(status))


def _bot_of(mountinfo: str) -> str | None:
    """Return the bot whose ``conf`` is mounted; fields as in proc_pid_mountinfo(5): 4 root, 5 mount point."""
    for line in mountinfo.splitlines():
        fields = line.split(" ")
        if len(fields) > 4 and fields[4] == CONF_IN_CONTAINER:
            parts = PurePosixPath(fields[3]).parts
            if len(parts) >= 3 and parts[-3] == "bots" and parts[-1] == "conf":
                return parts[-2]
    return None


def _is_init(status: str) -> bool:
    ids = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    return len(ids) > 1 and ids[-1] == "1"
