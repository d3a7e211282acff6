"""The events that a host tells while its logs are followed: a line, a note about a log, or that it still reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..base import kinds
from ..base.visible import visible
from . import answer

LINE, NOTE, READING = "line", "note", "reading"
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
OF_NOTE: dict[str, kinds.Kind] = {"source": kinds.text, "text": kinds.text}
OF_EVENT: dict[str, kinds.Kind] = {
    LINE: kinds.having(**answer.OF_LINE), NOTE: kinds.having(**OF_NOTE), READING: kinds.truth,
}  # fmt: skip
SOURCE, TEXT = 60, 2000  # characters of each that are shown


def checked(event: object) -> dict[str, Any]:
    """Return an event of a host, which has one of `LINE`, `NOTE` and `READING`.

    Raises:
        Malformed: It is not what it must be.
    """
    found = kinds.checked(event, OF_EVENT, ())
    if len(found) != 1:
        raise kinds.Malformed("an event is no line, no note and no sign that it reads")
    for name in (LINE, NOTE):
        if name in found:
            found[name] = {key: visible(text, SOURCE if key == "source" else TEXT) for key, text in found[name].items()}
    if LINE in found and not MOMENT.fullmatch(found[LINE]["at"]):
        raise kinds.Malformed(f"the time of a line is '{visible(found[LINE]['at'], SOURCE)}'")
    return found


def shown(host: str, event: Mapping[str, Any]) -> list[str]:
    """Return an event as lines for a person; that a host reads is none."""
    if LINE in event:
        return [answer.shown(host, event[LINE])]
    return [f"{host} {event[NOTE]['source']}: {event[NOTE]['text']}"] if NOTE in event else []
