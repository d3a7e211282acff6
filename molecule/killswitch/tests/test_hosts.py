"""One of two hosts cannot be reached, or no vault password is at hand: the other bots are halted all the same."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from tests.support.field import ROOT, Field, play

VAULTED = """$ANSIBLE_VAULT;1.1;AES256
38396539383634393530396466363831626463363938653030663865386438663035666663356132
6162373261666234313164373063316463636463363437380a363838323230386261663132363033
"""
HALT = ("-e", "level=1", "-e", "reason=test", "--limit", "paper")


def other_inventory(path: Path, **second: object) -> str:
    """Copy the lab's inventory with one more host."""
    shutil.copytree(ROOT / "inventories/lab", path, dirs_exist_ok=True)
    hosts = yaml.safe_load((path / "hosts.yml").read_text())
    bots = hosts["paper"]["hosts"]["paper-1"]["freqtrade_bots"]
    hosts["paper"]["hosts"]["paper-2"] = {"freqtrade_bots": [{**bots[0], "name": "beta"}], **second}
    (path / "hosts.yml").write_text(yaml.safe_dump(hosts))
    return str(path)


def test_one_of_two_hosts_unreachable(field: Field, tmp_path: Path) -> None:
    inventory = other_inventory(tmp_path / "two", ansible_port=1)
    played = play("killswitch", *HALT, inventory=inventory)
    assert played.rc != 0
    assert "beta on paper-2: unreachable" in played.out
    assert "A host that gives no answer" in played.out, "whoever reads this at night is told where to read on"
    assert "NOT ALL PROVEN" in played.out
    assert field.level() == 1
    assert field.state() == "paused"


def test_a_host_without_the_tool_is_not_skipped(field: Field, tmp_path: Path) -> None:
    port = field.host.port
    inventory = other_inventory(tmp_path / "two", ansible_port=port)
    field.sh("mv /usr/local/bin/freqops-host /usr/local/bin/freqops-host.away")
    try:
        played = play("killswitch", *HALT, inventory=inventory)
    finally:
        field.sh("mv /usr/local/bin/freqops-host.away /usr/local/bin/freqops-host")
    assert played.rc != 0
    assert "alpha on paper-1: NOT HALTED" in played.out
    assert "beta on paper-2: NOT HALTED" in played.out


def test_no_vault_password_is_needed(field: Field, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "inventories/lab", tmp_path / "inventory")
    (tmp_path / "inventory/secrets.yml").write_text(VAULTED)
    (tmp_path / "inventory/hosts.yml").chmod(0o644)
    played = play("killswitch", *HALT, inventory=str(tmp_path / "inventory/hosts.yml"))
    assert played.rc == 0, played.out
    assert field.level() == 1


def test_a_foreign_freqtrade_is_named(field: Field) -> None:
    image, name = field.ask("answer = bot.image"), "somebody-elses"
    inside = 'echo "import time; time.sleep(600)" > /tmp/freqtrade && exec python3 /tmp/freqtrade trade'
    field.sh(f"docker run --detach --name {name} --entrypoint sh {image} -c '{inside}'")
    try:
        played = play("killswitch", *HALT)
    finally:
        field.sh(f"docker rm --force {name}")
    assert played.rc != 0
    assert "UNDECLARED Freqtrade process" in played.out
    assert "alpha" in played.out
    assert field.state() == "paused"
