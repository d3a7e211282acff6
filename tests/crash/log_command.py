"""``freqops-host start`` of a bot that is not there: it changes nothing, and leaves one line in the log of the host.

The log is rotated early, and the lines that were lost are counted within the tree.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from freqops.hostctl.logs import ended, writer
from tests.crash import command

LARGEST, KEPT = 1000, 2
LOST = "lost-lines"


def pretend(job: dict[str, Any]) -> None:
    """Put the bounds of the tests in the place of those of a host."""
    vars(writer).update(LARGEST=LARGEST, KEPT=KEPT, PATIENCE=command.PATIENCE)
    vars(ended)["Writer"] = partial(writer.Writer, lost=Path(job["root"]) / LOST)


if __name__ == "__main__":
    command.main(pretend)
