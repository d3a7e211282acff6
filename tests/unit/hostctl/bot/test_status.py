"""A row of the status is red where a bot does not do what was ordered, whatever its API, its loop and its table say."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot import messenger_log, processes
from freqops.core.bot.client import Failed, Reading
from freqops.core.deploy import strategy_package
from freqops.core.deploy.container import Container
from freqops.core.halt import holds
from freqops.hostctl.bot import holds_file, limits_notes
from freqops.hostctl.bot import status as looking
from freqops.hostctl.bot.engine_command import EngineError
from tests.unit.fakes import FakeClock, FakeEngine, StillApi, made_container, make_bot, order, process, trade

HOUR = 3600.0


class Api(StillApi):
    """A bot that has been up for an hour, its loop as old as it is told to be."""

    beat: float | None = 2.0

    def read(self) -> Reading:
        self._said("read")
        now = self.clock.utcnow()
        last = None if self.beat is None else now - timedelta(seconds=self.beat)
        return Reading(self.state, last, self.name, True, now - timedelta(hours=1), "1m", 60.0)


class Host:
    """One bot on its host, well."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.engine, self.home = FakeClock(), FakeEngine(), make_bot(root)
        self.engine.present = made_container(started_at=f"{self.clock.at(-HOUR):%Y-%m-%dT%H:%M:%S}.5Z")
        self.api = Api(self.clock)
        self.processes = [process()]
        monkeypatch.setattr(looking, "client", lambda _bot: self.api)
        monkeypatch.setattr(processes, "scan", lambda *_: self.processes)

    def row(self) -> dict[str, Any]:
        answer = looking.status([self.home], self.clock, self.engine)
        return answer["bots"][0]  # type: ignore[no-any-return]

    def hold(self, level: int, rest: str = "paused") -> None:
        hold = holds.Hold("halt", level, "why", "ann", "one", 0, "", rest)
        assert holds_file.latch(self.home, hold, self.clock).error is None

    def declare(self, **changed: Any) -> None:
        path = self.home / "bot.json"
        for place in (path, self.home / "release" / "f00" / "bot.json"):
            place.write_text(json.dumps({**json.loads(place.read_text()), **changed}))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    return Host(tmp_path, monkeypatch)


def stopped_itself(host: Host) -> None:
    host.api.state, host.api.trades = "stopped", [trade(number, order("stoploss")) for number in range(6)]


def started_again(host: Host, seconds: float, *pairs: str) -> None:
    """Have the container start again, its API answer, and its ``initial_state`` not be applied."""
    assert host.engine.present is not None
    host.engine.present = made_container(started_at=host.clock.at(-seconds).isoformat()[:19])
    host.api.state, host.api.beat, host.api.pairs = "stopped", None, list(pairs)


def stopped_under_a_hold(host: Host) -> None:
    host.hold(1)
    host.api.state = "stopped"


def with_unreadable_holds(host: Host) -> None:
    (host.home / "conf" / "holds.json").write_text("")
    host.processes.clear()


def with_a_compose_file_of_somebody(host: Host) -> None:
    (host.home / "compose.yml").write_text("services: {}\nx: privileged\n")


DISEASES: dict[str, tuple[Callable[[Host], object], str]] = {
    "its Compose file was changed": (
        with_a_compose_file_of_somebody,
        "its compose.yml is not that of its release f00: line 2 is the first that differs; the next deploy puts it",
    ),
    "its Compose file is gone": (
        lambda h: (h.home / "compose.yml").unlink(),
        "its compose.yml is gone, or cannot be read; the next deploy puts back that of its release f00",
    ),
    "that of its release is gone": (
        lambda h: (h.home / "release" / "f00" / "compose.yml").unlink(),
        "its compose.yml cannot be compared: that of its release f00 cannot be read",
    ),
    "its declaration was changed": (
        lambda h: (h.home / "bot.json").write_text((h.home / "bot.json").read_text() + " "),
        "its bot.json is not that of its release f00: line 1 ",
    ),
    "stopped itself": (stopped_itself, "its trader is stopped with 6 open trades, and nothing ordered that"),
    "paused by nobody": (lambda h: setattr(h.api, "state", "paused"), "its trader is paused"),
    "stopped under a hold": (
        stopped_under_a_hold,
        "its trader is stopped with 0 open trades, and nothing ordered that (its hold keeps it paused)",
    ),
    "held at 1 and runs": (lambda h: h.hold(1), "it is held at level 1, and its trader runs"),
    "held at 3 and lives": (lambda h: h.hold(3), "held at level 3, and it has a process (4242 "),
    "unreadable holds": (
        with_unreadable_holds,
        "its holds cannot be read",
    ),
    "the loop hangs": (lambda h: setattr(h.api, "beat", 30 * HOUR), "come round for 108000 s (red above 180 s"),
    "the clock was set back": (lambda h: setattr(h.api, "beat", -HOUR), "3600 s in the future (red above 5 s)"),
    "no loop at all": (
        lambda h: setattr(h.api, "beat", None),
        "not come round since its start 3600 s ago",
    ),
    "old candles": (
        lambda h: setattr(h.api, "candle_s", 181.0),
        "began 181 s ago although its loop turns (red above",
    ),
    "no pairs": (lambda h: h.api.pairs.clear(), "its whitelist is empty, 3600 s after its start (red above 600 s"),
    "it never comes up": (lambda h: started_again(h, 181.0), "its trader is stopped"),
    "it came up stopped": (lambda h: started_again(h, 5.0, "BTC/USDT"), "its trader is stopped"),
}


def test_a_bot_at_work_is_well_and_costs_few_calls(host: Host) -> None:
    host.api.pairs = [f"{coin}/USDT" for coin in "ABCDEFGH"]
    host.api.trades = [trade(1, order("stoploss"), pair="Z/USDT")]
    row = host.row()
    assert (row["problems"], row["notes"], row["heartbeat_s"], row["trader"]) == ([], [], 2.0, "running")
    candles = [f"candle {pair} 1m" for pair in ("Z/USDT", "A/USDT", "B/USDT")]
    assert host.api.calls == ["read", "open_trades", "whitelist", *candles, "locks_of_others"]


@pytest.mark.parametrize("name", DISEASES)
def test_what_is_wrong_is_named(host: Host, name: str) -> None:
    spoil, said = DISEASES[name]
    spoil(host)
    problems = host.row()["problems"]
    assert [text for text in problems if said in text], problems
    assert len({text.partition(" candle of ")[0] for text in problems}) == 1


@pytest.mark.parametrize(
    ("declared", "hold", "rest", "state"),
    [
        ("running", 1, "paused", "paused"), ("running", 1, "stopped", "stopped"), ("running", 1, "stopped", "paused"),
        ("stopped", 0, "paused", "stopped"), ("stopped", 1, "stopped", "stopped"),
    ],
)  # fmt: skip
def test_what_was_ordered_is_well(host: Host, declared: str, hold: int, rest: str, state: str) -> None:
    host.declare(initial_state=declared)
    if hold:
        host.hold(hold, rest)
    host.api.state = state
    row = host.row()
    assert (row["problems"], row["notes"]) == ([], [])


def test_a_switch_installs_its_files_one_after_the_other(host: Host) -> None:
    with_a_compose_file_of_somebody(host)
    (host.home / "switch.json").write_text("{}")
    [problem] = host.row()["problems"]
    assert problem.startswith("a switch is not over; ")


def test_a_bot_that_is_coming_up_is_only_said(host: Host) -> None:
    started_again(host, 180.0)
    row = host.row()
    assert (row["problems"], row["notes"]) == ([], ["it is still coming up, 180 s after its start"])


def test_one_that_was_started_by_hand_and_locks_of_others_are_only_said(host: Host) -> None:
    host.declare(initial_state="stopped")
    host.api.others = [{"pair": "BTC/USDT", "lock_end_timestamp": 1767323045000, "reason": "Cooldown period"}]
    row = host.row()
    assert row["problems"] == []
    assert row["notes"][0] == "its trader is running; it was declared to start stopped"
    assert row["notes"][1].startswith("1 pair locks of others")
    assert "alpha: 1 pair locks" in "\n".join(looking.render({"bots": [row], "undeclared": []}))


def test_what_its_log_says_of_its_messengers_is_taken_in(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    now = host.clock.utcnow()
    said = [
        (now, messenger_log.TELEGRAM_LOGGER, "Telegram init failed."),
        (now, messenger_log.WEBHOOK_LOGGER, "Could not call webhook url. Exception: https://hooks.example/canary"),
    ]
    asked: list[str] = []

    def log(*loggers: str) -> list[Any]:
        asked.extend(loggers)
        return said

    monkeypatch.setattr(host.api, "log", log, raising=False)
    assert (host.row()["problems"], asked) == ([], []), "nothing is asked where none is on"
    config = host.home / "release" / "f00" / "config.json"
    config.write_text(json.dumps({"telegram": {"enabled": True}, "webhook": {"enabled": True}}))
    row = host.row()
    assert [text.partition(",")[0] for text in row["problems"]] == ["Telegram could not be reached when it began"]
    assert "1 messages were not delivered in the last hour, the last one 0 s ago" in row["notes"]
    assert "canary" not in str(row)


@pytest.mark.parametrize(
    ("release", "beside", "is_red"),
    [(True, False, False), (False, True, True), (None, True, True), (True, None, True), (False, None, False)],
)
def test_whether_telegram_is_on_stands_beside_its_token(
    host: Host, monkeypatch: pytest.MonkeyPatch, release: bool | None, beside: bool | None, is_red: bool
) -> None:
    """A release that was brought back may say otherwise: Freqtrade reads the file of secrets after it."""
    gave_up = (host.clock.utcnow(), messenger_log.TELEGRAM_LOGGER, "Telegram init failed.")
    monkeypatch.setattr(host.api, "log", lambda *_loggers: [gave_up], raising=False)
    said = {} if release is None else {"telegram": {"enabled": release, "chat_id": ""}}
    (host.home / "release" / "f00" / "config.json").write_text(json.dumps(said))
    secrets = json.loads((host.home / "conf" / "secrets.json").read_text())
    section = {"token": "t"} if beside is None else {"token": "t", "enabled": beside}
    (host.home / "conf" / "secrets.json").write_text(json.dumps({**secrets, "telegram": section}))
    assert any("Telegram could not be reached" in text for text in host.row()["problems"]) is is_red


def test_the_loop_may_be_as_long_as_the_release_says(host: Host) -> None:
    (host.home / "release" / "f00" / "config.json").write_text('{"internals": {"process_throttle_secs": 100}}')
    host.api.beat = 399.0
    assert host.row()["problems"] == []


def test_an_engine_that_is_silent_hides_nothing_of_the_bot(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_name: str) -> Container:
        raise EngineError("no answer")

    monkeypatch.setattr(host.engine, "container", silent)
    host.api.beat = 30 * HOUR
    row = host.row()
    assert (row["problems"][0], len(row["problems"]), row["trader"]) == ("no answer", 2, "running")


def test_what_fails_later_hides_nothing_that_was_read(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> list[str]:
        raise Failed("GET /whitelist: status 500")

    monkeypatch.setattr(host.api, "whitelist", fails)
    host.api.beat = 181.0
    row = host.row()
    assert (len(row["problems"]), row["trader"]) == (2, "running")


def test_whatever_happens_to_one_bot_the_others_have_their_rows(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def client(bot: Any) -> Api:
        if bot.name == "beta":
            raise RecursionError("deep")
        return host.api

    monkeypatch.setattr(looking, "client", client)
    monkeypatch.setattr(host.engine, "container", lambda name: made_container(name.removeprefix("freqops-")))
    host.processes = [process(), process(5, "beta")]
    answer = looking.status([host.home, make_bot(tmp_path, "beta")], host.clock, host.engine)
    assert [row["problems"] for row in answer["bots"]] == [[], ["unexpected RecursionError: deep"]]


NONE = {"version": 1, "max_concurrent_trades": None, "max_market_exposure": None}
FIVE = {**NONE, "max_concurrent_trades": 5}


def limited(host: Host, declared: Any, in_force: Any, *, knows: bool = True) -> tuple[list[str], list[str]]:
    """Return the problems and notes of a bot with limits declared and in force, None for a missing file."""
    if declared is not None:
        host.declare(limits=declared)
    if in_force is not None:
        (host.home / "conf" / "limits.json").write_text(json.dumps(in_force))
    if knows:
        file = host.home / "release" / "f00" / limits_notes.IN_RELEASE
        file.parent.mkdir(parents=True)
        file.touch()
    row = host.row()
    return row["problems"], row["notes"]


def test_limits_are_told(host: Host) -> None:
    words = "its limits: concurrent trades 5, exposure of a market unlimited"
    assert limited(host, FIVE, FIVE) == ([], [words])


def test_no_limits_are_not_told(host: Host) -> None:
    assert limited(host, NONE, NONE) == ([], [])


def test_a_bot_that_is_older_than_limits_has_no_problem(host: Host) -> None:
    assert limited(host, None, None, knows=False) == ([], [])


@pytest.mark.parametrize(
    ("declared", "in_force", "knows", "problem"),
    [
        (NONE, None, True, "its limits cannot be read"),
        (None, None, True, "its limits cannot be read"),
        (FIVE, {"version": 1}, True, "its limits cannot be read"),
        (FIVE, NONE, True, "others are declared in its bot.json; deploy.yml writes them again"),
        (NONE, FIVE, True, "others are declared in its bot.json"),
        (None, FIVE, True, "others are declared in its bot.json"),
        (FIVE, FIVE, False, "nothing in the bot keeps to them: concurrent trades 5"),
    ],
)
def test_limits_that_do_not_act_as_declared_are_a_problem(
    host: Host, declared: Any, in_force: Any, knows: bool, problem: str
) -> None:
    [found], _ = limited(host, declared, in_force, knows=knows)
    assert problem in found


def test_the_file_by_which_a_release_knows_limits_is_in_every_release() -> None:
    names = strategy_package.files(Path(limits_notes.__file__).parents[2])
    assert limits_notes.IN_RELEASE.removeprefix("python/") in names
