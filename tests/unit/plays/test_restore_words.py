"""The words of restore.yml that do not go together, by the conditions of its steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from freqops.core.backup import parts
from tests.unit.plays.step_words import refusals

ROOT = Path(__file__).resolve().parents[3]
TRADES = {"restore_only": "trades", "bots": "alpha", "incident": "one", "snapshot": "latest"}
STATE = {"restore_only": "state,registry", "repository": "vault", "snapshot": "latest"}


@pytest.mark.parametrize(
    "given",
    [TRADES, {**TRADES, "repository": "vault", "from_bot": "beta", "fenced": "it is off"}, STATE,
     {**STATE, "bots": "alpha,beta", "incident": "one"}],
)  # fmt: skip
def test_what_goes_together_is_not_refused(given: dict[str, Any]) -> None:
    assert refusals("restore_words", given) == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({**STATE, "restore_only": "trades,state"}, "never together with other parts: restore each on its own"),
        ({**STATE, "restore_only": "state, trades"}, "never together with other parts: restore each on its own"),
        ({**TRADES, "incident": ""}, "for bots= under incident=, whose halt at level 3 is in force"),
        ({**TRADES, "bots": ""}, "for bots= under incident=, whose halt at level 3 is in force"),
        ({**TRADES, "from_bot": "beta", "bots": "alpha,beta"}, "name one bot in bots, not alpha,beta"),
        ({**STATE, "repository": ""}, "state,registry comes out of a repository: say which with repository="),
        ({**STATE, "from_bot": "beta"}, "from_bot and fenced do not belong there"),
        ({**STATE, "fenced": "it is off"}, "from_bot and fenced do not belong there"),
    ],
)
def test_what_does_not_is_refused_with_why(given: dict[str, Any], text: str) -> None:
    assert any(text in said for said in refusals("restore_words", given))


def test_the_inputs_name_every_part() -> None:
    document = DataLoader().load_from_file(str(ROOT / "playbooks" / "restore.meta.yml"))
    said = document["argument_specs"]["restore"]["options"]["only"]
    assert said["default"] == parts.TRADES
    assert all(part in said["description"] for part in parts.PARTS)
