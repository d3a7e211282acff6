"""``freqops-host security-check``: everything that a host sees of its own security, measured, and nothing changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from freqops.core.base import commands, plain_file, strict_json
from freqops.core.base.clock import Clock
from freqops.core.base.commands import Run
from freqops.core.base.kinds import Malformed
from freqops.core.bot import layout, notify_secrets
from freqops.core.security import answer as answers
from freqops.core.security import clock_drift, file_modes, items, passwords, row, sockets
from freqops.core.security.answer import Answer
from freqops.core.security.row import OK, UNKNOWN, Row
from freqops.core.security.sockets import Socket

from ..bot.engine import Engine
from . import host_facts, keys

MOST = 1024 * 1024
SUPERUSER = Path("postgres/secrets/superuser")
POSTGRES = Path("postgres/compose.yml")
NO_MACHINE = "no machine sees it"
NO_TELEGRAM = "it has no Telegram"


def bots_of(root: Path) -> dict[str, str]:
    """Return the mode of each bot of a host.

    Raises:
        BotUnreadable: A declaration cannot be read.
    """
    return {bot.name: bot.mode for bot in map(layout.load_bot, layout.homes(root))}


def measured(root: Path, clock: Clock, engine: Engine, system: Path = Path("/"), run: Run = commands.run) -> Answer:
    """Return the answer of a host: a row for each item that it can measure.

    Args:
        root: The tree of freqops.
        clock: The source of the time.
        engine: The container engine.
        system: The root of the file system.
        run: Runs a program.

    Raises:
        BotUnreadable: The declaration of a bot cannot be read: then nobody knows what is to be measured.
    """
    bots = [layout.load_bot(home) for home in layout.homes(root)]
    told = keys.asked(bots, clock, engine)
    of_images, published = host_facts.containers(engine)
    unique = row.accounts_judged({("this host", bot): mark for bot, mark in told.accounts.items()}, whole=False)
    rows = [
        *told.rows, *unique.values(), *(each for bot in bots for each in _of_bot(bot)),
        clock_drift.judged([*told.drifts, *host_facts.chrony(run)], told.problems),
        file_modes.of_host(root, system), _postgres(root), of_images, *host_facts.pending(run, system),
    ]  # fmt: skip
    made = Answer(rows, {bot.name: bot.mode for bot in bots}, told.accounts, _listening(published, system))
    return answers.whole(made, afar=False)


def _listening(published: Sequence[Socket] | None, system: Path) -> list[Socket] | None:
    """Return what listens beyond loopback; None where the kernel or the engine does not tell, or tells too much."""
    try:
        found = {*host_facts.listening(system), *(published or ())}
    except sockets.Unknown:
        return None
    return None if published is None or len(found) > sockets.MOST else sorted(found)


def _of_bot(bot: layout.Bot) -> Iterator[Row]:
    document = _secrets(bot)
    yield passwords.of_bot(bot.name, document)
    yield file_modes.of_bot(bot.home)
    yield _telegram(bot.name, document)
    if bot.is_live:
        yield Row(items.TWO_FACTORS, bot.name, UNKNOWN, NO_MACHINE, unseen=True)


def _telegram(bot: str, document: Any) -> Row:
    """Return whether somebody must say that the Telegram account is protected: where the bot takes commands there."""
    if not isinstance(document, dict):
        return Row(items.TELEGRAM, bot, UNKNOWN, "its secrets cannot be read")
    if notify_secrets.TELEGRAM not in document:
        return Row(items.TELEGRAM, bot, OK, NO_TELEGRAM)
    return Row(items.TELEGRAM, bot, UNKNOWN, NO_MACHINE, unseen=True)


def _secrets(bot: layout.Bot) -> Any:
    """Return the content of a bot's file of secrets; None where it cannot be read."""
    try:
        return strict_json.load(bot.conf / "secrets.json", MOST)
    except Malformed:
        return None


def _postgres(root: Path) -> Row:
    there = (root / POSTGRES).exists() or (root / SUPERUSER).exists()
    try:
        return passwords.of_postgres(plain_file.read(root / SUPERUSER, MOST).decode(), there=there)
    except (FileNotFoundError, plain_file.NotRead, UnicodeDecodeError):
        return passwords.of_postgres(None, there=there)
