"""The line on which a variable of a host stands, in all the places that an inventory has for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from freqops.plays.inventory_lines import Lines

HOSTS = """---
all:
  vars: {timezone: UTC}
lab:
  children: {paper: {}}
  vars:
    freqtrade_image: from-lab
paper:
  hosts:
    paper-1:
      freqtrade_bots:
        - name: alpha
          config: &shared
            exchange:
              name: binance
        - name: beta
          <<: {mode: paper}
          config: *shared
        - {name: gamma, config: {max_open_trades: 1}}
      host_operators: "{{ operators }}"
  vars:
    postgres_memory: 1g
"""
ALL = """---
# everybody's
postgres_image: from-all
freqtrade_image: from-all
"""
GROUPS = ["paper", "lab", "all"]


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """Return an inventory with variables in every place."""
    (tmp_path / "hosts.yml").write_text(HOSTS)
    for kind in ("group_vars", "host_vars"):
        (tmp_path / kind).mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text(ALL)
    (tmp_path / "secrets.yml").write_text("freqtrade_bots: []\n")
    return tmp_path


def find(inventory: Path, *paths: tuple[Any, ...], host: str = "paper-1") -> str:
    return Lines([inventory], inventory).find(host, GROUPS, paths)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("freqtrade_bots",), "hosts.yml:11"),
        (("freqtrade_bots", 0), "hosts.yml:12"),
        (("freqtrade_bots", 0, "name"), "hosts.yml:12"),
        (("freqtrade_bots", 0, "config", "exchange", "name"), "hosts.yml:15"),
        (("freqtrade_bots", 1, "config"), "hosts.yml:18"),
        (("freqtrade_bots", 1, "config", "exchange", "name"), "hosts.yml:15"),
        (("freqtrade_bots", 1, "mode"), "hosts.yml:17"),
        (("freqtrade_bots", 2, "config", "max_open_trades"), "hosts.yml:19"),
        (("postgres_memory",), "hosts.yml:22"),
        (("postgres_image",), "group_vars/all.yml:3"),
        (("freqtrade_bots", 3), ""),
        (("freqtrade_bots", 0, "memory"), ""),
        (("host_operators", 0), ""),
        (("nothing",), ""),
    ],
)
def test_a_line_is_named_where_there_is_one(inventory: Path, path: tuple[Any, ...], place: str) -> None:
    assert find(inventory, path) == place


def test_the_file_that_wins_is_named(inventory: Path) -> None:
    name = ("freqtrade_image",)
    assert find(inventory, name) == "group_vars/all.yml:4"  # files beside the inventory win over variables inside it
    (inventory / "group_vars" / "lab.yaml").write_text("a: b\nfreqtrade_image: from-lab-file\n")
    assert find(inventory, name) == "group_vars/lab.yaml:2"
    (inventory / "group_vars" / "paper").mkdir()
    (inventory / "group_vars" / "paper" / "images.yml").write_text("freqtrade_image: from-paper\n")
    assert find(inventory, name) == "group_vars/paper/images.yml:1"
    (inventory / "host_vars" / "paper-1").write_text("\n\nfreqtrade_image: its-own\n")
    assert find(inventory, name) == "host_vars/paper-1:3"
    assert find(inventory, name, host="other") == "group_vars/paper/images.yml:1"


def test_a_template_in_the_winning_file_hides_what_another_file_says(inventory: Path) -> None:
    (inventory / "host_vars" / "paper-1.yml").write_text('freqtrade_bots: "{{ elsewhere }}"\n')
    assert find(inventory, ("freqtrade_bots", 0, "name")) == ""


def test_the_first_path_that_stands_somewhere_is_named(inventory: Path) -> None:
    paths = [("freqtrade_bots", 0, "config", "timeframe"), ("freqtrade_config", "timeframe"), ("freqtrade_bots", 0)]
    assert find(inventory, *paths) == "hosts.yml:12"


@pytest.mark.parametrize("text", ["[all]\npaper-1 a=b\n", "$ANSIBLE_VAULT;1.1;AES256\n6162\n", "a: [\n", "- 1\n", ""])
def test_what_is_no_mapping_has_no_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "hosts").write_text(text)
    assert find(tmp_path, ("freqtrade_bots",)) == ""


def test_a_single_file_is_an_inventory_too(inventory: Path) -> None:
    lines = Lines([inventory / "hosts.yml"], Path("/nowhere"))
    assert lines.find("paper-1", GROUPS, [("postgres_image",)]) == f"{inventory}/group_vars/all.yml:3"
