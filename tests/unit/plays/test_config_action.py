"""The configuration of a fleet: what is shown, what is written, and an odd answer as the error of its host."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible import context
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_config
from freqops.fleet import fanout
from freqops.plays import connections
from tests.support.patience import GIVE_UP

BOT = {"name": "alpha", "mode": "paper", "strategy": "S"}
ROW: dict[str, Any] = {
    "bot": "alpha", "release": "f00", "values": [{"path": ["dry_run"], "value": True, "said": "release"}],
}  # fmt: skip
LINE = "    dry_run: true  # its declaration"


class Play:
    """The action over hosts that say what they are told to say, each with the bot alpha."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shown: list[str] = []
        self.asked: list[Any] = []
        self.says: dict[str, Any] = {"one": {"bots": [ROW]}}
        self.bots: Any = [BOT]
        monkeypatch.setattr(ActionBase, "run", lambda *_: {})
        monkeypatch.setattr(Display, "display", lambda _self, text, *_: self.shown.append(text))
        monkeypatch.setattr(context, "CLIARGS", {"subset": None})
        monkeypatch.setattr(connections, "ask", self._ask)

    def _ask(self, _action: Any, _vars: Any, commands: Any, _patience: Any, _clock: Any, arrived: Any) -> Any:
        self.asked.append(commands)
        hosts: Any = {host: lambda host=host: lambda: (self.says[host], None) for host in commands}
        return fanout.ask(hosts, GIVE_UP, arrived=arrived)

    def run(self, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        action = freqops_config.ActionModule.__new__(freqops_config.ActionModule)
        action._task = cast(Task, SimpleNamespace(args={"bots": "alpha", **arguments}, check_mode=check))
        hosts = {host: {"freqtrade_bots": self.bots} for host in self.says}
        names = list(hosts)
        play = {"ansible_play_hosts": names, "ansible_play_hosts_all": names, "groups": {"all": names}}
        return action.run(None, {"hostvars": hosts, "ansible_inventory_sources": [], **play})


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    return Play(monkeypatch)


def test_it_shows_each_value_with_its_origin_and_changes_nothing(play: Play) -> None:
    result = play.run()
    assert (result["changed"], "failed" in result) == (False, False)
    assert play.shown[0].splitlines()[1:4] == ["one:", "  alpha:  # release f00", LINE]
    assert play.asked == [{"one": ["config", "alpha"]}]


def test_it_writes_them_where_it_is_asked_to_and_a_second_time_changes_nothing(play: Play, tmp_path: Path) -> None:
    target = tmp_path / "config.yml"
    assert play.run(check=True, to=str(target))["changed"] is False
    assert not target.exists()
    assert [play.run(to=str(target))["changed"] for _ in range(2)] == [True, False]
    assert LINE in target.read_text().splitlines()
    assert oct(target.stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    "junk",
    [
        {}, {"bots": 5}, {"bots": [ROW, ROW]}, {"bots": []}, {"refused": "unknown command"},
        {"bots": [{**ROW, "values": [{"path": "dry_run", "value": 1, "said": "x"}]}]},
    ],
    ids=str,
)  # fmt: skip
def test_an_odd_answer_is_the_error_of_its_host(play: Play, junk: dict[str, Any]) -> None:
    play.says = {"bad": junk, "good": {"bots": [ROW]}}
    result = play.run()
    assert (result["failed"], result["msg"].startswith("NOT ALL READ: bad: alpha: ")) == (True, True)
    assert LINE in result["lines"]


def test_no_host_puts_a_line_of_its_own_on_the_screen(play: Play) -> None:
    evil = {"path": ["a\nall: well\x1b[2J"], "value": "b\nc", "said": "release"}
    play.says = {"one": {"bots": [{**ROW, "values": [evil]}]}}
    play.run()
    assert not any(line.startswith(("all:", "c")) for line in play.shown[0].splitlines())
    assert "\x1b" not in play.shown[0]


def test_an_unknown_bot_is_refused_before_a_host_is_asked(play: Play) -> None:
    result = play.run(bots="gamma")
    assert (result["failed"], "unknown bot 'gamma'" in result["msg"], play.asked) == (True, True, [])


def test_an_inventory_that_cannot_be_read_is_refused(play: Play) -> None:
    play.bots = [{"name": "alpha"}]
    result = play.run()
    assert (result["failed"], "cannot be read from the inventory" in result["msg"], play.asked) == (True, True, [])
