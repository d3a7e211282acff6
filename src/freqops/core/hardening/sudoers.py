"""The lines of sudo: the accounts that may run freqops as root without a password, changed under guard.

The account that deploys runs ``freqops-host``, and could do anything else as root, too. Operators run
``freqops-operator``, which halts and looks, and takes no path. A line without arguments lets every argument pass, so
what a command must not do is not among its arguments.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from ..base import durable
from ..base.commands import Run, must
from ..base.errors import NotProven
from .guard import Guard, document

FILE = Path("/etc/sudoers.d/freqops")
VISUDO = "/usr/sbin/visudo"
MODE = 0o440
HOST, OPERATOR = "/usr/local/bin/freqops-host", "/usr/local/bin/freqops-operator"
GROUP = "freqops-operators"
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
EVERYBODY = "ALL"
# The interpreter is the system's own, whatever the caller's environment says, and whatever other lines say of it.
SETTINGS = f'Defaults!{HOST},{OPERATOR} env_reset, !setenv, secure_path="/usr/sbin:/usr/bin:/sbin:/bin"'


def render(uid: int, name: str) -> str:
    """Return the file.

    Args:
        uid: The account that deploys; root needs no line.
        name: Its name; one that means something to sudo is written as its number.
    """
    lines = ["# Managed by Ansible", SETTINGS]
    if uid != 0:
        known = PLAIN.fullmatch(name) and name != EVERYBODY
        lines.append(f"{name if known else f'#{uid}'} ALL=(root) NOPASSWD: {HOST}")
    lines.append(f"%{GROUP} ALL=(root) NOPASSWD: {OPERATOR}")
    return "\n".join(lines) + "\n"


class Sudoers:
    """The lines of sudo on this host."""

    def __init__(self, run: Run, guard: Guard, path: Path = FILE) -> None:
        self.run, self.guard, self.path = run, guard, path

    def wanted(self, uid: int) -> str:
        """Return the file for a host whose account that deploys is ``uid``."""
        return render(uid, must(self.run, ["id", "--name", "--user", str(uid)]).strip())

    def current(self) -> str:
        """Return the file as it is, empty where there is none."""
        return document(self.path)

    def change(self, wanted: str, seconds: int, end: str) -> None:
        """Write the file, with its own end already set.

        Args:
            wanted: Its text.
            seconds: How long a confirmation is waited for; with 0 there is nothing to wait for.
            end: The far end of the present connection, which cannot confirm.

        Raises:
            NotProven: sudo does not accept the file; all is as it was.
        """
        if seconds:
            self.guard.refuse_if_waiting()
            self.guard.arm(self._undo(), seconds, end)
        try:
            self._write(wanted)
        except (NotProven, OSError):
            if seconds:
                self.guard.take_back_now()
            raise

    def confirm(self, end: str) -> None:
        """Make the changed lines stay, from a new connection."""
        self.guard.claim(end)

    def _write(self, wanted: str) -> None:
        """Write the file beside itself under a name that sudo passes over, let sudo judge it, and put it in place."""
        tried = self.path.with_name(f".{self.path.name}.tried")
        durable.write_atomic(tried, wanted.encode(), MODE)
        try:
            must(self.run, [VISUDO, "--check", "--file", str(tried)])
            tried.replace(self.path)
        finally:
            tried.unlink(missing_ok=True)

    def _undo(self) -> str:
        path = shlex.quote(str(self.path))
        if not self.path.exists():
            return f"rm -f {path}\n"
        old = self.guard.place / "old.sudoers"
        self.guard.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        durable.write_atomic(old, self.path.read_bytes(), 0o600)
        beside = shlex.quote(str(self.path.with_name(f".{self.path.name}.old")))
        return f"cp {shlex.quote(str(old))} {beside} && chmod 0440 {beside} && mv {beside} {path}\n"
