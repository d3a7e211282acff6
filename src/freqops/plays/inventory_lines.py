"""On which line of which file of an inventory a variable of a host stands.

Ansible merges files and forgets them, so the files are read again, as YAML nodes: with lines, without constructing
anything. Where the way to a value leads through a template, or through a file that is no YAML, no line is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

SUFFIXES = (".yml", ".yaml", ".json", "")
ENCRYPTED = "$ANSIBLE_VAULT"
MERGE = "<<"
ALL = "all"


class Lines:
    """The files of an inventory."""

    def __init__(self, sources: Sequence[Path], shown_from: Path) -> None:
        """Remember where to look; nothing is read before a line is asked for.

        Args:
            sources: The inventory's files, or directories with them.
            shown_from: Files below this directory are named from there.
        """
        self._sources, self._from = sources, shown_from
        self._composed = cache(composed)

    def find(self, host: str, groups: Sequence[str], paths: Sequence[tuple[Any, ...]]) -> str:
        """Return ``file:line`` of the first of ``paths`` that stands in a file; empty where none does.

        Args:
            host: The host.
            groups: Its groups, those that win over others first.
            paths: The places among the variables of the host where the value may stand, each as names and numbers.
        """
        for path in paths:
            for file, variables in self._variables(host, groups):
                top = _value(variables, path[0])
                if top is not None:  # this file decides; where it has a template the value comes from elsewhere
                    line = _line(variables, path)
                    if line is None:
                        break
                    named = file.relative_to(self._from) if file.is_relative_to(self._from) else file
                    return f"{named}:{line}"
        return ""

    def _variables(self, host: str, groups: Sequence[str]) -> Iterator[tuple[Path, yaml.Node]]:
        """Yield the mappings of variables that the host has, in Ansible's order, the winner first."""
        yield from self._beside("host_vars", host)
        yield from self._inside(host, None)
        ordered = [*(group for group in groups if group != ALL), ALL]
        for group in ordered:
            yield from self._beside("group_vars", group)
        for group in ordered:
            yield from self._inside(None, group)

    def _beside(self, kind: str, name: str) -> Iterator[tuple[Path, yaml.Node]]:
        for directory in directories(self._sources):
            home = directory / kind
            files = [home / f"{name}{suffix}" for suffix in SUFFIXES]
            if (home / name).is_dir():
                files += sorted((home / name).rglob("*"), reverse=True)
            for file in files:
                root = self._composed(file) if file.is_file() else None
                if root is not None:
                    yield file, root

    def _inside(self, host: str | None, group: str | None) -> Iterator[tuple[Path, yaml.Node]]:
        for file in inventory_files(self._sources):
            root = self._composed(file)
            if root is not None:
                yield from ((file, found) for found in _in_tree(root, host, group))


def directories(sources: Sequence[Path]) -> list[Path]:
    """Return the directories in which ``group_vars`` and ``host_vars`` are looked for."""
    return list(dict.fromkeys(source if source.is_dir() else source.parent for source in sources))


def inventory_files(sources: Sequence[Path]) -> list[Path]:
    """Return the files that may have hosts and groups."""
    files: list[Path] = []
    for source in sources:
        inside = sorted(source.iterdir()) if source.is_dir() else [source]
        files += [file for file in inside if file.is_file() and not file.name.startswith((".", "secrets.yml"))]
    return files


def composed(file: Path) -> yaml.Node | None:
    """Return a file as a node, or None where it is no YAML that we could name a line of."""
    if file.suffix not in SUFFIXES:
        return None
    try:
        text = file.read_text()
        return None if text.startswith(ENCRYPTED) else yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _in_tree(root: yaml.Node, host: str | None, group: str | None) -> Iterator[yaml.Node]:
    """Yield the variables that a file of hosts and groups gives to a host, or to a group."""
    for key, body in items(root):
        if group is not None and key.value == group:
            yield from _some(_value(body, "vars"))
        hosts, children = _value(body, "hosts"), _value(body, "children")
        if host is not None and hosts is not None:
            yield from _some(_value(hosts, host))
        if children is not None:
            yield from _in_tree(children, host, group)


def _some(node: yaml.Node | None) -> Iterator[yaml.Node]:
    if node is not None:
        yield node


def items(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    """Yield keys and values of a mapping; what it merges in comes last, for its own keys win."""
    if not isinstance(node, yaml.MappingNode):
        return
    merged: list[yaml.Node] = []
    for key, value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value == MERGE:
            merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
        elif isinstance(key, yaml.ScalarNode):
            yield key, value
    for other in merged:
        yield from items(other)


def _entry(node: yaml.Node | None, step: Any) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the node that names one step into a node, and the node that it leads to."""
    if isinstance(step, int) and isinstance(node, yaml.SequenceNode):
        return (node.value[step], node.value[step]) if step < len(node.value) else None
    return next(((key, value) for key, value in items(node) if key.value == str(step)), None)


def _value(node: yaml.Node | None, step: Any) -> yaml.Node | None:
    entry = _entry(node, step)
    return entry[1] if entry else None


def _line(variables: yaml.Node, path: tuple[Any, ...]) -> int | None:
    """Return the line on which the last step of a path is named, or None where the path leads out of the file."""
    node: yaml.Node = variables
    name = variables
    for step in path:
        entry = _entry(node, step)
        if entry is None:
            return None
        name, node = entry
    return int(name.start_mark.line) + 1
