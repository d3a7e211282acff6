"""The lines of ``freqops-host status`` about the backups of a host: overdue jobs, and the age of each success."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from pathlib import Path

from freqops.core.backup import elsewhere, renewal, repository, restore_drill, successes
from freqops.core.backup.repository import Repository
from freqops.core.backup.successes import Known
from freqops.core.base import root_file
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.kinds import Malformed

from . import newest_dumps, restic

UNDER_WAY = "a restore drill is under way, or was killed: then the next one takes away what it left"
NOTHING = "nothing of this host is backed up: {}"


def look(root: Path, clock: Clock, tree: Path = elsewhere.TREE) -> tuple[list[str], list[str]]:
    """Return the faults of the backups, and notes on them.

    Args:
        root: The tree of freqops.
        clock: The source of the time.
        tree: Where other hosts have their repositories on this one; there need not be any.
    """
    own, of_others = _own(root, clock), _of_others(tree, clock)
    return own[0] + of_others[0], own[1] + of_others[1]


def _of_others(tree: Path, clock: Clock) -> tuple[list[str], list[str]]:
    """Return the faults of the repositories that other hosts have here, and notes on them."""
    wrong, notes, now = list[str](), list[str](), clock.utcnow()
    for home in sorted(tree.glob(elsewhere.ACCOUNTS)):
        try:
            called = root_file.read(home / elsewhere.CALLED, os.geteuid()).decode().strip()
            declared, known = repository.load(home, (home / repository.HOME).stat().st_uid), successes.load(home)
        except (FreqopsError, Malformed, OSError, ValueError) as error:
            wrong.append(f"the repository in {home}: {error}")
            continue
        for each in declared:
            wrong += successes.wrong_here(called, home.name, known.get(each.name), now)
            notes += successes.notes_here(called, known.get(each.name), now)
    return wrong, notes


def _own(root: Path, clock: Clock) -> tuple[list[str], list[str]]:
    if not (root / repository.HOME / repository.FILE).exists():
        return [], [NOTHING.format("it has no repository; deploy.yml declares one")]
    try:
        declared, known = repository.load(root, os.geteuid()), successes.load(root)
    except Refused as refusal:
        return [NOTHING.format(refusal)], []
    except Malformed as error:
        return [f"{successes.place(root)}: {error}; move it away, and 'freqops-host backup prepare'"], []
    if all(each.of_host for each in declared):
        why = "has only those of other hosts" if declared else "is empty"
        return [], [NOTHING.format(f"backup_repositories {why}")]
    now = clock.utcnow()
    known = {**_waiting(root, declared), **known}
    wrong = [text for each in declared for text in successes.wrong(each, known.get(each.name), now)]
    for each in declared:
        if each.takes_dumps and each.name in known and known[each.name].id:
            wrong += successes.lacking(each, newest_dumps.oldest_lacking(root, known[each.name].dumps), now)
    wrong += _not_over(root, declared)
    notes = [text for each in declared for text in successes.notes(each, known.get(each.name), now)]
    return wrong, notes + ([UNDER_WAY] if (root / repository.HOME / restore_drill.PLACE).exists() else [])


def _not_over(root: Path, declared: list[Repository]) -> list[str]:
    """Return the renewals that were begun and are not over."""
    found = []
    for each in declared:
        try:
            record = renewal.load(root, each.name)
        except Malformed as error:
            found.append(f"{error}; move it away")
            continue
        if record is not None and not record.is_over:
            found.append(renewal.NOT_OVER.format(each.name, record.incident))
    return found


def _waiting(root: Path, declared: list[Repository]) -> dict[str, Known]:
    """Return the remarks on repositories to which no other host lets this one in yet; they wait, as new ones.

    Raises:
        OSError: A file cannot be looked at.
    """
    return {
        each.name: Known("", _written(password), failed=restic.NOT_SET_UP.format(each.at.host))
        for each in declared
        if each.at is not None and (password := each.password(root)).exists() and not each.known_hosts(root).exists()
    }


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
