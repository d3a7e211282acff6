"""The words of rebuild_host.yml that do not go together, and which snapshot is meant by the latest."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from tests.unit.plays.step_words import refusals, tasks

RUN: dict[str, Any] = {
    "ansible_play_hosts_all": ["prod-1"], "inventory_hostname": "prod-1", "repository": "vault", "rebuild_live": [],
    "backup_repositories": [{"name": "vault", "at": "vault-1"}, {"name": "safe", "url": "/x", "secrets": True}],
}  # fmt: skip
LIVE = {**RUN, "rebuild_live": ["gamma"]}
ALPHA = {"incident": "20261130T141859Z-rebuild_host-8a198e", "since": "2026-11-30T14:19:31Z"}
BETA = {"incident": "20261130T151859Z-rebuild_host-000000", "since": "2026-11-30T15:19:02Z"}
OF_THE_ROLE = {**{name: value for name, value in RUN.items() if name != "backup_repositories"}, "repository": "local"}


@pytest.mark.parametrize("given", [RUN, {**LIVE, "fenced": "its key was deleted"}, OF_THE_ROLE])
def test_what_goes_together_is_not_refused(given: dict[str, Any]) -> None:
    assert refusals("rebuild_words", given) == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({**RUN, "ansible_play_hosts_all": ["prod-1", "paper-1"]}, "One host is rebuilt at a time"),
        ({**RUN, "repository": "local"}, "declares vault, and not local"),
        ({**RUN, "repository": "safe"}, "declares vault, and not safe"),
        ({**RUN, "backup_repositories": []}, "declares none, and not vault"),
    ],
)
def test_what_does_not_is_refused_with_why(given: dict[str, Any], text: str) -> None:
    assert any(text in said for said in refusals("rebuild_words", given))


@pytest.mark.parametrize("given", [LIVE, {**LIVE, "fenced": ""}])
def test_a_live_bot_needs_a_fence(given: dict[str, Any]) -> None:
    [said] = refusals("rebuild_words", given)
    assert "gamma trades live: should the lost host come back, two would trade with one account" in said


def meant(*held: dict[str, str], **given: Any) -> tuple[dict[str, str], str]:
    """Return the incidents and the snapshot on which a rebuild goes on."""
    [task] = [task for task in tasks("rebuild_moment") if "ansible.builtin.set_fact" in task]
    bots = ["alpha", "beta"][: len(held)]
    variables = {"rebuild_expected": {"results": list(held)}, "rebuild_bots": bots, **given}
    facts = Templar(loader=DataLoader(), variables=variables).template(task["ansible.builtin.set_fact"])
    return dict(facts["rebuild_incidents"]), str(facts["rebuild_snapshot"]).strip()


def test_the_latest_is_that_before_the_rebuild_began() -> None:
    assert meant(BETA, ALPHA)[1] == ALPHA["since"]
    assert meant(ALPHA, snapshot="latest")[1] == ALPHA["since"]
    assert meant() == ({}, "latest"), "a host without bots holds none"


def test_each_bot_is_restored_under_the_incident_that_holds_it() -> None:
    assert meant(ALPHA, BETA)[0] == {"alpha": ALPHA["incident"], "beta": BETA["incident"]}


def test_another_snapshot_that_was_named_is_meant() -> None:
    assert meant(ALPHA, snapshot="61bbe1f0")[1] == "61bbe1f0"
