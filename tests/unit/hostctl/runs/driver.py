"""``freqops-host`` on another tree, and with the age of the boot that stands in a file: the test moves it on.

Run as ``python driver.py ROOT COMMAND …``.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from freqops.core.halt.deadman import Boot
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.hostctl import cli
from freqops.hostctl.commands import slot, slots

AGE = "age"


def main() -> int:
    """Run one command and return its exit status."""
    root = Path(sys.argv[1])
    made = partial(SlotDirectory, boot=lambda: Boot("one", float((root / AGE).read_text())))
    for module in (slot, slots):
        module.SlotDirectory = made  # type: ignore[attr-defined]
    return cli.main(sys.argv[2:], root)


if __name__ == "__main__":
    sys.exit(main())
