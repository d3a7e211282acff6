"""A key that can do nothing on its host but halt: tried over the real SSH server, under freqops' own rules for it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from lab.base.paths import HALT_KEY
from lab.hosts import ssh
from tests.support.paper import PaperBot

ACCOUNT = "freqops-halt"


def by_key(bot: PaperBot, *words: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run words over the key that can only halt, as somebody who has stolen it would."""
    asked = ssh.command(bot.host.port, *words, user=ACCOUNT, key=HALT_KEY)
    return subprocess.run(
        [asked[0], *options, *asked[1:]], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def everybody(bot: PaperBot) -> list[str]:
    return bot.sh("ls /srv/freqops/bots").split()


@pytest.fixture(scope="module")
def halted(bot: PaperBot) -> Iterator[subprocess.CompletedProcess[str]]:
    """The host halted by its key, with words that ask for a shell; every bot is resumed afterwards."""
    yield by_key(bot, "sh", "-i")
    incident = bot.holds()["holds"][0]["incident"]
    for name in everybody(bot):
        rc, answer = bot.tool(f"resume {name} --incident {incident} --reason tried")
        assert rc == 0, answer


def test_whatever_it_asks_for_the_whole_host_is_halted(bot: PaperBot, halted: subprocess.CompletedProcess[str]) -> None:
    assert halted.returncode == 0, halted.stdout + halted.stderr
    assert halted.stdout.rstrip().endswith("ALL PROVEN")
    assert all(f"{name} " in halted.stdout for name in everybody(bot))
    assert (bot.level(), bot.state()) == (1, "paused")


def test_the_evidence_has_the_key(bot: PaperBot, halted: subprocess.CompletedProcess[str]) -> None:
    incident = bot.holds()["holds"][0]["incident"]
    said = json.loads(bot.sh(f"cat /srv/freqops/incidents/{incident}/*-halt1-*.json"))
    listed = ["ssh-keygen", "-l", "-f", str(HALT_KEY)]
    fingerprint = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()[1]
    assert (said["run_by"]["account"], said["run_by"]["login"]) == (ACCOUNT, "publickey")
    assert said["run_by"]["key"].split()[-1] == fingerprint
    assert said["reason"] == "no reason given by the holder of a halt key"


@pytest.mark.parametrize(
    "options", [("-W", "localhost:22"), ("-N", "-L", "0:localhost:22"), ("-s",)], ids=["stdio", "forward", "subsystem"]
)
def test_it_forwards_nothing_and_copies_nothing(
    bot: PaperBot, halted: subprocess.CompletedProcess[str], options: tuple[str, ...]
) -> None:
    refusing = (
        "-o",
        "ExitOnForwardFailure=yes",
        "-o",
        "ServerAliveInterval=2",
        "-o",
        "ServerAliveCountMax=2",
        *options,
    )
    words = ("sftp",) if options == ("-s",) else ()
    ran = by_key(bot, *words, options=("-o", "BatchMode=yes", *refusing))
    assert "SSH-2.0" not in ran.stdout
    assert ran.returncode != 0 or "ALL PROVEN" in ran.stdout  # a subsystem, too, is only the halt


def test_its_files_are_not_its_own(bot: PaperBot, halted: subprocess.CompletedProcess[str]) -> None:
    owners = bot.sh("stat -c '%U %a %n' /var/lib/freqops-halt /var/lib/freqops-halt/.ssh/authorized_keys")
    assert [line.split()[:2] for line in owners.splitlines()] == [["root", "755"], ["root", "644"]]
