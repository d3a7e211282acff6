"""The newest dumps of a host, and which of them a repository elsewhere does not have yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from freqops.core.backup import repository
from freqops.core.backup.store import Store
from freqops.core.base import commands, root_file
from freqops.core.bot import layout
from freqops.core.bot.layout import Home

UNIT = "freqops-backup-dumps.service"


def stamps(root: Path) -> dict[str, str]:
    """Return the name of the newest dump of each bot that has one."""
    found = {home.name: Store(Home(home).dumps).newest() for home in layout.homes(root)}
    return {name: dump.stamp for name, dump in found.items() if dump is not None}


def oldest_lacking(root: Path, had: Mapping[str, str]) -> dict[str, str]:
    """Return, for each bot whose newest dump a repository lacks, the oldest dump that came after the one that it has.

    Args:
        root: The tree of freqops.
        had: The newest dump of each bot that the repository has.
    """
    lacking = {}
    for home in layout.homes(root):
        later = [stamp for stamp in Store(Home(home).dumps).stamps() if stamp > had.get(home.name, "")]
        if later:
            lacking[home.name] = later[0]
    return lacking


def bring_away(root: Path, run_it: commands.Run = commands.run, owner: int = root_file.ROOT_UID) -> None:
    """Have systemd bring them into the repositories elsewhere now, where there are any.

    Raises:
        Refused: Nobody knows which repositories there are.
        NotProven: systemd did not take the order.
    """
    declared = (root / repository.HOME / repository.FILE).exists()
    if declared and any(each.takes_dumps for each in repository.load(root, owner)):
        commands.must(run_it, ["systemctl", "start", "--no-block", UNIT])
