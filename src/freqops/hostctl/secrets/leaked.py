"""Secrets that leaked and were replaced: kept, readable by root alone, until they are proven to open nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout, notify_secrets

API, EXCHANGE = "api", "exchange"
MESSENGERS = tuple(notify_secrets.SECTIONS)
KINDS = (API, EXCHANGE, *MESSENGERS)
PRIVATE_DIRECTORY, PRIVATE = 0o700, 0o400
CONTAINER_OWNER = (layout.CONTAINER_UID, layout.CONTAINER_UID)
READABLE_BY_GROUP, TOOL_MODE = 0o750, 0o555

Leaked = dict[str, list[dict[str, Any]]]


def load(bot: layout.Bot) -> Leaked:
    """Return the leaked secrets that are not proven shut, by kind.

    Raises:
        NotProven: The file cannot be understood, so it is not known what is still to be proven.
    """
    if not bot.leaked.exists():
        return {kind: [] for kind in KINDS}
    document = durable.read_json(bot.leaked)
    if not isinstance(document, dict) or not all(isinstance(document.get(kind, []), list) for kind in KINDS):
        raise NotProven(f"{bot.leaked} cannot be understood; remove it once these secrets are known to open nothing")
    return {kind: [dict(entry) for entry in document.get(kind, [])] for kind in KINDS}


def add(bot: layout.Bot, kind: str, secrets: dict[str, Any]) -> None:
    """Write down that ``secrets`` leaked, before they are replaced: a crash in between forgets none."""
    leaked = load(bot)
    if secrets not in leaked[kind]:
        leaked[kind].append(secrets)
        _store(bot, leaked)


def forget(bot: layout.Bot, kind: str, secrets: dict[str, Any]) -> None:
    """Forget the secrets that are proven to open nothing."""
    leaked = load(bot)
    leaked[kind] = [entry for entry in leaked[kind] if entry != secrets]
    if any(leaked.values()):
        _store(bot, leaked)
    else:
        bot.leaked.unlink(missing_ok=True)
        durable.sync_directory(bot.leaked.parent)


def _store(bot: layout.Bot, leaked: Leaked) -> None:
    bot.leaked.parent.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    durable.write_json(bot.leaked, leaked, PRIVATE)


@contextmanager
def asking_with(bot: layout.Bot, exchange: dict[str, Any]) -> Iterator[Path]:
    """Give a directory by which the exchange is asked with a key that leaked; it is gone after the block."""
    place = bot.leaked.parent / "asked"
    secrets, tool = place / "secrets.json", place / "freqops-host"
    place.parent.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    place.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
    try:
        present = durable.read_json(bot.conf / secrets.name)
        durable.write_json(secrets, {**present, "exchange": exchange}, PRIVATE, CONTAINER_OWNER)
        durable.write_atomic(tool, (bot.conf / tool.name).read_bytes(), TOOL_MODE)
        os.chown(place, -1, CONTAINER_OWNER[1])
        place.chmod(READABLE_BY_GROUP)
        yield place
    finally:
        for path in (secrets, tool):
            path.unlink(missing_ok=True)
        place.rmdir()
