"""Text that somebody may read, without the secrets of bots."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Callable

from ..base.durable import read_json
from ..logs import redaction
from ..logs.redaction import LONG, MARK, Redactor
from . import layout


def redact(text: str, bot: layout.Bot) -> str:
    """Return ``text`` without the secrets of ``bot``, in whatever form they stand there."""
    return _redactor(_secrets(bot)).known(text)


def redact_value(value: Any, bot: layout.Bot) -> Any:
    """Return what JSON can say without the secrets of ``bot``, name by name and value by value."""
    return _clean(value, _redactor(_secrets(bot)).known)


def redact_evidence(value: Any, secrets: Iterable[str]) -> Any:
    """Return evidence without secrets; its single words, by which it is understood, without the long ones alone.

    Args:
        value: What JSON can say.
        secrets: The secrets of all bots of the host.
    """
    known = frozenset(secrets)
    every, long = _redactor(known), _redactor(frozenset(secret for secret in known if len(secret) >= LONG))
    return _clean(value, lambda text: (every if " " in text else long).known(text))


def _clean(value: Any, known: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {known(str(name)): _clean(inner, known) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(inner, known) for inner in value]
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return MARK if known(str(value)) == MARK else value
    return known(str(value))


def _secrets(bot: layout.Bot) -> frozenset[str]:
    """Return every text in its files of secrets that nobody may read, the short ones that are called one, too."""
    files = (bot.conf / "secrets.json", bot.home / "staged" / "secrets.json", bot.leaked)
    documents = [read_json(path) for path in files]  # once each: every line of a journal comes here
    return frozenset(layout.secret_texts(documents)).union(*map(redaction.secrets_of, documents))


@lru_cache(maxsize=64)
def _redactor(secrets: frozenset[str]) -> Redactor:
    return Redactor(secrets)
