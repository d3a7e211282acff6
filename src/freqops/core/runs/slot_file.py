"""The lock file of a slot: its name and body, which the Tradingbot runbook's system reads, too, and its token.

The runbook's body is ``kind pid ts cid``; ours has these and more. Every entry of the directory is read as a file
that anybody may have written.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from ..base import kinds, strict_json
from ..base.durable import as_json
from ..base.errors import Refused
from ..base.kinds import Malformed
from ..base.strict_json import Missing, Unreadable
from ..halt.deadman import Boot
from . import slots
from .slots import Holder, LockFile, Process, Slot

SUFFIX = ".lock"
VERSION = 1
MOST_BYTES = 16 * 1024
IN_NAME = 12  # characters of the correlation id
TIME = "%Y-%m-%dT%H:%M:%SZ"
SECRET = re.compile(r"[0-9a-f]{32}")
TOKEN = re.compile(r"(?P<stem>[a-z]+_[0-9]{1,12}_[0-9]{1,10}_[A-Za-z0-9-]{1,12})\.(?P<secret>[0-9a-f]{32})")
OURS: Mapping[str, kinds.Kind] = {
    "version": kinds.count,
    "kind": kinds.text,
    "pid": kinds.count,
    "ts": kinds.text,
    "cid": kinds.text,
    "started": kinds.text,
    "machine": kinds.text,
    "host": kinds.text,
    "actor": kinds.text,
    "secret": kinds.text,
    "limit": kinds.count,
    "ttl_seconds": kinds.count,
    "heartbeat": kinds.having(boot=kinds.text, uptime=kinds.seconds, at=kinds.text),
    "run": kinds.or_none(kinds.having(pid=kinds.count, started=kinds.text, machine=kinds.text)),
}
DECLARED = ("version", "limits", "ttl_seconds")


@dataclass(frozen=True)
class Declared:
    """The slots that a host declares.

    Attributes:
        limits: Slots of each kind for which a number is declared.
        ttl: Seconds to live.
    """

    limits: dict[str, int] = field(default_factory=dict)
    ttl: int = slots.DEFAULT_TTL

    def limit(self, kind: str, wanted: int | None) -> int:
        """Return the number of slots that a holder goes by.

        Raises:
            Refused: It wants more than are declared.
        """
        declared = self.limits.get(kind)
        if wanted is None:
            return slots.DEFAULT_LIMIT if declared is None else declared
        if declared is not None and wanted > declared:
            raise Refused(f"a limit of {wanted} {kind} slots is above the {declared} that this host declares")
        return wanted

    def to_json(self) -> dict[str, Any]:
        """Return the declaration as it stands in its file."""
        return {"version": VERSION, "limits": dict(self.limits), "ttl_seconds": self.ttl}


def name(slot: Slot, later: int = 0) -> str:
    """Return the name of a slot's file.

    Args:
        slot: The slot.
        later: Seconds to add to its time, where the name is already there.
    """
    unix = calendar.timegm(time.strptime(slot.taken_at, TIME)) + later
    mark = (slot.cid or slot.secret)[:IN_NAME]
    return f"{slot.kind}_{unix}_{slot.holder.process.pid}_{mark}{SUFFIX}"


def token(file_name: str, slot: Slot) -> str:
    """Return the token of a slot, which its holder alone gets."""
    return f"{file_name[: -len(SUFFIX)]}.{slot.secret}"


def of_token(text: str) -> tuple[str, str] | None:
    """Return the name of the file and the secret that a token is made of; None where it is no token."""
    found = TOKEN.fullmatch(text)
    return (f"{found['stem']}{SUFFIX}", found["secret"]) if found else None


def body(slot: Slot) -> bytes:
    """Return the content of a slot's file."""
    holder = slot.holder
    return as_json(
        {
            "version": VERSION,
            "kind": slot.kind,
            "pid": holder.process.pid,
            "ts": slot.taken_at,
            "cid": slot.cid,
            "started": holder.process.started,
            "machine": holder.process.machine,
            "host": holder.host,
            "actor": holder.actor,
            "secret": slot.secret,
            "limit": slot.limit,
            "ttl_seconds": slot.ttl,
            "heartbeat": {"boot": slot.heard.id, "uptime": slot.heard.uptime, "at": slot.heard_at},
            "run": slot.run._asdict() if slot.run else None,
        }
    )


def read(path: Path, boot: Callable[[], Boot]) -> LockFile | None:
    """Return a lock file as it is found, None where there is none.

    Args:
        path: The file.
        boot: Returns the boot of this host, and its age.
    """
    kind = path.name.partition("_")[0]
    try:
        changed = path.lstat().st_mtime
        document = _object(path)
        slot = _understood(document, kind, boot)
    except (FileNotFoundError, Missing):
        return None
    except Malformed as error:
        return LockFile(path.name, kind, changed, error=str(error))
    return LockFile(path.name, kind, changed, slot, pid=document["pid"])


def _object(path: Path) -> dict[str, Any]:
    """Return the JSON object at ``path``.

    Raises:
        Missing: There is no such file.
        Unreadable: It is something else.
    """
    document = strict_json.load(path, MOST_BYTES)
    if not isinstance(document, dict):
        raise Unreadable("it is not a JSON object")
    return document


def _understood(document: Mapping[str, Any], kind: str, boot: Callable[[], Boot]) -> Slot | None:
    """Return the slot that a body describes, None for one as the runbook's system writes it."""
    slot = None if _is_the_runbooks(document) else _slot(document)
    if document.get("kind") != kind:
        raise Malformed("its name and its body are of different kinds")
    if slot is not None and slot.silence(boot()) < 0:
        raise Malformed("its heartbeat is in the future")
    return slot


def _is_the_runbooks(document: Mapping[str, Any]) -> bool:
    """Whether a body is one as the runbook's system writes it."""
    if "version" in document:
        return False
    kinds.checked(document, {"kind": kinds.text, "pid": kinds.count}, ("kind", "pid"))
    return True


def _slot(document: Mapping[str, Any]) -> Slot:
    found = kinds.checked(document, OURS, tuple(OURS))
    if found["version"] != VERSION:
        raise Malformed(f"its version is {found['version']}; known: {VERSION}")
    if not SECRET.fullmatch(found["secret"]) or not 1 <= found["ttl_seconds"] <= slots.LONGEST_TTL:
        raise Malformed("its secret or its time to live is none of ours")
    heard, run = found["heartbeat"], found["run"]
    if heard["uptime"] is None:
        raise Malformed("its heartbeat has no time")
    return Slot(
        kind=found["kind"],
        cid=found["cid"],
        secret=found["secret"],
        taken_at=found["ts"],
        holder=Holder(Process(found["pid"], found["started"], found["machine"]), found["host"], found["actor"]),
        ttl=found["ttl_seconds"],
        limit=found["limit"],
        heard=Boot(heard["boot"], heard["uptime"]),
        heard_at=heard["at"],
        run=Process(run["pid"], run["started"], run["machine"]) if run else None,
    )


def declared(path: Path) -> Declared:
    """Return what a host declares about slots; where it declares nothing, that.

    Raises:
        Refused: The file cannot be read, or says something else than limits and a time to live.
    """
    try:
        document = _object(path)
    except Missing:
        return Declared()
    except Unreadable as error:
        raise Refused(f"{path}: {error}; it declares the limits of run slots, so no slot is given") from None
    try:
        return understood(document)
    except Refused as refusal:
        raise Refused(f"{path}: {refusal}") from None


def understood(document: object) -> Declared:
    """Return what a document declares about slots.

    Raises:
        Refused: It says something else than limits and a time to live.
    """
    if not isinstance(document, dict):
        raise Refused("it is not a JSON object")
    unknown = sorted(set(document) - set(DECLARED))
    if unknown or document.get("version") != VERSION:
        raise Refused(f"it has {unknown or 'another version'}; allowed: {', '.join(DECLARED)}, version {VERSION}")
    limits, ttl = document.get("limits", {}), document.get("ttl_seconds", slots.DEFAULT_TTL)
    slots.refuse_unless_whole("ttl_seconds", ttl, slots.LONGEST_TTL)
    if not isinstance(limits, dict):
        raise Refused("limits is no object")
    for kind, limit in limits.items():
        slots.refuse_unless_kind(kind)
        slots.refuse_unless_whole(f"the limit of {kind}", limit, slots.MOST_SLOTS)
    return Declared(dict(limits), ttl)
