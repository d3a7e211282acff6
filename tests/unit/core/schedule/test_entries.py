"""Entries of the calendar: what they may say, and that everything else is refused at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from freqops.core.base.errors import Refused
from freqops.core.schedule import entries
from freqops.plays import fleet

ROOT = Path(__file__).parents[4]
PLAYBOOKS: dict[str, dict[str, dict[str, Any]]] = {
    "backup": {"action": {"choices": ["run", "check"]}, "repository": {}},
    "drill": {"bots": {"required": True}},
    "status": {},
    "schedule": {},
}
ROW = {"name": "checks", "playbook": "backup", "when": "weekly"}


def real_playbooks() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what our playbooks really declare."""
    paths = (ROOT / "playbooks").glob("*.meta.yml")
    return {path.name.removesuffix(".meta.yml"): fleet.declared_inputs(path) for path in paths}


def test_the_jobs_that_are_there_by_default_name_playbooks_and_inputs_that_exist() -> None:
    rows = yaml.safe_load((ROOT / "roles/schedule/defaults/main.yml").read_text())["schedule_default_jobs"]
    found = entries.parse(rows, real_playbooks())
    assert {"status", "backup-check", "restore-drill"} <= {entry.name for entry in found}
    for entry in found:
        assert (ROOT / "playbooks" / f"{entry.playbook}.yml").is_file()
    assert not any(entry.vault for entry in found)


def test_an_entry_says_what_it_says_and_the_rest_is_as_always() -> None:
    [entry] = entries.parse([{**ROW, "inputs": {"action": "check"}, "limit": "paper-1", "jitter": None}], PLAYBOOKS)
    assert (entry.seconds, entry.jitter, entry.vault, entry.enabled) == (1800, 300, False, True)
    assert entry.deed == "backup -e action=check --limit paper-1"
    assert entry.alone
    assert not entries.Entry("a", "status", "hourly").alone


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({**ROW, "wen": "daily"}, "job checks: unknown key 'wen'"),
        ({"name": "checks", "when": "weekly"}, "it has no playbook"),
        ({**ROW, "playbook": "bakcup"}, "there is no playbook 'bakcup'; there are backup, drill"),
        ({**ROW, "playbook": "../backup"}, "there is no playbook"),
        ({**ROW, "playbook": "schedule"}, "does not run in the calendar"),
        ({**ROW, "playbook": "drill"}, "drill.yml needs the input bots"),
        ({**ROW, "inputs": {"acton": "run"}}, "has no input 'acton'; it has action, repository"),
        ({**ROW, "inputs": {"action": "delete"}}, "allowed are run, check"),
        ({**ROW, "inputs": {"repository": 1}}, "put it in quotes"),
        ({**ROW, "inputs": {"repository": "{{ lookup('pipe', 'id') }}"}}, "one line of plain text"),
        ({**ROW, "inputs": {"repository": "a\nb"}}, "one line of plain text"),
        ({**ROW, "name": "Checks"}, "is not of the form"),
        ({**ROW, "name": "a/../../b"}, "is not of the form"),
        ({**ROW, "when": "daily\nExecStart=/bin/sh"}, "is not of the form"),
        ({**ROW, "limit": "--tags=x"}, "limit '--tags=x'"),
        ({**ROW, "limit": "a b"}, "limit 'a b'"),
        ({**ROW, "seconds": 9}, "allowed are 10 to"),
        ({**ROW, "seconds": True}, "seconds is not a whole number"),
        ({**ROW, "seconds": "60"}, "seconds is not a whole number"),
        ({**ROW, "jitter": -1}, "jitter is -1"),
        ({**ROW, "vault": "yes"}, "vault is not true or false"),
        ("backup", "the job at place 1: it is no map"),
    ],
)
def test_what_is_no_entry_is_refused(row: Any, said: str) -> None:
    with pytest.raises(Refused) as refused:
        entries.parse([row], PLAYBOOKS)
    assert said in str(refused.value)


def test_every_reason_is_said_at_once_and_no_name_stands_twice() -> None:
    with pytest.raises(Refused, match=r"unknown key.*needs the input bots"):
        entries.parse([{**ROW, "x": 1}, {**ROW, "playbook": "drill"}], PLAYBOOKS)
    with pytest.raises(Refused, match="2 jobs are called checks"):
        entries.parse([ROW, ROW], PLAYBOOKS)


def test_an_entry_of_the_inventory_replaces_the_default_of_its_name() -> None:
    default, other = {**ROW, "when": "daily"}, {**ROW, "name": "other"}
    assert entries.merged([default, other], [ROW]) == [other, ROW]
    assert entries.merged([default], []) == [default]
