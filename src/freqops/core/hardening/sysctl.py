"""The kernel's settings: those that this host can set, their values, and the wanted values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..base import durable
from ..base.errors import NotProven, Refused
from .guard import document

PROC = Path("/proc/sys")
FILE = Path("/etc/sysctl.d/60-freqops.conf")
# Where systemd-sysctl reads at boot; the last file by name wins.
DIRECTORIES = (Path("/etc/sysctl.d"), Path("/run/sysctl.d"), Path("/usr/lib/sysctl.d"))
NAME = re.compile(r"^[a-z0-9_-]+(\.[a-z0-9_-]+)+$")
VALUE = re.compile(r"^-?[0-9]+$")
# Containers have these to themselves; everything else belongs to the machine below them.
OWN_IN_A_CONTAINER = "net."
FORWARDING = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding")


@dataclass
class Found:
    """The host's settings compared with what they must be."""

    settable: dict[str, str] = field(default_factory=dict)
    differing: dict[str, str] = field(default_factory=dict)
    not_settable: list[str] = field(default_factory=list)


class Kernel:
    """The settings of the running kernel, and the file that the next boot reads."""

    def __init__(self, *, container: bool, proc: Path = PROC, file: Path = FILE) -> None:
        self.container, self.proc, self.file = container, proc, file

    def compare(self, wanted: Mapping[str, str]) -> Found:
        """Sort the wanted settings: those to set, those that differ, and those that cannot be set, with the reason."""
        found = Found()
        for name in sorted(wanted):
            has, why = self._read(name)
            if why:
                found.not_settable.append(f"{name} = {wanted[name]}: {why}")
                continue
            found.settable[name] = wanted[name]
            if has != wanted[name]:
                found.differing[name] = has
        return found

    def apply(self, found: Found) -> None:
        """Write the file and the values that differ, and read every one of them back.

        Raises:
            NotProven: A value is not what was written.
        """
        durable.write_atomic(self.file, render(found.settable).encode(), 0o644)
        wrong = []
        for name in found.differing:
            try:
                self._path(name).write_text(found.settable[name])
            except OSError as error:
                wrong.append(f"{name} cannot be set to {found.settable[name]}: {error.strerror}")
        # All of them: setting one may change another.
        for name, value in found.settable.items():
            has, _ = self._read(name)
            if has != value:
                wrong.append(f"{name} is {has or 'unreadable'}, not {value}")
        if wrong:
            raise NotProven(f"{'; '.join(wrong)}; give the value that this host needs in host_sysctl")

    def written(self) -> str:
        """Return the file as it is, empty where there is none."""
        return document(self.file)

    def _read(self, name: str) -> tuple[str, str]:
        """Return the value, and why it is not ours to set."""
        try:
            has = self._path(name).read_text().strip()
        except OSError:
            return "", "this kernel does not have it"
        if self.container and not name.startswith(OWN_IN_A_CONTAINER):
            return has, f"this host is a container, the kernel is that of the machine below, where it is {has}"
        return has, ""

    def _path(self, name: str) -> Path:
        return self.proc / name.replace(".", "/")


def check(wanted: Mapping[str, object]) -> dict[str, str]:
    """Return the settings as text, each checked.

    Raises:
        Refused: A name or value makes no sense, or containers would lose their network.
    """
    checked = {}
    for name, value in wanted.items():
        if not NAME.match(name) or isinstance(value, bool) or not VALUE.match(str(value)):
            raise Refused(f"host_sysctl: {name} = {value!r} is no setting; write it like net.ipv4.tcp_syncookies: 1")
        if name in FORWARDING and str(value) != "1":
            raise Refused(f"host_sysctl: {name} must stay 1, or no container reaches its exchange")
        checked[name] = str(value)
    return checked


def refuse_overruled(
    wanted: Mapping[str, str], directories: tuple[Path, ...] = DIRECTORIES, ours: str = FILE.name
) -> None:
    """Refuse settings that a file read after ours would undo at the next boot.

    Raises:
        Refused: There is one; the text names file, setting and cure.
    """
    for text in overruled(wanted, directories, ours):
        raise Refused(text)


def overruled(
    wanted: Mapping[str, str], directories: tuple[Path, ...] = DIRECTORIES, ours: str = FILE.name
) -> list[str]:
    """Return the settings that a file read after ours would undo at the next boot, each with that file and the cure."""
    return [
        f"{path} sets {name} to {value} after freqops sets it to {wanted[name]}, so the next boot would undo it; "
        f"remove that line, or give the value in host_sysctl"
        for path in _read_later(directories, ours)
        for name, value in _settings(document(path))
        if name in wanted and value != wanted[name]
    ]


def declared(text: str) -> dict[str, str]:
    """Return the settings that `render` wrote into a file."""
    return dict(_settings(text))


def undone(kernel: Kernel, directories: tuple[Path, ...] = DIRECTORIES) -> list[str]:
    """Return which settings of our file the running kernel does not have, or would lose at the next boot."""
    wanted = declared(kernel.written())
    found = kernel.compare(wanted)
    return [
        *(
            f"the kernel's {name} is {has}, not {wanted[name]}: something set it since; deploy sets it again"
            for name, has in found.differing.items()
        ),
        *overruled(wanted, directories, kernel.file.name),
    ]


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values of a file of settings."""
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith(("#", ";")):
            yield name.lstrip("-").strip().replace("/", "."), value.strip()


def render(settings: Mapping[str, str]) -> str:
    """Return the file for systemd-sysctl."""
    return "# Managed by Ansible\n" + "".join(f"{name} = {settings[name]}\n" for name in sorted(settings))


def _read_later(directories: tuple[Path, ...], ours: str) -> Iterator[Path]:
    seen = set()
    for directory in directories:  # a file hides one of the same name further down
        for path in sorted(directory.glob("*.conf")) if directory.is_dir() else ():
            if path.name > ours and path.name not in seen:
                seen.add(path.name)
                yield path
