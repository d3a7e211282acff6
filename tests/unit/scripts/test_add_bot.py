"""One more bot for an inventory: a port that is free, and no name that is taken or is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from freqops.core.base.errors import Refused
from scripts import add_bot

ROOT = Path(__file__).parents[3]
HOSTS: dict[str, Any] = {
    "paper-1": {"freqtrade_bots": [{"name": "alpha", "api_port": 8081}, {"name": "beta", "api_port": "8085"}]},
    "paper-2": {"freqtrade_bots": [{"name": "gamma", "api_port": 8081}]},
    "paper-3": {},
    "paper-4": {"freqtrade_bots": "{{ bots_of_the_house }}"},
    "paper-5": {"freqtrade_bots": [{"name": "eta", "api_port": "{{ port }}"}]},
}


@pytest.mark.parametrize(("host", "port"), [("paper-1", 8086), ("paper-2", 8082), ("paper-3", 8081)])
def test_it_has_the_next_port_that_is_free_on_its_host(host: str, port: int) -> None:
    made = add_bot.entry(HOSTS, host, "delta", "Mine")
    assert made == {"name": "delta", "mode": "paper", "api_port": port, "strategy": "Mine"}


def test_above_the_highest_port_there_is_none_and_a_lower_one_is_taken() -> None:
    hosts = {"one": {"freqtrade_bots": [{"name": "alpha", "api_port": 65535}, {"name": "beta", "api_port": 1024}]}}
    assert add_bot.entry(hosts, "one", "delta")["api_port"] == 1025


@pytest.mark.parametrize(
    ("host", "name", "strategy", "why"),
    [
        ("paper-9", "delta", "S", "unknown host 'paper-9'; the inventory has paper-1, paper-2"),
        ("paper-1", "alpha", "S", "paper-1 has a bot alpha already"),
        ("paper-1", "gamma", "S", "paper-2 has a bot gamma already"),
        ("paper-1", "Delta", "S", "'Delta' is no name for a bot"),
        ("paper-1", "delta\n", "S", "is no name for a bot"),
        ("paper-1", "postgres", "S", "a name that is the host's own"),
        ("paper-1", "delta", "S:x", "'S:x' is no name of a class"),
        ("paper-4", "delta", "S", "is it a template"),
        ("paper-5", "delta", "S", "is no number that can be read here"),
    ],
)
def test_what_cannot_be_is_refused(host: str, name: str, strategy: str, why: str) -> None:
    with pytest.raises(Refused) as refusal:
        add_bot.entry(HOSTS, host, name, strategy)
    assert why in str(refusal.value)


def test_it_reads_an_inventory_as_ansible_does_and_prints_an_entry(capsys: pytest.CaptureFixture[str]) -> None:
    inventory = str(ROOT / "inventories" / "example")
    assert add_bot.main(["--inventory", inventory, "--host", "paper-1", "--name", "delta"]) == 0
    said = capsys.readouterr().out
    expected = {"name": "delta", "mode": "paper", "api_port": 8082, "strategy": "MaCrossoverStrategy"}
    assert yaml.safe_load(said) == [expected]


def test_an_inventory_that_is_not_there_or_has_no_hosts_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "hosts.yml"
    empty.write_text("all: {}\n")
    for inventory, why in ((tmp_path / "absent", "there is no inventory"), (empty, "has no hosts")):
        assert add_bot.main(["--inventory", str(inventory), "--host", "paper-1", "--name", "delta"]) == 1
        captured = capsys.readouterr()
        assert (captured.out, why in captured.err) == ("", True)
