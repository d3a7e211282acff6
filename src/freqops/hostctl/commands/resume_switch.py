"""``freqops-host resume-switch``: switches that were interrupted taken back (run by a timer)."""

from __future__ import annotations

import argparse

from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.base.exit_status import PROVEN
from freqops.core.bot import layout

from ..bot.engine import Engine
from ..deploy.deploy import resume_switches
from . import output

HELP = "take back switches that were interrupted (run by a timer)"
IN_SESSION = True


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: it looks at every bot."""


def run(options: argparse.Namespace) -> int:
    """Take them back.

    Raises:
        FreqopsError: One could not be.
    """
    done, failed = resume_switches(layout.homes(options.root), "freqops-recover", Clock(), Engine())
    for line in [*done, *failed]:
        output.print_text(line)
    if failed:
        raise FreqopsError("; ".join(failed))
    return PROVEN
