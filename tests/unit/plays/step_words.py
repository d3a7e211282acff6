"""The conditions of steps that refuse words, as Ansible evaluates them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

STEPS = Path(__file__).resolve().parents[3] / "playbooks" / "steps"


def tasks(name: str) -> list[dict[str, Any]]:
    """Return the tasks of a file of steps."""
    return list(DataLoader().load_from_file(str(STEPS / f"{name}.yml"), trusted_as_template=True))


def refusals(name: str, given: dict[str, Any]) -> list[str]:
    """Return what the steps refuse; Ansible resolves the text of each refusal, also of one that is not said."""
    said = []
    for task in tasks(name):
        templar = Templar(loader=DataLoader(), variables={**given, **task.get("vars", {})})
        asked = task["ansible.builtin.assert"]
        conditions = asked["that"] if isinstance(asked["that"], list) else [asked["that"]]
        text = str(templar.template(asked["fail_msg"]))
        if not all(templar.evaluate_conditional(condition) for condition in conditions):
            said.append(text)
    return said
