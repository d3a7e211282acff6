"""``freqops-host`` on another tree, and with the age of the boot that stands in a file: the test moves it on.

Run as ``python driver.py ROOT COMMAND …``. Signals are heard, whatever those who run the tests let this process ignore;
with `IGNORES_HANG_UP` in the environment, the end of the terminal is not, as under nohup(1).
"""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path

from freqops.core.halt.deadman import Boot
from freqops.core.runs.slot_directory import SlotDirectory
from freqops.hostctl import cli
from freqops.hostctl.commands import slot, slots
from freqops.hostctl.runs.holder import SIGNALS

AGE, IGNORES_HANG_UP = "age", "FREQOPS_TEST_IGNORES_HANG_UP"


def main() -> int:
    """Run one command and return its exit status."""
    root = Path(sys.argv[1])
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    if IGNORES_HANG_UP in os.environ:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    made = partial(SlotDirectory, boot=lambda: Boot("one", float((root / AGE).read_text())))
    for module in (slot, slots):
        module.SlotDirectory = made  # type: ignore[attr-defined]
    return cli.main(sys.argv[2:], root)


if __name__ == "__main__":
    sys.exit(main())
