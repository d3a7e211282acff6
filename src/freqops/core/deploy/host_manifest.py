"""The files that a deploy left behind on a host, one by one, so that the next one can see at once that nothing differs.

A manifest is believed only where everything in it is read back from the disk; it never makes a deploy do less than it
should, for whatever it does not know, or cannot read, differs.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base import durable, kinds
from ..base.kinds import Malformed
from ..bot import layout, status_table

FILE = "manifest.json"
FORMAT = 1
SHOWN = 5
BACKUP = "backup"

# The files that the roles write outside of the tree of freqops; patterns below the root of the file system.
OUTSIDE = (
    "usr/local/bin/freqops-host",
    "usr/local/bin/freqops-operator",
    "usr/local/lib/freqops/**/*",
    "etc/sudoers.d/freqops",
    "var/lib/freqops-halt/.ssh/*",
    "etc/systemd/system/freqops-*",
    "etc/systemd/system/*.d/freqops*",
    "etc/docker/daemon.json",
    "etc/apt/apt.conf.d/*freqops",
    "etc/ssh/sshd_config.d/*freqops*",
    "etc/sysctl.d/*freqops*",
    "etc/freqops/**/*",
)
# The files that they write below that tree, beside the bots; a deploy never writes the state of bots and Postgres.
BELOW = ("postgres/compose.yml", "postgres/staged/*", "postgres/conf/*", "postgres/secrets/*", "packages/**/*",
         "backup/repositories.json", "backup/keys/*", "backup/environments/*")  # fmt: skip
OF_A_BOT = ("bot.json", "compose.yml", "conf/secrets.json", "conf/limits.json", "conf/freqops-host", "staged/*")


@dataclass(frozen=True)
class Manifest:
    """The wanted state when everything was as it should be, and the files that came of it.

    Attributes:
        wanted: A fingerprint of all that the control node brings: variables, secrets, code, files.
        host_wanted: A fingerprint of what it brings to the host itself, whatever bots there are.
        files: By path: content, owner, group and mode, in one text.
    """

    wanted: str
    host_wanted: str
    files: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as it lies on the disk."""
        return {"version": FORMAT, "wanted": self.wanted, "ground": self.host_wanted, "files": self.files}


def taken(wanted: str, host_wanted: str, root: Path, system: Path = Path("/")) -> Manifest:
    """Return the manifest of a host as it is now.

    Args:
        wanted: The fingerprint of what was wanted.
        host_wanted: The fingerprint of what was wanted of the host itself.
        root: The tree of freqops.
        system: The root of the file system.

    Raises:
        OSError: A file cannot be read.
    """
    return Manifest(wanted, host_wanted, {str(path): _seen(path) for path in sorted(_managed(root, system))})


def load(root: Path) -> Manifest | None:
    """Return the manifest that the last good deploy wrote, None where there is none that can be read."""
    document = durable.read_json(root / FILE)
    if not isinstance(document, dict) or document.get("version") != FORMAT:
        return None
    wanted, host_wanted, files = document.get("wanted"), document.get("ground"), document.get("files")
    if not isinstance(wanted, str) or not isinstance(host_wanted, str) or not isinstance(files, dict):
        return None
    return Manifest(wanted, host_wanted, {str(path): str(seen) for path, seen in files.items()})


def differences(before: Manifest | None, now: Manifest) -> list[str]:
    """Return the differences of a host from what was left behind, and from what is wanted now."""
    if before is None:
        return ["no deploy has succeeded here yet"]
    found = [] if before.wanted == now.wanted else ["what the inventory wants differs from what was deployed"]
    for path in sorted(before.files.keys() | now.files.keys()):
        if path not in now.files:
            found.append(f"{path} is gone")
        elif path not in before.files:
            found.append(f"{path} is new")
        elif before.files[path] != now.files[path]:
            found.append(f"{path} was changed")
    return found


def host_differs(before: Manifest | None, now: Manifest, root: Path) -> bool:
    """Return whether the host itself differs from what was left behind, or from what is wanted now."""
    if before is None or before.host_wanted != now.host_wanted:
        return True
    of_the_host = [
        {path: seen for path, seen in each.files.items() if _of_the_host(Path(path), root)} for each in (before, now)
    ]
    return of_the_host[0] != of_the_host[1]


def _of_the_host(path: Path, root: Path) -> bool:
    """Return whether a file is the host's own: it lies outside the tree of freqops, or is about its backups."""
    return root not in path.parents or root / BACKUP in path.parents


def store(manifest: Manifest, root: Path) -> None:
    """Write a manifest down."""
    durable.write_json(root / FILE, manifest.to_json(), 0o600)


def _managed(root: Path, system: Path) -> Iterator[Path]:
    for pattern in OUTSIDE:
        yield from _files(system, pattern)
    for pattern in BELOW:
        yield from _files(root, pattern)
    for home in layout.homes(root):
        document = durable.read_json(home / "bot.json")
        release = str(document.get("release", "")) if isinstance(document, dict) else ""
        for pattern in (*OF_A_BOT, f"release/{release}/**/*"):
            yield from _files(home, pattern)


def _files(below: Path, pattern: str) -> Iterator[Path]:
    return (path for path in below.glob(pattern) if path.is_symlink() or path.is_file())


def _seen(path: Path) -> str:
    status = path.lstat()
    content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"{digest} {status.st_uid}:{status.st_gid} {stat.S_IMODE(status.st_mode):04o}"


def check(answer: Mapping[str, Any]) -> None:
    """Refuse anything but the answer of ``freqops-host manifest`` that compares.

    Raises:
        Malformed: A value is not of its kind, or a host calls the same what it says to differ.
    """
    same = kinds.value(answer, "same", kinds.truth)
    kinds.value(answer, "ground_same", kinds.truth)
    differences = kinds.value(answer, "differences", kinds.list_of(kinds.text))
    status_table.check(answer)
    if same and (differences or status_table.problems(answer)):
        raise Malformed("it says that nothing differs, and names what differs")
