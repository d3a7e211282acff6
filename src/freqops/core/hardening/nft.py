"""The firewall in the kernel: read, compared, changed under guard, and made to stay."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

from ..base import durable
from ..base.commands import Run, must
from ..base.errors import NotProven, Refused
from . import firewall
from .guard import Guard, document

NFT = "/usr/sbin/nft"
RULES = Path("/etc/freqops/firewall.nft")
UNIT = "freqops-firewall.service"
FOREIGN_UNIT = "nftables.service"
MISSING = "No such file or directory"


class Firewall:
    """Our table on this host."""

    def __init__(self, run: Run, guard: Guard, rules: Path = RULES) -> None:
        self.run, self.guard, self.rules = run, guard, rules

    def refuse_foreign_unit(self) -> None:
        """Refuse a host whose own unit flushes all rules, Docker's and ours."""
        if self.run(["systemctl", "is-enabled", "--quiet", FOREIGN_UNIT]).returncode == 0:
            raise Refused(
                f"{FOREIGN_UNIT} is enabled; it flushes Docker's rules and ours whenever it starts. "
                f"Disable it (systemctl disable --now nftables), or set host_firewall: false"
            )

    def present(self) -> bool:
        """Whether the program is there; a host that is only checked may lack it."""
        return Path(NFT).exists()

    def live(self) -> str:
        """Return our table as the kernel has it, empty where there is none."""
        done = self.run([NFT, "--stateless", "list", "table", *firewall.TABLE.split()])
        if done.returncode == 0:
            return done.stdout
        if MISSING in done.stderr:
            return ""
        raise NotProven(f"the rules in force cannot be read: {done.stderr.strip()}")

    def normal(self, rules: str) -> str:
        """Return ``rules`` as the kernel lists them once loaded: they are, in a network namespace of their own.

        Raises:
            NotProven: The kernel does not take them.
        """
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "rules.nft"
            path.write_text(rules)
            must(self.run, [NFT, "--check", "--file", str(path)])
            listing = f"{NFT} --file {shlex.quote(str(path))} && {NFT} --stateless list table {firewall.TABLE}"
            return must(self.run, ["unshare", "--net", "/bin/sh", "-c", listing])

    def stays(self, rules: str) -> bool:
        """Whether ``rules`` are what the next boot loads."""
        enabled = self.run(["systemctl", "is-enabled", "--quiet", UNIT]).returncode == 0
        return enabled and document(self.rules) == rules

    def change(self, rules: str, before: str, seconds: int, end: str) -> None:
        """Load ``rules``, with their own end already set.

        Args:
            rules: The new rules, as a file for nft.
            before: The rules in force, as `live` gave them.
            seconds: The time for a confirmation.
            end: The far end of the present connection.
        """
        self.guard.refuse_if_waiting()
        place = self.guard.place
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        old, new = place / "old.nft", place / "new.nft"
        durable.write_atomic(old, firewall.taking_back(before).encode(), 0o600)
        durable.write_atomic(new, rules.encode(), 0o600)
        undo = f"{NFT} --file {shlex.quote(str(old))} || {NFT} delete table {firewall.TABLE}"
        self.guard.arm(undo, seconds, end)
        try:
            must(self.run, [NFT, "--file", str(new)])
        except NotProven:
            self.guard.take_back_now()
            raise

    def confirm(self, end: str) -> None:
        """Make the changed rules stay, from a new connection, and read back that they are in force."""
        self.guard.claim(end)
        rules = (self.guard.place / "new.nft").read_text()
        if self.live() != self.normal(rules):
            raise NotProven("the rules in force are not those that were loaded; something else changes them")
        self.rules.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        durable.write_atomic(self.rules, rules.encode(), 0o644)
        must(self.run, ["systemctl", "enable", "--quiet", UNIT])
        must(self.run, ["systemctl", "start", UNIT])
        if not self.stays(rules):
            raise NotProven(f"{self.rules} or {UNIT} is not what the next boot needs")
