"""A host in order whose security is measured, with a live bot and one on paper."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from freqops.core.base import commands
from freqops.core.security import file_modes, sockets
from freqops.core.security.answer import Answer
from freqops.core.security.row import Row
from freqops.hostctl.exchange import witness
from freqops.hostctl.security import host_facts, measured
from tests.unit.accounts import Account, conversations
from tests.unit.fakes import START, FakeClock, FakeEngine, make_bot
from tests.unit.security_facts import HEAD, NO_UPDATES, TRACKING, container, key_fields, secrets, socket_line

HERE = dict.fromkeys(file_modes.OWNERS, os.getuid())
KERNEL = f"linux-image-{platform.release()} ii \n"
ANY = sockets.ANYWHERE[0]
MEASURED = measured.measured  # which tests of the command stand in for


class Place:
    """The host, and what it says when it is asked."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.system = root / "srv", root
        self.clock, self.engine, self.account = FakeClock(), FakeEngine(), Account()
        self.account.rights = {"told": True, "fields": key_fields(START)}
        self.account.number = {"told": True, "id": "354937868"}
        self.engine.documents = [container()]
        self.engine.image_documents = {"sha256:1": {"RepoDigests": [container()["Config"]["Image"]]}}
        self.said: dict[str, tuple[int, str]] = {
            "chronyc": (0, TRACKING), "env": (0, NO_UPDATES), "dpkg-query": (0, KERNEL),
        }  # fmt: skip
        for name, mode in (("alpha", "live"), ("beta", "paper")):
            home = make_bot(self.root, name, mode=mode)
            (home / "conf").chmod(0o750)
            (home / "conf" / "secrets.json").write_text(json.dumps(secrets()))
            (home / "conf" / "secrets.json").chmod(0o400)
            (home / "container.json").chmod(0o600)
        (self.root / "user_data" / "state").chmod(0o700)
        for name in ("usr/local/bin/freqops-host", "etc/sudoers.d/freqops"):
            (root / name).parent.mkdir(parents=True)
            (root / name).write_text("x")
            (root / name).chmod(0o555)
        lists = root / host_facts.LISTS
        lists.mkdir(parents=True)
        (lists / "deb_Packages").write_text("x")
        net = root / host_facts.NET
        net.mkdir(parents=True)
        for name in ("tcp", "udp"):
            (net / name).write_text(
                HEAD + (socket_line(ANY, 22) + socket_line("127.0.0.1", 8081) if name == "tcp" else "")
            )
        monkeypatch.setattr(witness, "conversation", conversations(self.account))
        monkeypatch.setattr(file_modes, "OWNERS", HERE)

    def run(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        status, text = self.said.get(words[0], (commands.NOT_THERE, ""))
        return subprocess.CompletedProcess(list(words), status, text, "" if status == 0 else text)

    def answer(self) -> Answer:
        return MEASURED(self.root, self.clock, self.engine, self.system, self.run)

    def rows(self, bot: str = "") -> dict[str, Row]:
        return {each.item: each for each in self.answer().rows if each.bot == bot}
