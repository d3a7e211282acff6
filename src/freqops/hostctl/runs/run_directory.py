"""The directory of a run on its host: what was asked, what it reads, what it writes, and how it ended."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freqops.core.base import durable, strict_json
from freqops.core.base.clock import Clock
from freqops.core.base.errors import NotProven, Refused
from freqops.core.bot.layout import CONTAINER_UID
from freqops.core.runs import run_id

RUNS = Path("user_data") / "runs"  # below the tree of freqops
PRIVATE, PRIVATE_FILE, READABLE, READABLE_FILE = 0o700, 0o600, 0o755, 0o644
ASKED, ENDED, UNDER_WAY, CANCELLED = "run.json", "end.json", "under_way.json", "cancelled.json"
INTERRUPTED = "interrupted.json"  # why the host ended it
CONTAINED = "contained.json"  # how its container ended, written by who watched it
LONGEST = 4 * 1024 * 1024


class RunDirectory:
    """The directory of one run.

    Attributes:
        run: The id of the run.
        path: The directory.
    """

    def __init__(self, root: Path, run: str) -> None:
        self.root, self.run = root, run_id.checked(run)
        self.path = root / RUNS / run

    @property
    def input(self) -> Path:
        """The files that the run reads: configuration and strategies."""
        return self.path / "input"

    @property
    def output(self) -> Path:
        """The only directory that the run may write."""
        return self.path / "output"

    @property
    def data(self) -> Path:
        """The candles as they were when it began."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The output of its container."""
        return self.path / "run.log"

    @property
    def is_under_way(self) -> bool:
        """Whether it began, and its end was not written down."""
        return (self.path / UNDER_WAY).exists()

    def make(self) -> None:
        """Make the directory with those in it, which no other run has.

        Raises:
            FileExistsError: There is one already.
            OSError: The disk is full, read-only or failing.
        """
        parent = self.path.parent
        parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        parent.chmod(PRIVATE)
        self.path.mkdir(mode=PRIVATE)
        for place in (self.input, self.data, self.output):
            place.mkdir(mode=READABLE)
            place.chmod(READABLE)
        os.chown(self.output, CONTAINER_UID, CONTAINER_UID)

    def remove(self) -> None:
        """Remove the directory of a run that never began."""
        shutil.rmtree(self.path)
        durable.sync_directory(self.path.parent)

    def asked(self) -> dict[str, Any]:
        """Return what was asked.

        Raises:
            Refused: There is no such run, or it cannot be read.
        """
        try:
            document = strict_json.load(self.path / ASKED, LONGEST)
        except strict_json.Missing:
            raise Refused(f"this host has no run {self.run}") from None
        except strict_json.Unreadable as error:
            raise Refused(f"{self.path / ASKED}: {error}") from None
        if not isinstance(document, dict) or document.get("id") != self.run:
            raise Refused(f"{self.path / ASKED} does not describe {self.run}")
        return document

    def read(self, name: str) -> dict[str, Any] | None:
        """Return another of its documents; None where it is not there, or is no object."""
        found = durable.read_json(self.path / name)
        return found if isinstance(found, dict) else None

    def write(self, name: str, document: dict[str, Any]) -> None:
        """Write one of its documents.

        Raises:
            OSError: The disk is full, read-only or failing.
        """
        durable.write_json(self.path / name, document, PRIVATE_FILE)

    def over(self) -> None:
        """Note that the end of the run is written down.

        Raises:
            OSError: The disk does not let the note go.
        """
        (self.path / UNDER_WAY).unlink(missing_ok=True)
        durable.sync_directory(self.path)

    @contextmanager
    def worked_on(self, clock: Clock, patience: float = 0.0) -> Iterator[bool]:
        """Hold the lock of the run for the block; yields whether nobody else has it.

        Raises:
            NotProven: It cannot be opened.
        """
        with durable.locked(self.path / ".lock", patience, clock) as mine:
            if mine is None:
                raise NotProven(f"the lock of {self.run} cannot be opened; is the disk full, or read-only?")
            yield mine


def under_way(root: Path) -> list[str]:
    """Return the ids of the runs of a host whose end is not written down."""
    place = root / RUNS
    if not place.is_dir():
        return []
    found = (path.parent.name for path in place.glob(f"*/{UNDER_WAY}"))
    return sorted(name for name in found if run_id.RUN.fullmatch(name))


def free_bytes_or_refuse(root: Path, least: int) -> None:
    """Refuse where the disk has less room than a run needs to begin.

    Raises:
        Refused: It has.
    """
    try:
        free = shutil.disk_usage(root).free
    except OSError as error:
        raise Refused(f"{root} cannot be read: {error.strerror}") from None
    if free < least:
        raise Refused(f"{free // 2**20} MiB are free on the disk of {root}; a run needs {least // 2**20}")
