"""Releases of bots beyond the newest that the policy keeps, with their dumps and images; deploy does so, too.

What runs stays, and what a note names: a promotion, a switch that is not over, a hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.bot.layout import Home
from freqops.core.deploy import deploy_lock
from freqops.core.deploy.release import DECLARATION
from freqops.core.retention.things import RELEASES, Thing

from ..deploy import switch_files
from ..deploy.switch_files import SwitchFiles
from ..runs import trees
from . import cited
from .host import Host

LOCK = "retention"  # by which the deploy lock knows it, so that the next one takes over from one that was killed
LOCK_SECONDS = 10.0


def look(host: Host, problems: list[str]) -> Iterator[Thing]:
    """Yield the releases that may go, and the dumps that lie beside them.

    Args:
        host: This host.
        problems: Where to say what could not be looked at.
    """
    for home in host.homes():
        try:
            yield from _of(host, home)
        except OSError as error:
            problems.append(f"{RELEASES}: {home.name}: {error.strerror}")


def _of(host: Host, home: Path) -> Iterator[Thing]:
    files, notes = SwitchFiles(home), cited.by_notes(host.root, cited.OF_RELEASES)
    history = files.history()
    kept = _kept(host, home, history, notes)
    needs = _needs(host, home, history)
    for path in [path for path in files.superfluous(kept) if path.name != _runs(home)]:
        found = trees.measured(path)
        why = [found.foreign] if found.foreign else list(notes.needs(path.name)[:1])
        reason = f"it is none of the newest {host.policy.releases}"
        yield Thing(RELEASES, str(path.relative_to(host.root)), found.bytes, reason, (*needs, *why), home.name)


def _kept(host: Host, home: Path, history: list[dict[str, Any]], notes: cited.Cited) -> list[dict[str, Any]]:
    """Return the entries of the history that stay: the newest, what runs, and what a note names."""
    newest = history[-host.policy.releases :]
    runs = _runs(home)
    return [entry for entry in history if entry in newest or entry["release"] == runs or notes.needs(entry["release"])]


def _runs(home: Path) -> str:
    document = durable.read_json(home / DECLARATION)
    return str(document.get("release", "")) if isinstance(document, dict) else ""


def _needs(host: Host, home: Path, history: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return why no release of a bot may go now."""
    holder = deploy_lock.present(host.root)
    if holder is not None and holder.id != LOCK:
        return (f"a deploy may need it: {holder.described}",)
    if Home(home).under_way or SwitchFiles(home).unfinished:
        return ("a command on its bot is not over",)
    if not history or _runs(home) not in [entry["release"] for entry in history]:
        return ("its history does not name what runs, so what it needs is not known",)
    return ()


def remove(host: Host, thing: Thing) -> None:
    """Remove a release with its image, or a dump; the deploy lock and the lock of the bot are held meanwhile.

    The image goes first, then the entry in the history, then the files: whatever is cut off, the next removal finds it.

    Raises:
        Refused: Somebody deploys.
        NotProven: Another command works on the bot, it is needed by now, or it is still there.
        OSError: It cannot be removed.
    """
    path, home = host.root / thing.name, host.root / "bots" / thing.bot
    who = f"retention by {host.mandate.actor}"
    own = deploy_lock.DeployLock(LOCK, who, os.uname().nodename, os.getpid(), LOCK)
    deploy_lock.take(host.root, own, host.clock)
    try:
        with durable.locked(Home(home).lock, LOCK_SECONDS, host.clock) as mine:
            if not mine:
                raise NotProven("another command is working on its bot")
            if thing not in list(_of(host, home)):
                raise NotProven("it is needed by now, or was changed")
            _remove(host, home, path)
    finally:
        deploy_lock.give_back(host.root, LOCK, host.clock)
    if path.exists() or path.name in [entry["release"] for entry in SwitchFiles(home).history()]:
        raise NotProven("it was removed, and is still there")


def _remove(host: Host, home: Path, path: Path) -> None:
    files = SwitchFiles(home)
    if path.parent.name == "release":
        for image in sorted(switch_files.images(host.root) - switch_files.images(host.root, without=(path,))):
            host.engine.remove_image(image)
        files.keep_only([entry for entry in files.history() if entry["release"] != path.name])
    files.take_away([path])
