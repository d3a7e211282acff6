"""The first check of the run gate, asked on a host: whether its operator breaker lets a run have a slot.

The files are read again for each question, the override only where it decides. A breaker that is missing or cannot be
read forbids; an override like that permits nothing.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ..base.errors import Refused
from ..breaker import breaker_file, override_file, places
from . import run_gate


def ask(root: Path, kind: str, now: datetime) -> tuple[str, ...]:
    """Return the remarks on a run that may begin: that it does so in spite of the breaker.

    Args:
        root: The tree of freqops, of which the breaker and the override count.
        kind: One of `run_gate.RUNS`.
        now: The present, aware.

    Raises:
        Refused: The breaker forbids it; the text is the reason of the runbook.
    """
    user = os.geteuid()  # root; whoever takes slots in a tree of his own has a breaker of his own there
    question = run_gate.Question(kind, breaker=breaker_file.read(places.host_breaker(root), now, owner=user))
    if run_gate.judge_breaker(question).allowed:
        return ()
    override = override_file.read(places.override(root), now, owner=user)
    verdict = run_gate.judge_breaker(replace(question, override=override.in_force))
    if not verdict.allowed:
        raise Refused("; ".join(verdict.reasons))
    return tuple(f"{remark} ({override.why})" for remark in verdict.remarks)
