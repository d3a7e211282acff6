"""The state of this machine's calendar: each job, its next time, its last end, and its faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ..base import plain_file, units
from ..base.clock import FUTURE_SECONDS, iso
from ..base.commands import Run as RunProgram
from ..base.errors import NotProven
from ..base.kinds import Malformed
from ..base.text_table import table
from . import elapse
from . import record as records
from .calendar_file import STATE, Calendar, Job
from .elapse import UTC, moment
from .record import End, Record
from .unit_files import texts, unit

HEADINGS = ("job", "runs", "when (UTC)", "next (UTC)", "last success", "last failure", "now")
RED = 2  # periods
PROPERTIES = ("Id", "NextElapseUSecRealtime")
WORKING = ("active", "activating", "deactivating", "reloading")
LONGEST_UNIT = 64 * 1024
SHOWN_LINES = 3


@dataclass(frozen=True)
class Seen:
    """A job as it is.

    Attributes:
        job: The job.
        record: What is known of its runs.
        runs: Whether it runs now.
        next: When it comes next; None where systemd does not have it.
        timer_wrong: What keeps it from running by itself; each line has its cure.
        overdue: Why its last success is too old; each line has its cure.
    """

    job: Job
    record: Record
    runs: bool
    next: datetime | None
    timer_wrong: list[str] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)

    @property
    def success(self) -> End | None:
        """The last success of the deed that it has now."""
        last = self.record.success
        return last if last is not None and last.deed == self.job.entry.deed else None

    @property
    def lost(self) -> bool:
        """Whether a run of it began and was never seen to end."""
        return self.record.running is not None and not self.runs

    def cells(self) -> list[Any]:
        """Return the cells of the job, in the order of `HEADINGS`."""
        entry = self.job.entry
        coming = None if self.next is None else iso(self.next)
        good, bad = self.success, self.record.failure
        return [entry.name, entry.deed, entry.when, coming if entry.enabled else "off",
                "never" if good is None else iso(good.began),
                "none" if bad is None else f"{iso(bad.began)} (status {bad.rc})", self.now()]  # fmt: skip

    def now(self) -> str:
        """Return the present act of the job."""
        running = self.record.running
        if self.runs and running is not None and running.waits_for:
            return f"waits for {running.waits_for}"
        if self.runs:
            return "runs"
        if self.lost:
            return "was cut off"
        last = self.record.last
        return "-" if last is None else "well" if last.rc == 0 else "FAILED"

    def notes(self) -> list[str]:
        """Return the notes on the job: its last success, and the failure of its last run."""
        entry, name = self.job.entry, f"job {self.job.entry.name}"
        if not entry.enabled:
            return [f"{name}: it is not enabled"]
        good = self.success
        coming = "unknown" if self.next is None else iso(self.next)
        lines = [f"{name}: last success {'never' if good is None else iso(good.began)}, next {coming}"]
        if self.lost and self.record.running is not None:
            lines.append(f"{name}: FAILED: its run of {iso(self.record.running.began)} was cut off")
        last = self.record.last
        if last is not None and last.rc != 0:
            said = " | ".join(last.lines[-SHOWN_LINES:])
            lines.append(f"{name}: FAILED with status {last.rc} at {iso(last.ended)}: {said}")
        return lines


@dataclass(frozen=True)
class Places:
    """The places of the records of jobs, and of their units."""

    state: Path = Path(STATE)
    units: Path = Path(units.PLACE)


def look(run: RunProgram, calendar: Calendar, now: datetime, places: Places) -> list[Seen]:
    """Return each job of a calendar as it is.

    Args:
        run: Runs a program of systemd.
        calendar: The calendar.
        now: The present.
        places: Where everything lies.

    Raises:
        NotProven: systemd does not answer.
    """
    names = [unit(job.entry.name, kind) for job in calendar.jobs for kind in ("timer", "service")]
    if not names:
        return []
    found, coming = units.show(run, names), _coming(run, names)
    seen = []
    for job in calendar.jobs:
        runs = found[unit(job.entry.name, "service")].get("ActiveState") in WORKING
        record, unreadable = _record(places.state / job.entry.name, job.entry.name)
        timer_wrong = _timer_wrong(calendar, job, found, places.units) if job.entry.enabled else _still(job, found)
        each = Seen(job, record, runs, coming.get(unit(job.entry.name, "timer")), timer_wrong)
        if job.entry.enabled and not timer_wrong and each.next is None and not runs:
            timer_wrong.append(f"job {job.entry.name}: systemd does not say when it comes next")
        each.overdue.extend(unreadable or _overdue(each, now))
        seen.append(each)
    return seen


def _record(home: Path, name: str) -> tuple[Record, list[str]]:
    try:
        return records.load(home), []
    except Malformed as error:
        return Record(), [f"job {name}: its record {home / records.FILE}: {error}: move it away"]


def _timer_wrong(calendar: Calendar, job: Job, found: Mapping[str, units.Unit], place: Path) -> list[str]:
    """Return why a job does not run by itself, or is not what was declared."""
    name, wrong = job.entry.name, []
    for each, text in texts(calendar, job).items():
        state = found[each].get("LoadState", "")
        if state == "masked":
            wrong.append(f"job {name}: {each} is masked: 'systemctl unmask {each}', and schedule.yml")
        elif state != "loaded":
            wrong.append(f"job {name}: {each} cannot be loaded ({state}): schedule.yml installs it")
        elif not _says(place / each, text):
            wrong.append(f"job {name}: {each} is not what schedule.yml wrote: schedule.yml writes it again")
        else:
            of_unit = units.wrong(found[each]) if each.endswith(".timer") else units.overridden(found[each])
            wrong += [f"job {name}: {line}" for line in of_unit]
    return wrong


def _still(job: Job, found: Mapping[str, units.Unit]) -> list[str]:
    """Return what still runs a job by itself that is not enabled."""
    timer = unit(job.entry.name, "timer")
    if found[timer].get("ActiveState") not in WORKING:
        return []
    return [f"job {job.entry.name}: it is not enabled, and {timer} is active: schedule.yml takes it away"]


def _says(path: Path, text: str) -> bool:
    try:
        return plain_file.read(path, LONGEST_UNIT) == text.encode()
    except (OSError, plain_file.NotRead):
        return False


def _overdue(seen: Seen, now: datetime) -> list[str]:
    """Return why the last success of a job is too old; one that runs now is not judged, for it may be what asks."""
    entry = seen.job.entry
    if not entry.enabled or seen.runs:
        return []
    good, limit = seen.success, RED * seen.job.period
    age = now - (seen.job.since if good is None else good.began)
    cure = f"'journalctl -u {unit(entry.name, 'service')}' says why"
    if age < timedelta(seconds=-FUTURE_SECONDS):
        again = f"schedule.yml -e action=run -e job={entry.name}"
        return [f"job {entry.name}: its last success is {span(-age)} in the future: the clock was set back; {again}"]
    if age <= limit:
        return []
    said = "it never succeeded since it was declared" if good is None else "its last success was"
    return [f"job {entry.name}: {said} {span(age)} ago (red above {span(limit)}): {cure}"]


def span(age: timedelta) -> str:
    """Return a length of time, in the unit that fits."""
    seconds = age.total_seconds()
    for most, of, word in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < most:
            return f"{seconds / of:.0f} {word}" if word == "s" else f"{seconds / of:.1f} {word}"
    return f"{seconds / 86_400:.1f} days"


def _coming(run: RunProgram, names: Sequence[str]) -> dict[str, datetime]:
    """Return when each timer comes next, as systemd has it."""
    timers = [name for name in names if name.endswith(".timer")]
    done = run([*UTC, "systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", "--", *timers])
    if done.returncode != 0:
        raise NotProven(f"systemd does not answer: {done.stderr.strip() or 'no output'}")
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in done.stdout.split("\n\n")]
    known = {block.get("Id", ""): moment(block.get("NextElapseUSecRealtime", "")) for block in blocks}
    return {name: found for name, found in known.items() if found is not None}


def wrong(seen: Sequence[Seen]) -> list[str]:
    """Return a line for everything that is wrong with jobs."""
    return [text for each in seen for text in [*each.timer_wrong, *each.overdue]]


def notes(seen: Sequence[Seen]) -> list[str]:
    """Return the notes on jobs."""
    return [text for each in seen for text in each.notes()]


def lines(run: RunProgram, seen: Sequence[Seen]) -> list[str]:
    """Return jobs as a table for a person; one that is not installed yet comes next when its expression says so."""
    rows = []
    for each in seen:
        entry = each.job.entry
        coming = each.next or (elapse.ask(run, entry.when).next if entry.enabled else None)
        rows.append(replace(each, next=coming).cells())
    return table(HEADINGS, rows).splitlines() if rows else ["the calendar is empty"]
