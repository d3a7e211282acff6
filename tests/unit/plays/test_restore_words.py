"""The words of restore.yml that do not go together, by the conditions of its steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from freqops.core.backup import parts

ROOT = Path(__file__).resolve().parents[3]
TASKS = DataLoader().load_from_file(str(ROOT / "playbooks" / "steps" / "restore_words.yml"), trusted_as_template=True)
TRADES = {"restore_only": "trades", "bots": "alpha", "incident": "one", "snapshot": "latest"}
STATE = {"restore_only": "state,registry", "repository": "vault", "snapshot": "latest"}


def refusals(given: dict[str, Any]) -> list[str]:
    """Return what the steps refuse; Ansible resolves the text of each refusal, also of one that is not said."""
    templar = Templar(loader=DataLoader(), variables=given)
    said = []
    for task in TASKS:
        asked = task["ansible.builtin.assert"]
        conditions = asked["that"] if isinstance(asked["that"], list) else [asked["that"]]
        text = str(templar.template(asked["fail_msg"]))
        if not all(templar.evaluate_conditional(condition) for condition in conditions):
            said.append(text)
    return said


@pytest.mark.parametrize(
    "given",
    [TRADES, {**TRADES, "repository": "vault", "from_bot": "beta", "fenced": "it is off"}, STATE,
     {**STATE, "bots": "alpha,beta", "incident": "one"}],
)  # fmt: skip
def test_what_goes_together_is_not_refused(given: dict[str, Any]) -> None:
    assert refusals(given) == []


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
    assert any(text in said for said in refusals(given))


def test_the_inputs_name_every_part() -> None:
    document = DataLoader().load_from_file(str(ROOT / "playbooks" / "restore.meta.yml"))
    said = document["argument_specs"]["restore"]["options"]["only"]
    assert said["default"] == parts.TRADES
    assert all(part in said["description"] for part in parts.PARTS)
