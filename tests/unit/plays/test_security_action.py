"""The security check of a fleet: what real hosts measure, judged together, shown, written and kept on each of them."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_security_check
from freqops.core.security import items, last
from freqops.fleet import fanout
from freqops.hostctl import cli
from freqops.hostctl.commands import given_order
from freqops.hostctl.commands import security_check as command
from freqops.hostctl.exchange import witness
from freqops.hostctl.security import measured
from freqops.plays import connections, fleet, reachable_ports
from tests.support.patience import GIVE_UP
from tests.unit.accounts import conversations
from tests.unit.hostctl.security.place import Place

TODAY = datetime.now(UTC).date()
MODES = {"alpha": "live", "beta": "paper"}


def said(about: str, bot: str = "", days: int = 30) -> dict[str, str]:
    until = (TODAY + timedelta(days=days)).isoformat()
    return {"about": about, "bot": bot, "says": "I looked at it myself", "by": "ann", "until": until}


class Fleet:
    """Hosts, each of which runs the real command; one that is None is not reached."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: Path) -> None:
        self.patch, self.capsys, self.place = patch, capsys, place
        self.hosts: dict[str, Place | None] = {}
        self.spoil: dict[str, dict[str, Any]] = {}
        self.declared: dict[str, dict[str, str]] = {}
        self.variables: dict[str, Any] = {"security_attestations": [said("2fa_exchange")]}
        self.shown: list[str] = []
        self.limited = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.sources = [str(place / "inventory")]
        (place / "inventory").mkdir()

    def host(self, name: str, account: str) -> Place:
        (self.place / name).mkdir()
        made = Place(self.place / name, self.patch)
        made.account.number = {"told": True, "id": account}
        self.hosts[name], self.declared[name] = made, dict(MODES)
        return made

    def answer(self, name: str, words: list[str], data: bytes | None) -> fanout.Said:
        host = self.hosts[name]
        assert host is not None
        self.patch.setattr(witness, "conversation", conversations(host.account))
        self.patch.setattr(measured, "measured", lambda *_: host.answer())
        self.patch.setattr(command, "Engine", lambda: host.engine)
        self.patch.setattr(given_order, "sys", SimpleNamespace(stdin=io.StringIO((data or b"").decode())))
        self.capsys.readouterr()
        cli.main(words, host.root)
        spoil = self.spoil.get(f"{name} {words[1]}", {})
        return {**json.loads(self.capsys.readouterr().out), **spoil}, None

    def run(self, *, check: bool = False) -> dict[str, Any]:
        def ask(
            _action: Any, _vars: Any, commands: Any, _patience: Any, _clock: Any, arrived: Any, data: Any = None
        ) -> Any:
            told = {
                name: self.answer(name, words, (data or {}).get(name))
                for name, words in commands.items()
                if self.hosts[name]
            }

            def connect(name: str) -> Any:
                if name not in told:
                    raise fanout.Unreachable("no route")
                return lambda: told[name]

            hosts: Any = {name: lambda name=name: connect(name) for name in commands}
            return fanout.ask(hosts, GIVE_UP, arrived=arrived)

        self.patch.setattr(connections, "ask", ask)
        self.patch.setattr(fleet, "lost", lambda _variables: [])
        action = freqops_security_check.ActionModule
        self.patch.setattr(action, "limited", self.limited)
        made = action.__new__(action)
        made._task = cast(Task, SimpleNamespace(args={"output": str(self.place / "out")}, check_mode=check))
        self.shown.clear()
        hostvars = {
            name: {
                "freqtrade_bots": [{"name": bot, "mode": mode} for bot, mode in self.declared[name].items()],
                "ansible_host": "127.0.0.1", "ansible_port": self.listener.getsockname()[1],
                "host_open_ports": [], **self.variables,
            }
            for name in self.hosts
        }  # fmt: skip
        variables = {"hostvars": hostvars, "ansible_play_hosts_all": list(self.hosts), "groups": {}}
        return made.run(None, {**variables, "ansible_inventory_sources": self.sources})

    def verdicts(self, done: dict[str, Any], item: str) -> dict[tuple[str, str], str]:
        return {(row["host"], row["bot"]): row["verdict"] for row in done["items"] if row["item"] == item}

    def kept(self, name: str) -> last.Last:
        host = self.hosts[name]
        assert host is not None
        return last.last(host.root, os.getuid())


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    made = Fleet(monkeypatch, capsys, tmp_path)
    monkeypatch.setattr(ActionBase, "run", lambda *_: {})
    monkeypatch.setattr(Display, "display", lambda _self, text, *_, **__: made.shown.extend(text.split("\n")))
    monkeypatch.setattr(reachable_ports, "is_here", lambda _address: False)
    made.host("one", "1")
    made.host("two", "2")
    with made.listener:
        yield made


def test_a_fleet_in_order_passes_and_each_host_keeps_it(two: Fleet) -> None:
    done = two.run()
    assert done.get("failed") is None, done.get("msg")
    assert {row["verdict"] for row in done["items"]} == {"ok", "attested"}
    assert two.verdicts(done, "2fa_exchange") == {("one", "alpha"): "attested", ("two", "alpha"): "attested"}
    assert len(done["items"]) == 2 * len([*items.of_host(MODES, afar=True)]) + 2
    for name in ("one", "two"):
        assert two.kept(name).passed("alpha")
        assert two.kept(name).passed("beta")
    page, document = (two.place / "out" / name for name in ("security_check.html", "security_check.json"))
    assert "all as it must be" in page.read_text()
    assert json.loads(document.read_text())["passed"] is True
    assert page.stat().st_mode & 0o777 == 0o600
    assert "host" in two.shown[-len(done["items"]) - 2], "the table comes last"
    assert any("at most 1 s apart" in line for line in two.shown)
    again = two.run()
    assert (again.get("failed"), again["changed"]) == (None, False)


def test_two_bots_of_the_fleet_on_one_account_are_both_red(two: Fleet) -> None:
    host = two.hosts["two"]
    assert host is not None
    host.account.number = {"told": True, "id": "1"}
    done = two.run()
    assert two.verdicts(done, "account_unique") == {("one", "alpha"): "red", ("two", "alpha"): "red"}
    assert "one: account_unique of alpha is red: its account is that of alpha on two, too" in done["msg"]
    assert not two.kept("one").passed("alpha")
    assert two.kept("one").passed("beta")


def test_each_red_item_is_listed_at_once_with_its_cure(two: Fleet) -> None:
    host = two.hosts["one"]
    assert host is not None
    host.account.rights["fields"] |= {"enableWithdrawals": True, "ipRestrict": False}
    (host.root / "bots" / "beta" / "conf" / "secrets.json").chmod(0o444)
    done = two.run()
    for part in ("key_rights of alpha is red", "key_bound of alpha is red", "bot_files of beta is red", "chmod 0400"):
        assert part in done["msg"]
    assert "lockout.yml -e what=exchange" in done["msg"]
    assert "two: " not in done["msg"]
    assert "key_rights of alpha is red" in (two.place / "out" / "security_check.html").read_text()
    assert any(line.startswith("NOT PASSED one: key_rights") for line in two.shown)


def test_a_host_that_does_not_answer_has_every_row_and_none_of_them_passes(two: Fleet) -> None:
    two.hosts["two"] = None
    done = two.run()
    of_two = [row for row in done["items"] if row["host"] == "two"]
    assert len(of_two) == len([*items.of_host(MODES, afar=True)])
    assert {row["verdict"] for row in of_two} == {"unknown"}, "nor is anything attested that nobody asked for"
    assert two.verdicts(done, "account_unique") == {("one", "alpha"): "unknown", ("two", "alpha"): "unknown"}
    assert "unreachable: no route" in done["msg"]


@pytest.mark.parametrize(
    "spoil",
    [{"passed": True}, {"rows": []}, {"rows": "x"}, {"bots": {}}, {"version": 7}, {"accounts": {"alpha": "all"}},
     {"rows": [{"item": "2fa_exchange", "bot": "alpha", "verdict": "attested", "evidence": "x", "unseen": True}]}],
)  # fmt: skip
def test_a_host_that_lies_or_says_nothing_does_not_pass(two: Fleet, spoil: dict[str, Any]) -> None:
    two.spoil["two --json"] = spoil
    done = two.run()
    assert done["failed"]
    assert "two: " in done["msg"]


def test_a_bot_that_the_host_calls_paper_and_the_inventory_live_is_measured_as_live(two: Fleet) -> None:
    two.declared["one"]["beta"] = "live"
    done = two.run()
    assert two.verdicts(done, "key_rights")["one", "beta"] == "unknown"
    two.declared["one"]["beta"] = "paper"
    two.declared["one"]["gamma"] = "paper"
    assert two.verdicts(two.run(), "passwords")["one", "gamma"] == "unknown", "it is not deployed"


def test_what_nobody_attests_or_somebody_no_longer_does_not_pass(two: Fleet) -> None:
    for statements in ([], [said("2fa_exchange", days=-1)], [said("2fa_exchange", bot="beta")], [said("2fa_telegram")]):
        two.variables["security_attestations"] = statements
        done = two.run()
        assert two.verdicts(done, "2fa_exchange")["one", "alpha"] == "unknown"
        assert not two.kept("one").passed("alpha")


def test_a_measurement_is_not_attested_away(two: Fleet) -> None:
    host = two.hosts["one"]
    assert host is not None
    host.account.rights["fields"]["enableMargin"] = True
    two.variables["security_attestations"] = [said(item) for item in items.ATTESTED]
    two.variables["security_waivers"] = [said(item) for item in items.WAIVED]
    done = two.run()
    assert two.verdicts(done, "key_rights")["one", "alpha"] == "red"
    host.account.mute.add("rights")
    assert two.verdicts(two.run(), "key_rights")["one", "alpha"] == "unknown"


def test_a_waiver_lets_pass_what_it_names_until_its_day(two: Fleet) -> None:
    host = two.hosts["one"]
    assert host is not None
    host.said.pop("env")
    assert two.run()["failed"]
    two.variables["security_waivers"] = [said("updates")]
    done = two.run()
    assert done.get("failed") is None, done["msg"]
    assert two.verdicts(done, "updates")["one", ""] == "waived"
    assert "ann, until" in (two.place / "out" / "security_check.html").read_text()
    assert two.kept("one").passed("alpha")


@pytest.mark.parametrize(
    ("name", "value"),
    [("security_attestations", "yes"), ("security_attestations", [said("key_rigths")]),
     ("security_attestations", [{**said("2fa_exchange"), "until": "2999-01-01"}]),
     ("security_waivers", [said("key_rights")]), ("security_waivers", [{"about": "clock"}])],
)  # fmt: skip
def test_a_statement_that_is_none_is_refused_before_any_host_is_asked(two: Fleet, name: str, value: object) -> None:
    two.variables[name] = value
    done = two.run()
    assert done["msg"].startswith("REFUSED, nothing ran: one: ")
    assert not (two.place / "out").exists()


def test_a_port_that_answers_is_red(two: Fleet) -> None:
    host = two.hosts["one"]
    assert host is not None
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        table = host.system / "proc" / "net" / "tcp"
        text = table.read_text().splitlines()
        table.write_text("\n".join([*text, text[1].replace(":0016 ", f":{number:04X} ")]) + "\n")
        done = two.run()
        assert two.verdicts(done, "reachable_ports") == {("one", ""): "red", ("two", ""): "ok"}
        two.variables["host_open_ports"] = [{"port": number}]
        assert two.verdicts(two.run(), "reachable_ports")["one", ""] == "ok"


def test_a_secret_in_the_inventory_s_repository_is_red_for_every_bot(two: Fleet) -> None:
    place = two.place / "inventory"
    git = ["git", "-C", str(place), "-c", "user.name=ann", "-c", "user.email=a@b"]
    (place / "secrets.yml").write_text("password: " + "q8" * 3 + "Zx0pLmN3\n")
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=x"]):
        subprocess.run([*git, *words], check=True)
    done = two.run()
    assert two.verdicts(done, "inventory_history") == {("the fleet", ""): "red"}
    assert two.verdicts(done, "inventory_secrets") == {("the fleet", ""): "red"}
    assert "Zx0pLmN3" not in json.dumps(done)
    assert not two.kept("one").passed("beta")


def test_a_part_of_the_fleet_proves_no_account_unique(two: Fleet) -> None:
    two.limited = True
    assert set(two.verdicts(two.run(), "account_unique").values()) == {"unknown"}


def test_a_check_measures_the_same_and_no_host_keeps_it(two: Fleet) -> None:
    done = two.run(check=True)
    assert done.get("failed") is None
    assert freqops_security_check.CHECKED in two.shown
    with pytest.raises(last.NoCheck):
        two.kept("one")


def test_an_answer_that_a_host_does_not_keep_does_not_pass(two: Fleet) -> None:
    two.spoil["two --record"] = {"recorded": None}
    assert "two: its check was not kept" in two.run()["msg"]


def test_files_that_cannot_be_written_are_not_done(two: Fleet) -> None:
    (two.place / "out").write_text("a file in its place")
    assert "the files were not written" in two.run()["msg"]
