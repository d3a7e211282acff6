"""From one release to another and back: what is touched, in which order, and what is said of it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base import durable, remarks
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.mandate import Mandate
from freqops.core.bot.client import Failed
from freqops.core.bot.database_contents import Recorded, Table
from freqops.core.bot.processes import Process
from freqops.core.deploy import release
from freqops.core.halt import halt_drill, holds
from freqops.hostctl.bot import databases, health, holds_file, login, processes_and_api, start, stopping
from freqops.hostctl.bot.database_copies import DatabaseError
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.deploy import deploy, switch, switch_files, way_back
from freqops.hostctl.deploy.deploy import Errand
from freqops.hostctl.deploy.switch_files import SwitchFiles
from freqops.hostctl.deploy.switch_order import Switched, SwitchOrder
from freqops.hostctl.incident import journal
from freqops.hostctl.recovery import recover
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, made_container, make_bot, process

OLD, NEW, BAD = "0" * 16, "1" * 16, "b" * 16
IMAGE, OTHER_IMAGE = "registry.example/freqtrade@sha256:00", "registry.example/freqtrade@sha256:11"


class FakeDatabase:
    """Trades that a test writes, and what was done to them."""

    def __init__(self) -> None:
        self.content = "first"
        self.done: list[str] = []
        self.told: list[Recorded | None] = []
        self.error: DatabaseError | None = None
        self.count = 1
        self.open: list[str] = []
        self.open_error: DatabaseError | None = None

    def mark(self) -> str:
        return self.content

    def trades(self) -> int:
        return self.count

    def open_trades(self) -> list[str]:
        if self.open_error is not None:
            raise self.open_error
        return self.open

    def dump(self, path: Path) -> Recorded:
        if self.error is not None:
            raise self.error
        self.done.append("dump")
        path.write_text(self.content)
        return held(self.content)

    def restore(self, path: Path, told: Recorded | None = None) -> None:
        self.done.append("restore")
        self.told.append(told)
        self.content = path.read_text()


def held(content: str) -> Recorded:
    """What the tables of such a database hold."""
    return Recorded("sqlite", {("", "trades"): (("id",), Table(1, content))})


class Host:
    """A bot with the release OLD, and others staged beside it; a release that is in `sick` does not come up."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.clock, self.engine, self.database = root, FakeClock(), FakeEngine(), FakeDatabase()
        self.home = make_bot(root, release=OLD, image=IMAGE)
        (self.home / "compose.yml").write_text(OLD)
        self.api = StillApi(self.clock)
        self.processes: list[Process] = [process()]
        self.sick: set[str] = set()
        self.logins: list[str] = []
        self.login_error: Refused | None = None
        self.engine.starting, self.engine.stopping = self.come_up, self.processes.clear
        monkeypatch.setattr(self.engine, "stop", lambda *_: self.processes.clear())
        self.engine.present = made_container(number="id0")
        for module in (start, health, processes_and_api):
            monkeypatch.setattr(module, "client", lambda _bot: self.api)
        for module in (start, way_back, stopping, processes_and_api):
            monkeypatch.setattr(module, "alive", lambda _bot: list(self.processes))
        monkeypatch.setattr(databases, "of", lambda _bot, _engine: self.database)
        monkeypatch.setattr(switch, "refuse_unless_logged_in", self._login)
        monkeypatch.setattr(self.api, "call", lambda *_: {"logs": []}, raising=False)
        for fingerprint in (OLD, NEW, BAD):
            self.stage(fingerprint)
        SwitchFiles(self.home).remember({"release": OLD, "image": IMAGE, "at": "then", "secrets": self.secrets()}, None)

    def _login(self, *_: Any) -> None:
        self.logins.append(self.running)
        if self.login_error is not None:
            raise self.login_error

    def secrets(self) -> str:
        return switch.Switch(
            self.home, self.order(OLD), journal.silent(self.clock), self.clock, self.engine
        )._files.secrets_mark

    def stage(self, fingerprint: str, image: str = IMAGE, **changed: Any) -> None:
        place = self.home / "release" / fingerprint
        place.mkdir(parents=True, exist_ok=True)
        declared = json.loads((self.home / "bot.json").read_text())
        declared |= {"release": fingerprint, "image": image, **changed}
        (place / "bot.json").write_text(json.dumps(declared))
        (place / "compose.yml").write_text(fingerprint)
        (place / "validated").write_text("")

    def come_up(self) -> None:
        self.processes[:] = [process()]
        self.api.state = json.loads((self.home / "conf" / "state.json").read_text())["initial_state"]
        self.api.error = Failed("no answer") if self.running in self.sick else None

    @property
    def running(self) -> str:
        path = self.home / "compose.yml"
        return path.read_text() if path.exists() else ""

    def order(self, fingerprint: str, *, restore: bool = False) -> SwitchOrder:
        return SwitchOrder(fingerprint, Mandate("one", "why", "ann@host"), 20.0, restore)

    @property
    def errand(self) -> Errand:
        return Errand(self.root, Mandate("one", "why", "ann@host"), 20.0)

    def switch(self, fingerprint: str, *, accepted: bool = False) -> Switched:
        errand = replace(self.errand, accept_effective=accepted)
        [row] = deploy.deploy([("alpha", fingerprint)], errand, self.clock, self.engine)
        return row

    def trades_by(self, fingerprint: str, **values: Any) -> None:
        """Say what a release trades by."""
        found = {name: {"is": value, "from": "strategy"} for name, value in values.items()}
        line = f"{remarks.MARK}{json.dumps({'kind': 'effective', 'values': found})}\n"
        (self.home / "release" / fingerprint / "validated").write_text(line)

    def rollback(self, fingerprint: str | None = None) -> Switched:
        return deploy.rollback(self.home, fingerprint, self.errand, self.clock, self.engine)

    def resume_switches(self) -> tuple[list[str], list[str]]:
        return recover.recover(self.root, "timer", self.clock, self.engine)

    def never_deployed(self) -> None:
        """Leave no more of the bot than what is laid out for its first deploy."""
        for name in ("bot.json", "compose.yml", "releases.json", "conf/holds.json", "conf/state.json"):
            (self.home / name).unlink()
        self.engine.present = None
        self.processes.clear()

    @property
    def declared(self) -> str:
        return str(json.loads((self.home / "bot.json").read_text())["release"])

    @property
    def level(self) -> int:
        return holds.effective_level(self.home / "conf" / "holds.json")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def test_a_bot_comes_to_its_release_and_is_remembered(host: Host) -> None:
    row = host.switch(NEW)
    assert (row.well, row.outcome, row.changed, row.former) == (True, "running", True, OLD)
    assert (host.declared, host.running) == (NEW, NEW)
    assert [entry["release"] for entry in SwitchFiles(host.home).history()] == [OLD, NEW]
    assert not (host.home / "switch.json").exists()
    assert not (host.home / "former").exists()


def test_the_same_release_again_touches_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.switch(NEW)
    monkeypatch.setattr(host.engine, "compose_up", lambda *_, **__: None)
    row = host.switch(NEW)
    assert (row.well, row.changed) == (True, False)
    assert len(list((host.root / "incidents" / "one").glob("*switch-alpha*"))) == 1, "what did nothing leaves nothing"


def test_a_release_that_does_not_come_up_goes_back_as_one(host: Host) -> None:
    host.sick.add(BAD)
    row = host.switch(BAD)
    assert (row.well, row.outcome, row.proven, row.release) == (False, "rolled back", True, OLD)
    assert (host.declared, host.running, host.api.state) == (OLD, OLD, "running")
    assert row.log == ["last words"]
    assert host.database.done == [], "the image is the same, so nothing happened to the database"
    assert not (host.home / "switch.json").exists()
    assert [entry["release"] for entry in SwitchFiles(host.home).history()] == [OLD]


def test_when_the_way_back_fails_too_nothing_is_claimed(host: Host) -> None:
    host.sick |= {BAD, OLD}
    row = host.switch(BAD)
    assert (row.well, row.outcome, row.proven) == (False, "rolled back", False)
    assert "the way back is not proven" in row.detail[-1]
    assert (host.home / "switch.json").exists(), "the timer tries again"
    host.sick.clear()
    done, failed = host.resume_switches()
    assert (len(done), failed, host.declared) == (1, [], OLD)


def test_secrets_go_back_too(host: Host) -> None:
    used = host.home / "conf" / "secrets.json"
    before = used.read_text()
    (host.home / "staged").mkdir()
    staged = host.home / "staged" / "secrets.json"
    staged.write_text('{"api_server": {"username": "u", "password": "another one"}}')
    host.sick.add(BAD)
    assert host.switch(BAD).outcome == "rolled back"
    assert used.read_text() == before
    assert not staged.exists()


def test_new_secrets_alone_make_a_new_container(host: Host) -> None:
    (host.home / "staged").mkdir()
    (host.home / "staged" / "secrets.json").write_text('{"api_server": {"username": "u", "password": "another one"}}')
    row = host.switch(OLD)
    assert (row.well, row.changed, host.engine.recreate) == (True, True, [True])
    assert "another one" in (host.home / "conf" / "secrets.json").read_text()


@pytest.mark.parametrize("state", ["stopped", "paused"])
def test_another_initial_state_makes_a_new_container_and_is_proven(host: Host, state: str) -> None:
    """Compose sees no difference, so the process would go on as it began."""
    for wanted in (state, "running"):
        host.stage(OLD, initial_state=wanted)
        row = host.switch(OLD)
        assert (row.well, row.outcome, row.changed, host.api.state) == (True, wanted, True, wanted)
    assert host.engine.recreate == [True, True]


def test_an_initial_state_that_is_not_taken_up_goes_back(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.stage(OLD, initial_state="stopped")
    monkeypatch.setattr(host.engine, "starting", lambda: host.processes.append(process()))
    row = host.switch(OLD)
    assert (row.well, row.outcome) == (False, "rolled back")
    assert "its trader is running, not stopped" in row.detail[0]


def test_a_hold_wins_over_another_initial_state(host: Host) -> None:
    host.stage(OLD, initial_state="running")
    latched = holds_file.latch(host.home, holds.Hold("halt", 1, "why", "ann", "one", 0, ""), host.clock)
    assert latched.error is None
    host.stage(OLD, initial_state="stopped")
    row = host.switch(OLD)
    assert (row.well, row.outcome, row.level, host.api.state) == (True, "paused", 1, "paused")


def test_secrets_that_somebody_changed_by_hand_make_a_new_container(host: Host) -> None:
    (host.home / "conf" / "secrets.json").write_text('{"api_server": {"username": "u", "password": "by hand"}}')
    assert host.switch(OLD).changed is True
    assert host.engine.recreate == [True]


def test_a_database_that_does_not_let_it_in_is_found_before_anything_is_touched(host: Host) -> None:
    host.login_error = Refused("alpha was not touched: its database does not let it in")
    row = host.switch(NEW)
    assert (row.outcome, row.changed, host.logins) == ("refused", False, [OLD])
    assert (host.declared, host.engine.ups, len(host.processes)) == (OLD, [], 1)
    assert not (host.home / "switch.json").exists()


@pytest.mark.parametrize("fingerprint", ["2" * 16, "../../conf", ""])
def test_a_release_that_was_never_accepted_is_refused(host: Host, fingerprint: str) -> None:
    row = host.switch(fingerprint)
    assert (row.outcome, host.declared, host.engine.ups) == ("refused", OLD, [])


def test_a_release_without_its_mark_is_refused(host: Host) -> None:
    (host.home / "release" / NEW / "validated").unlink()
    assert host.switch(NEW).outcome == "refused"


# --- the image changes, and with it the database


def test_an_image_change_dumps_the_database_while_nothing_writes_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.stage(NEW, OTHER_IMAGE)
    seen: list[int] = []
    dump = host.database.dump

    def dumped(path: Path) -> Recorded:
        seen.append(len(host.processes))
        return dump(path)

    monkeypatch.setattr(host.database, "dump", dumped)
    assert host.switch(NEW).well
    assert seen == [0]
    [old, new] = SwitchFiles(host.home).history()
    assert (old["mark"], (host.home / "dumps" / old["dump"]).read_text()) == ("first", "first")
    assert "dump" not in new


def test_an_image_that_does_not_come_up_goes_back_with_its_database(host: Host) -> None:
    host.stage(BAD, OTHER_IMAGE)
    host.sick.add(BAD)
    row = host.switch(BAD)
    assert (row.outcome, row.proven, host.declared) == ("rolled back", True, OLD)
    assert host.database.done == ["dump", "restore"]
    assert host.database.told == [held("first")], "what comes back is what was dumped, table by table"


def test_a_dump_of_an_older_version_comes_back_unread(host: Host) -> None:
    """It did not write down what its tables held."""
    host.stage(NEW, OTHER_IMAGE)
    host.switch(NEW)
    history = json.loads((host.home / "releases.json").read_text())
    for entry in history["releases"]:
        entry.pop("tables", None)
    (host.home / "releases.json").write_text(json.dumps(history))
    assert host.rollback().well
    assert host.database.told == [None]


def test_a_note_of_a_dump_that_is_spoilt_brings_nothing_back(host: Host) -> None:
    host.stage(NEW, OTHER_IMAGE)
    host.switch(NEW)
    history = json.loads((host.home / "releases.json").read_text())
    history["releases"][0]["tables"] = {"kind": "sqlite"}
    (host.home / "releases.json").write_text(json.dumps(history))
    row = host.rollback()
    assert (row.outcome, row.well, host.declared, host.database.done) == (
        "rolled back", False, NEW, ["dump", "dump", "restore"],
    )  # fmt: skip
    assert "a row has no tables" in " ".join(row.detail)
    assert host.database.told == [held("first")], "it went back to what was there a moment before"


def test_trades_that_were_written_since_are_not_forgotten(host: Host) -> None:
    host.stage(BAD, OTHER_IMAGE)

    def trades() -> None:
        host.come_up()
        host.database.content = "a trade more"

    host.engine.starting = trades
    host.api.call = lambda *_: {"logs": [["t", 0, "freqtrade.strategy.strategy_wrapper", "ERROR", "it raises"]]}  # type: ignore[attr-defined]
    row = host.switch(BAD)
    assert (row.outcome, row.well, row.changed, host.declared) == ("halted", False, True, BAD)
    assert (host.level, host.api.state) == (1, "paused")
    assert host.database.done == ["dump"]
    assert "trades were written since" in "\n".join(row.detail)


def test_a_database_that_cannot_be_dumped_keeps_the_image(host: Host) -> None:
    host.stage(NEW, OTHER_IMAGE)
    host.database.error = DatabaseError("no space left on device")
    row = host.switch(NEW)
    assert (row.outcome, row.proven, host.declared, host.running) == ("rolled back", True, OLD, OLD)
    assert host.database.done == []
    assert len(host.processes) == 1


# --- a first deploy


def test_a_first_deploy_begins_without_holds(host: Host) -> None:
    host.never_deployed()
    row = host.switch(NEW)
    assert (row.outcome, row.well, row.detail) == ("running", True, [])
    assert holds.load(host.home / "conf" / "holds.json") == holds.Holds()


def test_only_a_new_bot_is_given_time_for_its_first_drill(host: Host) -> None:
    host.switch(NEW)
    assert halt_drill.days_undrilled(host.home, host.clock.utcnow()) is None
    host.never_deployed()
    host.switch(NEW)
    assert halt_drill.days_undrilled(host.home, host.clock.utcnow()) == 0.0


def test_a_first_release_that_does_not_come_up_is_withdrawn(host: Host) -> None:
    host.never_deployed()
    host.database.count = 0
    host.sick.add(BAD)
    row = host.switch(BAD)
    assert (row.outcome, row.proven, row.well) == ("withdrawn", True, False), row.detail
    assert not (host.home / "bot.json").exists()
    assert host.processes == []


def test_a_first_deploy_that_was_cut_before_its_secrets_is_withdrawn(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no database to be asked then, and nothing that could have traded."""
    host.never_deployed()
    secrets = host.home / "conf" / "secrets.json"
    (host.home / "staged").mkdir()
    secrets.rename(host.home / "staged" / "secrets.json")

    def unknown(*_: object) -> FakeDatabase:
        raise DatabaseError("its db_url names no database of freqops")

    monkeypatch.setattr(databases, "of", unknown)
    (host.home / "bot.json").write_bytes((host.home / "release" / NEW / "bot.json").read_bytes())
    SwitchFiles(host.home).write_note({"version": 1, "from": "", "to": NEW, "incident": "one"})
    done, failed = host.resume_switches()
    assert (failed, "withdrawn" in done[0], (host.home / "bot.json").exists()) == ([], True, False)
    SwitchFiles(host.home).write_note({"version": 1, "from": "", "to": NEW, "incident": "one"})
    (host.home / "bot.json").write_bytes((host.home / "release" / NEW / "bot.json").read_bytes())
    assert "names no database" in host.resume_switches()[1][0], "lost secrets are no sign that it never started"


def test_a_first_release_that_has_traded_is_held_and_not_withdrawn(host: Host) -> None:
    for name in ("bot.json", "compose.yml", "releases.json"):
        (host.home / name).unlink()
    host.api.call = lambda *_: {"logs": [["t", 0, "freqtrade.strategy.strategy_wrapper", "ERROR", "it raises"]]}  # type: ignore[attr-defined]
    row = host.switch(BAD)
    assert (row.outcome, host.level, host.declared) == ("halted", 1, BAD)


# --- holds


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff"])
@pytest.mark.parametrize("command", ["deploy", "deploy of the same release", "rollback"])
def test_lost_holds_are_level_3_with_a_name_and_never_none(host: Host, content: bytes | None, command: str) -> None:
    if command == "rollback":
        assert host.switch(NEW).well
    path = host.home / "conf" / "holds.json"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    row = host.rollback() if command == "rollback" else host.switch(NEW if command == "deploy" else OLD)
    assert (row.well, row.changed, row.outcome, row.level, host.processes) == (True, True, "held", 3, [])
    [hold] = holds.load(path).holds
    assert (hold.holder, hold.level, hold.incident) == ("halt", 3, "one")
    assert "held at level 3 under one from now on" in row.detail[0]
    assert "then resume it" in row.detail[0]
    kept = [kept.read_bytes() for kept in path.parent.glob("holds.json.unreadable-*")]
    assert kept == ([] if content is None else [content])


def test_a_place_for_files_that_its_strategy_reads_is_no_trace_of_a_bot(host: Host) -> None:
    """Unless something lies in it, which only a bot can have written."""
    host.never_deployed()
    (host.home / "var" / "user_files").mkdir(parents=True)
    assert host.switch(NEW).outcome == "running"
    host.never_deployed()
    place = host.home / "var" / "user_files"
    place.mkdir(parents=True, exist_ok=True)
    (place / "written.csv").write_text("")
    assert host.switch(NEW).outcome == "held"


@pytest.mark.parametrize(
    "trace", ["bot.json", "compose.yml", "releases.json", "conf/state.json", "var/trades.paper.sqlite", "container"]
)
def test_a_bot_of_which_something_is_there_is_not_new(host: Host, trace: str) -> None:
    before = {name: (host.home / name).read_bytes() for name in ("bot.json", "compose.yml", "releases.json")}
    host.never_deployed()
    if trace == "container":
        host.engine.present = made_container(status="exited")
    else:
        (host.home / trace).write_bytes(before.get(trace, b"{}"))
    row = host.switch(NEW)
    assert (row.outcome, row.level, host.level, host.processes) == ("held", 3, 3, [])


def test_a_bot_with_no_more_than_a_mount_point_for_what_its_strategy_reads_is_new(host: Host) -> None:
    host.never_deployed()
    (host.home / "var" / "user_files").mkdir()
    row = host.switch(NEW)
    assert (row.well, row.level, host.level) == (True, 0, 0)


def test_a_bot_that_wrote_where_its_files_would_be_mounted_is_not_new(host: Host) -> None:
    host.never_deployed()
    (host.home / "var" / "user_files").mkdir()
    (host.home / "var" / "user_files" / "mine").touch()
    assert host.switch(NEW).level == 3


def test_holds_that_can_neither_be_read_nor_replaced_refuse_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    (host.home / "conf" / "holds.json").write_text("{")
    monkeypatch.setattr(holds_file, "latch", lambda *_: holds_file.Latched(error="No space left on device"))
    row = host.switch(NEW)
    assert (row.outcome, host.declared, host.level) == ("refused", OLD, 3)
    assert "nor replaced: No space left on device" in row.detail[0]


@pytest.mark.parametrize("level", [1, 3])
def test_what_was_removed_while_it_was_held_comes_up_held(host: Host, level: int) -> None:
    host.never_deployed()
    (host.root / "removed").mkdir()
    hold = holds.Hold("halt", level, "why", "ann", "old", 0, "")
    held = holds.Holds().raised(hold, host.clock.utcnow())
    (host.root / "removed" / "alpha.holds.json").write_text(json.dumps(held.to_json()))
    row = host.switch(NEW)
    assert (row.well, row.outcome, row.level) == (True, "paused" if level == 1 else "held", level)
    assert "it is held as what waited for it says: old (halt, level" in row.detail[0]
    assert holds.load(host.home / "conf" / "holds.json") == held
    assert not (host.root / "removed" / "alpha.holds.json").exists()


def test_what_was_removed_with_holds_that_nobody_could_read_comes_up_at_level_3(host: Host) -> None:
    host.never_deployed()
    (host.root / "removed").mkdir()
    (host.root / "removed" / "alpha.holds.json").write_text("")
    row = host.switch(NEW)
    assert (row.outcome, row.level, host.level) == ("held", 3, 3)


def test_a_bot_held_at_level_3_gets_its_files_and_no_process(host: Host) -> None:
    host.processes.clear()
    document = {
        "version": 1,
        "seq": 1,
        "holds": [
            {
                "holder": "halt",
                "level": 3,
                "reason": "r",
                "actor": "a",
                "incident": "i",
                "seq": 1,
                "set_at": "t",
                "rest": "paused",
            }
        ],
    }
    (host.home / "conf" / "holds.json").write_text(json.dumps(document))
    row = host.switch(NEW)
    assert (row.well, row.outcome, row.level, host.declared) == (True, "held", 3, NEW)
    assert host.engine.ups == []


# --- several bots


def test_a_refused_bot_keeps_no_other_from_its_release(host: Host) -> None:
    rows = deploy.deploy([("ghost", NEW), ("alpha", NEW)], host.errand, host.clock, host.engine)
    assert [row.outcome for row in rows] == ["refused", "running"]


def test_the_first_bot_that_does_not_come_up_ends_it(host: Host) -> None:
    host.sick.add(BAD)
    rows = deploy.deploy([("alpha", BAD), ("beta", NEW)], host.errand, host.clock, host.engine)
    assert [row.outcome for row in rows] == ["rolled back", "not reached"]


@pytest.mark.parametrize("text", ["alpha", "alpha=", "alpha=xyz", f"alpha={OLD},alpha={NEW}", "", f"Alpha={OLD}"])
def test_releases_that_do_not_parse_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        deploy.parsed(text)


def test_releases_keep_their_order() -> None:
    assert deploy.parsed(f"b={OLD},a={NEW}") == [("b", OLD), ("a", NEW)]


# --- interrupted


def interrupt(host: Host, monkeypatch: pytest.MonkeyPatch, fingerprint: str = NEW) -> None:
    """End a switch in its middle, as a power failure does."""

    class PowerFailure(BaseException):
        pass

    def fail(*_: Any, **__: Any) -> None:
        raise PowerFailure

    with monkeypatch.context() as patch:
        patch.setattr(host.engine, "compose_up", fail)
        with pytest.raises(PowerFailure):
            host.switch(fingerprint)
    host.processes.clear()


def test_an_interrupted_switch_is_taken_back_by_the_timer(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(host, monkeypatch)
    assert host.declared == NEW
    done, failed = host.resume_switches()
    assert (failed, host.declared, host.running) == ([], OLD, OLD)
    assert "rolled back" in done[0]
    assert host.resume_switches() == ([], [])


def test_an_interrupted_switch_is_taken_back_by_the_next_one(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(host, monkeypatch)
    row = host.switch(NEW)
    assert (row.well, row.former, host.declared) == (True, OLD, NEW)


def test_a_switch_that_is_worked_on_is_left_alone(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(host, monkeypatch)
    with durable.locked(host.home / ".lock", 1, host.clock) as held:
        assert held
        assert host.resume_switches() == ([], [])
    assert host.declared == NEW


def test_a_note_that_cannot_be_read_is_reported(host: Host) -> None:
    (host.home / "switch.json").write_text("{")
    done, failed = host.resume_switches()
    assert (done, len(failed)) == ([], 1)
    assert host.declared == OLD


# --- rolled back by hand


def test_by_hand_it_goes_to_the_release_before(host: Host) -> None:
    host.switch(NEW)
    row = host.rollback()
    assert (row.well, row.release, host.declared) == (True, OLD, OLD)
    assert host.database.done == []
    with pytest.raises(Refused, match="already"):
        host.rollback(OLD)


def test_by_hand_an_image_goes_back_with_the_database_of_its_time(host: Host) -> None:
    host.stage(NEW, OTHER_IMAGE)
    host.switch(NEW)
    row = host.rollback()
    assert (row.well, host.declared, host.database.done) == (True, OLD, ["dump", "dump", "restore"])
    assert host.database.told == [held("first")]


def test_by_hand_trades_that_were_written_since_are_not_forgotten(host: Host) -> None:
    host.stage(NEW, OTHER_IMAGE)
    host.switch(NEW)
    host.database.content = "a trade more"
    row = host.rollback()
    assert (row.outcome, row.well, row.changed, host.declared, host.level) == ("halted", False, False, NEW, 1)
    assert host.database.done == ["dump"]


def test_a_bot_without_a_past_is_refused(host: Host) -> None:
    with pytest.raises(Refused, match="no former release"):
        host.rollback()
    with pytest.raises(Refused, match="no release"):
        host.rollback("9" * 16)


@pytest.mark.parametrize("by_hand", [False, True])
def test_an_image_that_cannot_be_had_is_found_before_anything_is_touched(
    host: Host, monkeypatch: pytest.MonkeyPatch, by_hand: bool
) -> None:
    host.switch(NEW)

    def gone(image: str) -> None:
        raise EngineError(f"'docker pull --quiet': manifest of {image} unknown")

    monkeypatch.setattr(host.engine, "bring_image", gone)
    if by_hand:
        with pytest.raises(Refused, match=f"image of {OLD} is not on this host and cannot be had: .*{IMAGE} unknown"):
            host.rollback()
    else:
        assert host.switch(OLD).outcome == "refused"
    assert (host.declared, host.processes, (host.home / "switch.json").exists()) == (NEW, [process()], False)


def test_a_first_deploy_that_is_refused_leaves_no_bot(host: Host) -> None:
    for path in (host.home / "bot.json", host.home / "compose.yml", host.home / "conf" / "holds.json"):
        path.unlink()
    host.login_error = Refused("password authentication failed")
    assert host.switch(NEW).outcome == "refused"
    assert not (host.home / "conf" / "holds.json").exists()


def test_a_container_of_somebody_else_is_found_before_anything_is_touched(host: Host) -> None:
    host.engine.present = made_container(project="mine")
    row = host.switch(NEW)
    assert (row.outcome, row.changed, host.declared) == ("refused", False, OLD)
    assert "of the Compose project mine" in row.detail[0]
    assert host.processes == [process()]


def test_an_image_goes_with_the_last_release_that_has_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.stage(NEW, OTHER_IMAGE)
    make_bot(host.root, "beta", image=IMAGE)
    third = IMAGE.replace(":00", ":22")
    for number, image in enumerate([OTHER_IMAGE, third, third, third, third, third, third], 2):
        host.stage(str(number) * 16, image)
        host.switch(str(number) * 16)
    removed = [said for said in host.engine.images if said.startswith("remove")]
    assert removed == [f"remove {OTHER_IMAGE}"], "the first image is that of beta, too"

    def used(image: str) -> None:
        raise EngineError(f"{image} is being used")

    host.stage("a" * 16, OTHER_IMAGE)
    for path in (host.home / "release" / ("a" * 16) / "validated",):
        path.unlink()
    host.stage("c" * 16, third)
    monkeypatch.setattr(host.engine, "remove_image", used)
    assert host.switch("c" * 16).well, "an image that stays is no failure"


def test_the_newest_five_are_kept(host: Host) -> None:
    for number in range(2, 9):
        fingerprint = str(number) * 16
        host.stage(fingerprint)
        assert host.switch(fingerprint).well
    kept = sorted(path.name for path in (host.home / "release").iterdir())
    assert kept == [str(number) * 16 for number in range(4, 9)]
    assert len(SwitchFiles(host.home).history()) == release.KEPT


def test_a_bot_that_another_command_has_is_refused(host: Host) -> None:
    with durable.locked(host.home / ".lock", 1, host.clock):
        assert host.switch(NEW).outcome == "refused"
    assert host.declared == OLD


def test_what_the_engine_says_is_no_crash_of_ours(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(_compose: Path, **_: Any) -> None:
        if host.running == NEW:
            host.processes.clear()
            raise EngineError("port is already allocated")
        host.come_up()

    monkeypatch.setattr(host.engine, "compose_up", taken)
    row = host.switch(NEW)
    assert (row.outcome, row.proven, host.declared) == ("rolled back", True, OLD)
    assert "port is already allocated" in row.detail[0]
    assert issubclass(EngineError, FreqopsError)


def test_login_is_asked_of_postgres_alone(host: Host) -> None:
    secrets = host.home / "conf" / "secrets.json"
    bot = SwitchFiles(host.home).usable(NEW)
    secrets.write_text('{"db_url": "sqlite:////freqops/var/trades.sqlite"}')
    login.refuse_unless_logged_in(bot, secrets, host.engine)
    assert host.engine.ran == []
    secrets.write_text('{"db_url": "postgresql+psycopg2://a:b@postgres:5432/a"}')
    host.engine.output = (1, 'FATAL:  password authentication failed for user "a"\n')
    with pytest.raises(Refused, match="password authentication failed"):
        login.refuse_unless_logged_in(bot, secrets, host.engine)
    assert "b@postgres" not in " ".join(host.engine.ran[0])


def test_a_hard_stop_while_it_is_proven_wins_and_is_no_failure(host: Host) -> None:
    def stop(call: str) -> None:
        if call == "our_locks" and host.running == NEW:
            host.api.before_call = None
            host.processes.clear()
            host.api.error = Failed("no answer")
            hold = {"holder": "halt", "level": 3, "reason": "r", "actor": "a", "incident": "i", "seq": 1, "set_at": "t"}
            document = {"version": 1, "seq": 1, "holds": [{**hold, "rest": "paused"}]}
            (host.home / "conf" / "holds.json").write_text(json.dumps(document))
            raise Failed("no answer")

    calls = iter(range(3))

    def second(call: str) -> None:
        if call == "our_locks" and next(calls, 2) >= 1:
            stop(call)

    host.api.before_call = second
    row = host.switch(NEW)
    assert (row.well, row.outcome, row.level, host.declared) == (True, "held", 3, NEW)
    assert host.processes == []


def ends_with_a_trade(host: Host, monkeypatch: pytest.MonkeyPatch, release_that_trades: str) -> None:
    """Let one release write a trade in the round in which it is asked to stop."""

    def stop(*_: Any) -> None:
        if host.processes and host.running == release_that_trades:
            host.database.content = "a last trade"
        host.processes.clear()

    monkeypatch.setattr(host.engine, "stop", stop)


def test_a_trade_of_the_last_round_is_not_forgotten(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.stage(BAD, OTHER_IMAGE)
    host.api.call = lambda *_: {"logs": [["t", 0, "freqtrade.strategy.strategy_wrapper", "ERROR", "it raises"]]}  # type: ignore[attr-defined]
    ends_with_a_trade(host, monkeypatch, BAD)
    row = host.switch(BAD)
    assert (row.outcome, row.well, host.declared, host.level) == ("halted", False, BAD, 1)
    assert host.database.done == ["dump"], "the former database does not know that trade"
    assert (len(host.processes), host.api.state) == (1, "paused"), "somebody looks after the position"
    assert not (host.home / "switch.json").exists()


def test_by_hand_a_trade_of_the_last_round_keeps_the_release(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.stage(NEW, OTHER_IMAGE)
    host.switch(NEW)
    ends_with_a_trade(host, monkeypatch, NEW)
    row = host.rollback()
    assert (row.well, row.proven, row.release, host.declared) == (False, True, NEW, NEW)
    assert "while it ended" in row.detail[0]
    assert (host.database.content, host.database.done) == ("a last trade", ["dump"])
    again = host.rollback()
    assert (again.outcome, again.release, again.former, host.level) == ("halted", NEW, NEW, 1)


def test_what_was_there_is_kept_before_it_is_said_that_a_switch_began(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note without what it would put back could only be taken back into nothing."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(switch_files, "_copy", full)
    row = host.switch(NEW)
    assert (row.outcome, row.well, row.changed, host.declared) == ("not proven", False, False, OLD)
    assert not (host.home / "switch.json").exists()
    assert (host.engine.ups, len(host.processes)) == ([], 1)


def test_a_first_release_that_is_withdrawn_leaves_its_secrets(host: Host) -> None:
    """Its database knows their password already."""
    for name in ("bot.json", "compose.yml", "releases.json"):
        (host.home / name).unlink()
    (host.home / "conf" / "secrets.json").rename(host.home / "secrets.json")
    (host.home / "staged").mkdir()
    (host.home / "secrets.json").rename(host.home / "staged" / "secrets.json")
    host.database.count = 0
    host.sick.add(BAD)
    assert host.switch(BAD).outcome == "withdrawn"
    assert (host.home / "conf" / "secrets.json").exists()
    assert not (host.home / "staged").exists()


def test_a_host_deployed_long_ago_can_go_back_too(host: Host) -> None:
    """Its release had neither declaration nor Compose file beside it."""
    for name in ("bot.json", "compose.yml"):
        (host.home / "release" / OLD / name).unlink()
    assert host.switch(NEW).well
    (host.home / "release" / OLD / "validated").touch()
    assert (host.rollback().well, host.declared, host.running) == (True, OLD, OLD)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"releases": {}}', '{"releases": [1, {}, {"image": "x"}]}'])
def test_a_past_that_cannot_be_read_is_none(host: Host, text: str) -> None:
    (host.home / "releases.json").write_text(text)
    assert SwitchFiles(host.home).history() == []


def test_what_belongs_to_no_release_that_is_kept_goes(host: Host) -> None:
    host.stage(NEW, OTHER_IMAGE)
    host.switch(NEW)
    [dump] = (host.home / "dumps").iterdir()
    (host.home / "dumps" / "older").touch()
    removed = SwitchFiles(host.home).prune()
    assert (removed, list((host.home / "dumps").iterdir())) == ([], [dump])
    assert {path.name for path in (host.home / "release").iterdir()} == {OLD, NEW}


# --- what it trades by

CHANGE = 'timeframe: "5m" becomes "1m", said by the strategy'


@pytest.fixture
def otherwise(host: Host) -> Host:
    """Say that the next release trades by another timeframe, while a trade is open."""
    host.trades_by(OLD, timeframe="5m", stoploss=-0.1)
    host.trades_by(NEW, timeframe="1m", stoploss=-0.1)
    host.database.open = ["7 BTC/USDT"]
    return host


def test_open_trades_go_on_by_what_they_were_entered_by(otherwise: Host) -> None:
    row = otherwise.switch(NEW)
    assert (row.outcome, row.changed, otherwise.declared) == ("refused", False, OLD)
    assert row.detail == [
        f"its effective values change, which needs -e accept_effective=true, and it has 1 open trades: {CHANGE}"
    ]
    assert not (otherwise.home / "switch.json").exists()


def test_what_is_accepted_is_done_and_named(otherwise: Host) -> None:
    row = otherwise.switch(NEW, accepted=True)
    assert (row.well, row.detail, otherwise.declared) == (True, [CHANGE], NEW)


def test_a_bot_without_open_trades_changes_and_says_so(otherwise: Host) -> None:
    otherwise.database.open = []
    row = otherwise.switch(NEW)
    assert (row.well, row.detail) == (True, [CHANGE])


def test_trades_that_cannot_be_counted_may_be_open(otherwise: Host) -> None:
    otherwise.database.open_error = DatabaseError("no answer")
    row = otherwise.switch(NEW)
    assert (row.outcome, otherwise.declared) == ("refused", OLD)
    assert "whether it has open trades is not known: no answer" in row.detail[0]


def test_what_stays_the_same_needs_nothing(otherwise: Host) -> None:
    otherwise.trades_by(NEW, timeframe="5m", stoploss=-0.1)
    assert (otherwise.switch(NEW).well, otherwise.switch(NEW).detail) == (True, [])


def test_a_rollback_by_hand_needs_no_leave_and_names_the_change(otherwise: Host) -> None:
    otherwise.switch(NEW, accepted=True)
    row = otherwise.rollback()
    assert (row.well, otherwise.declared) == (True, OLD)
    assert row.detail == ['timeframe: "1m" becomes "5m", said by the strategy']


# --- a way back that fails


def lost_on_its_way_back(host: Host) -> None:
    """Leave a switch behind that failed, and whose way back was not proven."""
    (host.home / "staged").mkdir()
    (host.home / "staged" / "secrets.json").write_text('{"api_server": {"username": "u", "password": "a bad one"}}')
    host.sick |= {BAD, OLD}
    assert host.switch(BAD).proven is False
    host.sick.add(NEW)


def test_no_switch_begins_over_one_that_is_not_taken_back(host: Host) -> None:
    """It would take the bad release for the former one, and the good secrets would be gone."""
    secrets = (host.home / "conf" / "secrets.json").read_text()
    lost_on_its_way_back(host)
    kept = {path.name: path.read_bytes() for path in (host.home / "former").iterdir()}
    row = host.switch(NEW)
    assert (row.outcome, row.well) == ("refused", False)
    assert "the way back is not proven" in row.detail[0]
    assert "'freqops-host resume-switch'" in row.detail[0]
    assert {path.name: path.read_bytes() for path in (host.home / "former").iterdir()} == kept
    assert SwitchFiles(host.home).unfinished
    host.sick.clear()
    assert host.switch(NEW).well
    host.rollback()
    assert (host.declared, (host.home / "conf" / "secrets.json").read_text()) == (OLD, secrets)


def test_what_was_put_back_may_trade_before_it_is_proven(host: Host) -> None:
    """The way back goes on where it was: nothing is restored over what the former release wrote since."""
    host.stage(BAD, OTHER_IMAGE)
    host.sick |= {BAD, OLD}
    assert host.switch(BAD).proven is False
    host.sick.clear()
    host.api.error = None
    host.database.content = "a trade more"
    done, failed = host.resume_switches()
    assert (len(done), failed, host.declared, host.level) == (1, [], OLD, 0)
    assert (host.database.content, host.database.done) == ("a trade more", ["dump", "restore"])
    assert host.engine.recreate[-1] is False, "it runs already, and is not made again with every round"


@pytest.mark.parametrize("step", ["restore", "put_back", "write_note", "end"])
def test_the_way_back_goes_on_from_wherever_it_was_cut(host: Host, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    host.stage(BAD, OTHER_IMAGE)
    host.sick.add(BAD)

    class PowerFailure(BaseException):
        pass

    whose: Any = host.database if step == "restore" else SwitchFiles
    real = getattr(whose, step)

    def cut(*arguments: Any) -> Any:
        if step == "write_note" and not arguments[1].get("back"):
            return real(*arguments)
        raise PowerFailure

    with monkeypatch.context() as patch:
        patch.setattr(whose, step, cut)
        with pytest.raises(PowerFailure):
            host.switch(BAD)
    host.processes.clear()
    host.sick.clear()
    done, failed = host.resume_switches()
    assert (len(done), failed, host.declared, host.running, host.level) == (1, [], OLD, OLD, 0)
    assert (host.database.content, len(host.processes)) == ("first", 1)


def test_a_hold_that_is_not_proven_keeps_the_switch_open(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.stage(BAD, OTHER_IMAGE)

    def trades() -> None:
        host.come_up()
        host.database.content = "a trade more"

    host.engine.starting = trades
    host.sick.add(BAD)
    row = host.switch(BAD)
    assert (row.outcome, row.proven) == ("halted", False)
    assert SwitchFiles(host.home).unfinished
    host.api.error = None
    done, failed = host.resume_switches()
    assert (failed, host.level, host.api.state, SwitchFiles(host.home).unfinished) == ([], 1, "paused", False), done


def test_without_what_was_there_before_nothing_is_taken_away(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(host, monkeypatch)
    (host.home / "former" / "bot.json").unlink()
    _, failed = host.resume_switches()
    assert "there is nothing to go back to in former; compare" in failed[0]
    assert (host.declared, SwitchFiles(host.home).unfinished) == (NEW, True)


# --- limits

NONE = {"version": 1, "max_concurrent_trades": None, "max_market_exposure": None}
FIVE, TWO = {**NONE, "max_concurrent_trades": 5}, {**NONE, "max_concurrent_trades": 2}


def limits_in_force(host: Host) -> Any:
    path = host.home / "conf" / "limits.json"
    return json.loads(path.read_text()) if path.exists() else None


def test_limits_come_with_a_release_before_it_starts(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.stage(NEW, limits=FIVE)
    seen: list[Any] = []
    up = host.engine.compose_up

    def noting(*arguments: Any, **options: Any) -> None:
        seen.append(limits_in_force(host))
        up(*arguments, **options)

    monkeypatch.setattr(host.engine, "compose_up", noting)
    row = host.switch(NEW)
    assert (row.well, seen[:1], limits_in_force(host)) == (True, [FIVE], FIVE)
    status = (host.home / "conf" / "limits.json").stat()
    assert (status.st_mode & 0o777, status.st_uid) == (0o444, os.getuid())
    assert "its limits were not known to its release, and become concurrent trades 5" in "; ".join(row.detail)


def test_limits_alone_change_without_a_restart(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.stage(NEW, limits=FIVE)
    host.switch(NEW)
    before = host.engine.present
    made: list[Any] = []
    monkeypatch.setattr(host.engine, "compose_up", lambda *_, recreate=False: made.append(recreate))
    host.stage(NEW, limits=TWO)
    row = host.switch(NEW)
    assert (row.well, limits_in_force(host), host.engine.present) == (True, TWO, before)
    assert made == [False], "the container that runs stays"
    assert row.detail[0].startswith("its limits were concurrent trades 5, ")


@pytest.mark.parametrize("spoil", ["missing", "edited", "a directory's link"])
def test_limits_that_somebody_changed_are_put_right_by_the_next_deploy(host: Host, spoil: str) -> None:
    host.stage(NEW, limits=FIVE)
    host.switch(NEW)
    path = host.home / "conf" / "limits.json"
    path.unlink()
    if spoil == "edited":
        path.write_text(json.dumps(NONE))
    elif spoil != "missing":
        path.symlink_to(host.home)
    assert host.switch(NEW).well
    assert (limits_in_force(host), path.is_symlink()) == (FIVE, False)


def test_limits_go_back_with_a_release_that_fails(host: Host) -> None:
    host.stage(NEW, limits=FIVE)
    host.switch(NEW)
    host.stage(BAD, limits=TWO)
    host.sick.add(BAD)
    assert host.switch(BAD).outcome == "rolled back"
    assert (host.declared, limits_in_force(host)) == (NEW, FIVE)


def test_a_release_older_than_limits_has_none_and_that_is_said(host: Host) -> None:
    host.stage(NEW, limits=FIVE)
    host.switch(NEW)
    row = host.rollback()
    assert (row.well, host.declared, limits_in_force(host)) == (True, OLD, None)
    assert any("become not known to its release" in line for line in row.detail)
    assert any("nothing in the bot keeps to them any more" in line for line in row.detail)


def test_a_rollback_says_whose_limits_come_back(host: Host) -> None:
    for fingerprint, limits in ((OLD, FIVE), (NEW, TWO)):
        host.stage(fingerprint, limits=limits)
        assert host.switch(fingerprint).well
    row = host.rollback()
    assert limits_in_force(host) == FIVE
    assert any(line.startswith("its limits were concurrent trades 2, ") for line in row.detail)


@pytest.mark.parametrize("odd", [None, [], {}, {**FIVE, "version": 2}, {**FIVE, "max_market_exposure": 25}])
def test_a_release_with_odd_limits_is_refused_before_anything_is_touched(host: Host, odd: Any) -> None:
    host.stage(NEW, limits=odd)
    row = host.switch(NEW)
    assert (row.outcome, row.changed, host.declared, limits_in_force(host)) == ("refused", False, OLD, None)
    assert "the limits of alpha in its release" in row.detail[0]
