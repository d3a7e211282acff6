"""The conditions for a change of a machine's calendar: all are checked first, and nothing is changed."""

from __future__ import annotations

import pwd
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from ..base.commands import Run
from ..base.errors import Refused
from ..base.visible import visible
from . import elapse, unit_files, vault
from .calendar_file import Calendar, Job, Wanted
from .entries import Entry

PATH = re.compile(r"/[A-Za-z0-9_./@+-]{1,300}")
BY_EVERYBODY = 0o002
PROOF = "import ansible.cli.playbook, ansible_runner, freqops.schedule"
SHOWN = 200


def judge(run: Run, wanted: Wanted, entries: Sequence[Entry], now: datetime) -> Calendar:
    """Return the calendar that this machine would have.

    Raises:
        Refused: The machine lacks something; the text has every reason.
    """
    wrong = [*_wrong(run, wanted, entries)]
    jobs = []
    for entry in entries:
        try:
            jobs.append(Job(entry, now, _period(run, entry)))
        except Refused as refusal:
            wrong.append(f"job {entry.name}: {refusal}")
    if wrong:
        raise Refused("; ".join(wrong))
    return Calendar(jobs=tuple(jobs), **vars(wanted))


def _period(run: Run, entry: Entry) -> timedelta:
    """Return the period of an entry.

    Raises:
        Refused: systemd does not take its expression, or a run could last until its next moment.
    """
    period = elapse.ask(run, entry.when).period
    longest = timedelta(seconds=entry.seconds + entry.jitter)
    if longest >= period:
        raise Refused(f"its time limit and its jitter, {longest.total_seconds():.0f} s together, are not below its "
                      f"period of {period.total_seconds():.0f} s")  # fmt: skip
    return period


def _wrong(run: Run, wanted: Wanted, entries: Sequence[Entry]) -> list[str]:
    """Return what the machine lacks."""
    paths = {"project": wanted.project, "python": wanted.python, "inventory": wanted.inventory}
    paths |= {"vault_file": wanted.vault_file} if wanted.vault_file else {}
    found = [f"{name} '{visible(path, SHOWN)}' is no absolute path of plain characters"
             for name, path in paths.items() if not PATH.fullmatch(path)]  # fmt: skip
    try:
        user = pwd.getpwnam(wanted.user).pw_uid
    except KeyError:
        found.append(f"there is no user '{visible(wanted.user, SHOWN)}'")
        return found
    if not 1 <= wanted.keep <= 1000:
        found.append(f"keep is {wanted.keep}; allowed are 1 to 1000")
    if found:
        return found
    project = Path(wanted.project)
    if not project.is_dir():
        return [f"there is no directory {project}"]
    if project.stat().st_mode & BY_EVERYBODY:
        found.append(f"everybody can write {project}: chmod o-w {project}")
    missing = sorted(
        {entry.playbook for entry in entries if not (project / f"playbooks/{entry.playbook}.yml").is_file()}
    )
    found += [f"{project} has no playbooks/{name}.yml" for name in missing]
    as_user = ["runuser", "--user", wanted.user, "--"]
    if run([*as_user, "test", "-r", wanted.inventory]).returncode != 0:
        found.append(f"user {wanted.user} cannot read the inventory {wanted.inventory}")
    proof = run([*as_user, "env", "LC_ALL=C.UTF-8", f"PYTHONPATH={project}/src", wanted.python, "-B", "-c", PROOF])
    if proof.returncode != 0:
        said = visible((proof.stderr or "no output").strip().rpartition("\n")[2], SHOWN)
        found.append(f"user {wanted.user} cannot run ansible-runner with {wanted.python} ({said}): "
                     f"{project}/scripts/bootstrap")  # fmt: skip
    if any(entry.vault for entry in entries):
        try:
            vault.refuse(wanted.vault_file, user)
        except Refused as refusal:
            found.append(str(refusal))
    return found


def units(calendar: Calendar) -> dict[str, str]:
    """Return the text of each unit that the calendar has."""
    enabled = [job for job in calendar.jobs if job.entry.enabled]
    return {name: text for job in enabled for name, text in unit_files.texts(calendar, job).items()}


def absent(calendar: Calendar, place: Path) -> list[str]:
    """Return the units of jobs that lie on the machine and that the calendar does not have; timers first."""
    wanted = units(calendar)
    found = [path.name for path in sorted(place.glob(f"{unit_files.PREFIX}*")) if path.name not in wanted]
    return sorted(found, key=lambda name: not name.endswith(".timer"))
