"""The command ``freqops-operator``: the part of freqops that an operator may run as root.

It halts, it switches the operator breaker, and it looks. No argument of it is a path. No command of it takes a hold
down, but the breaker's by its file, or brings code in.
"""

from __future__ import annotations

from freqops.core.bot.host_command import OPERATOR_COMMANDS

from . import cli


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    return cli.main(arguments, allowed=OPERATOR_COMMANDS, prog="freqops-operator")
