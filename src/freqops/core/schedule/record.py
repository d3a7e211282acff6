"""The record of a job: what runs, and how its last runs ended. Its user writes it: it is read as what others wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base import durable, iso_time, kinds, strict_json
from ..base.clock import iso
from ..base.kinds import Malformed
from ..base.visible import visible

FILE = "record.json"
FORMAT = 1
LONGEST = 256 * 1024
LINES, LINE = 20, 300
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
RUN = {"began": kinds.text, "invocation": kinds.text, "deed": kinds.text, "waits_for": kinds.text}
END = {"began": kinds.text, "ended": kinds.text, "invocation": kinds.text, "deed": kinds.text, "rc": kinds.count,
       "lines": kinds.list_of(kinds.text), "artefacts": kinds.text}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A run that is not over, or that was never seen to end.

    Attributes:
        began: When it began.
        invocation: The id that systemd gave it.
        deed: What it does.
        waits_for: The job for whose end it waits; empty where it works.
    """

    began: datetime
    invocation: str
    deed: str
    waits_for: str = ""


@dataclass(frozen=True)
class End:
    """How a run ended.

    Attributes:
        began: When it began.
        ended: When it ended.
        invocation: The id that systemd gave it.
        deed: What it did.
        rc: Its exit status.
        lines: The last lines of what it said.
        artefacts: Where all that it said lies; empty where nothing was kept.
    """

    began: datetime
    ended: datetime
    invocation: str
    deed: str
    rc: int
    lines: tuple[str, ...]
    artefacts: str = ""


@dataclass(frozen=True)
class Record:
    """The record of a job.

    Attributes:
        running: The run that is not over; None where there is none.
        success: The last one that ended well.
        failure: The last one that did not.
    """

    running: Run | None = None
    success: End | None = None
    failure: End | None = None

    def ended(self, end: End) -> Record:
        """Return the record after a run."""
        return replace(self, running=None, **{"success" if end.rc == 0 else "failure": end})

    @property
    def last(self) -> End | None:
        """The run that ended last."""
        ends = [end for end in (self.success, self.failure) if end is not None]
        return max(ends, key=lambda end: end.ended, default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        return {"version": FORMAT, **{name: _plain(each) for name, each in vars(self).items()}}


def _plain(each: Run | End | None) -> dict[str, Any] | None:
    if each is None:
        return None
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in vars(each).items()}


def tail(text: str) -> tuple[str, ...]:
    """Return the last lines that say something, as they may be shown."""
    lines: Sequence[str] = [line for line in COLOUR.sub("", text).splitlines() if line.strip()]
    return tuple(visible(line.rstrip(), LINE) for line in lines[-LINES:])


def load(home: Path) -> Record:
    """Return the record of the job whose directory is ``home``; an empty one where it never began.

    Raises:
        Malformed: There is one, and it cannot be read.
    """
    try:
        document = strict_json.load(home / FILE, LONGEST)
    except strict_json.Missing:
        return Record()
    if not isinstance(document, dict) or document.get("version") != FORMAT:
        raise Malformed(f"it is not of version {FORMAT}")
    running = _checked(document, "running", RUN)
    return Record(
        None if running is None else Run(**running), _end(document, "success"), _end(document, "failure")
    )  # fmt: skip


def write(home: Path, record: Record) -> None:
    """Write the record down, for everybody to read."""
    durable.write_json(home / FILE, record.to_json(), 0o644)


def _end(document: Mapping[str, Any], name: str) -> End | None:
    said = _checked(document, name, END)
    return None if said is None else End(**{**said, "lines": tuple(said["lines"])})


def _checked(document: Mapping[str, Any], name: str, shape: Mapping[str, kinds.Kind]) -> dict[str, Any] | None:
    if document.get(name) is None:
        return None
    said = kinds.checked(document[name], shape, tuple(shape))
    for key in ("began", "ended"):
        if key in said:
            try:
                said[key] = iso_time.parse(said[key])
            except ValueError as error:
                raise Malformed(str(error)) from None
    return said
