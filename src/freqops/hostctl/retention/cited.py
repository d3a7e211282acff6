"""What the notes of a host, its registry and its evidence cite: a name that stands there is needed.

A name counts wherever it stands, also as a part of a path or as the beginning of a file's name. What cannot be read
may cite anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from freqops.core.base import plain_file
from freqops.core.incident import life
from freqops.core.runs.incident_rows import Wanted

from ..incident import registered

BETWEEN = re.compile(r"[^A-Za-z0-9_.-]+")
BETWEEN_IDS = re.compile(r"[^A-Za-z0-9_.:-]+")  # of runs, some of which have a colon
LARGEST = 16 * 1024 * 1024
ALL = 10**9
# The notes of commands, holds, breakers and run slots, and what bots are declared as and sold.
NOTES = (
    *("bots/*/*.json", "bots/*/conf/holds.json*", "removed/*.json", "*.json"),
    *("user_data/state/*", "user_data/state/running/*"),
)
OF_RELEASES = ("bot.json", "releases.json", "container.json")  # they name releases, and need none
EVIDENCE = ("incidents/*/*.json",)


@dataclass
class Cited:
    """The names that are cited, each with where.

    Attributes:
        names: Where each name stands first.
        unread: What could not be read, and so may cite anything.
    """

    names: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def take(self, text: str, where: str) -> None:
        """Take in all names of a text."""
        for word in (*BETWEEN.split(text), *(word for word in BETWEEN_IDS.split(text) if ":" in word)):
            for name in {word, word.partition(".")[0], word.rstrip(".")} - {""}:
                self.names.setdefault(name, where)

    def needs(self, name: str) -> tuple[str, ...]:
        """Return why a thing of this name is needed; nothing where it is not."""
        found = self.names.get(name) or self.names.get(name.partition(".")[0])
        return (*([f"{found} cites it"] if found else []), *(f"{text}, and may cite it" for text in self.unread[:1]))


def by_notes(root: Path, without: Iterable[str] = ()) -> Cited:
    """Return what the notes of commands cite.

    Args:
        root: The tree of freqops.
        without: Names of notes that do not count.
    """
    found, left_out = Cited(), set(without)
    for path in _files(root, NOTES):
        if path.name not in left_out:
            _read(root, path, found)
    return found


def by_everything(root: Path) -> Cited:
    """Return what notes, the evidence of incidents and all rows of the registry cite.

    Raises:
        RegistryUnreadable: The registry is missing or damaged.
    """
    found = by_notes(root)
    for path in _files(root, EVIDENCE):
        _read(root, path, found)
    with registered.opened(root) as present:
        for table, text in present.texts():
            found.take(text, f"the table {table} of the registry")
    return found


def by_incidents(root: Path, incidents: Iterable[str], found: Cited) -> None:
    """Take in what the evidence of incidents cites."""
    for incident in incidents:
        for path in _files(root / "incidents" / incident, ("*.json",)):
            _read(root, path, found)


def unclosed(root: Path) -> list[dict[str, str]]:
    """Return the incidents that are not closed.

    Raises:
        RegistryUnreadable: The registry is missing or damaged.
    """
    return registered.listed(root, Wanted(states=(life.OPEN, life.ACKNOWLEDGED), limit=ALL))[0]


def _files(root: Path, patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        yield from (path for path in sorted(root.glob(pattern)) if path.is_symlink() or not path.is_dir())


def _read(root: Path, path: Path, found: Cited) -> None:
    where = str(path.relative_to(root))
    try:
        found.take(plain_file.read(path, LARGEST).decode(errors="replace"), where)
    except FileNotFoundError:
        return  # a note that a command ended meanwhile
    except plain_file.NotRead as error:
        found.unread.append(f"{where}: {error}")
