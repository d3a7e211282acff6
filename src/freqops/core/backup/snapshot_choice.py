"""The choice of a snapshot: whether a bot's database can come out of it, and whether its host may still trade."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from ..base import iso_time
from ..base.clock import iso
from ..base.errors import Refused
from ..base.visible import visible
from . import choice, parts
from .choice import LATEST
from .repository import Repository
from .snapshot import Snapshot

BEGINNING = re.compile(r"[0-9a-f]{8,64}", re.ASCII)
ALLOWED = f"'{LATEST}', the id of a snapshot or at least 8 digits of its beginning, or {iso_time.ALLOWED}"
SHOWN = 60


def understood(text: str) -> str:
    """Return ``text``, which must be a choice.

    Raises:
        Refused: It is none; the text names the allowed values.
    """
    return choice.understood(text, BEGINNING, ALLOWED)


def named(numbers: Sequence[str], text: str) -> str | None:
    """Return the id that a choice means by its beginning; None where it means no id.

    Raises:
        Refused: No id begins so, or more than one does.
    """
    if not BEGINNING.fullmatch(text):
        return None
    found = [number for number in numbers if number.startswith(text)]
    if len(found) != 1:
        said = f"{len(found)} of its {len(numbers)} snapshots begin with {text}"
        raise Refused(f"{said}: {', '.join(found) or 'backup.yml -e action=list shows all'}")
    return found[0]


def until(text: str) -> datetime | None:
    """Return the moment at or before which a database must be; None where each may be meant."""
    return None if text == LATEST else iso_time.parse(text)


def unfit(found: Snapshot, bot: str, host: str) -> str:
    """Return why the database of a bot cannot come out of a snapshot; empty where it can.

    Args:
        found: What the snapshot says of itself.
        bot: The name of the bot in it.
        host: The host whose snapshots belong there.
    """
    strange = _of_another(found, host)
    if strange:
        return strange
    if parts.TRADES not in found.parts:
        return f"it has no databases, but {', '.join(found.parts)}"
    if bot not in found.bots:
        return f"it has no database of {bot}, but of {', '.join(sorted(found.bots)) or 'no bot'}"
    if not found.bots[bot].rows:
        return f"in it the database of {bot} has no table: of a bot that never ran"
    return ""


def unfit_parts(found: Snapshot, asked: Sequence[str], host: str) -> str:
    """Return why parts cannot come out of a snapshot; empty where they can; as `unfit`."""
    lacking = [part for part in asked if part not in found.parts]
    said = f"it has no {', '.join(lacking)}, but {', '.join(found.parts)}" if lacking else ""
    return _of_another(found, host) or said


def _of_another(found: Snapshot, host: str) -> str:
    if found.host != host:
        made = visible(found.host, SHOWN)
        return f"it was made by the host {made}, and not by {host}: 'of_host: {made}' of the repository says so"
    return ""


def elsewhere(repository: Repository, found: Snapshot, since: datetime) -> str:
    """Return why a snapshot may be of a host that still trades; empty where it is of this one.

    Args:
        repository: Where it is.
        found: What it says of itself.
        since: Since when this host knows the repository.
    """
    if repository.of_host:
        return f"the snapshot was made by the host {repository.of_host}"
    if found.began < since:
        return (
            f"the snapshot is of {iso(found.began)}, and this host knows the repository only since {iso(since)}: "
            "another one of its name made it"
        )
    return ""
