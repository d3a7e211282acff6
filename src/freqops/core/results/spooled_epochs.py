"""The epochs of a hyperopt, read from its large file and kept in a small one until they are written down.

The file of a hyperopt has all trades of each epoch. To read it takes many times as long as to write its epochs into the
registry, beside which nobody else may write meanwhile.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from .hyperopt_file import Epoch, Line, Summary, WholeLines


class SpooledEpochs:
    """The whole epochs of a file, until the first line that cannot be read.

    Attributes:
        first: What the first line says; None where there is none.
        best: What the line with the smallest loss says; None where no loss is known.
        started: When the first epoch began; None where they do not say so.
        finished: When the last one was over; likewise.
        metrics: How many epochs there are, and the figures of the best one.
        why: Why the rest of the file cannot be read; empty where all can.
    """

    def __init__(self, path: Path) -> None:
        """Read a file.

        Args:
            path: The file.

        Raises:
            OSError: There is no room for a temporary file.
        """
        self.first: Line | None = None
        self.best: Line | None = None
        self.started: datetime | None = None
        self.finished: datetime | None = None
        self._room = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115  lives as long as this
        summary, whole = Summary(), WholeLines(path)
        for line in whole:
            self._take(line, best=summary.take(line.epoch))
        self.metrics, self.why = summary.metrics(), whole.why

    def _take(self, line: Line, *, best: bool) -> None:
        self.first = self.first or line
        self.best = line if best else self.best
        self.started = min(filter(None, (self.started, line.started)), default=None)
        self.finished = max(filter(None, (self.finished, line.finished)), default=None)
        self._room.write(json.dumps(vars(line.epoch)) + "\n")

    def __iter__(self) -> Iterator[Epoch]:
        """Yield the epochs in their order."""
        self._room.seek(0)
        for text in self._room:
            yield Epoch(**json.loads(text))
