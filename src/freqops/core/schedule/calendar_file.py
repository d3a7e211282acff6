"""The calendar of this machine as it lies on the disk: root's, and what its timers and status go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..base import iso_time, kinds, root_file, strict_json
from ..base.clock import iso
from ..base.errors import Refused
from ..base.kinds import Malformed
from .entries import Entry

PLACE = Path("/etc/freqops-schedule/calendar.json")
STATE = "/var/lib/freqops-schedule"
FORMAT = 1
LONGEST = 1024 * 1024
JOB: dict[str, kinds.Kind] = {
    "name": kinds.text, "playbook": kinds.text, "when": kinds.text, "limit": kinds.text, "seconds": kinds.count,
    "inputs": lambda value: isinstance(value, dict) and all(isinstance(inner, str) for inner in value.values()),
    "jitter": kinds.count, "vault": kinds.truth, "enabled": kinds.truth, "since": kinds.text, "period_s": kinds.number,
}  # fmt: skip
WHOLE = {"version": kinds.count, "project": kinds.text, "python": kinds.text, "inventory": kinds.text,
         "user": kinds.text, "vault_file": kinds.text, "keep": kinds.count,
         "jobs": kinds.list_of(kinds.object_)}  # fmt: skip


class NoCalendar(Refused):
    """This machine has no calendar."""


@dataclass(frozen=True)
class Job:
    """An entry, and what this machine adds to it.

    Attributes:
        entry: The entry.
        since: Since when it is in the calendar for the deed that it has.
        period: The longest time from one of its moments to the next.
    """

    entry: Entry
    since: datetime
    period: timedelta

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        said = {**vars(self.entry), "inputs": dict(self.entry.inputs)}
        return {**said, "since": iso(self.since), "period_s": self.period.total_seconds()}


@dataclass(frozen=True)
class Wanted:
    """The declaration of a calendar, beside its jobs.

    Attributes:
        project: The checkout of freqops whose playbooks run.
        python: The Python of its virtual environment.
        inventory: The inventory of all jobs.
        user: Who they run as.
        vault_file: The file with the vault password; empty where no job needs it.
        keep: How many runs of each job are kept.
    """

    project: str
    python: str
    inventory: str
    user: str
    vault_file: str
    keep: int


@dataclass(frozen=True)
class Calendar(Wanted):
    """A calendar.

    Attributes:
        jobs: The jobs.
    """

    jobs: tuple[Job, ...]

    def job(self, name: str) -> Job:
        """Return the job called ``name``.

        Raises:
            Refused: There is none.
        """
        for job in self.jobs:
            if job.entry.name == name:
                return job
        known = ", ".join(job.entry.name for job in self.jobs) or "none"
        raise Refused(f"the calendar has no job '{name}'; it has {known}")

    def since_of(self, former: Calendar | None) -> Calendar:
        """Return the calendar with the age of each job that the former one has with the same act, enabled as now."""
        if former is None:
            return self
        known = {job.entry.name: job for job in former.jobs}
        return replace(self, jobs=tuple(_aged(job, known) for job in self.jobs))

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        return {"version": FORMAT, **vars(self), "jobs": [job.to_json() for job in self.jobs]}


def _aged(job: Job, known: Mapping[str, Job]) -> Job:
    before = known.get(job.entry.name)
    if before is None or (before.entry.deed, before.entry.enabled) != (job.entry.deed, job.entry.enabled):
        return job
    return replace(job, since=before.since)


def load(place: Path = PLACE, owner: int = root_file.ROOT_UID) -> Calendar:
    """Return the calendar of this machine.

    Args:
        place: Where it lies.
        owner: The user who must own it; root, but in tests.

    Raises:
        NoCalendar: There is none.
        Malformed: It cannot be read, or another user could have written it.
    """
    try:
        data = root_file.read(place, owner, LONGEST)
    except root_file.Missing:
        raise NoCalendar(f"this machine has no calendar ({place}); schedule.yml makes one") from None
    except root_file.Untrusted as error:
        raise Malformed(f"the calendar {place}: {error}") from None
    try:
        return read(strict_json.parse(data))
    except Malformed as error:
        raise Malformed(f"the calendar {place}: {error}: move it away, and schedule.yml") from None


def read(document: object) -> Calendar:
    """Return the calendar that a document is.

    Raises:
        Malformed: It is none.
    """
    said = kinds.checked(document, WHOLE, tuple(WHOLE))
    if said.pop("version") != FORMAT:
        raise Malformed(f"it is not of version {FORMAT}")
    jobs = tuple(_job(kinds.checked(row, JOB, tuple(JOB))) for row in said.pop("jobs"))
    kinds.refuse_twice([job.entry.name for job in jobs])
    return Calendar(jobs=jobs, **said)


def _job(row: dict[str, Any]) -> Job:
    since, period = row.pop("since"), row.pop("period_s")
    try:
        return Job(Entry(**row), iso_time.parse(since), timedelta(seconds=period))
    except (ValueError, OverflowError) as error:
        raise Malformed(str(error)) from None
