"""The calendar in status: that of the control node, or that of the hosts of group monitoring, and never silence."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_status
from freqops.core.schedule import of_machine
from tests.unit.plays.test_fleet_action import STATUS, run


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[Any]]:
    """What is shown, and for which inventories this machine was asked."""
    lines: list[str] = []
    asked: list[Any] = []

    def look(_run: Any, _now: Any, inventories: Any) -> tuple[list[str], list[str]]:
        asked.append(inventories)
        return ["job a: red"], ["job a: said"]

    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda _self, text, *_: lines.extend(text.splitlines()))
    monkeypatch.setattr(of_machine, "look", look)
    return lines, asked


def grouped(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """Put hosts into the group."""
    before = freqops_status.ActionModule.declared

    def declared(self: Any) -> dict[str, list[str]]:
        self.variables["groups"]["monitoring"] = list(hosts)
        found = before(self)
        return {host: [] if host in hosts else bots for host, bots in found.items()}

    monkeypatch.setattr(freqops_status.ActionModule, "declared", declared)


def test_that_of_the_control_node_is_shown_and_what_is_wrong_with_it_fails(
    monkeypatch: pytest.MonkeyPatch, told: tuple[list[str], list[Any]]
) -> None:
    done = run(freqops_status, {"paper-1": STATUS}, monkeypatch, calendar=True)
    assert done["msg"] == "NOT ALL WELL: control node: job a: red"
    assert {"control node: job a: red", "control node: job a: said"} <= set(told[0])
    assert told[1] == [[]]  # the play has no inventory


def test_after_a_deploy_or_a_drill_nobody_asks_for_it(
    monkeypatch: pytest.MonkeyPatch, told: tuple[list[str], list[Any]]
) -> None:
    grouped(monkeypatch, "watch-1")
    done = run(freqops_status, {"paper-1": STATUS, "watch-1": STATUS}, monkeypatch)
    assert "failed" not in done
    assert (told[1], list(done["hosts"])) == ([], ["paper-1"])


def test_a_host_of_the_group_is_asked_though_it_has_no_bots_and_says_it_itself(
    monkeypatch: pytest.MonkeyPatch, told: tuple[list[str], list[Any]]
) -> None:
    grouped(monkeypatch, "watch-1")
    watch = {**STATUS, "bots": [], "host_problems": ["job b: overdue"]}
    done = run(freqops_status, {"paper-1": STATUS, "watch-1": watch}, monkeypatch, calendar=True)
    assert done["msg"] == "NOT ALL WELL: watch-1: job b: overdue"
    assert (told[1], sorted(done["hosts"])) == ([], ["paper-1", "watch-1"])


def test_a_host_of_the_group_without_a_calendar_is_named(
    monkeypatch: pytest.MonkeyPatch, told: tuple[list[str], list[Any]]
) -> None:
    grouped(monkeypatch, "watch-1")
    silent = {**STATUS, "bots": []}
    assert "failed" not in run(freqops_status, {"paper-1": STATUS, "watch-1": silent}, monkeypatch, calendar=True)
    assert f"watch-1: {of_machine.NONE}" in told[0]
    empty = {**silent, "host_notes": [of_machine.EMPTY]}
    told[0].clear()
    run(freqops_status, {"paper-1": STATUS, "watch-1": empty}, monkeypatch, calendar=True)
    assert f"watch-1: {of_machine.NONE}" not in told[0]
