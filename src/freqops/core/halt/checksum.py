"""The checksum of a bot's holds: a line of spaces and tabs before them, in the same file.

A level is one digit, and one flipped bit makes a 1 of a 3. The releases that run read format 1 and refuse a name that
they do not know, but to them such a line is white space of JSON. It stands first, so what tears the file tears the
holds, too. Holds without it were written by an older version, and are taken as they are.
"""

from __future__ import annotations

from binascii import crc32

BITS = 32
LENGTH = BITS + 1
SPELT = {ord("0"): " ", ord("1"): "\t"}


def with_checksum(holds: bytes) -> bytes:
    """Return holds as they stand in the file: behind their checksum."""
    return f"{crc32(holds):0{BITS}b}\n".translate(SPELT).encode() + holds


def checked(data: bytes) -> bytes | None:
    """Return the holds of a file without their checksum, None where it is not theirs."""
    if data.startswith(b"{"):
        return data
    holds = data[LENGTH:]
    return holds if with_checksum(holds) == data else None
