"""The note that a bot of this host trades on another one: while it stands, no hold of the bot is resumed here.

It lies outside the directory of the bot, so that it outlives a removal and meets the next bot of the name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from ..base import durable, iso_time, kinds, strict_json
from ..base.kinds import Malformed
from ..base.visible import visible
from . import holds

DIRECTORY = "moved"
FORMAT = 1
LARGEST = 4096
PRIVATE_FILE, PRIVATE_DIRECTORY = 0o600, 0o700
SHOWN = 60
FIELDS: dict[str, kinds.Kind] = {"to": kinds.text, "incident": kinds.text, "at": kinds.text}


@dataclass(frozen=True)
class Moved:
    """The move of a bot away from this host.

    Attributes:
        to: The host to which it went, as the inventory calls it.
        incident: The incident of the move.
        at: When it left, ISO 8601 UTC.
    """

    to: str
    incident: str
    at: str


def place(root: Path, bot: str) -> Path:
    """Return the file of the note about a bot."""
    return root / DIRECTORY / f"{bot}.json"


def load(root: Path, bot: str) -> Moved | None:
    """Return the note about a bot; None where there is none.

    Raises:
        Malformed: There is one, and it cannot be read: nobody knows where the bot trades.
    """
    try:
        document = strict_json.load(place(root, bot), LARGEST)
    except strict_json.Missing:
        return None
    except strict_json.Unreadable as error:
        raise Malformed(f"{place(root, bot)}: {error}") from None
    if not isinstance(document, dict) or document.get("version") != FORMAT:
        raise Malformed(f"{place(root, bot)} is no note of a move of version {FORMAT}")
    found = Moved(**kinds.checked(document, FIELDS, tuple(FIELDS)))
    try:
        iso_time.parse(found.at)
    except ValueError as error:
        raise Malformed(f"{place(root, bot)}: {error}") from None
    if not holds.INCIDENT.fullmatch(found.incident):
        raise Malformed(f"{place(root, bot)} names no usable incident")
    return found


def write(root: Path, bot: str, note: Moved) -> None:
    """Write the note about a bot, durably.

    Raises:
        OSError: The disk does not take it.
    """
    path = place(root, bot)
    path.parent.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    durable.write_json(path, {"version": FORMAT, **asdict(note)}, PRIVATE_FILE)


def take_back(root: Path, bot: str) -> None:
    """Take the note about a bot away, durably.

    Raises:
        OSError: The disk does not do it.
    """
    path = place(root, bot)
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        durable.sync_directory(path.parent)


def why_not_resumed(root: Path, bot: str) -> str:
    """Return why no hold of a bot may be resumed on this host; empty where it did not move."""
    try:
        note = load(root, bot)
    except Malformed as error:
        return f"whether {bot} moved to another host is not known: {error}; look where it trades, then remove that file"
    if note is None:
        return ""
    return (
        f"{bot} {_went(note)}, and two of it must never trade: resume it there. Before it was resumed there, "
        "migrate_host.yml -e action=undo gives it back to this host"
    )


def elsewhere(root: Path, bot: str) -> str:
    """Return why the account of a bot is not to be touched from this host; empty where it did not move."""
    try:
        note = load(root, bot)
    except Malformed as error:
        return f"whether {bot} moved to another host is not known: {error}"
    return f"{bot} {_went(note)}: its account is in the hands of that host" if note is not None else ""


def _went(note: Moved) -> str:
    return f"moved to {visible(note.to, SHOWN)} at {note.at} under {note.incident}"
