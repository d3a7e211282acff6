# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an inventory of bots that ran with docker compose, from their Freqtrade configurations.

`make from-compose INVENTORY=inventories/mine BOTS="host/bot=config.json host/bot:Strategy=config.json,private.json"`.
It makes a new directory, whole or not at all, and says of every setting what became of it; never its value.
`LATER="host/bot=/opt/bot/docker-compose.yml"` names those of them that are adopted another day: no deploy brings them
up beside the old one, and their entries lie in files of their own until then.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible
from freqops.core.bot import image
from freqops.core.bot.db_url import POSTGRES
from freqops.core.bot.left_alone import VARIABLE as LEFT_ALONE
from freqops.core.preflight import judge, notify, secrets
from freqops.core.preflight.fleet import BOTS, SHARED, Fleet
from freqops.core.preflight.names import POSTGRES_IMAGE
from freqops.plays.inventory_files import SECRETS
from freqops.plays.preflight import NAMES, declared
from scripts import add_bot, compose_bot
from scripts.compose_bot import ADDED, LIVE, MOVED_TO_SECRETS, PAPER, ComposeBot, Said

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "inventories" / "example" / "group_vars" / "all.yml"
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
NO_HOSTS = (*NAMES, PAPER, LIVE, "all", "ungrouped")
OF_LATER = re.compile(r"(?P<host>[^/:=]+)/(?P<name>[^/:=]+)=(?P<project>/[^\n\r]+)")
SHAPE_OF_LATER = "HOST/BOT=PROJECT, the Compose file on that host by its whole path"
LATER_REASON = "adopted later"
WORD = re.compile(r"(?P<host>[^/:=]+)/(?P<name>[^/:=]+)(?::(?P<strategy>[^/:=]+))?=(?P<files>.+)", re.DOTALL)
SHAPE = "HOST/BOT=FILE[,FILE…], or HOST/BOT:STRATEGY=FILE[,FILE…]"
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


def bots_of(words: str) -> list[ComposeBot]:
    """Return the bots that the words of the command name, sorted each for itself.

    Raises:
        Refused: A word is none, or a configuration cannot be read.
    """
    try:
        split = shlex.split(words)
    except ValueError:
        raise Refused("BOTS has a quote without its end") from None
    if not split:
        raise Refused(f"BOTS names no bot; write {SHAPE}")
    found = []
    for word in split:
        match = WORD.fullmatch(word)
        if match is None:
            raise Refused(f"{visible(word)!r} is no bot; write {SHAPE}")
        if not HOST.fullmatch(match["host"]) or match["host"].lower() in NO_HOSTS:
            cure = "letters, digits, dots and dashes, and not the name of a group"
            raise Refused(f"{visible(match['host'])!r} is no name for a host: {cure}")
        files = [Path(name).expanduser() for name in match["files"].split(",")]
        found.append(compose_bot.sort(match["host"], match["name"], match["strategy"] or "", files))
    return found


def later_of(words: str, bots: Sequence[ComposeBot]) -> dict[str, str]:
    """Return the Compose files of the bots that are left for later, by bot.

    Raises:
        Refused: A word is none, or names a bot that is not among ``bots``, or names one twice.
    """
    try:
        split = shlex.split(words)
    except ValueError:
        raise Refused("LATER has a quote without its end") from None
    found: dict[str, str] = {}
    for word in split:
        match = OF_LATER.fullmatch(word)
        if match is None:
            raise Refused(f"{visible(word)!r} is no bot for later; write {SHAPE_OF_LATER}")
        if (match["host"], match["name"]) not in {(bot.host, bot.name) for bot in bots}:
            raise Refused(f"{visible(word)!r}: BOTS has no such bot; LATER says which of BOTS are adopted later")
        if match["name"] in found:
            raise Refused(f"LATER names {match['name']} twice")
        found[match["name"]] = match["project"]
    if bots and len(found) == len(bots):
        raise Refused("LATER names every bot of BOTS; then there is nothing to begin with")
    return found


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
    return Said(said.what, "left where it is", "its adoption takes it along from there")


def _dumped(value: Any) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6))


def write(inventory: Inventory, path: Path) -> None:
    """Make the directory of an inventory, whole or not at all.

    Raises:
        Refused: It is there already, or cannot be made.
    """
    refuse_present(path)
    beside: Path | None = None
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        for name, text, mode in inventory.files():
            file = beside / name
            file.parent.mkdir(exist_ok=True)
            durable.write_new(file, text.encode(), mode)
        beside.chmod(0o755)
        refuse_present(path)
        beside.rename(path)
    except OSError as error:
        raise Refused(f"{visible(str(path))} cannot be made: {error.strerror}") from None
    finally:
        if beside is not None and beside.exists():
            shutil.rmtree(beside)


def refuse_present(path: Path) -> None:
    """Refuse a directory that is there, or has no place.

    Raises:
        Refused: Something has its name, or the directory above it is missing.
    """
    if not path.name:
        raise Refused("INVENTORY names no new directory")
    if path.exists() or path.is_symlink():
        raise Refused(f"{visible(str(path))} is there already; it is not touched: name a new directory")
    if not path.parent.is_dir():
        raise Refused(f"there is no directory {visible(str(path.parent))} to make it in")


def report(bots: Sequence[ComposeBot], inventory: Inventory, path: Path) -> Iterator[str]:
    """Yield everything that is to be said, a line each, and at last what to do next."""
    for bot in bots:
        yield from (said.line(bot.name) for said in bot.said)
    alike = ", ".join(map(visible, inventory.shared)) or "nothing"
    yield f"all bots: {alike}: kept: in {SHARED}, for each of them has it so"
    shown = shlex.quote(str(path))
    yield f"Made {shown}. Of the Compose files nothing was read: neither command nor environment (FREQTRADE__…)."
    refusals = inventory.refusals()
    if refusals:
        yield "Deploy and adopt refuse it until this is mended:"
        yield from (f"  {visible(line, 400)}" for line in refusals)
    yield "Next:"
    yield f"  {shown}/hosts.yml: the address of each host, and strategy_dir of each bot"
    yield f"  {shown}/group_vars/all.yml: ansible_user, and the digests of the images; it says how to look at them"
    yield f"  make use INVENTORY={shown}"
    vault = " --ask-vault-pass" if inventory.has_secrets else ""
    for bot in (bot for bot in bots if bot.mode == PAPER and bot.name not in inventory.waiting):
        project = f"-e bot={bot.name} -e project=<its Compose file on {bot.host}>"
        yield f"  FREQOPS_REASON='it moves' ansible-playbook playbooks/adopt.yml {project} --check{vault}"
    if any(bot.mode == PAPER for bot in bots):
        yield "  Then each without --check. A deploy refuses new bots while their old ones run."
    for name, (host, _) in inventory.waiting.items():
        into = f"put {shown}/{waiting_file(name)} into {BOTS} of {host}"
        yield f"Later, for {name}: {into}, take its project out of {LEFT_ALONE}, and adopt it."
    if inventory.has_secrets:
        yield f"Before all that: {SECRETS} is not encrypted yet."
        yield f"  ansible-vault encrypt {shown}/{SECRETS}"


def main(arguments: list[str]) -> int:
    """Make the inventory, and end with 0, or say why there is none, and end with 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("inventory", "bots"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--later", default="")
    options = parser.parse_args(arguments)
    try:
        path = Path(options.inventory).expanduser()
        refuse_present(path)
        bots = bots_of(options.bots)
        inventory = Inventory(bots, path, later_of(options.later, bots))
        lines = list(report(bots, inventory, path))
        write(inventory, path)
    except Refused as refusal:
        sys.stderr.write(f"from-compose: refused, nothing was made: {refusal}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
