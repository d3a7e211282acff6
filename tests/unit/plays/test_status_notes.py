"""Bots that a host has and the inventory does not: named by status, and no failure."""

from __future__ import annotations

from typing import Any

from action_plugins import freqops_status
from freqops.fleet.fanout import Answer


def notes(there: list[str], declared: list[str]) -> list[str]:
    document: dict[str, Any] = {"bots": [{"bot": bot} for bot in there]}
    return freqops_status._undeclared(Answer("paper-1", document, None), declared)


def test_a_bot_that_the_inventory_no_longer_has_is_named() -> None:
    [note] = notes(["alpha", "old"], ["alpha"])
    assert note.startswith("paper-1: old is not in the inventory")


def test_what_both_have_needs_no_note() -> None:
    assert notes(["alpha"], ["alpha", "beta"]) == []
