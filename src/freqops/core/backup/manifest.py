"""The manifest of a dump: whose database it is, of which moment, what it held, and the files that hold it now.

It is written last. Without one, or with one that is not exactly what is written here, a dump does not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import PurePosixPath
from typing import Any

from ..base import iso_time, kinds
from ..base.visible import visible
from ..bot import layout
from ..bot.database_contents import POSTGRES, SQLITE, Recorded

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database"
KINDS = (SQLITE, POSTGRES)
SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
SHOWN = 60


def _named(value: object) -> bool:
    return isinstance(value, str) and layout.BOT_NAME.fullmatch(value) is not None


def _moment(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(iso_time.parse(value))
    except ValueError:
        return False


def _sum(value: object) -> bool:
    return isinstance(value, str) and SHA256.fullmatch(value) is not None


def _numbers(value: object) -> bool:
    return isinstance(value, dict) and all(type(number) is int for number in value.values())


FILE: dict[str, kinds.Kind] = {"path": kinds.text, "size": kinds.count, "sha256": _sum}
DOCUMENT: dict[str, kinds.Kind] = {
    "format": lambda value: value == FORMAT and kinds.count(value),
    "bot": _named,
    "mode": lambda value: value in layout.MODES,
    "kind": lambda value: value in KINDS,
    "image": kinds.text,
    "release": kinds.text,
    "began": _moment,
    "ended": _moment,
    "contents": kinds.object_,
    "next_numbers": _numbers,
    "files": kinds.list_of(kinds.object_),
    "filled": kinds.count,
}
OPTIONAL = ("filled",)


@dataclass(frozen=True)
class File:
    """A file of a dump.

    Attributes:
        path: Where it lies, seen from the directory of the dump.
        size: Its bytes.
        sha256: Their checksum.
    """

    path: str
    size: int
    sha256: str

    @classmethod
    def read(cls, document: object) -> File:
        """Return the document that was written down.

        Raises:
            Malformed: It is not what `to_json` writes, or its path leads elsewhere.
        """
        found = _exactly(document, FILE)
        _refuse_elsewhere(found["path"])
        return cls(**found)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        return {"path": self.path, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True)
class Manifest:
    """The description of a dump.

    Attributes:
        bot: The bot whose database it is.
        mode: ``paper`` or ``live``.
        kind: ``postgresql`` or ``sqlite``.
        image: The image that the bot ran, by digest.
        release: The fingerprint of what the bot ran.
        began: When the copy was begun: all that was committed before is in it.
        ended: When it was proven.
        contents: What every table held.
        next_numbers: The number that the next insert takes, for each numbered column, like ``trades.id``.
        files: The files that hold it.
        filled: How many trades had bought or sold anything; None where that was not written down.
    """

    bot: str
    mode: str
    kind: str
    image: str
    release: str
    began: datetime
    ended: datetime
    contents: Recorded
    next_numbers: Mapping[str, int]
    files: tuple[File, ...]
    filled: int | None = None

    @classmethod
    def read(cls, document: object) -> Manifest:
        """Return the document that was written down.

        Raises:
            Malformed: It is not what `to_json` writes.
        """
        found = _exactly(document, DOCUMENT)
        contents = Recorded.read(found["contents"])
        files = tuple(File.read(row) for row in found["files"])
        kinds.refuse_twice([file.path for file in files])
        began, ended = iso_time.parse(found["began"]), iso_time.parse(found["ended"])
        if DATABASE not in [file.path for file in files]:
            raise kinds.Malformed(f"it names no file {DATABASE}")
        if contents.kind != found["kind"]:
            raise kinds.Malformed(f"its contents are those of {contents.kind}, and it is {found['kind']}")
        if ended < began:
            raise kinds.Malformed("it ended before it began")
        found.pop("format")
        return cls(**{**found, "began": began, "ended": ended, "contents": contents, "files": files})

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        filled = {} if self.filled is None else {"filled": self.filled}
        return {
            "format": FORMAT,
            "bot": self.bot,
            "mode": self.mode,
            "kind": self.kind,
            "image": self.image,
            "release": self.release,
            "began": _spelt(self.began),
            "ended": _spelt(self.ended),
            "contents": self.contents.to_json(),
            "next_numbers": dict(self.next_numbers),
            "files": [file.to_json() for file in self.files],
            **filled,
        }

    @property
    def moment(self) -> datetime:
        """The moment of which it is: all that was committed before is in it."""
        return self.began

    @property
    def lasting(self) -> bool:
        """Whether its trades and orders stay for good: Freqtrade deletes a trade whose entry is cancelled unfilled."""
        return self.filled != 0

    @property
    def rows(self) -> dict[str, int]:
        """The rows of every table, by its name; that of another schema has the name of it before a dot."""
        return {".".join(part for part in key if part): table.rows for key, (_, table) in self.contents.tables.items()}


def _exactly(document: object, names: Mapping[str, kinds.Kind]) -> dict[str, Any]:
    """Return a document that has these names, but for those that are optional, and no other."""
    found = kinds.checked(document, names, tuple(name for name in names if name not in OPTIONAL))
    unknown = sorted(str(name) for name in set(document) - set(names)) if isinstance(document, dict) else []
    if unknown:
        raise kinds.Malformed(f"it says '{visible(unknown[0], SHOWN)}', which is not known")
    return found


def _refuse_elsewhere(path: str) -> None:
    parts = PurePosixPath(path).parts
    plain = str(PurePosixPath(path)) == path and path.isprintable()
    if not parts or not plain or path.startswith("/") or ".." in parts or path in (MANIFEST, "."):
        raise kinds.Malformed(f"'{visible(path, SHOWN)}' is no path of a file in it")


def _spelt(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
