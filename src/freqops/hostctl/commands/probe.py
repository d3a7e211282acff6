"""``freqops-host probe``: the health check inside a bot's container."""

from __future__ import annotations

import argparse

from ..bot.probe import probe
from . import output

HELP = "health check inside a bot's container"
IN_SESSION = False


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: the container has one bot."""


def run(_options: argparse.Namespace) -> int:
    """Print the health of the bot; 1 where it is not healthy."""
    good, why = probe()
    output.print_text(why)
    return 0 if good else 1
