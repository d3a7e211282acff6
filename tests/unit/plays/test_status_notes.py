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


def test_what_a_host_only_says_of_its_bots_is_named_and_an_older_host_says_nothing() -> None:
    row = {"bot": "alpha", "problems": [], "notes": ["it is still coming up"]}
    answer = Answer("paper-1", {"bots": [row, {"bot": "beta", "problems": []}]}, None)
    assert freqops_status._notes(answer, ["alpha", "beta"]) == ["paper-1: alpha: it is still coming up"]
    assert freqops_status._notes(Answer("paper-1", None, "no answer"), ["alpha"]) == []


def test_what_both_have_needs_no_note() -> None:
    assert notes(["alpha"], ["alpha", "beta"]) == []
