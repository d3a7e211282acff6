"""The text of a dump of Postgres, read line by line: which rows of which tables it would bring back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..base.kinds import Malformed
from ..bot.database_contents import HOME_SPACES, Recorded

NAME = rb'(?:"(?:[^"]|"")+"|[^\s".(]+)'
COPY = re.compile(rb"^COPY (?P<space>" + NAME + rb")\.(?P<table>" + NAME + rb") (?:\(.*\) )?FROM stdin;$")
SETVAL = re.compile(
    rb"^SELECT pg_catalog\.setval\('(?P<name>(?:[^']|'')+)', (?P<last>-?\d+), (?P<called>true|false)\);$"
)
END_OF_ROWS = b"\\."
COMPLETE = b"-- PostgreSQL database dump complete"


@dataclass
class Told:
    """The rows and numbers that a text would bring back.

    Attributes:
        rows: How many rows each table gets, by schema and name; the schema of Freqtrade's tables is ``""``.
        following: The number that each sequence gives next, by its name as the text has it.
    """

    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    following: dict[str, int] = field(default_factory=dict)


def read(lines: Iterable[bytes]) -> Told:
    """Return the content of a text; no more than one line of it is kept.

    Raises:
        Malformed: It has no end, or a table twice.
    """
    told, present, complete = Told(), None, False
    for ended in lines:
        line = ended.rstrip(b"\n")
        if present is not None:
            if line == END_OF_ROWS:
                present = None
            else:
                told.rows[present] += 1
            continue
        complete = complete or line == COMPLETE
        copied, numbered = COPY.match(line), SETVAL.match(line)
        if copied:
            present = _key(copied["space"], copied["table"])
            if present in told.rows:
                raise Malformed(f"table {present[1]} stands there twice")
            told.rows[present] = 0
        elif numbered:
            name = numbered["name"].decode().replace("''", "'")
            told.following[name] = int(numbered["last"]) + (numbered["called"] == b"true")
    if present is not None or not complete:
        raise Malformed("it has no end")
    return told


def _key(space: bytes, table: bytes) -> tuple[str, str]:
    schema, name = (_bare(word.decode()) for word in (space, table))
    return ("" if schema in HOME_SPACES else schema), name


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def compared(told: Told, contents: Recorded) -> list[str]:
    """Return the rows of a database that a text would not bring back, and those that it has besides, a line each."""
    held = {key: table.rows for key, (_, table) in contents.tables.items()}
    lines = []
    for key in sorted(held.keys() | told.rows.keys()):
        name = ".".join(part for part in key if part)
        if key not in told.rows:
            lines.append(f"table {name}: it is not in it, with {held[key]} rows")
        elif key not in held:
            lines.append(f"table {name}: the database has no such table")
        elif held[key] != told.rows[key]:
            lines.append(f"table {name}: {told.rows[key]} rows of {held[key]}")
    return lines


def following(told: Told, sequences: Mapping[str, tuple[str, int]]) -> dict[str, int]:
    """Return the number that each numbered column gets next.

    Sequences belong to no transaction: the archive may have a later number, and never an earlier one.

    Args:
        told: The rows and numbers of a text.
        sequences: The column of each sequence, and its next number when the database was asked.

    Raises:
        Malformed: A sequence is not in it, or would give a number again.
    """
    found = {}
    for name, (column, least) in sequences.items():
        given = told.following.get(name, told.following.get(f"public.{name}"))
        if given is None or given < least:
            raise Malformed(f"the next {column} would be {given}, and is {least}")
        found[column] = given
    return found
