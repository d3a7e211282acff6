"""The secrets of a bot's own messengers: Telegram, a webhook, Discord; kept beside its configuration, not in it.

Freqtrade refuses a section ``telegram`` that has no token, no chat, or no word on whether it is enabled. A release may
be brought back without its section, or its section without secrets; so ``enabled`` stands with the token, too, and says
what was declared last.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

TELEGRAM, WEBHOOK, DISCORD = "telegram", "webhook", "discord"
SECTIONS: dict[str, tuple[str, ...]] = {
    TELEGRAM: ("token", "chat_id"),
    WEBHOOK: ("url",),
    DISCORD: ("webhook_url",),
}
ENABLED = "enabled"
TOKEN = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{30,100}")


def section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a messenger's section of a configuration, or nothing where it is none."""
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}


def enabled(config: Mapping[str, Any]) -> list[str]:
    """Return the messengers that a configuration turns on."""
    return [name for name in SECTIONS if section(config, name).get(ENABLED)]


def wanting(config: Mapping[str, Any], name: str) -> list[str]:
    """Return the settings that a messenger needs and that its section in the configuration lacks."""
    return [key for key in SECTIONS[name] if not section(config, name).get(key)]


def laid(present: Mapping[str, Any], given: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a bot's file of secrets with those of its messengers.

    What the file has of a messenger that is off, or that the inventory does not name, is kept: a release that is
    brought back may need it.

    Args:
        present: The content, with what is kept.
        given: The bot's entry in ``secrets_notify``.
        config: The configuration of the bot.
    """
    after = {**present, **{name: dict(secrets) for name, secrets in given.items()}}
    if TELEGRAM in after or TELEGRAM in config:
        said, on = section(config, TELEGRAM), TELEGRAM in enabled(config)
        unsaid = {key: "" for key in SECTIONS[TELEGRAM] if key not in said}
        kept = {**unsaid, **section(after, TELEGRAM)}
        if kept:
            after[TELEGRAM] = {**kept, ENABLED: on}
    return after


def missing(present: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    """Give the places of secrets that an enabled messenger needs and that stand nowhere, like ``telegram.token``."""
    for name in enabled(config):
        for key in wanting(config, name):
            if not section(present, name).get(key):
                yield f"{name}.{key}"


def unknown(given: Mapping[str, Any]) -> Iterator[str]:
    """Give the places in an entry of ``secrets_notify`` that are none: laid over the configuration, they change it."""
    for name, secrets in given.items():
        if name not in SECTIONS:
            yield str(name)
        elif not isinstance(secrets, Mapping):
            yield f"{name}, which is no mapping"
        else:
            yield from (f"{name}.{key}" for key in secrets if key not in SECTIONS[name])


def has(present: Mapping[str, Any], name: str) -> bool:
    """Return whether a file of secrets has all that a messenger needs."""
    found = section(present, name)
    return all(isinstance(found.get(key), str) and found[key] for key in SECTIONS[name])


def mark_of(token: object) -> str | None:
    """Return the SHA-256 of a token of Telegram, by which two are known to be the same, or None of anything else.

    It may leave the host and stand in an output: at least 30 characters of a token are the BotFather's dice, 180 bits,
    too many to be tried, so that a salt would add nothing. A text of another shape may be shorter, and gets no mark.
    """
    if not isinstance(token, str) or not TOKEN.fullmatch(token):
        return None
    return hashlib.sha256(token.encode()).hexdigest()


def is_another(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    """Return whether a messenger has all it needs, and is opened by something else: the chat of a token may stay."""
    opener = SECTIONS[name][0]
    return has(after, name) and section(after, name)[opener] != section(before, name).get(opener)


def target_of(url: str) -> str:
    """Return the part behind the host in the address of a webhook: libraries write it into logs without the host."""
    scheme, _, rest = url.partition("://")
    return f"/{rest.partition('/')[2]}" if scheme in ("http", "https") else ""
