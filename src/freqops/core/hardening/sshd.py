"""The SSH server's baseline: written, validated, reloaded under guard, and read back."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from ..base import durable
from ..base.commands import Run, must
from ..base.errors import NotProven, Refused
from .guard import Guard, document
from .ssh_session import Session

SSHD = "/usr/sbin/sshd"
DROP_IN = Path("/etc/ssh/sshd_config.d/10-freqops.conf")
MAIN = Path("/etc/ssh/sshd_config")
INCLUDE = "include /etc/ssh/sshd_config.d/*.conf"
UNIT = "ssh.service"
# Key exchange, ciphers and MACs are the distribution's: it follows what is broken, and a list of ours would not.
BASELINE = {
    "AllowAgentForwarding": "no",
    "AllowTcpForwarding": "local",  # operators reach FreqUI and the REST API with ssh -L
    "GatewayPorts": "no",
    "KbdInteractiveAuthentication": "no",
    "MaxAuthTries": "4",
    "PasswordAuthentication": "no",
    "PermitEmptyPasswords": "no",
    "PermitTunnel": "no",
    "X11Forwarding": "no",
}
# The names that `sshd -T` uses.
EFFECTIVE_NAMES = {"prohibit-password": "without-password"}


def settings(uid: int) -> dict[str, str]:
    """Return the baseline for a host whose operator logs in as ``uid``; root's own key keeps working for root."""
    return {**BASELINE, "PermitRootLogin": "prohibit-password" if uid == 0 else "no"}


def render(wanted: Mapping[str, str]) -> str:
    """Return the drop-in file."""
    return "# Managed by Ansible\n" + "".join(f"{key} {wanted[key]}\n" for key in sorted(wanted))


def declared(text: str) -> dict[str, str]:
    """Return the settings that `render` wrote into a drop-in."""
    words = [line.partition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {key: value.strip() for key, _, value in words}


def differences(effective: str, wanted: Mapping[str, str]) -> list[str]:
    """Return the settings of ``sshd -T`` that are not as they should be."""
    found = dict(line.lower().partition(" ")[::2] for line in effective.splitlines())
    wrong = []
    for key in sorted(wanted):
        value = wanted[key].lower()
        has = found.get(key.lower(), "nothing")
        if has not in (value, EFFECTIVE_NAMES.get(value)):
            wrong.append(f"{key} is {has}, not {wanted[key]}")
    return wrong


class SshServer:
    """The SSH server of this host."""

    def __init__(self, run: Run, guard: Guard, drop_in: Path = DROP_IN, main: Path = MAIN) -> None:
        self.run, self.guard, self.drop_in, self.main = run, guard, drop_in, main

    def refuse_without_drop_ins(self) -> None:
        """Refuse a server that would not read our file."""
        lines = [line.strip().lower() for line in document(self.main).splitlines()]
        if INCLUDE not in lines:
            raise Refused(
                f"{self.main} does not say 'Include /etc/ssh/sshd_config.d/*.conf', so freqops' settings would not be "
                f"read; put that line at its top, or set host_sshd: false"
            )

    def current(self) -> str:
        """Return the drop-in as it is, empty where there is none."""
        return document(self.drop_in)

    def undone(self, session: Session | None) -> list[str]:
        """Return which settings of our drop-in are not in effect, and where another file says otherwise.

        Raises:
            NotProven: The server does not tell its settings.
        """
        wrong = differences(self.effective(session), declared(self.current()))
        return [self._with_place(text) for text in wrong]

    def _with_place(self, wrong: str) -> str:
        """Return the differences, with the files that say otherwise: the first value counts, or that of a Match."""
        key = wrong.partition(" ")[0]
        ours = declared(self.current())[key].lower()
        places = []
        for path in (*sorted(self.drop_in.parent.glob("*.conf")), self.main):
            said = [line.strip().lower().replace("=", " ").split() for line in document(path).splitlines()]
            if any(words[0] == key.lower() and words[1:] != [ours] for words in said if words):
                places.append(str(path))
        where = f"set in {', '.join(places)}: remove it there" if places else "no file here says why"
        return f"the SSH server's {wrong}; {where}, and deploy, or set host_sshd: false"

    def effective(self, session: Session | None) -> str:
        """Return all settings for a login like the present one, or those for everybody where it is not known."""
        if session is None:
            return must(self.run, [SSHD, "-T"])
        user = must(self.run, ["id", "--name", "--user", str(session.uid)]).strip()
        who = f"user={user},host={session.client},addr={session.client}"
        return must(self.run, [SSHD, "-T", "-C", f"{who},laddr={session.server},lport={session.server_port}"])

    def change(self, wanted: Mapping[str, str], seconds: int, session: Session) -> None:
        """Write the settings, have the server read them, with their own end already set.

        Raises:
            NotProven: The server does not accept them, or another file says otherwise first; all is as it was.
        """
        self.guard.refuse_if_waiting()
        self.guard.arm(self._undo(), seconds, session.end)
        try:
            durable.write_atomic(self.drop_in, render(wanted).encode(), 0o644)
            must(self.run, [SSHD, "-t"])
            self._prove(wanted, session)
            # With socket activation there may be no server now; the next one reads the new file by itself.
            if self.run(["systemctl", "is-active", "--quiet", UNIT]).returncode == 0:
                must(self.run, ["systemctl", "reload", UNIT])
        except (NotProven, OSError):
            self.guard.take_back_now()
            raise

    def confirm(self, end: str) -> None:
        """Make the changed settings stay, from a new connection."""
        self.guard.claim(end)

    def _prove(self, wanted: Mapping[str, str], session: Session) -> None:
        wrong = differences(self.effective(session), wanted)
        if wrong:
            raise NotProven(f"other settings of the server come first: {'; '.join(wrong)}; remove them")

    def _undo(self) -> str:
        path = shlex.quote(str(self.drop_in))
        back = f"rm -f {path}\n"
        if self.drop_in.exists():
            old = self.guard.place / "old.conf"
            self.guard.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            durable.write_atomic(old, self.drop_in.read_bytes(), 0o600)
            # Beside the file first: a rename leaves no moment in which half of it is there.
            back = f"cp {shlex.quote(str(old))} {path}.old && chmod 0644 {path}.old && mv {path}.old {path}\n"
        return back + f"if systemctl is-active --quiet {UNIT}; then systemctl reload {UNIT}; fi"
