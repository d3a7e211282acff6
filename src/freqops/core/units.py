"""Units of systemd: written, read by it, and their timers run and read back, all in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import durable
from .commands import Run, must
from .errors import NotProven

DIRECTORY = Path("/etc/systemd/system")
MODE = 0o644
PROPERTIES = ("ActiveState", "NeedDaemonReload", "UnitFileState")
RUNNING = {"ActiveState": "active", "NeedDaemonReload": "no", "UnitFileState": "enabled"}


@dataclass(frozen=True)
class Difference:
    """What is otherwise than it shall be.

    Attributes:
        before: The files that differ, as they are; empty where there is none.
        after: The same files as they shall be.
        idle: Timers that do not run, or not as they are described now.
    """

    before: dict[str, str]
    after: dict[str, str]
    idle: list[str]


class Units:
    """The units of this host."""

    def __init__(self, run: Run, directory: Path = DIRECTORY, owner: tuple[int, int] = (0, 0)) -> None:
        self._run, self._directory, self._owner = run, directory, owner

    def compare(self, files: Mapping[str, str], timers: Sequence[str]) -> Difference:
        """Hold files and timers against what there is."""
        before = {name: self._seen(name) for name in sorted(files)}
        after = {name: text for name, text in sorted(files.items()) if before[name] != text or not self._right(name)}
        idle = [name for name in timers if after or self._state(name) != RUNNING]
        return Difference({name: before[name] for name in after}, after, idle)

    def apply(self, difference: Difference) -> None:
        """Write what differs, have systemd read it, and run the timers.

        Raises:
            NotProven: systemd refused, or a timer does not run after all.
        """
        for name, text in difference.after.items():
            durable.write_atomic(self._directory / name, text.encode(), MODE, self._owner)
        must(self._run, ["systemctl", "daemon-reload"])
        for name in difference.idle:
            must(self._run, ["systemctl", "enable", name])
            must(self._run, ["systemctl", "restart", name])
            state = self._state(name)
            if state != RUNNING:
                raise NotProven(f"{name} was started and is {state}")

    def _seen(self, name: str) -> str:
        path = self._directory / name
        return path.read_text(errors="replace") if path.exists() else ""

    def _right(self, name: str) -> bool:
        status = (self._directory / name).stat()
        return (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (MODE, *self._owner)

    def _state(self, name: str) -> dict[str, str]:
        said = must(self._run, ["systemctl", "show", name, *(f"--property={each}" for each in PROPERTIES)])
        return {key: value for key, _, value in (line.partition("=") for line in said.splitlines())}
