"""The handover of a bot: what its old host gives to the new one, piece by piece, by way of the control node.

The dump comes as its manifest and the bytes of its one file. Beside it comes what the bot must not lose: its holds, and
the orders that were sold behind its back.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..backup.manifest import DATABASE, Manifest
from ..backup.store import moment_of
from ..base import durable, kinds
from ..base.errors import Refused
from ..base.kinds import Malformed
from ..base.visible import visible
from ..bot import layout
from ..halt import checksum, holds
from ..halt.holds import Holds, HoldsUnreadable

FORMAT = 1
PIECE = 4 * 1024 * 1024  # bytes of the file that go in one step
PLACE = "handover"  # below the directory of backups
HOST = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$", re.ASCII)
SHOWN = 60
FIELDS: dict[str, kinds.Kind] = {
    "version": lambda value: value == FORMAT and kinds.count(value),
    "host": kinds.text,
    "bot": kinds.text,
    "stamp": kinds.text,
    "incident": kinds.text,
    "manifest": kinds.object_,
    "holds": kinds.object_,
    "orders": kinds.list_of(kinds.having(client_id=kinds.text)),
}


@dataclass(frozen=True)
class Handover:
    """The description of what is handed over.

    Attributes:
        host: The host that gives it, as it calls itself.
        bot: The bot.
        stamp: The name of the dump.
        incident: The incident of the move.
        manifest: What the dump is.
        holds: The holds of the bot there, without that of the move.
        orders: The orders that were sold behind its back, as ``sold.json`` has them.
    """

    host: str
    bot: str
    stamp: str
    incident: str
    manifest: Manifest
    holds: Holds
    orders: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, document: object) -> Handover:
        """Return the document that a host gave.

        Raises:
            Malformed: It is not what `to_json` writes.
        """
        found = kinds.checked(document, FIELDS, tuple(FIELDS))
        unknown = sorted(str(name) for name in set(document) - set(FIELDS)) if isinstance(document, dict) else []
        if unknown:
            raise Malformed(f"it says '{visible(unknown[0], SHOWN)}', which is not known")
        if not HOST.fullmatch(found["host"]) or not layout.BOT_NAME.fullmatch(found["bot"]):
            raise Malformed("it names no host, or no bot")
        if moment_of(found["stamp"]) is None or not holds.INCIDENT.fullmatch(found["incident"]):
            raise Malformed("it names no dump, or no incident")
        manifest = Manifest.read(found["manifest"])
        if manifest.bot != found["bot"] or [file.path for file in manifest.files] != [DATABASE]:
            raise Malformed("its manifest is that of another bot, or has more files than the database")
        try:
            held = holds.parse(checksum.with_checksum(durable.as_json(found["holds"])).decode())
        except HoldsUnreadable as error:
            raise Malformed(f"its holds cannot be read: {error}") from None
        said = {name: found[name] for name in ("host", "bot", "stamp", "incident")}
        return cls(**said, manifest=manifest, holds=held, orders=tuple(found["orders"]))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that goes to the new host."""
        return {
            "version": FORMAT,
            "host": self.host,
            "bot": self.bot,
            "stamp": self.stamp,
            "incident": self.incident,
            "manifest": self.manifest.to_json(),
            "holds": self.holds.to_json(),
            "orders": list(self.orders),
        }

    @property
    def size(self) -> int:
        """The bytes of its one file."""
        return self.manifest.files[0].size


def pieces(size: int) -> Iterator[tuple[int, int]]:
    """Yield offset and length of each piece of a file of ``size`` bytes; an empty file has one empty piece."""
    yield from ((offset, min(PIECE, size - offset)) for offset in range(0, max(size, 1), PIECE))


def packed(data: bytes) -> str:
    """Return a piece as it stands in an answer."""
    return base64.b64encode(data).decode()


def unpacked(text: object, length: int) -> bytes:
    """Return the bytes of a piece.

    Raises:
        Refused: The text is no piece of this length.
    """
    try:
        data = base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except (binascii.Error, ValueError):
        raise Refused("what came is no piece of a file") from None
    if len(data) != length:
        raise Refused(f"a piece has {len(data)} bytes, and must have {length}")
    return data
