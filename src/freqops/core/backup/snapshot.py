"""A snapshot, as it describes itself: a manifest that was written last, without which it does not count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..base import iso_time, kinds
from ..base.clock import iso
from ..base.kinds import Malformed
from ..base.visible import visible
from ..incident import chain
from . import parts
from .manifest import File, Manifest

FORMAT = 1
NAME = "manifest.json"  # at the root of the snapshot
TAG = "freqops"
SHOWN = 60
# Tables whose rows stay once a trade has bought anything: where they have none then, the database is another one, or
# lost.
LASTING = (("", "trades"), ("", "orders"))
FIELDS: dict[str, kinds.Kind] = {
    "version": lambda value: value == FORMAT,
    "host": kinds.text,
    "began": kinds.text,
    "ended": kinds.text,
    "parts": kinds.list_of(kinds.text),
    "bots": kinds.object_,
    "without": kinds.list_of(kinds.text),
    "registry": kinds.object_,
    "files": kinds.list_of(kinds.object_),
    "left_out": kinds.list_of(kinds.text),
}
LATER: dict[str, kinds.Kind] = {  # what the snapshots of an older freqops do not have
    "incident_head": lambda value: isinstance(value, str) and chain.HEAD.fullmatch(value) is not None,
}


@dataclass(frozen=True)
class Snapshot:
    """The content of one backup.

    Attributes:
        host: The host.
        began: When the first of it was read: each database is at least as new.
        ended: When all of it was there.
        parts: The parts that were asked for.
        bots: The dump of each bot, by its name; none without the part ``trades``.
        without: Bots that never had a database.
        registry: The rows of each table of the registry; none without the part ``registry``.
        files: Every file, the manifest aside.
        left_out: What stood among the files and is no plain file, each with why.
        incident_head: The head of the chain of incidents in the registry; that of an empty chain without the registry.
    """

    host: str
    began: datetime
    ended: datetime
    parts: tuple[str, ...]
    bots: Mapping[str, Manifest] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    registry: Mapping[str, int] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    left_out: tuple[str, ...] = ()
    incident_head: str = chain.EMPTY

    @property
    def is_complete(self) -> bool:
        """Whether the snapshot has every part that its repository is for."""
        return self.parts in (parts.ORDINARY, (parts.SECRETS,))

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that lies in the snapshot."""
        return {
            "version": FORMAT, "host": self.host, "began": iso(self.began), "ended": iso(self.ended),
            "parts": list(self.parts), "bots": {name: told.to_json() for name, told in self.bots.items()},
            "without": list(self.without), "registry": dict(self.registry),
            "files": [file.to_json() for file in self.files],
            "left_out": list(self.left_out), "incident_head": self.incident_head,
        }  # fmt: skip

    @classmethod
    def read(cls, document: object) -> Snapshot:
        """Return the content of a manifest.

        Raises:
            Malformed: It is not what `to_json` writes, or contradicts itself.
        """
        said = kinds.checked(document, {**FIELDS, **LATER}, tuple(FIELDS))
        began, ended = (_moment(said[name], name) for name in ("began", "ended"))
        if ended < began:
            raise Malformed("it ended before it began")
        asked = tuple(said["parts"])
        if not asked or asked != tuple(part for part in parts.PARTS if part in asked):
            raise Malformed("its parts are not those that there are")
        files = tuple(File.read(row) for row in said["files"])
        kinds.refuse_twice([file.path for file in files])
        bots = {name: Manifest.read(told) for name, told in said["bots"].items()}
        if not all(kinds.count(rows) for rows in said["registry"].values()):
            raise Malformed("the rows of its registry are no numbers")
        found = cls(
            said["host"], began, ended, asked, bots, tuple(said["without"]), said["registry"], files,
            tuple(said["left_out"]), said.get("incident_head", chain.EMPTY),
        )  # fmt: skip
        found._refuse_contradiction()
        return found

    def _refuse_contradiction(self) -> None:
        """Refuse a snapshot with files of no part, or with a dump whose files differ from its manifest.

        Raises:
            Malformed: It is so.
        """
        strangers = [file.path for file in self.files if file.path.partition("/")[0] not in self.parts]
        if strangers:
            raise Malformed(f"'{visible(strangers[0], SHOWN)}' belongs to none of its parts")
        there = {file.path: file for file in self.files}
        for name, told in self.bots.items():
            if told.bot != name:
                raise Malformed(f"the dump of {visible(name, SHOWN)} is one of {visible(told.bot, SHOWN)}")
            for file in told.files:
                path = f"{parts.TRADES}/{name}/{file.path}"
                if there.get(path) != File(path, file.size, file.sha256):
                    raise Malformed(f"'{visible(path, SHOWN)}' is not the file of which the dump tells")

    def emptied(self, before: Snapshot | None) -> dict[str, list[str]]:
        """Return the tables that lost all rows since the snapshot before, by bot; the registry is ``registry``.

        A bot that is gone altogether was removed; one that is on paper in one and live in the other has two databases.
        """
        if before is None:
            return {}
        both = [(name, before.bots[name], now) for name, now in self.bots.items() if name in before.bots]
        lost = {name: _lost(then, now) for name, then, now in both if then.mode == now.mode}
        for name in before.bots.keys() & set(self.without):
            lost[name] = [f"{table} had {rows} rows, and there is no database" for table, rows in
                          _rows(before.bots[name]).items() if rows]  # fmt: skip
        if parts.REGISTRY in self.parts:
            lost[parts.REGISTRY] = [
                f"{table} had {rows} rows, and has none" for table, rows in before.registry.items()
                if rows and not self.registry.get(table)
            ] + _cut_off(before.incident_head, self.incident_head)  # fmt: skip
        return {name: lines for name, lines in lost.items() if lines}


def _cut_off(before: str, now: str) -> list[str]:
    """Return the loss in a chain of incidents that ends before the end it had, or has another event there."""
    (had, hash_then), (has, hash_now) = chain.parsed(before), chain.parsed(now)
    if has < had:
        return [f"the chain of incidents had {had} events, and has {has}"]
    return [f"event {had} of the chain of incidents is another one"] if has == had and hash_now != hash_then else []


def _lost(before: Manifest, now: Manifest) -> list[str]:
    if not before.lasting:
        return []
    present = _rows(now)
    return [f"{table} had {rows} rows, and has none" for table, rows in _rows(before).items()
            if rows and not present.get(table)]  # fmt: skip


def _rows(told: Manifest) -> dict[str, int]:
    """Return the rows of the lasting tables."""
    return {key[1]: table.rows for key, (_, table) in told.contents.tables.items() if key in LASTING}


def _moment(text: str, name: str) -> datetime:
    try:
        return iso_time.parse(text)
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from None
