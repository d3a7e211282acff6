"""The deployed live bot, by the playbooks that an operator uses: halted, flattened, refused, reconciled, resumed.

Its name sorts first on purpose: the diseased bots of the other files come up when the first test is over, and with a
dead one on its host no play that ends with the table of all bots ends well.
"""

from __future__ import annotations

import pytest
import yaml

from lab.base.paths import SECRETS
from lab.services.accounts import account_of
from lab.services.control import control
from lab.services.prices import all_pairs
from tests.support.field import Field, incident_of, play, until
from tests.support.live import BALANCES, HOST, MODEL

BOT = ("-e", f"bots={MODEL}", "-e", "reason=test of the way back")
TICKS = ("-e", "ticked=runs,messages")


@pytest.fixture(scope="module")
def field() -> Field:
    """The deployed bot, with positions and a stop for each on the exchange, and nothing else on its account.

    Prices go back to where they were first: what other tests made of them would make positions of a few crumbs.
    """
    field = Field(HOST, MODEL)
    control("DELETE", "/scripts")
    field.halt(2)
    assert field.trades() == []
    control("POST", f"/accounts/{account_of(HOST, MODEL)}/reset", {"balances": BALANCES})
    all_pairs(0, jump=1.2)  # and stay: an entry at a price that has risen meanwhile would rest
    field.reload()
    field.ready()
    stops = "trades = api.open_trades()\nanswer = bool(trades) and all(t['has_open_orders'] is False for t in trades)"
    until("it has positions", lambda: field.ask(stops))
    until("their stops rest on the exchange", lambda: resting() and len(resting()) == len(field.trades()))
    return field


def resting() -> list[str]:
    """Return the types of the orders that are open on the bot's account."""
    orders = control("GET", f"/accounts/{account_of(HOST, MODEL)}/orders")
    return [order["type"] for order in orders if order["status"] in ("NEW", "PARTIALLY_FILLED")]


def told() -> list[str]:
    """Return the pairs whose entries the bot has told at the address in its secrets."""
    posts = [post["said"] for post in control("GET", "/sink") if post["to"] == account_of(HOST, MODEL)]
    return [said["pair"] for said in posts if said.get("kind") == "entry"]


def noted(field: Field) -> list[str]:
    """Return what status says of the bot without being red by it."""
    _, answer = field.tool("status --json")
    return [str(note) for row in answer["bots"] if row["bot"] == field.bot for note in row["notes"]]


def test_what_it_tells_arrives_and_whoever_listens_badly_stops_no_halt(field: Field) -> None:
    assert {trade["pair"] for trade in field.trades()} <= set(told())
    assert "/sink/" not in field.sh(f"cat /srv/freqops/bots/{MODEL}/release/*/config.json")
    control("PUT", "/sink", {"latency_ms": 20_000})
    try:
        code, row = field.halt(1)
        assert code == 0, row
        until("status says that nobody was told", lambda: any("not delivered" in note for note in noted(field)))
    finally:
        control("DELETE", "/sink")
    field.resume()
    field.ready()


def test_from_level_3_over_flatten_and_reconcile_back_to_trading(field: Field) -> None:
    halted = play("killswitch", "-e", "level=3", *BOT)
    assert halted.rc == 0, halted.out
    assert "on the exchange" in halted.out
    assert "unprotected" not in halted.out
    assert set(resting()) == {"STOP_LOSS_LIMIT"}
    incident = ("-e", f"incident={incident_of(halted.out)}")
    flattened = play("flatten", *BOT, *incident)
    assert flattened.rc == 0, flattened.out
    assert resting() == []
    refused = play("resume", *BOT, *incident)
    assert refused.rc != 0
    assert "its records say" in refused.out
    assert "report: " in refused.out, "what failed leaves its evidence, too"
    assert field.level() == 3
    reconciled = play("reconcile", *BOT, *incident)
    assert reconciled.rc == 0, reconciled.out
    assert field.processes() == []
    up = play("resume", *BOT, *incident)
    assert up.rc == 0, up.out
    assert f"{MODEL}: restart checklist: refused nothing, for it comes up paused" in up.out
    assert (field.level(), field.state()) == (1, "paused")
    before = field.holds()
    for words, said in ((), "is open and has no root cause"), (TICKS, "is open and has no root cause"):
        incomplete = play("resume", *BOT, *incident, *words)
        assert incomplete.rc != 0
        assert said in incomplete.out
        assert "to close its incident: " in incomplete.out
        assert (field.holds(), field.state()) == (before, "paused")
    explained = ("-e", "root_cause='a test'", "-e", "remedy='none was needed'")
    closed = play("incident", "--limit", HOST, "-e", "action=close", *incident, *explained)
    assert closed.rc == 0, closed.out
    down = play("resume", *BOT, *incident, *TICKS)
    assert down.rc == 0, down.out
    for item in ("1/4 incident", "3/4 risk"):
        [line] = [line for line in down.out.splitlines() if line.startswith(f"{MODEL}: restart checklist: {item}")]
        assert ": met: " in line, line
    assert (field.level(), field.state()) == (0, "running")


@pytest.mark.usefixtures("ill")
def test_a_key_that_leaked_is_locked_out_when_the_exchange_refuses_it(field: Field) -> None:
    account = account_of(HOST, MODEL)
    document = yaml.safe_load(SECRETS.read_text())
    old = document["secrets_exchange"][MODEL]["key"]
    leak = ("-e", f"bots={MODEL}", "-e", "what=exchange", "-e", "reason=laptop stolen")
    without = play("lockout", *leak)
    assert without.rc != 0
    assert "make another one at the exchange" in without.out
    made = control("POST", f"/accounts/{account}/keys", {})
    document["secrets_exchange"][MODEL] = {"key": made["api_key"], "secret": made["secret"]}
    SECRETS.write_text(yaml.safe_dump(document))
    early = play("lockout", *leak)
    assert early.rc != 0
    assert "the exchange accepts a key that leaked" in early.out
    control("DELETE", f"/accounts/{account}/keys/{old}")
    done = play("lockout", *leak, "-vv")
    assert done.rc == 0, done.out
    assert "the exchange accepts the new key, and none that leaked" in done.out
    assert made["secret"] not in done.out
    assert (field.state(), field.level()) == ("paused", 1)
    field.resume()
    assert field.state() == "running"


def test_a_mere_check_resumes_nothing(field: Field) -> None:
    check = play("resume", *BOT, "-e", "incident=20260101T000000Z-halt3-000003", "--check")
    assert check.rc != 0
    assert "this was a check" in check.out


@pytest.mark.parametrize("name", ["flatten", "reconcile"])
def test_a_bot_that_is_not_held_is_refused(field: Field, name: str) -> None:
    played = play(name, *BOT, "-e", "incident=20260101T000000Z-halt3-000003")
    assert played.rc != 0
    assert "not held at level 3" in played.out


def test_a_live_bot_on_a_real_exchange_is_refused(field: Field) -> None:
    elsewhere = '{"freqtrade_config": {"exchange": {"name": "binance", "enable_ws": false, "pair_whitelist": []}}}'
    played = play("deploy", "--limit", HOST, "-e", elsewhere, "--check")
    assert played.rc != 0
    assert "live bots are refused until promotion exists" in played.out
    assert "docker" not in played.out.split("Preflight")[1], "something else was looked at before it was refused"
