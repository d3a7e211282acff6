"""What ``freqops-host status`` says of the backups of a host: what is overdue, and how old all of it is."""

from __future__ import annotations

import os
from pathlib import Path

from freqops.core.backup import repository, restore_drill, successes
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed

UNDER_WAY = "a restore drill is under way, or was killed: then the next one takes away what it left"
NOTHING = "nothing of this host is backed up: {}"


def look(root: Path, clock: Clock) -> tuple[list[str], list[str]]:
    """Return what is wrong with the backups, and what is only to be said of them."""
    if not (root / repository.HOME / repository.FILE).exists():
        return [], [NOTHING.format("it has no repository; deploy.yml declares one")]
    try:
        declared, known = repository.load(root, os.geteuid()), successes.load(root)
    except Refused as refusal:
        return [NOTHING.format(refusal)], []
    except Malformed as error:
        return [f"{successes.place(root)}: {error}; move it away, and 'freqops-host backup prepare'"], []
    if not declared:
        return [], [NOTHING.format("backup_repositories is empty")]
    now = clock.utcnow()
    wrong = [text for each in declared for text in successes.wrong(each, known.get(each.name), now)]
    notes = [text for each in declared for text in successes.notes(each, known.get(each.name), now)]
    return wrong, notes + ([UNDER_WAY] if (root / repository.HOME / restore_drill.PLACE).exists() else [])
