"""A copy of the lab's inventory with other variables, for plays that must meet another fleet."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from lab.base.paths import INVENTORY

Fleet = dict[str, dict[str, Any]]


def inventory(place: Path, change: Callable[[Fleet], None]) -> str:
    """Write a copy of the lab's inventory below ``place`` and return where it lies.

    Args:
        place: A directory of the test.
        change: Changes the variables of the hosts, by host name, where they stand.
    """
    target = place / "inventory"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(INVENTORY, target, ignore=shutil.ignore_patterns("control-*"))
    hosts = yaml.safe_load((INVENTORY / "hosts.yml").read_text())
    fleet: Fleet = {}
    for group in hosts.values():
        fleet.update(group.get("hosts") or {})
    fleet = copy.deepcopy(fleet)
    change(fleet)
    for group in hosts.values():
        for name in group.get("hosts") or {}:
            group["hosts"][name] = fleet[name]
    (target / "hosts.yml").write_text(yaml.safe_dump(hosts))
    return str(target)


def bot(fleet: Fleet, host: str, name: str) -> dict[str, Any]:
    """Return the variables of one bot, to be changed where they stand."""
    found: dict[str, Any] = next(each for each in fleet[host]["freqtrade_bots"] if each["name"] == name)
    return found
