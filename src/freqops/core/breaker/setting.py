"""The setting of a breaker: who wrote the file as it is, when, and under which incident.

The breaker file has exactly the runbook's names, so this stands in a file of its own beside it, with the digest of the
breaker file that it is about. A breaker file that somebody wrote by hand has another digest, and so no setting.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base import kinds, root_file, strict_json
from ..base.kinds import Malformed
from ..base.mandate import Mandate
from ..base.visible import visible
from . import places

VERSION = 1
TEXTS = ("sha256", "incident", "actor", "reason", "at")
SHOWN = 200


@dataclass(frozen=True)
class Setting:
    """The setter of a breaker.

    Attributes:
        incident: The incident under which it was set. It came from a file: check it before it becomes a name.
        actor: The giver of the command.
        reason: The reason of the command.
        at: When, ISO 8601.
    """

    incident: str
    actor: str
    reason: str
    at: str


def document(data: bytes, mandate: Mandate, at: str) -> dict[str, Any]:
    """Return the file of the setting whose breaker file has the bytes ``data``."""
    return {"version": VERSION, "sha256": hashlib.sha256(data).hexdigest(), **mandate.to_json(), "at": at}


def of(breaker: Path, data: bytes, owner: int = root_file.ROOT_UID) -> Setting | None:
    """Return the setting of the breaker whose bytes are ``data``; None where it is not known.

    Args:
        breaker: The breaker file.
        data: Its content.
        owner: The number of the user who must own the files; root, but in tests.
    """
    try:
        found = strict_json.parse(root_file.read(places.setting_of(breaker), owner))
        texts = {name: kinds.value(found, name, kinds.text) for name in TEXTS} if isinstance(found, dict) else {}
    except (root_file.Missing, root_file.Untrusted, Malformed):
        return None
    if not texts or texts.pop("sha256") != hashlib.sha256(data).hexdigest():
        return None
    return Setting(**{name: visible(text, SHOWN) for name, text in texts.items()})


def read(breaker: Path, owner: int = root_file.ROOT_UID) -> Setting | None:
    """Return the setting of the breaker file as it is now; None where it is not known."""
    try:
        return of(breaker, root_file.read(breaker, owner), owner)
    except (root_file.Missing, root_file.Untrusted):
        return None
