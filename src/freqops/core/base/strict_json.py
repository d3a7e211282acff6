"""JSON that somebody else wrote and that something depends on: read only where its meaning is certain.

Such a file stands where others may have put something else: a link to elsewhere, a pipe that never ends, a number that
is none. Whatever is not plainly what it must be is unreadable, and the reader decides what that means.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, NoReturn

from . import plain_file
from .kinds import Malformed
from .visible import visible

SHOWN = 60


class Unreadable(Malformed):
    """A file is missing, no plain file, too long, or no JSON that says each thing once; the text says which."""


class Missing(Unreadable):
    """There is no such file."""


def load(path: Path, longest: int, fraction: Callable[[str], Any] = float) -> Any:
    """Return the document at ``path``; no link is followed, and nothing is waited for.

    Args:
        path: The file.
        longest: Bytes that it may have.
        fraction: Makes a number of the text of one with a point or an exponent.

    Raises:
        Missing: It is not there.
        Unreadable: It is not what it must be; the text does not name the file.
    """
    try:
        data = plain_file.read(path, longest)
    except FileNotFoundError:
        raise Missing("it is missing") from None
    except plain_file.NotRead as error:
        raise Unreadable(str(error)) from None
    return parse(data, fraction)


def parse(data: bytes, fraction: Callable[[str], Any] = float) -> Any:
    """Return the value that ``data`` is the JSON of.

    Args:
        data: The JSON.
        fraction: Makes a number of the text of one with a point or an exponent.

    Raises:
        Unreadable: It is empty, no JSON in UTF-8, an object says something twice, or a number is none (NaN).
    """
    if not data.strip():
        raise Unreadable("it is empty")
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number, parse_float=fraction)
    except UnicodeDecodeError:
        raise Unreadable("it is not text in UTF-8") from None
    except RecursionError:
        raise Unreadable("it is not JSON that can be read: it is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"it is not JSON: {visible(str(error), SHOWN * 2)}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Unreadable(f"it says '{visible(name, SHOWN)}' twice")
        found[name] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise Unreadable(f"it has the number {name}, which is none")
