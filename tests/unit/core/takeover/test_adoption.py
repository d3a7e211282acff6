"""Which foreign Freqtrade may become which bot, what is said of it, and whether the same trades came through."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.next_step import NextStep, RefusedUntil
from freqops.core.takeover import adoption
from freqops.core.takeover.adoption import Wanted
from freqops.core.takeover.foreign import Foreign, Picture
from freqops.core.takeover.strategy_code import Code
from tests.unit.fakes import make_bot

URLS = {"api": dict.fromkeys(("public", "private", "sapi"), "http://10.1.2.3:8080/api")}
EXCHANGE = {"name": "binance", "enable_ws": False, "ccxt_config": {"urls": URLS}, "ccxt_async_config": {"urls": URLS}}
CONFIG: dict[str, Any] = {"stake_currency": "USDT", "trading_mode": "spot", "strategy": "S", "exchange": EXCHANGE}
SOURCE = "class S:\n    stoploss = -0.1\n"
OPEN = (1, "BTC/USDT", True, 0.5)
FOREIGN = Foreign(
    project=Path("/opt/ft/docker-compose.yml"), service="bot", container="c1", name="old", image="freqtrade:stable",
    restart="no", version="2026.8", strategy="S", dry_run=True, kind="sqlite", database="/t.sqlite", database_user="",
    database_container="", traded=Picture((OPEN,), ()), pids=(), config=CONFIG, code=Code("S.py", {"S.py": SOURCE}),
)  # fmt: skip
FILES = {"S.py": SOURCE}
WANTED = Wanted("alpha", "paper", CONFIG, "registry.example/freqtrade@sha256:00", "2026.9", "sqlite", 8081, FILES)


def test_the_same_bot_may_be_adopted() -> None:
    assert adoption.objections(FOREIGN, WANTED) == []


@pytest.mark.parametrize(
    ("found", "wanted", "why"),
    [
        ({"dry_run": False}, {}, "it trades with real orders, and alpha is declared paper"),
        ({}, {"mode": "live"}, "it trades with dry_run, and alpha is declared live"),
        ({"config": {**CONFIG, "stake_currency": "BTC"}}, {}, "its stake currency is 'BTC'"),
        ({"config": {**CONFIG, "exchange": {"name": "kraken"}}}, {}, "its exchange is 'kraken'"),
        ({"config": {**CONFIG, "trading_mode": "futures"}}, {}, "its trading mode is 'futures'"),
        ({"strategy": "Other"}, {}, "its strategy is Other"),
        ({"version": "2026.10"}, {}, "is newer than 2026.9"),
        ({"version": "develop-1234"}, {}, "cannot be compared"),
        ({"kind": "postgresql"}, {}, "Postgres, which cannot become SQLite"),
    ],
)
def test_another_one_may_not(found: dict[str, Any], wanted: dict[str, Any], why: str) -> None:
    [objection] = adoption.objections(replace(FOREIGN, **found), replace(WANTED, **wanted))
    assert why in objection


def test_another_strategy_may_where_that_was_said() -> None:
    assert adoption.objections(replace(FOREIGN, strategy="Other"), WANTED, other_strategy=True) == []


def test_a_strategy_of_the_same_name_with_other_code_is_named_and_may_be_accepted() -> None:
    text = SOURCE.replace("1", "2")
    other = replace(WANTED, strategies={"S.py": text})
    old, new = (hashlib.sha256(each.encode()).hexdigest()[:12] for each in (SOURCE, text))
    [objection] = adoption.objections(FOREIGN, other)
    assert objection == (
        f"the code of its strategy would change by strategy.S.py (sha256 {old}, line 2: stoploss = -0.1; alpha: "
        f"sha256 {new}, line 2: stoploss = -0.2); put it into strategy_dir of alpha, or accept that: "
        "-e accept_dropped=strategy.S.py"
    )
    for accepted in ("strategy", "strategy.S.py"):
        assert adoption.objections(FOREIGN, other, accepted=[accepted]) == []
    assert any(row[0] == "not brought along: strategy.S.py" for row in adoption.changes(FOREIGN, other))
    assert "which is not dropped" in adoption.objections(FOREIGN, WANTED, accepted=["strategy"])[0]


def test_code_that_is_not_known_is_no_same_code() -> None:
    for found, wanted in ((replace(FOREIGN, code=Code(error="no file has its class")), WANTED),
                          (FOREIGN, replace(WANTED, strategies={}))):  # fmt: skip
        [objection] = adoption.objections(found, wanted)
        assert objection.startswith("the code of its strategy would change by strategy")


def test_an_image_that_is_not_here_yet_is_judged_later() -> None:
    assert adoption.objections(replace(FOREIGN, version="2026.10"), replace(WANTED, version="")) == []


def live(address: str = "10.1.2.3:8080") -> tuple[Foreign, Wanted]:
    urls = {"api": dict.fromkeys(("public", "private", "sapi"), f"http://{address}/api")}
    exchange = {**EXCHANGE, "ccxt_config": {"urls": urls}, "ccxt_async_config": {"urls": urls}}
    found = replace(FOREIGN, dry_run=False, config={**CONFIG, "exchange": exchange})
    return found, replace(WANTED, mode="live")


def test_live_only_at_the_same_lab_exchange() -> None:
    assert adoption.objections(*live()) == []
    assert "it trades at 10.9.9.9:80, and alpha would trade at 10.1.2.3:8080" in adoption.objections(
        *live("10.9.9.9:80")
    )
    assert any("it trades elsewhere" in line for line in adoption.objections(*live("api.binance.com")))


def test_what_changes_is_said_and_no_secret_with_it() -> None:
    config = {**CONFIG, "exchange": {**EXCHANGE, "key": "canary-key", "secret": "canary-secret"}, "max_open_trades": 2,
              "db_url": "postgresql://u:canary-url@h/d", "telegram": {"token": "canary-token"}}  # fmt: skip
    found = replace(FOREIGN, config=config)
    shown = adoption.diff(found, WANTED)
    assert '"max_open_trades": 2' in shown["before"]
    assert "canary" not in shown["before"]
    assert ("image", "freqtrade:stable", WANTED.image) in adoption.changes(found, WANTED)
    assert "canary" not in str(adoption.changes(found, WANTED))


def test_credentials_are_those_of_the_account_alone() -> None:
    found = replace(FOREIGN, config={"exchange": {"key": "k", "secret": "s", "password": "", "ccxt_config": {}}})
    assert adoption.credentials(found) == {"key": "k", "secret": "s"}
    assert adoption.credentials(replace(FOREIGN, config={})) == {}


@pytest.mark.parametrize(
    ("present", "wrong"),
    [
        ({1: ("BTC/USDT", 0.5)}, 0),
        ({}, 1),
        ({1: ("BTC/USDT", 0.4)}, 1),
        ({1: ("ETH/USDT", 0.5)}, 1),
        ({1: ("BTC/USDT", 0.5), 2: ("ETH/USDT", 1.0)}, 1),
    ],
)
def test_trades_that_did_not_come_through_are_found(present: dict[int, tuple[str, float]], wrong: int) -> None:
    before = Picture((OPEN,), ())
    found, remarks = adoption.compared(before, present, before)
    assert (len(found), remarks) == (wrong, [])


def test_what_the_hold_cancelled_and_what_the_bot_sold_is_only_said() -> None:
    rests = Picture((OPEN,), ((1, "a", "buy", True, "open", 0.0),))
    assert adoption.compared(rests, {}, rests)[0] == []
    sold = Picture(((1, "BTC/USDT", False, 0.5),), ())
    assert adoption.compared(Picture((OPEN,), ()), {}, sold) == (
        [], ["trade 1 BTC/USDT 0.5 was closed meanwhile by the bot itself"],
    )  # fmt: skip


def test_a_stop_placed_again_is_a_trade_only_where_orders_are_real() -> None:
    before = Picture((OPEN,), ((1, "a", "stoploss", True, "open", 0.0),))
    after = Picture((OPEN,), ((1, "b", "stoploss", True, "open", 0.0),))
    assert adoption.same(before, after, is_live=False) is True
    assert adoption.same(before, after, is_live=True) is False


def test_trades_that_are_gone_are_named() -> None:
    assert adoption.lost({"trades": [list(OPEN), [2, "ETH/USDT", False, 1.0]]}, Picture()) == ["1 BTC/USDT"]
    assert adoption.lost({"trades": [list(OPEN)]}, Picture((OPEN,), ())) == []


def test_a_bot_that_freqops_runs_is_not_adopted_again(tmp_path: Path) -> None:
    adoption.refuse_unless_new(tmp_path / "bots" / "new")
    home = make_bot(tmp_path)
    with pytest.raises(Refused, match="freqops runs alpha already"):
        adoption.refuse_unless_new(home)
    (home / adoption.NOTE).write_text('{"incident": "one"}')
    (home / "conf" / "holds.json").write_text("torn")
    with pytest.raises(RefusedUntil, match="adopted already and held") as refusal:
        adoption.refuse_unless_new(home)
    assert refusal.value.steps == (NextStep("resume", "one"), NextStep("undo"))
