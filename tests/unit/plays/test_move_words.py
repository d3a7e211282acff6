"""The words of migrate_host.yml that do not go together, by the conditions of its steps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plays.step_words import refusals

RUN: dict[str, Any] = {
    "from_host": "prod-1", "inventory_hostname": "paper-1", "move_bots": ["gamma"], "move_action": "run",
    "groups": {"all": ["paper-1", "prod-1"]}, "hostvars": {"prod-1": {"freqtrade_bots": []}, "paper-1": {}},
}  # fmt: skip
DECLARED = {"prod-1": {"freqtrade_bots": [{"name": "gamma"}, {"name": "delta"}]}}


@pytest.mark.parametrize(
    "given",
    [
        RUN,
        {**RUN, "inventory_hostname": "prod-1", "move_bots": []},
        {**RUN, "move_action": "undo", "incident": "one"},
        {**RUN, "hostvars": {"prod-1": {"freqtrade_bots": [{"name": "delta"}]}}},
        {**RUN, "hostvars": {"prod-1": {}}},
    ],
)
def test_what_goes_together_is_not_refused(given: dict[str, Any]) -> None:
    assert refusals("move_words", given) == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({**RUN, "from_host": "prod-2", "hostvars": {"prod-2": {}}}, "known are paper-1, prod-1"),
        ({**RUN, "inventory_hostname": "prod-1"}, "another one of the inventory than the one that declares them now"),
        ({**RUN, "hostvars": DECLARED}, "prod-1 declares gamma, too"),
        ({**RUN, "incident": "one"}, "no other action has one"),
        ({**RUN, "move_action": "undo"}, "action=undo needs the incident="),
    ],
)
def test_what_does_not_is_refused_with_why(given: dict[str, Any], text: str) -> None:
    assert any(text in said for said in refusals("move_words", given))
