"""Strategies of a fleet: what real hosts answer, in one table and on one page, and each way in which it is not done."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_strategies
from freqops.core.runs import strategy_order
from freqops.fleet import fanout
from freqops.hostctl import cli
from freqops.hostctl.commands import given_order
from freqops.hostctl.commands import strategies as command
from freqops.plays import connections
from tests.support.patience import GIVE_UP
from tests.support.strategies_read import FACTS, broken, row
from tests.unit.hostctl.runs.read_strategies import IMAGE, Host, host_at

SOURCE = "from freqtrade.strategy import IStrategy\nclass Mine(IStrategy): ...\n"
VARIABLES = {"freqtrade_image": IMAGE, "freqtrade_config": {"exchange": {"name": "binance"}}}


class Fleet:
    """Hosts, each of which runs the real command; one that is None is not reached."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path) -> None:
        self.patch, self.capsys, self.place = patch, capsys, place
        self.hosts: dict[str, Host | None] = {}
        self.spoil: dict[str, dict[str, Any]] = {}
        self.variables: dict[str, Any] = dict(VARIABLES)
        self.shown: list[str] = []
        self.words: list[list[str]] = []
        self.orders: list[dict[str, Any]] = []
        (place / "mine").mkdir()
        (place / "mine" / "Mine.py").write_text(SOURCE)

    @property
    def page(self) -> Path:
        return self.place / "runs" / "strategies.html"

    def host(self, name: str) -> Host:
        (self.place / name).mkdir()
        made = host_at(self.place / name, self.patch)
        (made.root / "user_data" / "logs").mkdir()
        self.patch.setattr("freqops.core.deploy.policy.HOME", f"{self.place}/")
        self.hosts[name] = made
        return made

    def answer(self, name: str, words: list[str], data: bytes) -> fanout.Said:
        host = self.hosts[name]
        assert host is not None
        self.words.append(words)
        self.orders.append(json.loads(data))
        self.patch.setattr(command, "RunEngine", lambda: host.engine)
        self.patch.setattr(given_order, "sys", SimpleNamespace(stdin=io.StringIO(data.decode())))
        self.capsys.readouterr()
        cli.main(words, host.root)
        return {**json.loads(self.capsys.readouterr().out), **self.spoil.get(name, {})}, None

    def run(self, *, check: bool = False, **given: Any) -> dict[str, Any]:
        def ask(
            _action: Any, _vars: Any, commands: Any, _patience: Any, _clock: Any, arrived: Any, *, data: Any
        ) -> Any:
            said = {name: self.answer(name, words, data[name]) for name, words in commands.items() if self.hosts[name]}

            def connect(name: str) -> Any:
                if name not in said:
                    raise fanout.Unreachable("no route")
                return lambda: said[name]

            hosts: Any = {name: lambda name=name: connect(name) for name in commands}
            return fanout.ask(hosts, GIVE_UP, arrived=arrived)

        self.patch.setattr(connections, "ask", ask)
        made = freqops_strategies.ActionModule.__new__(freqops_strategies.ActionModule)
        arguments = {"strategy_dir": str(self.place / "mine"), "output": str(self.page.parent), **given}
        made._task = cast(Task, SimpleNamespace(args=arguments, check_mode=check))
        self.shown.clear()
        variables = {name: {"inventory_dir": str(self.place), **self.variables} for name in self.hosts}
        return made.run(None, {"hostvars": variables, "ansible_play_hosts_all": list(self.hosts)})


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Fleet:
    made = Fleet(monkeypatch, capsys, tmp_path)
    monkeypatch.setattr(command, "IN_SESSION", False)
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda _self, text, *_, **__: made.shown.extend(text.split("\n")))
    return made


@pytest.fixture
def two(fleet: Fleet) -> Fleet:
    fleet.host("one")
    fleet.host("two")
    return fleet


def rows_of(fleet: Fleet, name: str) -> list[Any]:
    host = fleet.hosts[name]
    assert host is not None
    return host.rows()


def test_they_are_read_on_each_host_and_again_nothing_changes(two: Fleet) -> None:
    done = two.run()
    assert (done.get("failed"), done["changed"], done["pages"]) == (None, True, [str(two.page)])
    table = [line.split() for line in two.shown if line.startswith(("one", "two"))]
    assert table == [
        [name, "Mine", "5m", "-10.00%,", "trailing", "yes", "yes", "1", "new", "yes"] for name in ("one", "two")
    ]
    assert [kept["class_name"] for name in ("one", "two") for kept in rows_of(two, name)] == ["Mine", "Mine"]
    assert "Mine on two" in two.page.read_text()
    [order, _] = [strategy_order.parsed(each) for each in two.orders]
    assert order.files["strategies/Mine.py"] == SOURCE.encode()
    assert "python/freqops/strategy/entry_gate.py" in order.files
    assert (order.image, order.bot, order.classes, len(order.packages)) == (IMAGE, "", (), 16)
    before = two.page.read_bytes()
    again = two.run()
    assert (again.get("failed"), again["changed"]) == (None, False)
    assert two.page.read_bytes() == before


def test_one_that_cannot_be_read_fails_and_the_others_are_written(two: Fleet) -> None:
    host = two.hosts["two"]
    assert host is not None
    host.says(row(), broken())
    done = two.run()
    assert done["failed"]
    assert done["msg"].startswith("NOT ALL DONE: two: Broken: ModuleNotFoundError")
    assert [kept["status"] for kept in rows_of(two, "two")] == ["read", "not read"]
    assert any(line.startswith("NOT DONE two: Broken") for line in two.shown)
    assert "ModuleNotFoundError" in two.page.read_text()
    assert [each["class"] for each in done["strategies"]["two"]] == ["Mine", "Broken"]


def test_a_check_says_what_would_be_written_and_writes_nothing(two: Fleet) -> None:
    done = two.run(check=True)
    assert (done.get("failed"), done["changed"], done["pages"]) == (None, True, [])
    assert two.shown[-1] == "NOTHING WRITTEN: this was a check"
    assert not two.page.parent.exists()
    assert rows_of(two, "one") == []
    two.run()
    assert two.run(check=True)["changed"] is False


def test_a_host_that_does_not_tell_fails_and_the_page_says_so(two: Fleet) -> None:
    two.hosts["three"] = None
    done = two.run()
    assert done["failed"]
    assert "three: unreachable: no route" in done["msg"]
    assert "no route" in two.page.read_text()


@pytest.mark.parametrize(
    "spoil",
    [
        {"changed": False}, {"strategies": []}, {"strategies": [{}]},
        {"strategies": [{**row(), "row": "", "wrong": ""}]},
        {"looked": True}, {"strategies": [{**row(), "row": "perhaps", "wrong": ""}]}, {"freqtrade": None},
        {"others": [1]},
        {"strategies": [{**row(facts={**FACTS, "stoploss": "x"}), "row": "new", "wrong": ""}]},
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_not_done(two: Fleet, spoil: dict[str, Any]) -> None:
    two.spoil["two"] = spoil
    done = two.run()
    assert done["failed"], done
    assert "two: " in done["msg"]


def test_a_host_that_wrote_in_a_check_or_says_nothing_of_one_is_not_done(two: Fleet) -> None:
    two.spoil["two"] = {"looked": False}
    assert "it says that it did not only look" in two.run(check=True)["msg"]
    two.spoil.clear()
    done = two.run(strategy="Mine,Absent")
    assert "one: Absent: no file has a class of that name" in done["msg"]
    two.spoil["two"] = {"strategies": [{**row(), "row": "unchanged", "wrong": ""}], "changed": False}
    assert "it says nothing of Absent" in two.run(strategy="Mine,Absent")["msg"]


def test_what_its_registry_did_not_take_is_not_done(two: Fleet) -> None:
    two.spoil["two"] = {"strategies": [{**row(), "row": "new", "wrong": "read back, it differs: risk_json"}]}
    done = two.run()
    assert "two: Mine: NOT WRITTEN: read back, it differs: risk_json" in done["msg"]


def test_parameters_that_nothing_reads_are_not_done(two: Fleet) -> None:
    (two.place / "mine" / "Old.json").write_text('{"strategy_name": "Old", "params": {}}')
    done = two.run()
    assert done["failed"]
    assert "Old.json has parameters that nothing reads" in done["msg"]
    assert rows_of(two, "one"), "the others are written all the same"


def test_what_a_bot_runs_is_its_own(two: Fleet) -> None:
    done = two.run(bot="alpha", strategy_dir="")
    assert done["failed"], "no host has such a bot"
    assert [(order["bot"], order["files"], order["image"]) for order in two.orders] == [("alpha", {}, "")] * 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"bot": "alpha"}, "either bot or strategy_dir"), ({"bot": "../x", "strategy_dir": ""}, "not the name of one"),
        ({"strategy": "a b"}, "names of classes"), ({"strategy": "A,A"}, "none of them twice"),
        ({"strategy_dir": "/nowhere"}, "there are no files of a strategy"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_before_any_host_is_asked(two: Fleet, given: dict[str, Any], why: str) -> None:
    done = two.run(**given)
    assert done["failed"]
    assert done["msg"].startswith("REFUSED, nothing ran: ")
    assert why in done["msg"]
    assert two.orders == []


def test_without_an_image_nothing_runs(two: Fleet) -> None:
    two.variables.pop("freqtrade_image")
    assert "names no freqtrade_image" in two.run()["msg"]


def test_a_page_that_cannot_be_written_is_not_done(two: Fleet) -> None:
    two.page.parent.write_text("a file in its place")
    done = two.run()
    assert done["failed"]
    assert "the page was not written" in done["msg"]
