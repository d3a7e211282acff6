"""A slot is had by as many as there are, by its holder alone, and is free when its holder is gone and long silent."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from freqops.core.base.errors import NotProven, Refused
from freqops.core.runs import slot_file, slots
from freqops.core.runs.slots import Acquired, Full, Lost, Process
from tests.unit.fakes import START
from tests.unit.slot_fields import SlotField

TTL, HOUR = 900, 3600.0


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fsync return at once: a busy disk of the machine that tests decides nothing here."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.fixture
def host(tmp_path: Path) -> SlotField:
    return SlotField(tmp_path)


# --- how many


def test_there_is_one_of_each_kind_where_nothing_is_declared(host: SlotField) -> None:
    for kind in slots.KINDS:
        host.acquire(1, kind)
        with pytest.raises(Full, match=f"too_many_active_{kind}s: 1/1: ann@host, process 1 on host, since 2026-01-02"):
            host.acquire(2, kind)


def test_there_are_as_many_as_are_declared_and_a_wish_may_only_be_for_fewer(tmp_path: Path) -> None:
    host = SlotField(tmp_path, {"backtest": 2})
    with pytest.raises(Refused, match="a limit of 3 backtest slots is above the 2 that this host declares"):
        host.acquire(1, limit=3)
    host.acquire(1)
    with pytest.raises(Full, match="1/1"):
        host.acquire(2, limit=1)
    host.acquire(2)
    with pytest.raises(Full, match="2/2"):
        host.acquire(3)
    assert host.acquire(3, "hyperopt", limit=5).slot.limit == 5


def test_two_in_one_second_by_one_process_are_two(host: SlotField) -> None:
    first, second = (host.acquire(1, limit=9, cid="run") for _ in range(2))
    assert len({first.file, second.file, *host.files()}) == 2
    assert host.directory.release(first.token) is True
    assert host.files() == [second.file]
    assert host.directory.keep(second.token)


def test_a_play_that_asks_again_has_the_one_that_it_has(host: SlotField) -> None:
    first = host.directory.acquire(host.wanted(1), again=True)
    second = host.directory.acquire(host.wanted(1), again=True)
    assert (first.is_new, second.is_new, second.token) == (True, False, first.token)
    with pytest.raises(Full):
        host.directory.acquire(host.wanted(1, cid="other"), again=True)
    with pytest.raises(Full):
        host.directory.acquire(host.wanted(2), again=True)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"kind": "live"}, "'live' is no kind of run; allowed: backtest, hyperopt, download, maintenance"),
        ({"limit": 0}, "limit is 0; allowed: whole numbers from 1 to 1000"),
        ({"limit": True}, "limit is True; allowed"),
        ({"ttl": 86_401}, "ttl is 86401; allowed: whole numbers from 1 to 86400"),
        ({"cid": "../x"}, "correlation id is '../x'; allowed: at most 64 letters, digits and hyphens"),
        ({"cid": "x" * 65}, "at most 64"),
    ],
)
def test_a_wish_that_means_nothing_is_refused(host: SlotField, wish: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        host.acquire(1, **wish)
    assert host.files() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("[]", "not a JSON object"),
        ('{"version": 2}', "another version"),
        ('{"version": 1, "limit": {}}', "'limit'"),
        ('{"version": 1, "limits": []}', "limits is no object"),
        ('{"version": 1, "limits": {"live": 1}}', "'live' is no kind of run"),
        ('{"version": 1, "limits": {"backtest": 0}}', "the limit of backtest is 0"),
        ('{"version": 1, "limits": {"backtest": "2"}}', "the limit of backtest is '2'"),
        ('{"version": 1, "ttl_seconds": 1.5}', "ttl_seconds is 1.5"),
        ('{"version": 1, "version": 1}', "it says 'version' twice"),
        ('{"version": 1, "ttl_seconds": NaN}', "the number NaN"),
    ],
)
def test_with_a_declaration_that_cannot_be_read_no_slot_is_given(host: SlotField, text: str, said: str) -> None:
    host.declare()
    (host.running.parent / "run_slots.json").write_text(text)
    with pytest.raises(Refused, match=said):
        host.acquire()
    assert host.files() == []


# --- whose


def test_only_its_holder_gives_it_back_and_twice_is_once(host: SlotField) -> None:
    acquired = host.acquire()
    stem = acquired.token.rpartition(".")[0]
    assert host.directory.release(f"{stem}.{'0' * 32}") is False
    with pytest.raises(Lost):
        host.directory.keep(f"{stem}.{'0' * 32}")
    assert host.files() == [acquired.file]
    assert [host.directory.release(acquired.token) for _ in range(2)] == [True, False]
    assert host.files() == []


@pytest.mark.parametrize("token", ["", "x", f"../../x_1_1_a.{'0' * 32}", f"backtest_1_1_a/b.{'0' * 32}"])
def test_what_is_no_token_is_refused(host: SlotField, token: str) -> None:
    host.acquire()
    for ask in (host.directory.release, host.directory.keep, host.directory.is_held):
        with pytest.raises(Refused, match="no token of a slot"):
            ask(token)


def test_while_its_run_goes_on_it_is_not_given_back(host: SlotField) -> None:
    acquired, run = host.acquire(), Process(7, "70", "one pid:[1]")
    host.directory.put_run(acquired.token, run)
    with pytest.raises(Refused, match="process 7 runs under this slot"):
        host.directory.release(acquired.token)
    with pytest.raises(Refused, match="one slot is for one run"):
        host.directory.put_run(acquired.token, Process(8, "80", "one pid:[1]"))
    host.dead.add(run)
    assert host.directory.release(acquired.token) is True


# --- for how long


def test_a_holder_that_is_gone_leaves_it_after_the_time_to_live_and_not_before(host: SlotField) -> None:
    acquired = host.acquire()
    host.kill(acquired)
    host.sleep(TTL)
    with pytest.raises(Full):
        host.acquire(2)
    host.sleep(0.1)
    assert host.acquire(2).removed == (acquired.file,)


def test_a_holder_that_lives_keeps_it_however_long_it_is_silent(host: SlotField) -> None:
    acquired = host.acquire()
    host.sleep(100 * TTL)
    with pytest.raises(Full):
        host.acquire(2)
    host.kill(acquired)
    assert host.acquire(2)


def test_a_run_that_goes_on_without_its_holder_keeps_it(host: SlotField) -> None:
    acquired, run = host.acquire(), Process(7, "70", "one pid:[1]")
    host.directory.put_run(acquired.token, run)
    host.kill(acquired)
    host.sleep(2 * TTL)
    with pytest.raises(Full):
        host.acquire(2)
    host.dead.add(run)
    assert host.acquire(2)


def test_of_a_holder_elsewhere_only_the_silence_is_known(host: SlotField) -> None:
    acquired = host.acquire(machine="control node")
    host.sleep(TTL / 3)
    host.directory.keep(acquired.token)
    host.sleep(TTL)
    with pytest.raises(Full):
        host.acquire(2)
    host.sleep(0.1)
    assert host.acquire(2)


def test_a_heartbeat_that_comes_late_revives_nothing(host: SlotField) -> None:
    acquired = host.acquire()
    host.sleep(TTL * slots.LATE - 0.1)
    host.directory.keep(acquired.token)
    host.sleep(TTL * slots.LATE)
    with pytest.raises(Lost, match=r"for 450\.0 s; allowed: 450\.0 s"):
        host.directory.keep(acquired.token)
    with pytest.raises(Lost):
        host.directory.put_run(acquired.token, Process(7, "70", "one pid:[1]"))


def test_a_run_has_ended_before_its_slot_can_be_stale() -> None:
    longest = slots.LATE + slots.GRACE + 1 / slots.BEATS_IN_TTL
    assert longest < 1
    assert 1 / slots.BEATS_IN_TTL < slots.LATE / 2


@pytest.mark.parametrize("hours", [-1, 1, -24 * 365])
def test_a_clock_that_is_set_frees_none_and_freezes_none(host: SlotField, hours: int) -> None:
    acquired = host.acquire()
    host.kill(acquired)
    host.ahead += hours * HOUR
    host.sleep(TTL)
    with pytest.raises(Full):
        host.acquire(2)
    host.sleep(0.1)
    assert host.acquire(2)


def test_after_a_reboot_its_age_is_that_of_the_boot(host: SlotField) -> None:
    acquired = host.acquire()
    host.kill(acquired)
    host.reboot()
    host.ahead += HOUR
    host.sleep(TTL)
    with pytest.raises(Full):
        host.acquire(2)
    host.sleep(0.1)
    assert host.acquire(2)


# --- the files


def test_the_runbooks_system_reads_what_it_needs(host: SlotField) -> None:
    acquired = host.acquire(4242, cid="20260102T030405Z-run")
    assert acquired.file == f"backtest_{int(START.timestamp())}_4242_20260102T030.lock"
    body = json.loads((host.running / acquired.file).read_text())
    runbook = {name: body[name] for name in ("kind", "pid", "ts", "cid")}
    assert runbook == {"kind": "backtest", "pid": 4242, "ts": "2026-01-02T03:04:05Z", "cid": "20260102T030405Z-run"}


def test_what_the_runbooks_system_wrote_counts_by_its_last_change(host: SlotField) -> None:
    host.acquire(1, "download")
    path = host.running / "backtest_1767323045_7.lock"
    path.write_text('{"kind": "backtest", "pid": 7, "ts": "2026-01-02T03:04:05+00:00", "cid": ""}')
    os.utime(path, (0, START.timestamp()))
    with pytest.raises(Full, match=r"backtest_1767323045_7\.lock \(process 7, not of freqops\)"):
        host.acquire()
    host.sleep(TTL)
    with pytest.raises(Full):
        host.acquire()
    host.sleep(1)
    assert host.acquire().removed == (path.name,)


GOOD: dict[str, Any] = {
    "version": 1, "kind": "backtest", "pid": 7, "ts": "2026-01-02T03:04:05Z", "cid": "", "started": "70",
    "machine": "one pid:[1]", "host": "host", "actor": "ann@host", "secret": "0" * 32, "limit": 1, "ttl_seconds": 900,
    "heartbeat": {"boot": "one", "uptime": 1000.0, "at": "2026-01-02T03:04:05Z"}, "run": None,
}  # fmt: skip
HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_text(""), "it is empty"),
    "half": (lambda path: path.write_text(json.dumps(GOOD)[:40]), "it is not JSON"),
    "a list": (lambda path: path.write_text("[]"), "not a JSON object"),
    "deep": (lambda path: path.write_text("[" * 8000), "it is not JSON"),
    "no text": (lambda path: path.write_bytes(b"\xff\xfe"), "not text in UTF-8"),
    "twice": (lambda path: path.write_text('{"kind": "backtest", "kind": "backtest", "pid": 1}'), "twice"),
    "not finite": (lambda path: path.write_text('{"kind": "backtest", "pid": NaN}'), "the number NaN"),
    "no pid": (lambda path: path.write_text('{"kind": "backtest"}'), "a row has no pid"),
    "pid of text": (lambda path: path.write_text('{"kind": "backtest", "pid": "7"}'), "pid is '7'"),
    "pid below zero": (lambda path: path.write_text('{"kind": "backtest", "pid": -7}'), "pid is '-7'"),
    "another kind": (lambda path: path.write_text('{"kind": "hyperopt", "pid": 7}'), "different kinds"),
    "another version": (lambda path: path.write_text(json.dumps({**GOOD, "version": 2})), "its version is 2"),
    "no heartbeat": (lambda path: path.write_text(json.dumps({**GOOD, "heartbeat": None})), "heartbeat is"),
    "no time": (
        lambda path: path.write_text(json.dumps({**GOOD, "heartbeat": {**GOOD["heartbeat"], "uptime": None}})),
        "its heartbeat has no time",
    ),
    "to come": (
        lambda path: path.write_text(json.dumps({**GOOD, "heartbeat": {**GOOD["heartbeat"], "uptime": 1e9}})),
        "its heartbeat is in the future",
    ),
    "for ever": (lambda path: path.write_text(json.dumps({**GOOD, "ttl_seconds": 10**9})), "time to live is none"),
    "a run of text": (lambda path: path.write_text(json.dumps({**GOOD, "run": "7"})), "run is '7'"),
    "large": (lambda path: path.write_bytes(b" " * 20_000), "it has 20000 bytes, more than 16384"),
    "a directory": (lambda path: path.mkdir(), "it is a directory, not a plain file"),
    "a pipe": (os.mkfifo, "it is a FIFO, not a plain file"),
    "a link": (lambda path: path.symlink_to("/etc/hostname"), "it is a link"),
    "a link to nothing": (lambda path: path.symlink_to("nothing"), "it is a link"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_lock_file_that_cannot_be_read_counts_until_it_is_old(host: SlotField, name: str) -> None:
    make, said = HOSTILE[name]
    host.acquire(1, "download")
    path = host.running / "backtest_1_7_x.lock"
    make(path)
    os.utime(path, (0, START.timestamp()), follow_symlinks=False)
    with pytest.raises(Full, match=said):
        host.acquire()
    [row] = [row for row in host.directory.answer()["slots"] if row["kind"] == "backtest"]
    assert (row["state"], said in row["detail"]) == ("unreadable", True)
    assert host.directory.answer()["problems"] == [f"{path.name} is unreadable: {row['detail']}"]
    host.sleep(TTL + 1)
    assert host.directory.answer()["problems"] == []
    acquired = host.acquire()
    left = [path.name] if name == "a directory" else []
    assert (acquired.active_before, host.files()) == (0, sorted([acquired.file, *left, *_downloads(host)]))


def _downloads(host: SlotField) -> list[str]:
    return [name for name in host.files() if name.startswith("download")]


def test_a_good_file_of_another_kind_of_writer_is_the_one_that_hostile_ones_differ_from(host: SlotField) -> None:
    host.acquire(1, "download")
    (host.running / "backtest_1_7_x.lock").write_text(json.dumps(GOOD))
    assert {row["state"] for row in host.directory.answer()["slots"]} == {"active"}


@pytest.mark.parametrize("wrong", ["a file", "a link", "of everybody"])
def test_a_directory_that_is_not_this_users_alone_gives_no_slot(host: SlotField, wrong: str, tmp_path: Path) -> None:
    if wrong == "a file":
        host.running.write_text("")
    elif wrong == "a link":
        (tmp_path / "elsewhere").mkdir()
        host.running.symlink_to(tmp_path / "elsewhere")
    else:
        host.running.mkdir()
        host.running.chmod(0o777)
    for ask in (host.acquire, host.directory.answer):
        with pytest.raises((NotProven, Refused), match="running"):
            ask()
    assert list((tmp_path / "elsewhere").glob("*")) == []


@pytest.mark.parametrize("failing", ["os.fsync", "os.link", "os.fchmod"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_on_a_full_disk_none_is_taken_and_nothing_is_left(
    host: SlotField, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    host.running.mkdir(parents=True)

    def fail(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(failing, fail)
        with pytest.raises(Refused, match=rf"no slot was taken, .*: .*{os.strerror(number)}"):
            host.acquire()
    assert host.files() == []
    assert host.acquire()


def test_without_the_lock_nothing_is_changed(host: SlotField) -> None:
    acquired = host.acquire()
    (host.running / ".lock").unlink()
    (host.running / ".lock").mkdir()
    for ask in (lambda: host.acquire(2, "hyperopt"), lambda: host.directory.release(acquired.token)):
        with pytest.raises(Refused, match=r"nothing was changed: .* cannot be opened"):
            ask()
    assert host.files() == [acquired.file]


def test_a_token_is_told_to_nobody_else(host: SlotField) -> None:
    secret = host.acquire().slot.secret
    assert secret not in json.dumps(host.directory.answer())


# --- in any order


class Slots(RuleBasedStateMachine):
    """What may happen to a host's slots; the model knows of each when it was heard, and what of it lives."""

    held = Bundle("held")

    @initialize(limits=st.dictionaries(st.sampled_from(slots.KINDS), st.integers(1, 3)))
    def begin(self, limits: dict[str, int]) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="freqops-slots-"))
        self.host = SlotField(self.root, limits)
        self.limits = {kind: limits.get(kind, 1) for kind in slots.KINDS}
        self.pids = iter(range(1, 10_000))
        self.model: dict[str, dict[str, Any]] = {}

    def teardown(self) -> None:
        if hasattr(self, "root"):
            shutil.rmtree(self.root)

    def _silence(self, entry: dict[str, Any]) -> float:
        same = entry["boot"] == self.host.boot_id
        return self.host.now - (entry["heard"] if same else self.host.boot_began)

    def _counts(self, entry: dict[str, Any]) -> bool:
        return bool(self._silence(entry) <= entry["ttl"] or entry["holder"] or entry["run"])

    def _active(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.model.values() if entry["kind"] == kind and self._counts(entry)]

    @rule(target=held, kind=st.sampled_from(slots.KINDS), ttl=st.sampled_from([1, 60, 900]), here=st.booleans())
    def acquire(self, kind: str, ttl: int, here: bool) -> Any:
        machine = {} if here else {"machine": "elsewhere"}
        wanted = self.host.wanted(next(self.pids), kind, ttl=ttl, **machine)
        if len(self._active(kind)) >= self.limits[kind]:
            with pytest.raises(Full):
                self.host.directory.acquire(wanted)
            return None
        acquired = self.host.directory.acquire(wanted)
        self.model = {name: e for name, e in self.model.items() if e["kind"] != kind or self._counts(e)}
        self.model[acquired.file] = {
            "kind": kind, "ttl": ttl, "heard": self.host.now, "boot": self.host.boot_id, "holder": here, "run": False,
        }  # fmt: skip
        return acquired

    @rule(acquired=held)
    def keep(self, acquired: Acquired | None) -> None:
        if acquired is None:
            return
        entry = self.model.get(acquired.file)
        if entry is None or self._silence(entry) >= entry["ttl"] * slots.LATE:
            with pytest.raises(Lost):
                self.host.directory.keep(acquired.token)
        else:
            self.host.directory.keep(acquired.token)
            entry.update(heard=self.host.now, boot=self.host.boot_id)

    @rule(acquired=held)
    def begin_a_run(self, acquired: Acquired | None) -> None:
        entry = None if acquired is None else self.model.get(acquired.file)
        if acquired is None or entry is None or entry["run"] or self._silence(entry) >= entry["ttl"] * slots.LATE:
            return
        process = Process(next(self.pids), "0", "one pid:[1]")
        self.host.directory.put_run(acquired.token, process)
        entry["run"] = process

    @rule(acquired=held)
    def end_the_run(self, acquired: Acquired | None) -> None:
        entry = None if acquired is None else self.model.get(acquired.file)
        if entry is not None and entry["run"]:
            self.host.dead.add(entry["run"])
            entry["run"] = False

    @rule(acquired=held)
    def kill_the_holder(self, acquired: Acquired | None) -> None:
        if acquired is not None:
            self.host.kill(acquired)
            if acquired.file in self.model:
                self.model[acquired.file]["holder"] = False

    @rule(acquired=consumes(held))
    def release(self, acquired: Acquired | None) -> None:
        if acquired is None:
            return
        entry = self.model.get(acquired.file)
        if entry is not None and entry["run"]:
            with pytest.raises(Refused):
                self.host.directory.release(acquired.token)
            return
        assert self.host.directory.release(acquired.token) is (entry is not None)
        self.model.pop(acquired.file, None)

    @rule(seconds=st.sampled_from([0.5, 1.125, 29.0, 61.0, 450.0, 901.0]))
    def wait(self, seconds: float) -> None:
        self.host.sleep(seconds)

    @rule(hours=st.sampled_from([-1, 1]))
    def set_the_clock(self, hours: int) -> None:
        self.host.ahead += hours * HOUR

    @rule()
    def reboot(self) -> None:
        self.host.reboot()
        for entry in self.model.values():
            if entry["holder"]:
                entry["holder"] = False
            if entry["run"]:
                self.host.dead.add(entry["run"])
                entry["run"] = False
        self.host.dead |= {each.slot.holder.process for each in self.host.directory.found() if each.slot is not None}

    @invariant()
    def the_directory_says_what_the_model_knows(self) -> None:
        if not hasattr(self, "host"):
            return
        assert self.host.files() == sorted(self.model)
        answer = self.host.directory.answer()
        for kind in slots.KINDS:
            assert answer["kinds"][kind]["active"] == len(self._active(kind)) <= self.limits[kind]


Slots.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestSlots = Slots.TestCase


def test_a_name_is_read_back_from_its_token(host: SlotField) -> None:
    acquired = host.acquire()
    assert slot_file.of_token(acquired.token) == (acquired.file, acquired.slot.secret)
