"""Evidence of commands: actor, act, reason and result, and the journal of each bot. Written here alone."""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, TypeVar

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.base.outcome import Outcome
from freqops.core.bot import layout
from freqops.core.bot.redaction import redact_evidence, redact_value

from ..logs.writer import secrets_of_bots
from . import caller, entering, journal

Evidence = dict[str, Any]
Row = TypeVar("Row", bound=Outcome)
SECONDS = 1.0


@dataclass(frozen=True)
class Command:
    """A command under its mandate.

    Attributes:
        name: Its name.
        mandate: Its reason, its actor, and its incident.
        root: The tree of freqops on this host.
        clock: The source of the time.
    """

    name: str
    mandate: Mandate
    root: Path
    clock: Clock

    def on(
        self, bot: layout.Bot, act: Callable[[journal.Journal], Row], touched: Callable[[Row], bool] = lambda _: True
    ) -> Row:
        """Do ``act`` on one bot with a journal, write its outcome down, proven or not, and return the outcome.

        Args:
            bot: The bot.
            act: The act.
            touched: Whether an outcome is worth evidence; each is, unless something else is said.

        Raises:
            Refused: Nothing ran, and nothing is written down.
            NotProven: The outcome is not known; that was written down.
        """
        began = self.clock.utcnow()
        path = journal.path_of(self.root, self.mandate.incident, bot.name, f"{self.name}-{stamp(began)}")
        diary = journal.Journal(path, self.clock, lambda line: redact_value(line, bot))
        file_name, named = f"{self.name}-{bot.name}-{stamp(began)}", {"bot": bot.name}
        try:
            row = act(diary)
        except Refused:
            raise
        except (FreqopsError, OSError) as error:
            self.write(file_name, began, {**named, "proven": False, "result": {"not_proven": str(error)}})
            if isinstance(error, FreqopsError):
                raise
            raise NotProven(str(error)) from error  # a disk that failed in the middle refused nothing
        finally:
            diary.close()
        if touched(row):
            unwritten = self.write(file_name, began, {**named, "proven": row.proven, "result": row.to_json()})
            row.detail += [text for text in (unwritten, diary.error) if text is not None]
        return row

    def write(self, file_name: str, began: datetime, evidence: Evidence) -> str | None:
        """Write evidence of what began then and ends now, and return why it could not be written, or None."""
        said = {"version": 1, "command": self.name, "host": os.uname().nodename, **self.mandate.to_json()}
        said |= {"began": iso(began), "ended": iso(self.clock.utcnow()), **evidence}
        return record(self.root, self.mandate.incident, file_name, said)


def stamp(moment: datetime) -> str:
    """Return a moment as it stands in the names of files: ``20260102T030405Z``."""
    return f"{moment:%Y%m%dT%H%M%SZ}"


def record(root: Path, incident: str, name: str, evidence: Evidence, *, enter: bool = True) -> str | None:
    """Write one file of evidence and return why it could not be written, or None.

    Evidence never delays or spoils what it is about: it is written last, waits no longer than a second for the disk,
    and its failure is only reported. The host adds the caller as it knows the caller.

    The directory comes first, then the registry: the evidence says all that a row says, so a missing row is
    made of it by the next check. The other way round, a crash would leave a row without any evidence.

    Args:
        root: The tree of freqops.
        incident: The incident.
        name: The name of the file, without its host.
        evidence: What is written.
        enter: Whether a process is begun that enters it into the registry; the caller does it by himself else.
    """
    evidence = {**evidence, "run_by": caller.known()}
    result: list[str | None] = ["the incident was not written: the disk did not answer within a second"]
    writer = threading.Thread(target=_record, args=(root, incident, name, evidence, result, enter), daemon=True)
    writer.start()
    writer.join(SECONDS)
    return result[0]


def _record(root: Path, incident: str, name: str, evidence: Evidence, result: list[str | None], enter: bool) -> None:
    directory = root / "incidents" / incident
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        evidence = redact_evidence(evidence, secrets_of_bots(root))
        durable.write_json(directory / f"{os.uname().nodename}-{name}.json", evidence, 0o600)
    except OSError as error:
        result[0] = f"the incident was not written: {error}"
    else:
        result[0] = None
        if enter:
            with contextlib.suppress(OSError):  # what is not entered now, `incidents check` enters
                entering.begin(root, incident)
