"""The rules of a removal: its conditions, the files that it keeps, and the files that are freqops' on a host."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base import durable
from ..base.errors import Refused
from ..bot import layout
from ..deploy import host_manifest

KEPT = layout.REMOVED
NOTE = "removing.json"
# The files that are kept of a bot beside its databases, by patterns below its directory, and their modes.
OF_A_BOT = ("bot.json", "compose.yml", "releases.json", "sold.json", "promotion.json", "conf/secrets.json",
            "conf/holds.json", "staged/secrets.json", "release/*/**/*")  # fmt: skip
PRIVATE_FILE, PRIVATE_DIRECTORY = 0o400, 0o700
# The files that stay when the stack goes: the engine's own configuration, for the engine stays, too.
LEFT = ("etc/docker/daemon.json",)
# The files that go last, when nothing has to be asked of the host any more; the playbook takes them away.
LAST = (
    "usr/local/bin/freqops-host",
    "usr/local/bin/freqops-operator",
    "usr/local/lib/freqops/**/*",
    "etc/sudoers.d/freqops",
    "var/lib/freqops-halt/.ssh/*",
)
# The directories that stay below the tree of freqops: what was kept, the incidents, and the registry of runs.
STAYS = (KEPT, "incidents", "adopted", "user_data", "backup")
HOW = "sell first: killswitch.yml with level=2 on this bot, or flatten.yml where it is dead; then remove it"


@dataclass(frozen=True)
class Seen:
    """The objections to a removal, as far as they could be read; what could not be read was refused before.

    Attributes:
        bot: The bot.
        trades: The trades that are open, by who says so.
        exchange: The reasons why it is not flat on its exchange, a line each.
    """

    bot: str
    trades: Mapping[str, Sequence[str]] = field(default_factory=dict)
    exchange: Sequence[str] = ()


def objection(seen: Seen) -> str | None:
    """Return the reason why a bot may not be removed, None where it may."""
    found = [f"{who} has {', '.join(trades)} open" for who, trades in seen.trades.items() if trades]
    found += [f"on the exchange: {line}" for line in seen.exchange]
    return f"{seen.bot} was not touched: {'; '.join(found)}; {HOW}" if found else None


def kept_name(bot: str, now: datetime) -> str:
    """Return the name of the directory that keeps what a bot leaves behind."""
    return f"{bot}-{now:%Y%m%dT%H%M%SZ}"


def kept_before(root: Path, bot: str) -> list[str]:
    """Return the directories that keep what was left behind by removals of a bot, the newest last."""
    stamp = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"
    return sorted(str(path) for path in (root / KEPT).glob(f"{bot}-{stamp}") if path.is_dir())


def keep(home: Path, kept: Path) -> None:
    """Copy what is kept of a bot, readable by root alone.

    Raises:
        OSError: A file cannot be read or written.
    """
    for pattern in OF_A_BOT:
        for path in sorted(home.glob(pattern)):
            if path.is_file() and not path.is_symlink():
                target = kept / path.relative_to(home)
                target.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
                durable.write_atomic(target, path.read_bytes(), PRIVATE_FILE)


def read_back(home: Path, kept: Path) -> list[str]:
    """Return the files of a bot that are not kept as they are."""
    files = [path for pattern in OF_A_BOT for path in home.glob(pattern) if path.is_file() and not path.is_symlink()]
    return sorted(
        str(path.relative_to(home)) for path in files if not durable.same(path, kept / path.relative_to(home))
    )


def refuse_ambiguous(bots: Iterable[str], present: Mapping[str, Collection[str]], known: Collection[str]) -> None:
    """Refuse an unknown bot, and one that several hosts have.

    Args:
        bots: The bots that are to be removed.
        present: The bots that are on each host.
        known: The bots that some host has, had or declares.

    Raises:
        Refused: The text names the bot, and its hosts.
    """
    for bot in bots:
        hosts = [host for host in present if bot in present[host]]
        if len(hosts) > 1:
            raise Refused(f"{bot} is on {' and '.join(hosts)}; say with --limit from which of them to remove it")
        if not hosts and bot not in known:
            raise Refused(f"no host of this play has, had or declares a bot {bot}")


def outside(system: Path = Path("/")) -> list[Path]:
    """Return the files of freqops outside of its tree that go with the stack, but for those that go last."""
    found = {
        path
        for pattern in host_manifest.OUTSIDE
        if pattern not in (*LEFT, *LAST)
        for path in system.glob(pattern)
        if path.is_symlink() or path.is_file()
    }
    return sorted(found)


def resumable(note: Any, marks: Mapping[str, str]) -> Path | None:
    """Return the directory in which an interrupted removal secured everything, None where it must begin again.

    Args:
        note: Its note, as it lies on the disk.
        marks: The databases that are still there, each with its mark; one that changed since was not secured.
    """
    if not isinstance(note, dict) or not isinstance(note.get("marks"), dict):
        return None
    kept = Path(str(note.get("kept", "")))
    secured = all(note["marks"].get(name) == mark for name, mark in marks.items())
    return kept if secured and kept.is_dir() else None
