# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the entry of one more bot on paper for `freqtrade_bots` of a host, with the next port that is free there.

`make add-bot INVENTORY=… HOST=… NAME=… [STRATEGY=…]`. It writes no file: the entry goes where the host has its bots.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible
from freqops.core.bot.engine_names import OF_THE_HOST
from freqops.core.bot.layout import BOT_NAME, container_of
from freqops.core.preflight.fleet import BOTS
from freqops.core.preflight.names import PORTS

BIN = Path(sys.executable).parent
FIRST_PORT = 8081
STRATEGY = "MaCrossoverStrategy"
SECONDS = 120


def hosts_of(inventory: str) -> dict[str, Any]:
    """Return the variables of every host of an inventory, as Ansible merges them.

    Raises:
        Refused: There is no such inventory, or Ansible cannot read it, or it has no hosts.
    """
    if not Path(inventory).exists():
        raise Refused(f"there is no inventory {inventory}")
    command = [str(BIN / "ansible-inventory"), "--inventory", inventory, "--list"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise Refused(f"{inventory} cannot be read: {visible(done.stderr.strip()[-300:])}")
    listed = json.loads(done.stdout)
    names = {name for group in listed.values() for name in group.get("hosts", ())}
    if not names:
        raise Refused(f"{inventory} has no hosts")
    said = listed["_meta"]["hostvars"]
    return {name: said.get(name, {}) for name in sorted(names)}


def entry(hosts: Mapping[str, Any], host: str, name: str, strategy: str = STRATEGY) -> dict[str, Any]:
    """Return the entry of a bot on paper that a host does not have yet.

    Raises:
        Refused: The host is unknown, its bots cannot be read, or the name or the strategy is none, or is taken.
    """
    if host not in hosts:
        raise Refused(f"unknown host {host!r}; the inventory has {', '.join(hosts)}")
    if not BOT_NAME.fullmatch(name):
        raise Refused(
            f"{name!r} is no name for a bot: lower-case letters, digits and dashes, a letter first, at most 31"
        )
    if container_of(name) in OF_THE_HOST:
        raise Refused(f"{name!r} is no name for a bot: its container would have a name that is the host's own")
    if not strategy.isidentifier():
        raise Refused(f"{strategy!r} is no name of a class")
    bots = _bots(host, hosts[host])
    if name in {bot.get("name") for bot in bots}:
        raise Refused(f"{host} has a bot {name} already")
    elsewhere = [other for other in hosts if other != host and name in _names(hosts[other])]
    if elsewhere:
        raise Refused(f"{', '.join(elsewhere)} has a bot {name} already: -e bots={name} would mean both")
    return {"name": name, "mode": "paper", "api_port": _free_port(host, bots), "strategy": strategy}


def _bots(host: str, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = variables.get(BOTS) or []
    if not isinstance(found, list) or not all(isinstance(bot, dict) for bot in found):
        raise Refused(f"{BOTS} of {host} is no list of bots that can be read here; is it a template?")
    return found


def _names(variables: Mapping[str, Any]) -> set[Any]:
    found = variables.get(BOTS)
    return {bot.get("name") for bot in found if isinstance(bot, dict)} if isinstance(found, list) else set()


def _free_port(host: str, bots: list[dict[str, Any]]) -> int:
    """Return the next port after the highest of the host's bots, or the lowest that is free where that is none."""
    said: list[Any] = [bot["api_port"] for bot in bots if "api_port" in bot]
    wrong = [port for port in said if not str(port).isdecimal()]
    if wrong:
        raise Refused(f"api_port {wrong[0]!r} of a bot of {host} is no number that can be read here")
    taken = {int(port) for port in said}
    after = range(max([FIRST_PORT - 1, *taken]) + 1, PORTS[1] + 1)
    free: int | None = next((port for port in (*after[:1], *range(*PORTS)) if port not in taken), None)
    if free is None:
        raise Refused(f"{host} has no free port from {PORTS[0]} to {PORTS[1]}")
    return free


def main(arguments: list[str]) -> int:
    """Print the entry, and end with 0, or say why there is none, and end with 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("inventory", "host", "name"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--strategy", default=STRATEGY)
    options = parser.parse_args(arguments)
    try:
        made = entry(hosts_of(options.inventory), options.host, options.name, options.strategy)
    except Refused as refusal:
        sys.stderr.write(f"add-bot: refused: {refusal}\n")
        return 1
    said = [f"{key}: {value}" for key, value in made.items()]
    sys.stdout.write(f"# one more of freqtrade_bots of {options.host}\n- " + "\n  ".join(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
