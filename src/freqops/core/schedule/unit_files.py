"""The units of a job, as schedule.yml writes them and status compares them."""

from __future__ import annotations

from pathlib import PurePosixPath

from .calendar_file import STATE, Calendar, Job
from .elapse import expression

# Not freqops-…: those are a host's own, which deploy.yml writes, and remove.yml takes off.
PREFIX = "freqops_job-"
MANAGED = "# Written by schedule.yml of freqops; changes are lost."
STOP_SECONDS = 30
SERVICE = """\
{managed}
[Unit]
Description=Job {name} of the calendar of freqops
After=network-online.target
Wants=network-online.target
# However often it is started: systemd never gives it up.
StartLimitIntervalSec=0

[Service]
Type=oneshot
User={user}
WorkingDirectory={project}
Environment=PYTHONPATH={project}/src LC_ALL=C.UTF-8
Environment=PATH={bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
StateDirectory={state}
StateDirectoryMode=0755
UMask=0077
ExecStart={python} -m freqops.schedule run {name}
# Whatever ended it: what was not written down by itself is written down now.
ExecStopPost={python} -m freqops.schedule ended {name}
TimeoutStartSec={seconds}
TimeoutStopSec={stop}
"""
TIMER = """\
{managed}
[Unit]
Description=When job {name} of the calendar of freqops runs

[Timer]
OnCalendar={when}
RandomizedDelaySec={jitter}
AccuracySec=1
Persistent=true

[Install]
WantedBy=timers.target
"""


def unit(name: str, kind: str) -> str:
    """Return the unit of a job: its ``timer``, or its ``service``."""
    return f"{PREFIX}{name}.{kind}"


def texts(calendar: Calendar, job: Job) -> dict[str, str]:
    """Return the text of each unit of a job, by its name."""
    entry = job.entry
    service = SERVICE.format(
        managed=MANAGED,
        name=entry.name,
        user=calendar.user,
        project=calendar.project,
        bin=PurePosixPath(calendar.python).parent,
        python=calendar.python,
        state=PurePosixPath(STATE).name,
        seconds=entry.seconds,
        stop=STOP_SECONDS,
    )
    timer = TIMER.format(managed=MANAGED, name=entry.name, when=expression(entry.when), jitter=entry.jitter)
    return {unit(entry.name, "service"): service, unit(entry.name, "timer"): timer}
