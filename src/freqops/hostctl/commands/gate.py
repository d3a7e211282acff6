"""``freqops-host gate`` without a command, which is refused; with one, `freqops.hostctl.short_way` runs the gate."""

from __future__ import annotations

import argparse

from freqops.core.base.errors import Refused

HELP = "start gate inside a bot's container: gate -- COMMAND …"
IN_SESSION = False


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing."""


def run(_options: argparse.Namespace) -> int:
    """Refuse: the short way runs the gate.

    Raises:
        Refused: Always.
    """
    raise Refused("the gate needs a command: gate -- freqtrade trade …")
