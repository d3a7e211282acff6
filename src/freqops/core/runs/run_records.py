"""What is written down of a run, and which runs are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..results.artifacts import Artifact
from ..results.hyperopt_file import Epoch


@dataclass(frozen=True)
class Begun:
    """A run that begins.

    Attributes:
        id: Its id.
        kind: One of `registry_schema.KINDS`.
        started: When it began.
        strategy: The class of its strategy; empty where it has none.
        more: Other columns of the table ``runs``, by name.
    """

    id: str
    kind: str
    started: datetime
    strategy: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Adopted:
    """A run that others executed, as it is taken from what it left.

    Attributes:
        id: Its id.
        kind: One of `registry_schema.KINDS`.
        status: How it ended; `registry_schema.UNKNOWN` where that is not known.
        strategy: The class of its strategy; empty where it has none.
        started: When it began; None where that is not known.
        finished: When it ended; likewise.
        more: Other columns of the table ``runs``, by name.
        metrics: Its metrics.
        artifacts: The files that it left.
        epochs: Its epochs, where it is a hyperopt.
    """

    id: str
    kind: str
    status: str
    strategy: str
    started: datetime | None
    finished: datetime | None
    more: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    artifacts: Sequence[Artifact] = ()
    epochs: Iterable[Epoch] = ()


@dataclass(frozen=True)
class Filters:
    """Which runs are wanted; what is empty sorts none out.

    Attributes:
        kind: Of which kind.
        strategy: Of which strategy.
        bot: Of which bot.
        status: With which status.
        since: Executed since then, as ISO 8601 in UTC.
        until: Executed until then.
    """

    kind: str = ""
    strategy: str = ""
    bot: str = ""
    status: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Page:
    """A part of the runs that are wanted.

    Attributes:
        number: Which page, from 1 on.
        limit: How many runs a page has.
    """

    number: int = 1
    limit: int = 100
