"""The last success of each job on each repository, and when one is too old.

A job that runs by itself, and one that was never run, look alike to everybody who only looks for errors. So each job
leaves its moment when it was proven, and nothing else, and its age is what counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..base import iso_time, kinds, strict_json
from ..base.clock import FUTURE_SECONDS, iso
from ..base.kinds import Malformed
from ..base.visible import visible
from .repository import HOME, Repository
from .store import moment_of

FORMAT = 1
FILE = "state.json"
LONGEST = 1024 * 1024
BACKUP, PRUNE, CHECK, READ_DATA, DRILL = JOBS = ("backup", "prune", "check", "read_data", "drill")
# What a repository takes in a day of dumps that follow, each at least a piece of about a megabyte, is given back daily.
DAILY, WEEKLY = (BACKUP, PRUNE), (CHECK, READ_DATA, DRILL)
DUE = dict.fromkeys(DAILY, timedelta(hours=20))  # a day, but for when the timer comes round
PERIODS = {**dict.fromkeys(DAILY, timedelta(days=1)), **dict.fromkeys(WEEKLY, timedelta(days=7))}
DUMPS_WITHIN = timedelta(minutes=2)  # as long as a dump may take to be in a repository elsewhere
RED = 2  # periods
SHOWN = 300
CURES = {
    BACKUP: "'freqops-host backup run --repository={}' says why",
    CHECK: "'freqops-host backup check --repository={}' says why",
    DRILL: "'freqops-host restore-drill --repository={}' rehearses a restore",
}
CURE_HERE = "'systemctl start freqops-{}.service' does it, and its journal says why not"
JOBS_HERE = (PRUNE, CHECK, READ_DATA)  # on a repository that another host has here
UNDRILLED = "repository {}: no restore drill has ever passed: 'freqops-host restore-drill --repository={}' makes one"
NEVER = "is not known"
KNOWN: dict[str, kinds.Kind] = {
    "id": kinds.text,
    "since": kinds.text,
    "done": kinds.object_,
    "newest": kinds.text,
    "failed": kinds.text,
    "dumps": kinds.object_,
}


@dataclass(frozen=True)
class Known:
    """The last successes and failures of a repository.

    Attributes:
        id: The id that it bore when it was made, or first seen.
        since: When that was. Of one that was renewed, when this host first saw the lost one, or the one that seeded it:
            what was made since then is its own.
        done: The last success of each job; one that never was is missing.
        newest: The id of the newest snapshot that was proven in it; empty where there is none.
        failed: Why the last command on it failed; empty where it did not.
        dumps: The newest dump of each bot that was brought into it as soon as it was made.
    """

    id: str
    since: datetime
    done: Mapping[str, datetime] = field(default_factory=dict)
    newest: str = ""
    failed: str = ""
    dumps: Mapping[str, str] = field(default_factory=dict)

    def succeeded(self, job: str, moment: datetime) -> Known:
        """Return the record after a success."""
        return replace(self, done={**self.done, job: moment})

    def is_due(self, job: str, now: datetime) -> bool:
        """Whether a job is to be done again, or the clock says nothing of its last success."""
        last = self.done.get(job)
        return last is None or not timedelta(seconds=-FUTURE_SECONDS) <= now - last < DUE.get(job, PERIODS[job])

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that is written down."""
        done = {job: iso(moment) for job, moment in self.done.items()}
        return {
            "id": self.id, "since": iso(self.since), "done": done, "newest": self.newest, "failed": self.failed,
            "dumps": dict(self.dumps),
        }  # fmt: skip


def place(root: Path) -> Path:
    """Return the file in which all of it stands."""
    return root / HOME / FILE


def to_json(found: Mapping[str, Known]) -> dict[str, Any]:
    """Return the known facts of all repositories as they are written down."""
    return {"version": FORMAT, "repositories": {name: each.to_json() for name, each in found.items()}}


def load(root: Path) -> dict[str, Known]:
    """Return the known facts of each repository, by name; nothing where nothing was written down yet.

    Raises:
        Malformed: It was written down and cannot be read.
    """
    try:
        document = strict_json.load(place(root), LONGEST)
    except strict_json.Missing:
        return {}
    if not isinstance(document, dict) or document.get("version") != FORMAT:
        raise Malformed(f"it is not of version {FORMAT}")
    return {name: _known(row) for name, row in kinds.value(document, "repositories", kinds.object_).items()}


def wrong(repository: Repository, known: Known | None, now: datetime) -> list[str]:
    """Return which jobs of a repository are overdue, a line each with its cure; none where it is another host's.

    A drill is overdue only where one has ever passed: a host does not run it by itself, the calendar of
    the control node does, which has its own last success in status. Where none
    has, `notes` says so.
    """
    if repository.of_host:
        return []
    drilled = known is not None and DRILL in known.done
    cures = {job: cure.format(repository.name) for job, cure in CURES.items() if job != DRILL or drilled}
    return _overdue(repository.name, cures, known, now)


def wrong_here(called: str, account: str, known: Known | None, now: datetime) -> list[str]:
    """Return which jobs are overdue on a repository that another host has here; ``called`` names both."""
    return _overdue(called, dict.fromkeys(JOBS_HERE, CURE_HERE.format(account)), known, now)


def _overdue(called: str, cures: Mapping[str, str], known: Known | None, now: datetime) -> list[str]:
    found = []
    for job, cure in cures.items():
        what = f"{job.replace('_', '-')} of repository {called}"
        if known is None:
            found.append(f"{what}: its last success {NEVER}: {cure}")
            continue
        last, limit = known.done.get(job), RED * PERIODS[job]
        age = now - (last or known.since)
        if age < timedelta(seconds=-FUTURE_SECONDS):
            found.append(f"{what}: its last success is {hours(-age)} in the future: the clock was set back; "
                         f"{cure}")  # fmt: skip
        elif age > limit:
            said = "its last success was" if last else "it never succeeded since it was declared"
            found.append(f"{what}: {said} {hours(age)} ago (red above {hours(limit)}): {cure}")
    return found


def lacking(repository: Repository, oldest: Mapping[str, str], now: datetime) -> list[str]:
    """Return the bots whose newest trades are missing too long in a repository elsewhere, a line each with its cure.

    Args:
        repository: A repository that takes dumps.
        oldest: The oldest dump of each bot that it lacks.
        now: The present time.
    """
    found = []
    for bot, stamp in sorted(oldest.items()):
        moment = moment_of(stamp)
        age = now - moment if moment is not None else timedelta(0)
        if not timedelta(seconds=-FUTURE_SECONDS) <= age <= RED * DUMPS_WITHIN:
            found.append(
                f"repository {repository.name} lacks the dumps of {bot} from {stamp} on, {age.total_seconds():.0f} s "
                f"old (red above {(RED * DUMPS_WITHIN).total_seconds():.0f} s): 'freqops-host backup dumps' says why"
            )
    return found


def notes(repository: Repository, known: Known | None, now: datetime) -> list[str]:
    """Return the ages of all jobs of a repository on one line, and why its last command failed, where it did."""
    if repository.of_host:
        return [f"repository {repository.name} is of the host {repository.of_host}: it is only read"]
    return _told(repository.name, known, now, tuple(job for job in JOBS if job != DRILL or not repository.secrets))


def notes_here(called: str, known: Known | None, now: datetime) -> list[str]:
    """Return the same of a repository that another host has here; ``called`` names both."""
    return _told(called, known, now, JOBS_HERE)


def _told(called: str, known: Known | None, now: datetime, jobs: tuple[str, ...]) -> list[str]:
    if known is None:
        return []
    ages = [
        f"{job.replace('_', '-')} {hours(now - known.done[job]) + ' ago' if job in known.done else 'never'}"
        for job in jobs
    ]
    lines = [f"repository {called}, last successes: {', '.join(ages)}"]
    if DRILL in jobs and DRILL not in known.done:
        lines.append(UNDRILLED.format(called, called))
    return lines + ([f"repository {called}: {visible(known.failed, SHOWN)}"] if known.failed else [])


def hours(age: timedelta) -> str:
    """Return an age in hours, or in days where it is many."""
    number = age.total_seconds() / 3600
    return f"{number:.1f} h" if number < 48 else f"{number / 24:.1f} days"


def _known(row: object) -> Known:
    """Return what is written of one repository.

    Raises:
        Malformed: It is not what `Known.to_json` writes.
    """
    said = {"dumps": {}, **kinds.checked(row, KNOWN, tuple(name for name in KNOWN if name != "dumps"))}
    unknown = sorted(set(said["done"]) - set(JOBS))
    if unknown:
        raise Malformed(f"there is no job '{visible(unknown[0], 60)}'")
    done = {job: _moment(text) for job, text in said["done"].items()}
    if not kinds.list_of(kinds.text)(list(said["dumps"].values())):
        raise Malformed("the dumps that it has are no names")
    return Known(said["id"], _moment(said["since"]), done, said["newest"], said["failed"], said["dumps"])


def _moment(text: object) -> datetime:
    try:
        return iso_time.parse(text if isinstance(text, str) else "")
    except ValueError as error:
        raise Malformed(str(error)) from None
