"""The command that the timers of the calendar run: ``python -m freqops.schedule run|ended <job>``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.exit_status import NOT_PROVEN, REFUSED
from freqops.core.base.visible import visible
from freqops.core.schedule import calendar_file
from freqops.schedule.job_run import JobRun


def main(argv: list[str] | None = None) -> int:
    """Run a job, or write down that its run ended, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m freqops.schedule", description=__doc__)
    parser.add_argument("action", choices=["run", "ended"])
    parser.add_argument("job")
    options = parser.parse_args(argv)
    try:
        calendar = calendar_file.load()
        run = JobRun(calendar, calendar.job(options.job), Path(calendar_file.STATE), Clock(), os.environ)
        return run.run() if options.action == "run" else run.write_end()
    except Refused as refusal:
        return _said(f"REFUSED, nothing ran: {refusal}", REFUSED)
    except (FreqopsError, OSError) as error:
        return _said(f"NOT PROVEN: {error}", NOT_PROVEN)


def _said(text: str, status: int) -> int:
    sys.stderr.write(f"{visible(text)}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
