"""Somebody who reads the pages, with a clone and a home of their own, and types what stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from freqops.core.bot.configuration import merged
from lab.base import state
from lab.base.paths import INVENTORY, KEY, KNOWN_HOSTS
from tests.prove import sources
from tests.support import pages
from tests.support.composed import exchange_of
from tests.support.field import environment

ADDRESSES = {"192.0.2.10": "paper-1", "192.0.2.11": "prod-1"}  # as the pages have them, and whose they are in a lab
USER = "ops"
MINE = "inventories/mine"
INCIDENT = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z_]+[0-9]?-[0-9a-f]{6}")
OF_AN_INCIDENT = re.compile(r"<incident(?: of (?P<bot>[a-z]+))?>")
EXPORT = re.compile(r"export (?P<name>\w+)=")
SECONDS = 900
# A host of the lab is reached at its published port; everything else about it is as the page says.
SSH_CONFIG = """Host {address}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {key}
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  UserKnownHostsFile "{known}"
"""


@dataclass
class Reader:
    """The reader of a page.

    Attributes:
        clone: Where the clone lies; commands are typed there.
        home: The reader's home.
        images: What stands for each image of the pages, by its text there.
        typed: Each command that was typed, and what it printed.
        settings: What was exported.
    """

    clone: Path
    home: Path
    images: Mapping[str, str]
    typed: list[tuple[str, str]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    def follow(
        self,
        page: str,
        passed_over: Mapping[str, str] | None = None,
        red: Mapping[str, str] | None = None,
        *,
        since: str = "",
        upto: str = "",
    ) -> None:
        """Follow a page from its top to its end.

        Args:
            page: Its name below docs/.
            passed_over: Commands that are not typed, by how they begin, and why.
            red: Commands that cannot succeed in a lab, by how they begin, and their messages.
            since: Where to begin: the line of a heading.
            upto: Where to stop: likewise.
        """
        left = dict(passed_over or {})
        for block in pages.blocks(self._readable(page, since, upto)):
            if pages.written(block, self.clone):
                self._complete()
            for command in block.commands:
                known = next((begins for begins in passed_over or {} if command.startswith(begins)), None)
                if known is None:
                    said = next((text for begins, text in (red or {}).items() if command.startswith(begins)), "")
                    self.type(command, red=said)
                else:
                    left.pop(known, None)
        assert not left, f"{page} has no such command any more: {left}"

    def type(self, command: str, *, red: str = "") -> str:
        """Type a command, which must succeed, or fail and say ``red``; return what it printed."""
        given = OF_AN_INCIDENT.sub(lambda found: self._incident(found["bot"]), command)
        name = EXPORT.match(given)
        read = f'{given}\nprintf %s "${name["name"]}"' if name else given
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", read], cwd=self.clone, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        well = red in done.stdout and done.returncode != 0 if red else done.returncode == 0
        assert well, f"{given} ended with {done.returncode}:\n{done.stdout[-6000:]}"
        if name and name["name"] != "PATH":
            self.settings[name["name"]] = done.stdout
        self.typed.append((command, done.stdout))
        return done.stdout

    def said(self, begins: str) -> str:
        """Return what the last command that begins so printed."""
        return next(said for command, said in reversed(self.typed) if command.startswith(begins))

    def _incident(self, bot: str | None) -> str:
        """Return the incident that was named last, or last by a command about one bot."""
        about = [said for command, said in self.typed if bot is None or f"-e bot={bot} " in command]
        found: list[str] = [match for said in about for match in INCIDENT.findall(said)]
        assert found, f"no command has named an incident{f' of {bot}' if bot else ''}"
        return found[-1]

    def _readable(self, page: str, since: str, upto: str) -> Path:
        """Return a copy of the page, or of a part of it, that names images which there are."""
        text = (self.clone / "docs" / page).read_text(encoding="utf-8")
        for heading in filter(None, (since, upto)):
            assert text.count(f"\n{heading}\n") == 1, f"{page} has no heading {heading!r}"
        text = text[: text.index(f"\n{upto}\n") + 1] if upto else text
        text = text[text.index(f"\n{since}\n") :] if since else text
        for name, image in self.images.items():
            text = text.replace(name, image)
        copied = self.home / page.replace("/", "-")
        copied.write_text(text, encoding="utf-8")
        return copied

    def _complete(self) -> None:
        """Add to the inventory what a lab needs: its registry, its networks, the addresses of its exchange."""
        shared = yaml.safe_load((self.clone / MINE / "group_vars/all.yml").read_text())
        lab = yaml.safe_load((INVENTORY / "group_vars/lab.yml").read_text())
        taken = ("docker_insecure_registries", "docker_address_pools", "freqtrade_start_deadline")
        values: dict[str, Any] = {name: lab[name] for name in taken}
        more = {"internals": {"process_throttle_secs": 2, "heartbeat_interval": 5}, "exchange": exchange_of(lab)}
        values["freqtrade_config"] = merged(shared.get("freqtrade_config") or {}, more)
        path = self.clone / MINE / "group_vars" / "paper.yml"  # the group of the pages, which wins over all.yml
        path.write_text(yaml.safe_dump(values))

    @property
    def _environment(self) -> dict[str, str]:
        found = environment()
        path = f"{self.home}/bin:{self.clone}/.venv/bin:{os.environ['PATH']}"
        return {**found, "PATH": path, "HOME": str(self.home), "PYTHONPATH": str(self.clone / "src"), **self.settings}


@contextmanager
def reader(images: Mapping[str, str]) -> Iterator[Reader]:
    """Lend a reader for the block: a clone, a home with a short name, and an ssh that finds the lab's hosts."""
    with sources() as clone, tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as place:  # sockets lie in it
        home = Path(place)
        ports = state.load().ports
        config = home / "ssh_config"
        config.write_text(
            "".join(
                SSH_CONFIG.format(address=address, port=ports[host], user=USER, key=KEY, known=KNOWN_HOSTS)
                for address, host in ADDRESSES.items()
            )
        )
        program = home / "bin" / "ssh"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {config} "$@"\n')
        program.chmod(0o755)
        yield Reader(clone, home, images)
