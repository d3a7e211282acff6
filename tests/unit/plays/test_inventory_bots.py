"""Bots that stand in the files of an inventory, and that Ansible left out of the fleet."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

from freqops.plays import fleet, inventory_bots

HOSTS = "all: {children: {one: {hosts: {paper-1: {}}}, two: {hosts: {paper-1: {}, paper-2: {}}}}}\n"
BOT = "freqtrade_bots: [{{name: {}, mode: paper}}]\n"


def lost(root: Path, **files: str) -> list[tuple[str, str, str]]:
    """Return what is lost when Ansible itself loads these files: host, bot, place."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(root)])
    manager = VariableManager(loader=loader, inventory=inventory)
    groups = {name: [str(host) for host in group.get_hosts()] for name, group in inventory.groups.items()}
    variables = {str(host): manager.get_vars(host=host) for host in inventory.get_hosts()}
    found = inventory_bots.lost([root], groups, fleet.bots_of(variables, list(variables)))
    return [(bot.host, bot.bot, bot.place.removeprefix(f"{root}/")) for bot in found]


def test_an_inventory_that_says_each_thing_once_loses_nothing(tmp_path: Path) -> None:
    assert lost(
        tmp_path, hosts_DOT_yml=HOSTS, group_vars__one_DOT_yml=BOT.format("alpha"), group_vars__two_DOT_yml=""
    ) == []  # fmt: skip


def test_of_two_groups_with_bots_the_list_of_one_is_lost(tmp_path: Path) -> None:
    found = lost(
        tmp_path, hosts_DOT_yml=HOSTS,
        group_vars__one_DOT_yml=BOT.format("alpha"), group_vars__two_DOT_yml=BOT.format("beta"),
    )  # fmt: skip
    assert found == [("paper-1", "alpha", "group_vars/one.yml:1")]


def test_a_host_with_a_list_of_its_own_loses_that_of_its_group(tmp_path: Path) -> None:
    own = HOSTS.replace("paper-2: {}", "paper-2: {freqtrade_bots: []}")
    found = lost(tmp_path, hosts_DOT_yml=own, group_vars__all_DOT_yml="\n" + BOT.format("alpha"))
    assert found == [("paper-2", "alpha", "group_vars/all.yml:2")]


@pytest.mark.parametrize(
    "name", ["host_vars__paper1_DOT_yml", "group_vars__papers_DOT_yml", "group_vars__three__bots_DOT_yml"]
)
def test_a_file_that_fits_no_host_and_no_group(tmp_path: Path, name: str) -> None:
    found = lost(tmp_path, hosts_DOT_yml=HOSTS, **{name: BOT.format("alpha")})
    assert found == [("", "alpha", name.replace("__", "/").replace("_DOT_", ".") + ":1")]


def test_a_group_without_hosts(tmp_path: Path) -> None:
    found = lost(tmp_path, hosts_DOT_yml=HOSTS + f"three:\n  vars:\n    {BOT.format('alpha')}")
    assert found == [("", "alpha", "hosts.yml:4")]


def test_of_two_equal_keys_one_is_lost(tmp_path: Path) -> None:
    twice = BOT.format("alpha") + BOT.format("beta")
    found = lost(tmp_path, hosts_DOT_yml=HOSTS, **{"host_vars__paper-1_DOT_yml": twice})
    assert found == [("paper-1", "alpha", "host_vars/paper-1.yml:1")]


def test_a_host_that_stands_twice_in_one_file(tmp_path: Path) -> None:
    hosts = f"""---
one: {{hosts: {{paper-1: {{{BOT.format("alpha").strip()}}}}}}}
two: {{hosts: {{paper-1: {{{BOT.format("beta").strip()}}}}}}}
"""
    assert lost(tmp_path, hosts_DOT_yml=hosts) == [("paper-1", "alpha", "hosts.yml:2")]


def test_a_list_on_a_line_of_the_ini_format(tmp_path: Path) -> None:
    ini = """[one]
paper-1

[one:vars]
freqtrade_bots=[{"name": "alpha"}]

[two]
paper-1 freqtrade_bots='[{"name": "beta"}]'
"""
    assert lost(tmp_path, hosts_DOT_ini=ini) == [("paper-1", "alpha", "hosts.ini:5")]


def test_a_list_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text("[one]\npaper-1 freqtrade_bots='[{name' other=1\n")
    (found,) = inventory_bots.lost([tmp_path / "hosts.ini"], {}, {"paper-1": []})
    assert (found.host, found.bot) == ("paper-1", "?")


def test_a_template_stands_elsewhere(tmp_path: Path) -> None:
    text = 'mine: [{name: alpha}]\nfreqtrade_bots: "{{ mine }}"\n'
    assert lost(tmp_path, hosts_DOT_yml=HOSTS, group_vars__one_DOT_yml=text) == []


@pytest.mark.parametrize(
    "name", ["group_vars__one_DOT_yml~", "group_vars__one_DOT_bak", "group_vars___DOT_one_DOT_yml"]
)
def test_a_copy_that_an_editor_left_is_no_file_of_the_inventory(tmp_path: Path, name: str) -> None:
    assert lost(tmp_path, hosts_DOT_yml=HOSTS, **{name: BOT.format("alpha")}) == []
