"""``freqops-host resume-switch``: what was interrupted taken back, or brought to its end (run by a timer)."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.exit_status import PROVEN

from ..bot.engine import Engine
from ..recovery.recover import recover
from ..runs import stopping
from ..runs.run_engine import RunEngine
from . import output

HELP = "bring what was interrupted to its end: switches, and bots that a command stopped (run by a timer)"
IN_SESSION = True


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: the command looks at every bot."""


def run(options: argparse.Namespace) -> int:
    """Bring interrupted commands to their end.

    Raises:
        FreqopsError: One could not be.
    """
    clock = Clock()
    done, failed = recover(options.root, "freqops-recover", clock, Engine())
    of_runs = stopping.recover(options.root, RunEngine(), clock)
    done, failed = done + of_runs[0], failed + of_runs[1]
    for line in [*done, *failed]:
        output.print_text(line)
    if failed:
        raise FreqopsError("; ".join(failed))
    return PROVEN
