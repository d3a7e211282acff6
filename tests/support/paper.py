"""Copies of the bot of paper-1 that keeps its records in SQLite: they need neither Postgres nor an account."""

from __future__ import annotations

from typing import Any

from tests.support import copied
from tests.support.copied import CopiedBot

HOST, MODEL = "paper-1", "beta"
OWN: dict[str, Any] = {
    "entry_pricing": {"price_side": "other"},
    "exit_pricing": {"price_side": "other"},
    "order_types": {
        "entry": "limit", "exit": "limit", "force_exit": "market", "stoploss": "limit", "stoploss_on_exchange": True,
    },
}  # fmt: skip


class PaperBot(CopiedBot):
    """One bot that trades on paper."""

    def __init__(self, number: int) -> None:
        super().__init__(HOST, f"copy-{number}", number, own=OWN)


def model() -> dict[str, Any]:
    """Return what the deployed bot was deployed with."""
    return copied.model_of(HOST, MODEL)
