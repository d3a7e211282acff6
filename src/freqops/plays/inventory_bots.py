"""The bots that stand in the files of an inventory and are missing in the fleet that Ansible made of them.

Ansible takes the last of two lists without a word, skips a file whose name fits no host and no group, and keeps the
second of two equal keys. So the files are read again, and every bot in them must be in the fleet.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from freqops.core.preflight.fleet import BOTS
from freqops.core.preflight.refusal import Refusal

from .inventory_lines import ALL, composed, directories, inventory_files, items

HOST, GROUP = "host", "group"
PLACES = {"host_vars": HOST, "group_vars": GROUP}
SUFFIXES = (".yml", ".yaml", ".json", "")
TEMPLATE = "{{"
UNREADABLE = "?"
INI_SECTION = re.compile(r"^\s*\[(?P<group>[^\]:]+)(?P<vars>:vars)?[^\]]*\]")
INI_BOTS = re.compile(rf"(?:^|\s){BOTS}\s*=\s*(?P<value>.*?)\s*$")


@dataclass(frozen=True)
class Written:
    """A bot as a file gives it to a host or to a group.

    Attributes:
        kind: ``host`` or ``group``.
        owner: The name of the host or of the group.
        bot: The name of the bot.
        place: File and line.
    """

    kind: str
    owner: str
    bot: str
    place: str


@dataclass(frozen=True)
class Lost:
    """A bot that stands in a file and not in the fleet.

    Attributes:
        bot: Its name.
        host: The host that should have it; empty where no host does, because the file or the group fits none.
        place: File and line.
    """

    bot: str
    host: str
    place: str

    @property
    def text(self) -> str:
        """The loss in words."""
        where = f"not in the fleet that Ansible made of the inventory for {self.host}" if self.host else "of no host"
        return f"stands in {self.place}, and is {where}"

    @property
    def refusal(self) -> Refusal:
        """The loss as preflight reports it."""
        cure = "give each host its bots in one place, in a file that bears the name of the host or of one of its groups"
        return Refusal(self.host, self.text, cure, bot=self.bot)


def lost(
    sources: Sequence[Path], groups: Mapping[str, Collection[str]], fleet: Mapping[str, Collection[str]]
) -> list[Lost]:
    """Return the bots that stand in the files of an inventory and not in the fleet, each host's own once.

    A list that is a template is left out: its bots stand elsewhere.

    Args:
        sources: The files of the inventory, or directories with them.
        groups: The hosts of each group, as Ansible knows them.
        fleet: The bots of every host, as Ansible knows them.
    """
    found: dict[tuple[str, str], Lost] = {}
    for written in _written(sources):
        for host in _hosts(written, groups, fleet):
            if written.bot not in fleet.get(host, ()):
                found.setdefault((host, written.bot), Lost(written.bot, host, written.place))
    return [found[key] for key in sorted(found)]


def _hosts(
    written: Written, groups: Mapping[str, Collection[str]], fleet: Mapping[str, Collection[str]]
) -> Collection[str]:
    """Return the hosts that a file means, or the empty name where it means none."""
    if written.kind == HOST:
        return [written.owner] if written.owner in fleet else [""]
    return (fleet if written.owner == ALL else groups.get(written.owner)) or [""]


def _written(sources: Sequence[Path]) -> Iterator[Written]:
    for directory in directories(sources):
        for folder, kind in PLACES.items():
            for file in sorted((directory / folder).rglob("*")):
                if file.is_file() and file.suffix in SUFFIXES and not _is_hidden(file, directory):
                    owner = file.relative_to(directory / folder).parts[0]
                    yield from _bots(composed(file), kind, owner.removesuffix(file.suffix), file)
    for file in inventory_files(sources):
        root = composed(file)
        yield from _of_ini(file) if root is None or not isinstance(root, yaml.MappingNode) else _of_tree(root, file)


def _is_hidden(file: Path, below: Path) -> bool:
    return any(part.startswith(".") or part.endswith("~") for part in file.relative_to(below).parts)


def _of_tree(groups: yaml.Node | None, file: Path) -> Iterator[Written]:
    """Yield the bots in a file of groups and hosts."""
    for group, body in items(groups):
        for key, value in items(body):
            if key.value == "vars":
                yield from _bots(value, GROUP, group.value, file)
            elif key.value == "children":
                yield from _of_tree(value, file)
            elif key.value == "hosts":
                for host, variables in items(value):
                    yield from _bots(variables, HOST, host.value, file)


def _bots(variables: yaml.Node | None, kind: str, owner: str, file: Path) -> Iterator[Written]:
    """Yield the bots among variables; equal keys are all looked at, of which Ansible takes the last."""
    for key, value in items(variables):
        if key.value == BOTS and isinstance(value, yaml.SequenceNode):
            for bot in value.value:
                for name, word in items(bot):
                    if name.value == "name" and isinstance(word, yaml.ScalarNode) and TEMPLATE not in word.value:
                        yield Written(kind, owner, word.value, f"{file}:{word.start_mark.line + 1}")


def _of_ini(file: Path) -> Iterator[Written]:
    """Yield the bots in a file of the INI format; it has a list as a text on one line."""
    group, of_group = "", False
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        section, bots = INI_SECTION.match(line), INI_BOTS.search(line)
        if section:
            group, of_group = section["group"].strip(), section["vars"] is not None
        elif bots and not line.lstrip().startswith(("#", ";")):
            owner = (GROUP, group) if of_group else (HOST, line.split()[0])
            for bot in _names(bots["value"]):
                yield Written(*owner, bot, f"{file}:{number}")


def _names(text: str) -> list[str]:
    """Return the names of the bots in a list that is written as a text; what cannot be read is one of no known name."""
    try:
        value = yaml.safe_load(text)
        value = yaml.safe_load(value) if isinstance(value, str) else value  # a host's variables stand in quotes
    except yaml.YAMLError:
        value = None
    if not isinstance(value, list) or not all(isinstance(bot, dict) and "name" in bot for bot in value):
        return [] if TEMPLATE in text else [UNREADABLE]
    return [str(bot["name"]) for bot in value]
