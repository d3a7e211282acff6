"""The removal of evidence by retention: an act that says which files went, with their hashes, and that the chain knows.

The list of what went stands in the file of the act; its hash stands in the event. So the list cannot be changed later
without being found, and a file that is gone without standing in such a list is missed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

from ..base import kinds

COMMAND = "evidence_removed"  # also how the name of the file of the act goes on behind that of its host
ENTRY = kinds.having(file=kinds.text, bytes=kinds.count,
                     sha256=lambda value: isinstance(value, str) and len(value) == 64)  # fmt: skip
SAID = re.compile(rf"{COMMAND}: (?:0|[1-9][0-9]*) files, (?:0|[1-9][0-9]*) bytes, list (?P<hash>[0-9a-f]{{64}})")


def entry(file: str, size: int, sha256: str) -> dict[str, Any]:
    """Return a file as it stands in the list."""
    return {"file": file, "bytes": size, "sha256": sha256}


def listed(document: object) -> list[dict[str, Any]] | None:
    """Return the list of the act that a file of evidence tells of; None where it tells of none."""
    if not isinstance(document, dict) or document.get("command") != COMMAND:
        return None
    found = document.get("removed")
    return list(found) if isinstance(found, list) and all(map(ENTRY, found)) else None


def said(entries: Sequence[dict[str, Any]]) -> str:
    """Return the text of the event: how much went, and the hash of the list."""
    size = sum(each["bytes"] for each in entries)
    return f"{COMMAND}: {len(entries)} files, {size} bytes, list {_hash(entries)}"


def is_told_by(entries: Sequence[dict[str, Any]], data: str) -> bool:
    """Return whether an event, as the chain has it, tells of exactly this list."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        return False
    text = event.get("text") if isinstance(event, dict) else None
    found = SAID.fullmatch(text) if isinstance(text, str) else None
    return found is not None and found["hash"] == _hash(entries)


def _hash(entries: Sequence[dict[str, Any]]) -> str:
    ordered = sorted((each["file"], each["bytes"], each["sha256"]) for each in entries)
    return hashlib.sha256(json.dumps(ordered).encode()).hexdigest()
