"""A job that is run now: by the unit that its timer starts, and believed only by what it wrote down."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from datetime import timedelta

from ..base import commands
from ..base.clock import FUTURE_SECONDS, Clock, iso
from ..base.commands import TOO_LATE, Run
from ..base.errors import NotProven, Refused
from ..base.visible import visible
from . import look as looks
from . import record
from .calendar_file import Calendar
from .unit_files import STOP_SECONDS, unit

SHOWN = 200
MARGIN_SECONDS = 3 * STOP_SECONDS  # what is ended at its time limit, and what writes that down, have their own
Start = Callable[[Sequence[str], float], "subprocess.CompletedProcess[str]"]


def run(
    run_it: Run, calendar: Calendar, name: str, clock: Clock, places: looks.Places, start: Start = commands.run
) -> record.End:
    """Start a job, wait for its end, and return how it ended.

    Args:
        run_it: Runs a program of systemd.
        calendar: The calendar.
        name: The job.
        clock: The time.
        places: Where everything lies.
        start: Runs a program for so many seconds.

    Raises:
        Refused: There is no such job, it is not enabled, it still runs, or its units are not what was written.
        NotProven: Its end could not be read back.
    """
    job = calendar.job(name)
    if not job.entry.enabled:
        raise Refused(f"job {name} is not enabled")
    seen = next(each for each in looks.look(run_it, calendar, clock.utcnow(), places) if each.job == job)
    if seen.runs:
        running = seen.record.running
        since = "" if running is None else f" since {iso(running.began)}"
        raise Refused(f"job {name} still runs{since}, and is not started a second time")
    if seen.timer_wrong:
        raise Refused("; ".join(seen.timer_wrong))
    service, began = unit(name, "service"), clock.utcnow()
    done = start(["systemctl", "start", service], job.entry.seconds + MARGIN_SECONDS)
    said = visible(done.stderr.strip(), SHOWN)
    if done.returncode == TOO_LATE:
        raise NotProven(f"job {name} did not end within its time limit and {MARGIN_SECONDS} s: {said}")
    shown = run_it(["systemctl", "show", "--value", "--property=InvocationID", "--", service]).stdout.strip()
    known = record.load(places.state / name)
    last = known.last
    # Its own invocation, or one that a timer started in this very moment, with which systemd joined this start.
    if last is None or known.running is not None or not shown or last.invocation != shown:
        raise NotProven(
            f"systemctl start ended with {done.returncode}, and job {name} wrote down nothing of it: {said}"
        )
    if last.ended < began - timedelta(seconds=FUTURE_SECONDS) or last.deed != job.entry.deed:
        raise NotProven(f"what job {name} wrote down is of another run, that of {iso(last.began)}")
    if (last.rc == 0) is not (done.returncode == 0):
        raise NotProven(f"job {name} wrote down status {last.rc}, and systemctl start ended with {done.returncode}")
    return last
