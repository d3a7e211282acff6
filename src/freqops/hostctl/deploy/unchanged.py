"""``freqops-host manifest``: whether a host is exactly as the last good deploy left it, and at work.

Files are compared with the manifest; what runs is read back: the services, the containers, and every bot.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from freqops.core.base import commands, machine
from freqops.core.base.clock import Clock
from freqops.core.base.errors import FreqopsError
from freqops.core.bot import layout
from freqops.core.bot.status_table import problems_of_bots
from freqops.core.deploy import host_manifest
from freqops.core.halt import holds
from freqops.core.hardening import nft
from freqops.core.hardening.guard import Guard

from ..bot import stopped
from ..bot.engine import Engine
from ..bot.status import status
from . import compiled
from .host_problems import host_problems
from .postgres_problems import postgres_problems
from .switch_files import SwitchFiles

TOOL = Path("/usr/local/bin/freqops-host")


def compare(wanted: str, host_wanted: str, root: Path, clock: Clock, engine: Engine) -> dict[str, Any]:
    """Return whether the host is unchanged, its differences, those of the host itself, and the status of every bot.

    Args:
        wanted: The fingerprint of what is wanted now.
        host_wanted: The fingerprint of what is wanted of the host itself.
        root: The tree of freqops.
        clock: The source of the time.
        engine: The container engine.
    """
    before, now = host_manifest.load(root), host_manifest.taken(wanted, host_wanted, root)
    found, host_differs = host_manifest.differences(before, now), host_manifest.host_differs(before, now, root)
    of_host, of_postgres = host_problems(clock), postgres_problems(root, engine)
    answer = {**status(layout.homes(root), clock, engine), "host_problems": [*of_host, *of_postgres]}
    host_found = [] if host_differs else [*of_host, *_firewall(), *_compiled()]
    if not host_differs:  # else the host itself is gone through, and may have no engine yet
        found += [*host_found, *of_postgres, *_containers(root, engine)]
        found += [*_switches(root), *_laid_out(root), *problems_of_bots(answer)]
    same = {"same": not found, "ground_same": not host_differs and not host_found}
    return {**same, "machine": machine.identity(), "differences": found, **answer}


def write(wanted: str, host_wanted: str, root: Path) -> None:
    """Write down that the host is now as it was wanted."""
    host_manifest.store(host_manifest.taken(wanted, host_wanted, root), root)


def _compiled() -> list[str]:
    """Return whether this command is not compiled for the Python that runs it: a newer Python came with the system."""
    place = compiled.directory(TOOL)
    return [] if place.is_dir() else [f"{TOOL} is not compiled for this host's Python: {place} is missing"]


def _firewall() -> list[str]:
    """Return whether the kernel has other rules than those that the next boot would load."""
    ours = nft.Firewall(commands.run, Guard("firewall", commands.run))
    if not nft.RULES.exists():
        return []
    return (
        []
        if ours.live() == ours.normal(nft.RULES.read_text())
        else ["the firewall in force is not the one on the disk"]
    )


def _containers(root: Path, engine: Engine) -> list[str]:
    """Return the containers of bots that do not run and should; `status` has what is wrong with those that do.

    A bot that is held at level 3, or stopped by plan, should not.
    """
    wanted, found = list[str](), list[str]()
    for home in layout.homes(root):
        try:
            bot = layout.load_bot(home)
            rests = holds.effective_level(bot.holds) >= holds.HARD or stopped.plan_of(home) is not None
            wanted += [] if rests else [bot.container]
        except FreqopsError as error:
            found.append(str(error))
    present = engine.containers_called(wanted)
    for name in wanted:
        container = present.get(name)
        if container is None or container.status != "running":
            found.append(f"{name} is {container.status if container else 'gone'}")
    return found


def _switches(root: Path) -> list[str]:
    return [f"{home.name}: a switch is not over" for home in layout.homes(root) if SwitchFiles(home).unfinished]


def _laid_out(root: Path) -> list[str]:
    return [f"{home.name} was laid out and never installed" for home in layout.laid_out(root)]
