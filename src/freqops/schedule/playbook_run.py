"""A playbook run by ansible-runner, and whether it did its deed."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import ansible_runner

from freqops.core.base.exit_status import NOT_PROVEN
from freqops.core.schedule import record
from freqops.core.schedule.calendar_file import Calendar
from freqops.core.schedule.entries import Entry

CUT = "canceled"
UNSAID = "it ended with 0 and without the line '{}: done': nothing shows that the playbook did its work"


@dataclass(frozen=True)
class Played:
    """The end of a playbook.

    Attributes:
        rc: Its status.
        lines: The last lines of what it said.
        artefacts: Where all of it lies.
        cut: Whether it was told to end, as at its time limit.
    """

    rc: int
    lines: tuple[str, ...]
    artefacts: str
    cut: bool = False


def play(calendar: Calendar, entry: Entry, home: Path, ident: str) -> Played:
    """Run the playbook of a job to its end.

    Args:
        calendar: The calendar, which says from where and with which inventory.
        entry: The job.
        home: The directory of the job; what ansible-runner writes of this run lies below it.
        ident: What this run is called there.
    """
    private = home / "runner"
    private.mkdir(mode=0o700, exist_ok=True)
    done = ansible_runner.run(
        private_data_dir=str(private),
        project_dir=calendar.project,
        ident=ident,
        rotate_artifacts=calendar.keep,
        playbook=f"playbooks/{entry.playbook}.yml",
        inventory=calendar.inventory,
        extravars=dict(entry.inputs),
        limit=entry.limit or None,
        cmdline=f"--vault-password-file {shlex.quote(calendar.vault_file)}" if entry.vault else None,
        envvars={"ANSIBLE_CONFIG": f"{calendar.project}/ansible.cfg", "ANSIBLE_NOCOLOR": "1"},
        suppress_env_files=True,
    )
    artefacts = artefacts_of(home, ident)
    said = (artefacts / "stdout").read_text(errors="replace")
    rc = NOT_PROVEN if done.rc is None else int(done.rc)
    return Played(*judged(entry.playbook, rc, said), str(artefacts), cut=done.status == CUT)


def artefacts_of(home: Path, ident: str) -> Path:
    """Return the place of the output of a run."""
    return home / "runner" / "artifacts" / ident


def judged(playbook: str, rc: int, said: str) -> tuple[int, tuple[str, ...]]:
    """Return the status of a run and its last lines: 0 counts only with the line that says that the deed was done.

    Args:
        playbook: The playbook, without its suffix.
        rc: The status that Ansible ended with.
        said: All that it said.
    """
    lines = record.tail(said)
    if rc == 0 and not re.search(rf"^{re.escape(playbook)}: done, \d+ of \d+ hosts\s*$", said, re.MULTILINE):
        return NOT_PROVEN, (*lines[1 - record.LINES :], UNSAID.format(playbook))
    return rc if rc >= 0 else 128 - rc, lines
