"""Text that somebody may read, without the secrets of a bot."""

from __future__ import annotations

from . import layout


def redact(text: str, bot: layout.Bot) -> str:
    """Return ``text`` without the secrets of ``bot``."""
    for secret in bot.secret_values():
        text = text.replace(secret, "[secret]")
    return text
