"""The id of a run, and every name that is made of it."""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone

from ..base.errors import Refused

ANALYSES = ("lookahead_analysis", "recursive_analysis")
KINDS = ("backtest", "hyperopt", "download", *ANALYSES)
RUN = re.compile(rf"(?:{'|'.join(KINDS)})-[0-9]{{8}}T[0-9]{{6}}Z-[0-9a-f]{{6}}")
PREFIX = "freqops-run"
ABSENT = "there is no run"  # the beginning of the refusal of a host that has none of them


def new(kind: str, now: datetime) -> str:
    """Return an id that is not there yet, as far as can be seen; whoever makes its directory finds that out."""
    return f"{kind}-{now.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}-{os.urandom(3).hex()}"


def checked(text: str) -> str:
    """Return a text, which must be the id of a run.

    Raises:
        Refused: It is none.
    """
    if not RUN.fullmatch(text):
        raise Refused(f"{text!r} is not the id of a run, like backtest-20260131T180000Z-0a1b2c")
    return text


def kind_of(run: str) -> str:
    """Return the kind of a run."""
    return run.partition("-")[0]


def slot_of(kind: str) -> str:
    """Return the kind of the slot that a run takes: an analysis is made of backtests."""
    return "backtest" if kind in ANALYSES else kind


def correlation(run: str) -> str:
    """Return the correlation id of its slot, in which no underscore is allowed."""
    return run.replace("_", "-")


def container(run: str) -> str:
    """Return the name of its container; the name of a bot's has no dot."""
    return f"{PREFIX}.{run}"


def network(run: str) -> str:
    """Return the name of its network, which is longer than that of any bot's."""
    return f"{PREFIX}-{run.lower()}"


def unit(run: str) -> str:
    """Return the name of its unit."""
    return f"{PREFIX}-{run}.service"
