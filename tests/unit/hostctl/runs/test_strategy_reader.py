"""Strategies read on a host: nothing is left of it, nothing is believed, and a row is what stands in the registry."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.runs import registry, strategy_answer
from freqops.core.runs.registry import RegistryUnreadable
from freqops.core.runs.strategy_order import StrategyOrder
from freqops.core.runs.strategy_rows import NEW, UNCHANGED, UPDATED, StrategyRows
from freqops.hostctl import cli
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.commands import given_order
from freqops.hostctl.commands import strategies as command
from freqops.hostctl.runs import beginning, input_files, strategy_reader
from tests.support.strategies_read import FACTS, broken, row, said
from tests.unit.hostctl.runs.read_strategies import FILES, IMAGE, Host, host_at


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return host_at(tmp_path, monkeypatch)


def test_what_was_read_stands_in_the_registry_and_again_nothing_changes(host: Host) -> None:
    answer = host.read()
    assert ([each.row for each in answer.done], answer.changed, answer.problems) == ([NEW], True, [])
    [kept] = host.rows()
    assert json.loads(kept["parameters_json"])["strategy_sha256"] == input_files.checksums(FILES, {})["strategy_sha256"]
    assert json.loads(kept["parameters_json"])["image"] == IMAGE
    again = host.read()
    assert ([each.row for each in again.done], again.changed) == ([UNCHANGED], False)
    assert host.rows() == [kept]
    assert host.engine.seen[0] == FILES
    assert strategy_answer.of(json.loads(json.dumps(answer.to_json()))) == answer


def test_one_that_cannot_be_read_costs_the_others_nothing(host: Host) -> None:
    host.says(row(), broken(), row("Odd", facts={**FACTS, "stoploss": "x"}))
    answer = host.read()
    assert [each.row for each in answer.done] == [NEW] * 3
    assert [text.partition(":")[0] for text in answer.problems] == ["Broken", "Odd"]
    assert {kept["class_name"]: kept["status"] for kept in host.rows()} == {
        "Mine": "read", "Broken": "not read", "Odd": "not read",
    }  # fmt: skip


def test_a_look_writes_nothing_and_says_what_would_be(host: Host) -> None:
    assert (host.read(look=True).done[0].row, host.rows()) == (NEW, [])
    host.read()
    before = host.rows()
    assert host.read(look=True).changed is False
    host.says(row(facts={**FACTS, "stoploss": -0.5}))
    answer = host.read(look=True)
    assert (answer.done[0].row, answer.changed, answer.looked, host.rows()) == (UPDATED, True, True, before)


def test_a_look_brings_no_image(host: Host) -> None:
    host.engine.images = set()
    with pytest.raises(Refused, match="a look brings none"):
        host.read(look=True)
    assert host.engine.pulled == []
    host.read()
    assert host.engine.pulled == [IMAGE]


@pytest.mark.parametrize("look", [False, True])
@pytest.mark.parametrize(
    "says",
    [
        "", "no JSON", "[]", "{}", '{"freqtrade": "2026.9"}', '{"freqtrade": "2026.9", "strategies": [{}]}',
        json.dumps(said(row()))[:-5], "{" * 100_000, EngineError("it said more than 5 bytes"), EngineError("killed"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_not_proven_and_nothing_is_written(host: Host, says: object, look: bool) -> None:
    host.engine.says = says
    with pytest.raises(NotProven, match="the strategies could not be read"):
        host.read(look=look)
    assert host.rows() == []
    assert not host.left()
    assert host.engine.removed == ["freqops-strategies"] * 2


def test_where_no_file_has_a_strategy_nothing_is_done(host: Host) -> None:
    host.says()
    with pytest.raises(Refused, match="no file has a class that is a strategy"):
        host.read()


def test_what_the_registry_did_not_take_is_not_done(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StrategyRows, "enter", lambda *_: NEW)
    answer = host.read()
    assert answer.problems == ["Mine: NOT WRITTEN: read back, it differs: its row is not in the registry"]


def test_what_was_changed_behind_it_is_not_done(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    enter = StrategyRows.enter

    def half(rows: StrategyRows, name: str, known: dict[str, Any]) -> str:
        return enter(rows, name, {**known, "risk_json": "{}"})

    monkeypatch.setattr(StrategyRows, "enter", half)
    assert host.read().problems == ["Mine: NOT WRITTEN: read back, it differs: risk_json"]


def test_rows_of_others_are_named_and_left_alone(host: Host) -> None:
    host.says(row("Former"))
    host.read()
    [before] = host.rows()
    host.says(row())
    answer = host.read()
    assert answer.others == ["Former"]
    assert before in host.rows()
    host.order = StrategyOrder(("Mine",), "", FILES, IMAGE)
    assert host.read().others == [], "where not all are wanted, nothing is known of the others"


def test_one_that_is_wanted_and_not_there_fails_and_gets_no_row(host: Host) -> None:
    host.order = StrategyOrder(("Mine", "Absent"), "", FILES, IMAGE)
    answer = host.read()
    assert answer.problems == ["Absent: no file has a class of that name"]
    assert [kept["class_name"] for kept in host.rows()] == ["Mine"]
    assert strategy_answer.of(json.loads(json.dumps(answer.to_json()))) == answer


def test_two_files_with_one_class_are_both_told_and_the_one_that_is_read_is_written(host: Host) -> None:
    host.says(broken("Mine", file="Copy.py", why="Freqtrade takes the class of this name from Mine.py"), row())
    answer = host.read()
    assert [each.row for each in answer.done] == ["", NEW]
    assert len(answer.problems) == 1
    assert host.rows()[0]["file_path"] == "strategies/Mine.py"


def test_two_readings_at_once_are_refused_and_what_a_killed_one_left_goes(host: Host) -> None:
    left = host.root / strategy_reader.PLACE / "input" / "strategies"
    left.mkdir(parents=True)
    (left / "Left.py").write_text("x")

    def other() -> None:
        host.engine.meanwhile = lambda: None
        with pytest.raises(Refused, match="another command reads strategies"):
            host.read()

    host.engine.meanwhile = other
    assert host.read().problems == []
    assert host.engine.seen == [FILES]
    assert not host.left()


def test_a_link_in_its_place_is_refused(host: Host, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("x")
    (host.root / strategy_reader.PLACE).symlink_to(elsewhere)
    with pytest.raises(Refused, match="is a link"):
        host.read()
    assert (elsewhere / "kept").exists()


def test_without_a_registry_nothing_is_read(host: Host) -> None:
    host.registry.unlink()
    with pytest.raises(RegistryUnreadable):
        host.read()
    assert host.engine.commands == []


def test_of_a_bot_copies_of_what_it_runs_are_read(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "bot" / "release" / "0123"
    for name, content in {**FILES, "user_files/levels.json": b"[]", "config.json": b"{}"}.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)

    class Bot:
        release_home, image, packages = home, IMAGE, "0" * 16

    monkeypatch.setattr(beginning, "bot_at_rest", lambda _root, name: {"alpha": Bot}[name])
    (host.root / "packages" / ("0" * 16)).mkdir(parents=True)
    host.order = StrategyOrder(bot="alpha")
    assert host.read().problems == []
    assert host.engine.seen == [{**FILES, "user_files/levels.json": b"[]"}]
    mounts = [word for word in host.engine.commands[0] if word.startswith("--volume=")]
    assert not [mount for mount in mounts if "/bot/" in mount]
    assert f"--volume={host.root}/packages/{'0' * 16}:/freqops/packages:ro" in mounts
    assert [mount for mount in mounts if mount.endswith("/input/user_files:/tmp/user_files:ro")]


# --- the command


@pytest.fixture
def typed(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setattr(command, "IN_SESSION", False)
    monkeypatch.setattr(command, "RunEngine", lambda: host.engine)
    monkeypatch.setattr(command, "Clock", lambda: host.clock)
    (host.root / "user_data" / "logs").mkdir()

    def run(*words: str, order: object = None) -> tuple[int, str]:
        text = json.dumps(host.order.to_json() if order is None else order)
        monkeypatch.setattr(given_order, "sys", type("Sys", (), {"stdin": io.StringIO(text)}))
        status = cli.main(["strategies", *words], host.root)
        return status, capsys.readouterr().out

    return run


def test_the_command_ends_with_2_where_one_is_not_read(host: Host, typed: Any) -> None:
    status, out = typed("--json")
    found = json.loads(out)
    assert (status, found["host"], found["changed"]) == (0, os.uname().nodename, True)
    assert strategy_answer.of(found).done[0].strategy.name == "Mine"
    host.says(row(), broken())
    status, out = typed()
    assert status == 2
    assert "NOT DONE Broken: ModuleNotFoundError" in out
    status, out = typed("--look")
    assert (status, out.splitlines()[-1]) == (2, "NOTHING WRITTEN, this was a look")


def test_the_command_refuses_what_is_no_order(typed: Any) -> None:
    status, out = typed("--json", order={"version": 1})
    assert status == 1
    assert "refused" in json.loads(out)


def test_a_look_leaves_no_line_in_the_log_of_the_host(host: Host, typed: Any) -> None:
    log = host.root / "user_data" / "logs" / "freqops.log"
    typed("--look")
    assert not log.exists()
    typed("--actor=ann@home")
    assert "ann@home" in log.read_text()


def test_a_disk_that_takes_nothing_leaves_the_registry_as_it_was(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        host.read()
    assert host.rows() == []
    assert not host.left()


def test_the_registry_is_opened_by_its_owner_alone(host: Host) -> None:
    host.registry.chmod(0o666)
    with pytest.raises(FreqopsError, match="is not root's alone"):
        host.read()
    host.registry.chmod(0o644)
    with registry.opened(host.registry, owner=os.geteuid()) as present:
        assert present.strategies().classes() == []


def test_a_container_that_cannot_be_taken_away_is_no_success(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def remove(_name: str) -> None:
        raise EngineError("the daemon does not answer")

    monkeypatch.setattr(host.engine, "remove", remove)
    with pytest.raises(EngineError, match="does not answer"):
        host.read()
