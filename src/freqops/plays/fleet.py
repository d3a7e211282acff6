"""The fleet of a play: its hosts, their bots, and the words it was called with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible import context
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.splitter import parse_kv

from freqops.core.base.errors import Refused
from freqops.core.bot import inputs, layout

from . import inventory_bots
from .inventory_bots import Lost

LOCALHOST = ("localhost", "127.0.0.1", "::1")


def extra_names() -> list[str]:
    """Return the names of the variables given with ``-e``, as often as they were given."""
    loader = DataLoader()
    names = []
    for option in context.CLIARGS.get("extra_vars", ()):
        text = str(option)
        if text.startswith(("@", "{", "[")):
            names += list(loader.load_from_file(text[1:]) if text.startswith("@") else loader.load(text))
        else:
            names += list(parse_kv(text))
    return names


def declared_inputs(playbook: Path) -> dict[str, dict[str, Any]]:
    """Return the inputs that a playbook declares in its ``.meta.yml``, by name."""
    document = yaml.safe_load(playbook.with_suffix("").with_suffix(".meta.yml").read_text())
    return {
        name: body for spec in document["argument_specs"].values() for name, body in spec.get("options", {}).items()
    }


def role_inputs(roles: Path) -> set[str]:
    """Return the names of all variables that our roles declare."""
    names: set[str] = set()
    for path in roles.glob("*/meta/argument_specs.yml"):
        document = yaml.safe_load(path.read_text())
        names |= {name for spec in document["argument_specs"].values() for name in spec.get("options", {})}
    return names


def bots_of(hostvars: Any, hosts: list[str]) -> dict[str, list[str]]:
    """Return the names of the bots that the inventory declares, for each of ``hosts``."""
    return {host: sorted(_names(hostvars[host].get("freqtrade_bots"))) for host in hosts}


def modes_of(hostvars: Any, host: str) -> dict[str, str]:
    """Return the mode of each bot that the inventory declares on a host; one without a mode has an empty one."""
    bots = hostvars[host].get("freqtrade_bots") or ()
    return {str(bot["name"]): str(bot.get("mode", "")) for bot in bots if isinstance(bot, Mapping) and "name" in bot}


def _names(bots: Any) -> list[str]:
    """Return the names of bots; what is no bot, or has no name, is deploy's to refuse."""
    return [str(bot["name"]) for bot in bots or () if isinstance(bot, Mapping) and "name" in bot]


def what_is_sold(hostvars: Any, hosts: list[str]) -> str:
    """Return the first line of a level 2 that is about all bots: how many live ones sell everything."""
    fleet = [(host, bot) for host in hosts for bot in hostvars[host].get("freqtrade_bots") or ()]
    bots = [(str(bot["name"]), bot.get("mode"), host) for host, bot in fleet
            if isinstance(bot, Mapping) and "name" in bot]  # fmt: skip
    live = [f"{name} on {host}" for name, mode, host in bots if mode != "paper"]
    named = f" ({', '.join(sorted(live))})" if live else ""
    return (
        f"LEVEL 2 OF ALL BOTS sells every open position at the market's price: {len(live)} live bots{named}, "
        f"{len(bots) - len(live)} on paper, on {len(hosts)} hosts"
    )


def lost(variables: Mapping[str, Any]) -> list[Lost]:
    """Return the bots that stand in the files of the inventory and not in the fleet.

    Args:
        variables: The variables of a task.
    """
    sources = [Path(source) for source in variables["ansible_inventory_sources"] if Path(source).exists()]
    hosts = [host for host in variables["groups"]["all"] if host not in LOCALHOST]
    return inventory_bots.lost(sources, variables["groups"], _readable(variables["hostvars"], hosts))


def _readable(hostvars: Any, hosts: list[str]) -> dict[str, list[str]]:
    """Return the bots of hosts; a host whose variables cannot be read has none, so each of its files' bots is lost."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        try:
            found |= bots_of(hostvars, [host])
        except AnsibleError:
            found[host] = []
    return found


def describe(hosts: dict[str, list[str]]) -> str:
    """Return the first line of every play: inventory, hosts and bots."""
    sources = ", ".join(context.CLIARGS.get("inventory") or ())
    fleet = ", ".join(f"{host} ({', '.join(bots) or 'no bots'})" for host, bots in hosts.items())
    return f"inventory {sources} | hosts and bots: {fleet}"


def chosen(text: object, hosts: dict[str, list[str]], *, each_named: bool = False) -> dict[str, list[str]]:
    """Return the hosts that have any of the bots named in ``text``, with these bots.

    Args:
        text: Names of bots, separated by commas, or ``all``.
        hosts: The bots of each host.
        each_named: Whether ``all`` is refused.

    Raises:
        Refused: A bot is unknown, or no host has any bot at all.
    """
    _refuse_all(text, each_named=each_named)
    known = [bot for bots in hosts.values() for bot in bots]
    if not known:
        raise Refused("no host reached by this play has a bot")
    wanted = inputs.bots(text, known)
    return {host: [bot for bot in bots if bot in wanted] for host, bots in hosts.items() if set(bots) & set(wanted)}


def reached(text: object, hosts: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the hosts of `chosen`; where ``text`` means all, also those without bots, for they may have runs.

    Args:
        text: Names of bots, separated by commas, or ``all``.
        hosts: The bots of each host.

    Raises:
        Refused: A bot is unknown, or there is no host.
    """
    if not inputs.means_all(text):
        return chosen(text, hosts)
    found = {host: bots for host, bots in hosts.items() if bots or host not in LOCALHOST}
    if not found:
        raise Refused("no host is reached by this play")
    return found


def well_named(text: object, *, each_named: bool) -> None:
    """Refuse a text that names no bots; whether these exist is for the hosts to say.

    Args:
        text: Names of bots, separated by commas, or ``all``.
        each_named: Whether ``all`` is refused.

    Raises:
        Refused: It does not.
    """
    _refuse_all(text, each_named=each_named)
    wrong = [name for name in str(text).split(",") if not layout.BOT_NAME.fullmatch(name.strip())]
    if wrong:
        raise Refused(f"{', '.join(map(repr, wrong))} is no name of a bot")


def _refuse_all(text: object, *, each_named: bool) -> None:
    if each_named and str(text).strip() == inputs.ALL:
        raise Refused("name each bot: this is not done to all of them at once")
