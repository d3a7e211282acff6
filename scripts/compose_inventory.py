# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory of bots that ran with docker compose, made in memory, judged there, and written as YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from freqops.core.base.errors import Refused
from freqops.core.bot import image, proxies
from freqops.core.bot.db_url import POSTGRES
from freqops.core.bot.left_alone import VARIABLE as LEFT_ALONE
from freqops.core.preflight import judge, notify, secrets
from freqops.core.preflight.fleet import BOTS, SHARED, Fleet
from freqops.core.preflight.names import POSTGRES_IMAGE
from freqops.plays.inventory_files import SECRETS
from freqops.plays.preflight import declared
from scripts import add_bot, compose_bot
from scripts.compose_bot import ADDED, LIVE, MOVED_TO_SECRETS, PAPER, ComposeBot, Said

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "inventories" / "example" / "group_vars" / "all.yml"
LATER_REASON = "adopted later"
IMAGES = {"registry.example.com/freqtrade": "freqtradeorg/freqtrade", "registry.example.com/postgres": "postgres"}
UNSAFE = "!unsafe"
BREAKS = "\n\r\x85\u2028\u2029"
JINJA = ("{{", "{%", "{#")
COMMENTS = {
    "ansible_host": "put in its address, unless this name leads there",
    "strategy": "strategy_dir: ~/strategies/{name} # put in where the files of {strategy} lie on this machine",
}


class _Dumper(yaml.SafeDumper):
    """YAML as the example has it: lists further in than their name, no anchors, each text on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Return a text; one that Ansible would take for a template is marked as none."""
    tag = UNSAFE if any(mark in text for mark in JINJA) else "tag:yaml.org,2002:str"
    quoted = tag == UNSAFE or any(mark in text for mark in BREAKS)
    return dumper.represent_scalar(tag, text, style='"' if quoted else None)


_Dumper.add_representer(str, _text)


def hosts_of(bots: Sequence[ComposeBot]) -> dict[str, list[dict[str, Any]]]:
    """Return the entries of all bots by host, without their configurations; each keeps its port where it may.

    Raises:
        Refused: A name or a strategy is none, or a name is taken.
    """
    hosts: dict[str, Any] = {bot.host: {BOTS: []} for bot in bots}
    made: dict[str, dict[str, Any]] = {}
    for bot in sorted(bots, key=lambda bot: bot.port is None):
        of_host = hosts[bot.host][BOTS]
        entry = add_bot.entry(hosts, bot.host, bot.name, bot.strategy)
        keeps = bot.port is not None and bot.port not in {each["api_port"] for each in of_host}
        entry |= {"mode": bot.mode, "api_port": bot.port if keeps else entry["api_port"]}
        of_host.append(entry)
        made[bot.name] = {**entry, "database": bot.database, "initial_state": bot.initial_state}
        bot.said.append(_port_said(bot, entry["api_port"], keeps=keeps))
    return {host: [made[bot.name] for bot in bots if bot.host == host] for host in hosts}


def _port_said(bot: ComposeBot, port: int, *, keeps: bool) -> Said:
    beside = "on the host's loopback; the port that compose published may have been another one"
    if keeps:
        return Said("api_server.listen_port", "moved to api_port", f"{port}, {beside}")
    why = "the next that is free" if bot.port is None else f"for {bot.port} is taken"
    return Said("api_port", ADDED, f"{port}, {why}, {beside}")


def common(bots: Sequence[ComposeBot]) -> dict[str, Any]:
    """Return what the configurations of all bots have alike: the largest tree that is in each of them."""
    return reduce(_alike, [bot.config for bot in bots])


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (name for name in one if name in other):
        mine, its = one[name], other[name]
        if _same(mine, its):
            found[name] = mine
        elif isinstance(mine, Mapping) and isinstance(its, Mapping) and _alike(mine, its):
            found[name] = _alike(mine, its)
    return found


def _same(one: Any, other: Any) -> bool:
    """Return whether two values are one in JSON, where 1 is neither true nor 1.0."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def without(config: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a configuration has beyond what all share: laid over that, it is the whole configuration."""
    own: dict[str, Any] = {}
    for name, value in config.items():
        if name not in shared:
            own[name] = value
        elif not _same(value, shared[name]):
            own[name] = without(value, shared[name])
    return own


class Inventory:
    """An inventory that is made in memory, and judged there."""

    def __init__(self, bots: Sequence[ComposeBot], path: Path, later: Mapping[str, str] | None = None) -> None:
        """Make it.

        Args:
            bots: Its bots.
            path: The directory that it is to be.
            later: The Compose files of those that are left for later, by bot.

        Raises:
            Refused: The bots cannot stand in one inventory.
        """
        self._bots, self._path, self._later = bots, path, dict(later or {})
        self.shared = common(bots)
        self.hosts = hosts_of(bots)
        for bot in bots:
            own = without(bot.config, self.shared)
            entry = next(each for each in self.hosts[bot.host] if each["name"] == bot.name)
            if own:
                entry["config"] = own
                bot.said.append(Said(", ".join(own), "kept", "in its config"))
        now = [bot for bot in bots if bot.name not in self._later]
        self.accounts = {bot.name: bot.account for bot in now if bot.account}
        self.messengers = {bot.name: bot.messengers for bot in now if bot.messengers}
        for bot in (bot for bot in bots if bot.name in self._later):
            bot.said = [_left(said) for said in bot.said]
        self.waiting = {
            entry["name"]: (host, entry)
            for host, entries in self.hosts.items() for entry in entries if entry["name"] in self._later
        }  # fmt: skip
        self.hosts = {
            host: [entry for entry in entries if entry["name"] not in self._later]
            for host, entries in self.hosts.items()
        }

    @property
    def has_secrets(self) -> bool:
        """Whether it needs a file of secrets."""
        return bool(self.accounts or self.messengers)

    def files(self) -> Iterator[tuple[str, str, int]]:
        """Yield its files: name, content, mode."""
        yield "hosts.yml", self._hosts_text(), 0o644
        yield "group_vars/all.yml", self._all_text(), 0o644
        if self.has_secrets:
            yield SECRETS, self._secrets_text(), 0o600
        for name, (host, entry) in self.waiting.items():
            head = f"# {name} is left for later: put this into {BOTS} of {host} when it is adopted.\n"
            yield waiting_file(name), head + "\n".join(self._entry_lines(entry)) + "\n", 0o644

    def refusals(self) -> list[str]:
        """Return for what deploy refuses it as it is."""
        given = yaml.safe_load(self._head())
        images = {name: given[name] for name in (image.KEY, POSTGRES_IMAGE) if name in given}
        hosts: dict[str, Any] = {
            host: {**images, SHARED: self.shared, BOTS: entries, LEFT_ALONE: self._left_alone(host)}
            for host, entries in self.hosts.items()
        }
        fleet = Fleet(hosts, self.accounts, declared(ROOT / "roles"), notify=self.messengers)
        found = [*judge.judge(fleet), *notify.missing(fleet, fleet.bots, {})]
        return [refusal.line for refusal in found]

    def _head(self) -> str:
        """Return what the example says in front of the configuration that all bots share."""
        head, found, _ = EXAMPLE.read_text().partition(f"{SHARED}:")
        if not found:
            raise Refused(f"{EXAMPLE} has no {SHARED}: this checkout is not whole")
        for of_example, name in IMAGES.items():
            head = head.replace(of_example, name)
        if any(bot.database == POSTGRES for bot in self._bots):
            return head
        return "".join(line for line in head.splitlines(keepends=True) if not line.startswith(POSTGRES_IMAGE))

    def _all_text(self) -> str:
        return self._head() + _dumped({SHARED: self.shared})

    def _hosts_text(self) -> str:
        lines = [
            "---",
            "# Made by `make from-compose`. Put in the address of each host, and where the files of each strategy lie.",
        ]
        for group in (PAPER, LIVE):
            hosts = [host for host in self.hosts if (LIVE if self._has_live(host) else PAPER) == group]
            lines += [f"{group}:", "  hosts:"] if hosts else []
            for host in hosts:
                lines += self._host_lines(host)
        return "\n".join(lines) + "\n"

    def _has_live(self, host: str) -> bool:
        return any(entry["mode"] == LIVE for entry in self.hosts[host])

    def _host_lines(self, host: str) -> Iterator[str]:
        key = _dumped({host: None}).partition(":")[0]
        yield f"    {key}:"
        yield f"      {_dumped({'ansible_host': host}).rstrip()} # {COMMENTS['ansible_host']}"
        for line in _dumped({LEFT_ALONE: self._left_alone(host)}).rstrip("\n").split("\n"):
            if self._left_alone(host):
                yield f"      {line}"
        yield f"      {BOTS}:" if self.hosts[host] else f"      {BOTS}: []"
        for entry in self.hosts[host]:
            for line in self._entry_lines(entry):
                yield f"        {line}"

    def _left_alone(self, host: str) -> list[dict[str, str]]:
        """Return what of others is left alone on a host, as its variable has it."""
        names = [name for name, (of_host, _) in self.waiting.items() if of_host == host]
        return [{"project": self._later[name], "reason": LATER_REASON} for name in names]

    @staticmethod
    def _entry_lines(entry: Mapping[str, Any]) -> Iterator[str]:
        first = True
        for name, value in entry.items():
            for line in _dumped({name: value}).rstrip("\n").split("\n"):
                yield f"{'- ' if first else '  '}{line}"
                first = False
            if name == "strategy":
                yield f"  # {COMMENTS[name].format(**entry)}"
            if (name, value) == ("mode", LIVE):
                yield f"  # live bots are refused until promotion exists: {compose_bot.TAKE_OUT}"

    def _secrets_text(self) -> str:
        head = (
            "---\n"
            "# Encrypt it with `ansible-vault encrypt`. Deploy, adopt and lockout load it by themselves, with\n"
            "# --ask-vault-pass, and no other playbook does.\n"
        )
        return head + _dumped({secrets.NAME: self.accounts, notify.NAME: self.messengers})


def waiting_file(bot: str) -> str:
    """Return the name of the file with the entry of a bot that is left for later; Ansible reads no such file."""
    return f"later-{bot}.txt"


def _left(said: Said) -> Said:
    """Return what is said of a setting of a bot that is left for later: its secrets are not moved."""
    if said.became != MOVED_TO_SECRETS:
        return said
    if any(said.what.startswith(f"exchange.{section}.") for section in proxies.SECTIONS):
        return Said(said.what, "left where it is", f"it goes into {said.why} of {SECRETS} when the bot is adopted")
    return Said(said.what, "left where it is", "its adoption takes it along from there")


def _dumped(value: Any) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6))
