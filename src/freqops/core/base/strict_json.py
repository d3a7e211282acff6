"""JSON that somebody else wrote and that something depends on: read only where its meaning is certain."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .kinds import Malformed
from .visible import visible

SHOWN = 60


def parse(data: bytes) -> Any:
    """Return the value that ``data`` is the JSON of.

    Raises:
        Malformed: It is empty, no JSON in UTF-8, an object says something twice, or a number is none (NaN).
    """
    if not data.strip():
        raise Malformed("it is empty")
    try:
        return json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise Malformed("it is not text in UTF-8") from None
    except RecursionError:
        raise Malformed("it is not JSON that can be read: it is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"it is not JSON: {visible(str(error), SHOWN * 2)}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Malformed(f"it says '{visible(name, SHOWN)}' twice")
        found[name] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise Malformed(f"it has the number {name}, which is none")
