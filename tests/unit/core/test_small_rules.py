"""Gate, layout, positions, table, incident, time: each as short as its rule."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import Refused
from freqops.core.base.text_table import table
from freqops.core.bot import crash_loop, layout
from freqops.core.bot.redaction import redact
from freqops.core.exchange.positions import position
from freqops.core.halt import holds, start_gate
from freqops.core.incident.ids import new_incident
from tests.unit.fakes import START, FakeClock, make_bot, order, trade

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def hold(level: int) -> holds.Hold:
    return holds.Hold("halt", level, "why", "ann@host", "one", 0, "")


def write(conf: Path, held: holds.Holds, state: Any) -> None:
    conf.mkdir(exist_ok=True)
    (conf / "holds.json").write_text(json.dumps(held.to_json()))
    (conf / "state.json").write_text(json.dumps(state))


# --- the start gate


def test_the_gate_opens_where_nothing_holds(tmp_path: Path) -> None:
    write(tmp_path, holds.Holds(), {"initial_state": "running"})
    assert start_gate.verdict(tmp_path) is None


@pytest.mark.parametrize("state", ["paused", "stopped"])
def test_at_level_1_a_bot_may_start_into_rest(tmp_path: Path, state: str) -> None:
    write(tmp_path, holds.Holds().raised(hold(1), NOW), {"initial_state": state})
    assert start_gate.verdict(tmp_path) is None


@pytest.mark.parametrize("state", [{"initial_state": "running"}, {}, [], None, {"initial_state": None}])
def test_at_level_1_it_may_not_start_into_anything_else(tmp_path: Path, state: Any) -> None:
    write(tmp_path, holds.Holds().raised(hold(1), NOW), state)
    assert "held at level 1" in (start_gate.verdict(tmp_path) or "")
    (tmp_path / "state.json").unlink()
    assert "held at level 1" in (start_gate.verdict(tmp_path) or "")


def test_at_level_3_it_says_why(tmp_path: Path) -> None:
    write(tmp_path, holds.Holds().raised(hold(3), NOW), {"initial_state": "paused"})
    assert start_gate.verdict(tmp_path) == "held at level 3: why (one)"


@pytest.mark.parametrize("content", [None, b"", b"{", b"[" * 60000, b'{"version": 1}'])
def test_unreadable_holds_are_level_3(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "holds.json").write_bytes(content)
    assert "this counts as level 3" in (start_gate.verdict(tmp_path) or "")


def wait(var: Path, seconds: float, boot: str = "one") -> float:
    return crash_loop.seconds_to_wait(var, crash_loop.Moment(boot, seconds))


def crash(var: Path, began: float = 0.0) -> float:
    """Start five times in five minutes, and return when the sixth start comes."""
    for number in range(crash_loop.CRASHES):
        assert wait(var, began + 60 * number) == 0
    return began + 60 * crash_loop.CRASHES


def test_five_crashes_in_ten_minutes_are_enough(tmp_path: Path) -> None:
    assert wait(tmp_path, crash(tmp_path)) == 120


def test_crashes_that_are_far_between_are_not(tmp_path: Path) -> None:
    assert all(wait(tmp_path, number * 121) == 0 for number in range(50))


def test_it_opens_again_after_2_5_and_15_minutes(tmp_path: Path) -> None:
    now, waited = crash(tmp_path), []
    for _ in range(5):
        waited.append(wait(tmp_path, now))
        assert wait(tmp_path, now + waited[-1]) == 0, "its time is up"
        now += waited[-1] + 1
        for _ in range(crash_loop.CRASHES - 1):
            assert wait(tmp_path, now) == 0
    assert waited == [120, 300, 900, 900, 900]


def test_who_ran_for_ten_minutes_begins_with_two_minutes_again(tmp_path: Path) -> None:
    now = crash(tmp_path)
    opens = now + wait(tmp_path, now)
    assert wait(tmp_path, opens) == 0
    assert wait(tmp_path, crash(tmp_path, opens + crash_loop.WINDOW)) == 120


def test_a_gate_that_is_started_again_waits_for_what_is_left(tmp_path: Path) -> None:
    now = crash(tmp_path)
    assert [wait(tmp_path, now + seconds) for seconds in (0, 1, 100, 119)] == [120, 119, 20, 1]
    assert wait(tmp_path, now + 121) == 0


def test_a_reboot_counts_as_one_start(tmp_path: Path) -> None:
    now = crash(tmp_path)
    assert wait(tmp_path, now) == 120
    assert wait(tmp_path, now + 1, "another") == 0
    assert json.loads((tmp_path / crash_loop.STARTS_FILE).read_text())["starts"] == [now + 1]


def test_a_start_through_the_door_forgets_the_crashes(tmp_path: Path) -> None:
    now = crash(tmp_path)
    (tmp_path / crash_loop.STARTS_FILE).unlink()
    assert wait(tmp_path, now) == 0


@pytest.mark.parametrize(
    "content",
    ["", "{", "[1]", '["2026-01-02T03:04:05Z"]', "null", "5", "[" * 100_000,
     *(json.dumps({"boot": "one", "starts": [1.0] * 5, "waited": 0, "opens": 0, **wrong}) for wrong in (
         {"opens": 1e18}, {"opens": 1e999}, {"waited": -1}, {"waited": 1e999}, {"starts": [99.0] * 5}, {"starts": 5},
         {"starts": ["now"]}, {"boot": "another"}))],
)  # fmt: skip
def test_a_spoilt_count_of_starts_keeps_nobody_from_starting(tmp_path: Path, content: str) -> None:
    """The bot itself can write it, and today's gate finds what the one before it wrote."""
    (tmp_path / crash_loop.STARTS_FILE).write_text(content)
    assert wait(tmp_path, 10.0) == 0
    assert json.loads((tmp_path / crash_loop.STARTS_FILE).read_text())["starts"] == [10.0]


def test_a_full_disk_keeps_nobody_from_starting(tmp_path: Path) -> None:
    assert wait(tmp_path / "nowhere", 1.0) == 0


def test_no_clock_that_is_set_moves_the_present() -> None:
    before, after = crash_loop.present(), crash_loop.present()
    assert before.boot == after.boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert before.seconds <= after.seconds <= float(Path("/proc/uptime").read_text().split()[0]) + 1


# --- layout


def test_a_bot_as_declared(tmp_path: Path) -> None:
    bot = layout.load_bot(make_bot(tmp_path))
    assert (bot.name, bot.mode, bot.api_port, bot.container) == ("alpha", "paper", 18080, "freqops-alpha")
    assert bot.holds == bot.home / "conf" / "holds.json"
    assert bot.compose == bot.home / "compose.yml"
    assert bot.credentials() == ("u", "p")


@pytest.mark.parametrize("key", ["name", "mode", "api_port", "image", "release", "initial_state"])
def test_a_field_of_the_wrong_type_is_unreadable(tmp_path: Path, key: str) -> None:
    home = make_bot(tmp_path)
    document = json.loads((home / "bot.json").read_text())
    wrong: list[Any] = [None, True, 1.5, [], {}, "" if key == "api_port" else 1]
    for value in wrong:
        (home / "bot.json").write_text(json.dumps({**document, key: value}))
        with pytest.raises(layout.BotUnreadable, match=f"{key} is missing or not"):
            layout.load_bot(home)
    del document[key]
    (home / "bot.json").write_text(json.dumps(document))
    with pytest.raises(layout.BotUnreadable, match=f"{key} is missing"):
        layout.load_bot(home)


@pytest.mark.parametrize("changed", [{"name": "beta"}, {"mode": "dry"}, {"initial_state": "held"}])
def test_a_declaration_of_something_else_is_unreadable(tmp_path: Path, changed: dict[str, str]) -> None:
    home = make_bot(tmp_path)
    document = json.loads((home / "bot.json").read_text())
    (home / "bot.json").write_text(json.dumps({**document, **changed}))
    with pytest.raises(layout.BotUnreadable):
        layout.load_bot(home)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_a_file_that_is_no_declaration(tmp_path: Path, content: bytes | None) -> None:
    home = make_bot(tmp_path)
    (home / "bot.json").unlink()
    if content is not None:
        (home / "bot.json").write_bytes(content)
    with pytest.raises(layout.BotUnreadable):
        layout.load_bot(home)


def test_a_bot_that_was_deployed_before_there_was_a_witness(tmp_path: Path) -> None:
    bot = layout.load_bot(make_bot(tmp_path))
    assert (bot.packages, bot.foreign_holdings, bot.is_live) == ("", {}, False)
    assert bot.packages_home == tmp_path / "packages"
    assert bot.sales == bot.home / "sold.json"


def test_what_the_witness_needs_of_a_bot(tmp_path: Path) -> None:
    home = make_bot(tmp_path, mode="live", packages="p00", foreign_holdings={"BNB": "0.50", "BTC": 1, "ETH": 0})
    bot = layout.load_bot(home)
    assert bot.is_live
    assert bot.foreign_holdings == {"BNB": Decimal("0.50"), "BTC": Decimal(1), "ETH": Decimal(0)}
    assert bot.packages_home == tmp_path / "packages" / "p00"
    assert bot.release_home == home / "release" / "f00"


@pytest.mark.parametrize(
    "holdings",
    [None, [], "BNB", 1, {"BNB": "half"}, {"BNB": None}, {"BNB": "-1"}, {"BNB": "NaN"}, {"BNB": "Infinity"},
     {"BNB": []}, {"BNB": "1", "BTC": ""}],
)  # fmt: skip
def test_holdings_that_are_no_amounts_are_unreadable(tmp_path: Path, holdings: Any) -> None:
    """What cannot be understood must not be taken for "nothing is foreign": that would be sold."""
    home = make_bot(tmp_path, foreign_holdings=holdings)
    with pytest.raises(layout.BotUnreadable, match="foreign_holdings"):
        layout.load_bot(home)


def test_orders_that_somebody_placed_by_hand(tmp_path: Path) -> None:
    assert layout.load_bot(make_bot(tmp_path, foreign_orders=["77", 78])).foreign_orders == {"77", "78"}
    assert layout.load_bot(make_bot(tmp_path, "beta")).foreign_orders == frozenset()


@pytest.mark.parametrize("orders", [None, "77", 77, {"77": 1}, [None], [["77"]], [{"id": "77"}]])
def test_orders_that_are_no_numbers_are_unreadable(tmp_path: Path, orders: Any) -> None:
    """Read letter by letter they would make somebody else's orders known."""
    home = make_bot(tmp_path, foreign_orders=orders)
    with pytest.raises(layout.BotUnreadable, match="foreign_orders is not a list of order numbers"):
        layout.load_bot(home)


def test_every_secret_is_known_by_its_value(tmp_path: Path) -> None:
    home = make_bot(tmp_path)
    secrets = {
        "api_server": {"username": "freqops", "password": "p" * 43},
        "db_url": "postgresql+psycopg2://alpha:" + "d" * 43 + "@postgres:5432/alpha",
        "exchange": {"key": "k" * 64, "secret": "s" * 65, "list": ["l" * 12, "short"], "number": 123456789012},
    }
    (home / "conf" / "secrets.json").write_text(json.dumps(secrets))
    found = layout.load_bot(home).secret_values()
    assert {"p" * 43, "d" * 43, "k" * 64, "s" * 65, "l" * 12, secrets["db_url"]} == set(found)
    assert [len(value) for value in found] == sorted((len(value) for value in found), reverse=True)
    (home / "conf" / "secrets.json").write_text("{")
    assert layout.load_bot(home).secret_values() == []


def test_the_address_of_a_webhook_is_known_without_its_host_too(tmp_path: Path) -> None:
    """Freqtrade logs what its libraries say: "Max retries exceeded with url: /services/…"."""
    home = make_bot(tmp_path)
    path = f"/services/{'w' * 20}?thread=1"
    secrets = {"webhook": {"url": f"https://hooks.freqops.org{path}"}, "telegram": {"token": "t" * 45, "chat_id": "1"}}
    (home / "conf" / "secrets.json").write_text(json.dumps(secrets))
    said = f"url: {path} ({'t' * 45})"
    assert redact(said, layout.load_bot(home)) == "url: [secret] ([secret])"


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"api_server": {}}', '{"api_server": []}'])
def test_credentials_that_are_not_there(tmp_path: Path, content: str | None) -> None:
    home = make_bot(tmp_path)
    (home / "conf" / "secrets.json").unlink()
    if content is not None:
        (home / "conf" / "secrets.json").write_text(content)
    with pytest.raises(layout.BotUnreadable, match="no API credentials"):
        layout.load_bot(home).credentials()


def test_which_bots_are_meant(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no bots below"):
        layout.select(None, tmp_path)
    for name in ("beta", "alpha"):
        make_bot(tmp_path, name)
    (tmp_path / "bots" / "Not a bot").mkdir()
    (tmp_path / "bots" / "gamma\n").mkdir()
    (tmp_path / "bots" / "file").write_text("")
    assert [home.name for home in layout.select(None, tmp_path)] == ["alpha", "beta"]
    assert [home.name for home in layout.select(["beta", "beta"], tmp_path)] == ["beta"]
    with pytest.raises(Refused, match="unknown bot gamma; this host has alpha, beta"):
        layout.select(["alpha", "gamma"], tmp_path)
    with pytest.raises(Refused, match="unknown bot"):
        layout.select(["../alpha"], tmp_path)
    with pytest.raises(Refused, match="no bot is named"):
        layout.select([], tmp_path)


# --- what operators read


def test_a_position_says_what_protects_it() -> None:
    closed_stop = order("stoploss", is_open=False)
    assert position(trade(7, order("buy", is_open=False), closed_stop), paper=False)["protection"] == "unprotected"
    assert position(trade(7, order("buy", is_open=False), closed_stop), paper=True)["protection"] is None
    shown = position(trade(7, order("buy", is_open=False), order("stoploss")), paper=True)
    assert shown == {
        "trade_id": 7,
        "pair": "BTC/USDT",
        "amount": 2.0,
        "stake": 20.0,
        "profit": 0.5,
        "protection": "a stop order on the exchange, the bot's own stop is 98.5",
    }


def test_a_position_needs_no_more_than_the_client_checks() -> None:
    least = {"trade_id": 1, "pair": "A/B", "orders": [{"is_open": True, "ft_order_side": "stoploss"}]}
    shown = position(least, paper=True)
    assert (shown["amount"], shown["protection"]) == (None, "a stop order on the exchange")


def test_the_limit_of_a_stop_order_is_no_stop() -> None:
    """Of a stop order, Freqtrade shows the price at which it sells, and not the one that triggers it."""
    stop = {**order("stoploss"), "order_type": "stop_loss_limit", "safe_price": 0.449}
    shown = position({**trade(7, stop), "stop_loss_abs": 0.4535}, paper=False)["protection"]
    assert shown == "a stop order on the exchange, the bot's own stop is 0.4535"


def test_a_table_shows_no_answer_as_a_dash_and_no_as_no() -> None:
    text = table(("bot", "proven", "seconds"), [["alpha", True, 1.5], ["b", False, None]])
    assert text.splitlines() == [
        "bot    proven  seconds",
        "-----  ------  -------",
        "alpha  yes     1.5",
        "b      NO      -",
    ]
    assert table(("bot",), []).splitlines() == ["bot", "---"]


def test_an_incident_sorts_by_time_and_is_usable_as_a_name() -> None:
    clock = FakeClock()
    first = new_incident("halt3", clock)
    clock.now = 3600
    second = new_incident("halt1", clock)
    assert first.startswith("20260102T030405Z-halt3-")
    assert first < second
    assert holds.INCIDENT.fullmatch(first)
    assert len({new_incident("halt1", clock) for _ in range(50)}) == 50


def test_time_is_told_in_utc_to_the_second() -> None:
    east = timezone(timedelta(hours=2))
    assert iso(datetime(2026, 1, 2, 5, 4, 5, 999999, tzinfo=east)) == "2026-01-02T03:04:05Z"
    assert iso(START) == "2026-01-02T03:04:05Z"
    clock = Clock()
    before = clock.monotonic()
    clock.sleep(0)
    assert clock.monotonic() >= before
    assert clock.utcnow().tzinfo is UTC
