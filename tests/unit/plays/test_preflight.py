"""An inventory as Ansible reads it: templated, with what cannot be read named; and lines of what the image found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager

from freqops.core.base.errors import Refused
from freqops.core.preflight import machines
from freqops.core.preflight.fleet import Way
from freqops.plays import lint_report, preflight

ROLES = Path(__file__).parents[3] / "roles"
HOSTS = """---
paper:
  hosts:
    paper-1:
      timeframe: 1m
      freqtrade_bots:
        - name: alpha
          mode: paper
          api_port: 8081
          strategy: Some
          config:
            max_open_trade: 3
            timeframe: "{{ timeframe }}"
    paper-2:
      freqtrade_memory: "{{ nobody_said_so }}"
      freqtrade_config:
        minimal_roi: {0: 1}
        telegram:
          token: !vault |
            $ANSIBLE_VAULT;1.1;AES256
            6162636465666768
  vars:
    freqtrade_config:
      telegram: {chat_id: 123}
    something_else: 1
"""


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """Return an inventory."""
    (tmp_path / "hosts.yml").write_text(HOSTS)
    return tmp_path


def hostvars(inventory: Path) -> Any:
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=[str(inventory / "hosts.yml")])
    variables = VariableManager(loader=loader, inventory=manager)
    return HostVars(manager, variables, loader)


def test_variables_are_templated_and_plain(inventory: Path) -> None:
    fleet, unread = preflight.read(hostvars(inventory), ROLES, {}, ["paper-1"])
    assert unread == []
    assert json.loads(json.dumps(fleet.hosts)) == {
        "paper-1": {
            "freqtrade_bots": [
                {
                    "name": "alpha",
                    "mode": "paper",
                    "api_port": 8081,
                    "strategy": "Some",
                    "config": {"max_open_trade": 3, "timeframe": "1m"},
                }
            ],
            "freqtrade_config": {"telegram": {"chat_id": 123}},
        }
    }
    [bot] = fleet.bots
    assert type(bot.config["timeframe"]) is str


def test_what_cannot_be_read_is_named_and_the_rest_is_judged(inventory: Path) -> None:
    fleet, unread = preflight.read(hostvars(inventory), ROLES, {})
    assert list(fleet.hosts) == ["paper-1", "paper-2"]
    [encrypted, missing] = [refusal.line for refusal in unread]
    assert missing.startswith("paper-2: freqtrade_memory cannot be read: ")
    assert "'nobody_said_so' is undefined" in missing
    assert encrypted.startswith("paper-2: freqtrade_config.telegram.token is encrypted with !vault; ")
    assert "6162" not in encrypted


NAMED = """---
all:
  hosts:
    localhost:
    paper-1: {ansible_host: 192.0.2.10, ansible_port: 2222}
    Paper-2: {ansible_ssh_common_args: -J bastion.example.com}
    paper-3: {ansible_host: "{{ nobody_said_so }}"}
"""
BOTS = """  vars:
    freqtrade_bots: [{name: alpha, mode: paper, api_port: 8081, strategy: Some}]
"""


def read(home: Path, text: str) -> tuple[Any, list[str]]:
    (home / "hosts.yml").write_text(text)
    fleet, unread = preflight.read(hostvars(home), ROLES, {})
    return fleet, [refusal.line for refusal in unread]


def test_the_way_to_each_host_is_read(tmp_path: Path) -> None:
    fleet, unread = read(tmp_path, NAMED)
    assert fleet.ways == {
        "paper-1": Way("192.0.2.10", "2222", ("", "", "", "")),
        "Paper-2": Way("paper-2", "22", ("", "", "-J bastion.example.com", "")),
    }
    [line] = unread
    assert line.startswith("paper-3: its address cannot be read: ")


@pytest.mark.parametrize("name", preflight.NAMES)
def test_bots_on_a_host_that_is_taken_for_the_control_node_are_refused(tmp_path: Path, name: str) -> None:
    text = NAMED.replace("localhost:", f'"{name}":')
    assert not [line for line in read(tmp_path, text)[1] if name in line]
    assert read(tmp_path, text + BOTS)[1][0] == (
        f"{name}: freqops halts and deploys no host that is called {name}, and it has bots; give it a name of its own, "
        "and its address as ansible_host"
    )


def test_the_example_has_one_name_for_each_machine() -> None:
    inventory = ROLES.parent / "inventories" / "example"
    fleet, unread = preflight.read(hostvars(inventory), ROLES, {})
    assert (unread, list(machines.addresses(fleet)), list(fleet.ways)) == ([], [], ["paper-1"])


OVERRULES = """
all:
  hosts:
    paper-1:
      freqtrade_bots:
        - name: alpha
          mode: paper
          api_port: 8081
          config: {timeframe: 1m}
          strategy: Some
"""


def report(inventory: Path, output: str, bot: str = "alpha") -> list[str]:
    lines = lint_report.report(place(inventory), bot, output)
    return [line.replace(f"{inventory}/", "") for line in lines]


def place(inventory: Path) -> lint_report.Place:
    return lint_report.Place(hostvars(inventory), ROLES, [inventory], "paper-1")


def test_a_caution_of_the_image_is_said_with_the_line_of_the_strategy(inventory: Path) -> None:
    said = 'by Freqtrade of x\nfreqops-remark: {"kind": "ungated", "strategy": "Some"}\nfreqops-remark: {"kind": "new"}'
    lines = [line.replace(f"{inventory}/", "") for line in lint_report.cautions(place(inventory), "alpha", said)]
    assert lines == [
        (
            "paper-1 alpha: Some can increase positions and has no entry gate, so a hold needs the bot's API; "
            "give it freqops.strategy.EntryGate, see docs/strategies.md [hosts.yml:10]"
        ),
        'paper-1 alpha: {"kind": "new"}; see docs/runbooks/deploy.md [hosts.yml:10]',
    ]
    assert lint_report.cautions(place(inventory), "alpha", "by Freqtrade of x\n") == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "stake_amount",
            {"is": 50, "from": "configuration", "strategy": 100},
            (
                "stake_amount is 50 by the default of freqops, and its strategy says 100; write stake_amount into its "
                "configuration [hosts.yml:10]"
            ),
        ),
        (
            "timeframe",
            {"is": "1m", "from": "configuration", "strategy": "5m"},
            (
                "timeframe is '1m', and its strategy says '5m'; the inventory's value applies; take it out to use the "
                "strategy's [hosts.yml:9]"
            ),
        ),
        (
            "timeframe",
            {"is": "5m", "from": "strategy", "configuration": "1m"},
            (
                "timeframe is '5m' by its strategy, and its configuration says '1m', which has no effect; change it in "
                "the strategy: it is a property there, or its __init__ sets it [hosts.yml:9]"
            ),
        ),
        ("timeframe", {"is": "1m", "from": "configuration"}, ""),
        ("stoploss", {"is": -0.1, "from": "strategy"}, ""),
    ],
)
def test_a_value_that_overrules_another_is_said_with_both(
    tmp_path: Path, name: str, value: dict[str, Any], said: str
) -> None:
    (tmp_path / "hosts.yml").write_text(OVERRULES)
    remark = {"kind": "effective", "values": {name: value}}
    lines = lint_report.cautions(place(tmp_path), "alpha", f"freqops-remark: {json.dumps(remark)}")
    assert [line.replace(f"{tmp_path}/", "") for line in lines] == ([f"paper-1 alpha: {said}"] if said else [])


def test_a_key_that_only_the_strategy_names_is_said(inventory: Path) -> None:
    remark = {"kind": "named", "path": ["max_open_trade"]}
    [line] = lint_report.cautions(place(inventory), "alpha", f"freqops-remark: {json.dumps(remark)}")
    assert line.replace(f"{inventory}/", "") == (
        "paper-1 alpha: max_open_trade is a key that this Freqtrade does not know, and its strategy names it; take it "
        "out if the strategy does not read it [hosts.yml:12]"
    )


def test_findings_of_the_image_are_told_with_their_lines(inventory: Path) -> None:
    found = [
        {"path": ["max_open_trade"], "kind": "unknown", "near": "max_open_trades", "elsewhere": []},
        {"path": ["telegram", "chat_id"], "kind": "type", "found": "integer", "wants": ["string"]},
        {"path": ["stake_amount"], "kind": "type", "found": "integer", "wants": ["string"]},
    ]
    output = f"freqops-lint: {json.dumps(found)}\nFreqtrade refuses this release: no stoploss\n"
    assert report(inventory, output) == [
        (
            "paper-1 alpha: max_open_trade is a key that this Freqtrade does not know and ignores; did you mean "
            "max_open_trades? If something reads it as it is, list it in freqtrade_known_keys [hosts.yml:12]"
        ),
        "paper-1 alpha: telegram.chat_id is a whole number (123); it must be a text; write it in quotes [hosts.yml:24]",
        "paper-1 alpha: stake_amount is a whole number (100); it must be a text; write it in quotes",
        "Freqtrade refuses this release: no stoploss",
    ]


def test_nothing_found_is_nothing_told(inventory: Path) -> None:
    assert report(inventory, "\n") == []


def test_a_bot_that_is_not_there_is_an_error(inventory: Path) -> None:
    with pytest.raises(Refused, match="paper-1 has no bot 'beta'"):
        report(inventory, "", "beta")
