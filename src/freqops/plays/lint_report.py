"""The findings of ``validate_release.py`` in the pinned image, with the lines of the inventory that are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.base.errors import Refused
from freqops.core.preflight import config_lint
from freqops.core.preflight.cautions import sentences
from freqops.core.preflight.fleet import DeclaredBot
from freqops.core.preflight.refusal import Refusal
from freqops.plays import preflight
from freqops.plays.inventory_lines import Lines


@dataclass(frozen=True)
class Place:
    """The place where bots are declared.

    Attributes:
        hostvars: Ansible's variables of all hosts.
        roles: The directory of our roles.
        sources: The inventory's files, or directories with them.
        host: The host of the bots.
    """

    hostvars: Any
    roles: Path
    sources: Sequence[Path]
    host: str

    def bot(self, name: str) -> DeclaredBot:
        """Return a bot of the host.

        Raises:
            Refused: The inventory has no such bot on this host.
        """
        fleet, _ = preflight.read(self.hostvars, self.roles, {}, [self.host])
        declared = next((each for each in fleet.bots if each.name == name), None)
        if declared is None:
            raise Refused(f"{self.host} has no bot {name!r}")
        return declared

    def lines(self, found: list[Refusal]) -> list[str]:
        """Return the refusals as they are shown, with file and line where they are known."""
        located = preflight.located(found, Lines(self.sources, Path.cwd()), self.hostvars)
        return [refusal.line for refusal in located]


def report(place: Place, bot: str, output: str) -> list[str]:
    """Return one line for each finding, and Freqtrade's own reason as it gave it; nothing where all is well.

    Args:
        place: The place where the bot is declared.
        bot: Its name.
        output: All that the validation wrote to its standard error.

    Raises:
        Refused: The inventory has no such bot on this host.
    """
    found = place.lines(config_lint.from_image(place.bot(bot), config_lint.findings(output)))
    own = [line for line in output.splitlines() if line.strip() and not line.startswith(config_lint.MARK)]
    return [*found, *own]


def cautions(place: Place, bot: str, output: str) -> list[str]:
    """Return one line for each caution about an accepted release; arguments and errors as of `report`."""
    return place.lines(sentences(place.bot(bot), output))
