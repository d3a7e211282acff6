"""What ``validate_release.py`` found in the pinned image, with the lines of the inventory on which it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from freqops.cli import preflight
from freqops.cli.inventory_lines import Lines
from freqops.core import config_lint
from freqops.core.errors import Refused


def report(hostvars: Any, roles: Path, sources: Sequence[Path], *, host: str, bot: str, output: str) -> list[str]:
    """Return one line for each finding, and Freqtrade's own reason as it gave it; nothing where all is well.

    Args:
        hostvars: Ansible's variables of all hosts.
        roles: The directory of our roles.
        sources: The inventory's files, or directories with them.
        host: The host of the bot.
        bot: Its name.
        output: All that the validation wrote to its standard error.

    Raises:
        Refused: The inventory has no such bot on this host.
    """
    fleet, _ = preflight.read(hostvars, roles, {}, [host])
    declared = next((each for each in fleet.bots if each.name == bot), None)
    if declared is None:
        raise Refused(f"{host} has no bot {bot!r}")
    refusals = config_lint.from_image(declared, config_lint.findings(output))
    found = preflight.located(refusals, Lines(sources, Path.cwd()), hostvars)
    own = [line for line in output.splitlines() if line.strip() and not line.startswith(config_lint.MARK)]
    return [*(refusal.line for refusal in found), *own]
