"""A handover by way of the control node: hosts that do what freqops-host does, and hosts that say something else."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from action_plugins import freqops_handover
from freqops.core.migration import handover
from freqops.core.migration.handover import Handover
from freqops.fleet.fanout import Unreachable
from freqops.hostctl.migration import handing_over, taking_over
from freqops.plays import connections
from tests.unit.hostctl.migration.test_migration import MOVE, Fleet

OLD, NEW = "paper-1", "prod-1"


class Play:
    """The action between two hosts that are trees of this machine."""

    def __init__(self, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fleet = fleet
        self.shown: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.instead: dict[str, Any] = {}
        monkeypatch.setattr(ActionBase, "run", lambda *_: {})
        monkeypatch.setattr(Display, "display", lambda _self, text, *_: self.shown.append(text))
        monkeypatch.setattr(connections, "one", self._one)

    def _one(self, _action: Any, _vars: Any, host: str, words: list[str], data: bytes | None) -> Any:
        step = words[1]
        self.asked.append((host, step))
        assert words[:3] == ["move", step, "alpha"]
        assert words[3:6] == [f"--{name}={value}" for name, value in MOVE.to_json().items()]
        if step in self.instead:
            said = self.instead[step]
            if isinstance(said, Exception):
                raise said
            return said if isinstance(said, tuple) else (said, None)
        given = dict(word[2:].split("=", 1) for word in words[6:])
        return json.loads(json.dumps(getattr(self, f"_{step}")(given, data).to_json())), None

    def _pack(self, _given: Any, _data: Any) -> Any:
        old = self.fleet.old
        return handing_over.pack(old.bot, old.clock, old.engine)

    def _read(self, given: dict[str, str], _data: Any) -> Any:
        return handing_over.read(self.fleet.old.bot, given["stamp"], int(given["offset"]))

    def _write(self, given: dict[str, str], data: bytes) -> Any:
        offset, size = int(given["offset"]), int(given["size"])
        length = dict(handover.pieces(size))[offset]
        return taking_over.write(self.fleet.new.bot, offset, size, handover.unpacked(data.decode(), length))

    def _take(self, _given: Any, data: bytes) -> Any:
        return taking_over.take(self.fleet.new.bot, Handover.read(json.loads(data)), self.fleet.new.clock)

    def run(self, *, check: bool = False) -> dict[str, Any]:
        action = freqops_handover.ActionModule.__new__(freqops_handover.ActionModule)
        args = {"bot": "alpha", "host": OLD, **MOVE.to_json()}
        action._task = cast(Task, SimpleNamespace(args=args, check_mode=check))
        return action.run(None, {"hostvars": {}, "inventory_hostname": NEW})


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    fleet = Fleet(tmp_path, monkeypatch)
    fleet.leave()
    return Play(fleet, monkeypatch)


def test_everything_goes_over_in_pieces_and_counts(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PIECE", 1000)
    done = play.run()
    assert (done.get("failed"), done["changed"], done["incident"]) == (None, True, MOVE.incident)
    pieces = len(list(handover.pieces(done["size"])))
    assert pieces > 3
    assert play.asked == [(OLD, "pack"), *[(OLD, "read"), (NEW, "write")] * pieces, (NEW, "take")]
    assert "alpha: every byte is as" in "\n".join(play.shown)
    assert play.fleet.restore().proven


def test_a_check_hands_nothing_over(play: Play) -> None:
    assert play.run(check=True)["failed"]
    assert play.asked == []


@pytest.mark.parametrize(
    ("step", "said", "text"),
    [
        ("pack", ({"refused": "it did not leave"}, None), "paper-1, pack: it did not leave"),
        ("pack", (None, "no output"), "paper-1, pack: no output"),
        ("pack", {"proven": True, "handover": {"version": 2}}, "a row has no host"),
        ("pack", {"proven": True}, "is"),
        ("read", {"proven": False, "data": ""}, "paper-1, read: it is not proven"),
        ("read", {"proven": True, "data": 7}, "data"),
        ("write", ({"refused": "make room"}, None), "prod-1, write: make room"),
        ("take", ({"not_proven": "not those\x1b[2J"}, None), "prod-1, take: not those\\x1b[2J"),
        ("take", {"proven": True, "detail": "x"}, "detail"),
        ("take", {"proven": True, "detail": [], "incident": 3}, "incident"),
        ("write", Unreachable("timed out"), "timed out"),
    ],
)
def test_what_a_host_says_otherwise_ends_it_and_is_named(play: Play, step: str, said: Any, text: str) -> None:
    play.instead[step] = said
    done = play.run()
    assert done["failed"]
    assert done["msg"].startswith("alpha: NOT HANDED OVER: ")
    assert text in done["msg"]
    assert "\x1b" not in done["msg"]
