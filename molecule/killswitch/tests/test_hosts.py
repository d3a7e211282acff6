"""A host cannot be reached, the control node dies, no vault password is at hand: what can be halted is halted."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import fleet
from tests.support.field import Background, Field, play, until
from tests.support.paper import PaperBot

VAULTED = """$ANSIBLE_VAULT;1.1;AES256
38396539383634393530396466363831626463363938653030663865386438663035666663356132
6162373261666234313164373063316463636463363437380a363838323230386261663132363033
"""
# What each level holds a bot at, and what it must have come to.
EFFECTS: dict[int, tuple[int, Callable[[Field], bool]]] = {
    1: (1, lambda field: field.state() == "paused"),
    2: (1, lambda field: field.trades() == []),
    3: (3, lambda field: field.processes() == []),
}


def words(level: int, bots: str) -> tuple[str, ...]:
    """Return what an operator adds to the playbook's name."""
    return ("-e", f"level={level}", "-e", f"bots={bots}", "-e", "reason=test", "--limit", "paper")


def and_another(inventory: str, bot: str, **variables: object) -> str:
    """Give an inventory one more host, which has one bot."""
    path = Path(inventory) / "hosts.yml"
    hosts = yaml.safe_load(path.read_text())
    bots = hosts["paper"]["hosts"]["paper-1"]["freqtrade_bots"]
    hosts["paper"]["hosts"]["paper-2"] = {"freqtrade_bots": [{**bots[0], "name": bot}], **variables}
    path.write_text(yaml.safe_dump(hosts))
    return inventory


def test_one_of_two_hosts_unreachable(bot: PaperBot, tmp_path: Path) -> None:
    bot.enter("ETH/USDT")
    inventory = and_another(bot.inventory(tmp_path), "afar", ansible_port=1)
    for level, (held, effect) in EFFECTS.items():
        played = play("killswitch", *words(level, f"{bot.name},afar"), inventory=inventory)
        assert played.rc != 0
        assert "afar on paper-2: unreachable" in played.out
        assert "A host that gives no answer" in played.out, "whoever reads this at night is told where to read on"
        assert "NOT ALL PROVEN" in played.out
        assert bot.level() == held
        assert effect(bot), level


def answer_of(bot: PaperBot) -> dict[str, Any] | None:
    """Return what the halt that holds the bot wrote down on the host when it had ended."""
    [hold] = bot.holds()["holds"]
    found = bot.sh(f"find /srv/freqops/incidents -path '*/{hold['incident']}/paper-1-halt*.json' -exec cat {{}} +")
    return dict(json.loads(found)) if found else None


@pytest.mark.parametrize("level", EFFECTS)
def test_a_control_node_that_dies_in_the_middle(bot: PaperBot, tmp_path: Path, level: int) -> None:
    """The bot answers nothing until then; the host ends what it was told, and says so to who asks again."""
    held, effect = EFFECTS[level]
    bot.enter("ETH/USDT")
    bot.signal(signal.SIGSTOP)
    asked, inventory = words(level, bot.name), bot.inventory(tmp_path)
    command = Background(tmp_path / "log", "killswitch", *asked, inventory=inventory)
    until("the hold is on the disk", lambda: bot.level() == held)
    assert answer_of(bot) is None
    command.kill()
    bot.signal(signal.SIGCONT)
    said = until("the host has done it by itself", lambda: answer_of(bot))
    assert all(row["proven"] for row in said["bots"]), said
    assert effect(bot)
    again = play("killswitch", *asked, inventory=inventory)
    assert again.rc == 0, again.out
    assert "changed=0" in again.out, again.out


def test_no_vault_password_is_needed(bot: PaperBot, tmp_path: Path) -> None:
    inventory = Path(bot.inventory(tmp_path))
    (inventory / "secrets.yml").write_text(VAULTED)
    (inventory / "hosts.yml").chmod(0o644)
    played = play("killswitch", *words(1, bot.name), inventory=str(inventory / "hosts.yml"))
    assert played.rc == 0, played.out
    assert bot.level() == 1


def test_a_host_without_the_tool_is_not_skipped(field: Field, tmp_path: Path) -> None:
    inventory = and_another(fleet.inventory(tmp_path, lambda _: None), "afar", ansible_port=field.host.port)
    field.sh("mv /usr/local/bin/freqops-host /usr/local/bin/freqops-host.away")
    try:
        played = play("killswitch", *words(1, "all"), inventory=inventory)
    finally:
        field.sh("mv /usr/local/bin/freqops-host.away /usr/local/bin/freqops-host")
    assert played.rc != 0
    assert "alpha on paper-1: NOT HALTED" in played.out
    assert "afar on paper-2: NOT HALTED" in played.out


def test_a_foreign_freqtrade_is_named(field: Field, other: Field) -> None:
    image, name = field.ask("answer = bot.image"), "somebody-elses"
    inside = 'echo "import time; time.sleep(600)" > /tmp/freqtrade && exec python3 /tmp/freqtrade trade'
    field.sh(f"docker run --detach --name {name} --entrypoint sh {image} -c '{inside}'")
    try:
        played = play("killswitch", *words(1, "all"))
    finally:
        field.sh(f"docker rm --force {name}")
    assert played.rc != 0
    assert "UNDECLARED Freqtrade process" in played.out
    assert "alpha" in played.out
    assert (field.state(), other.state()) == ("paused", "paused")
