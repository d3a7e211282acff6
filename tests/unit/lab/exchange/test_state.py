"""What was committed survives a restart and a kill, and the market goes on in between."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import ccxt
import pytest

from lab.exchange.__main__ import main
from lab.exchange.core import open_exchange
from lab.exchange.feed import SeedError
from lab.exchange.store import SCHEMA_VERSION, StateError, Store
from lab.services import market
from tests.unit.lab.exchange.audit import assert_adds_up
from tests.unit.lab.exchange.harness import Process, Server, process
from tests.unit.patience import PATIENCE

BTC = "BTC/USDT"


def test_a_killed_exchange_forgets_nothing_that_it_confirmed(tmp_path: Path) -> None:
    """Killed with -9 between or within orders: every confirmed one is there, and the account adds up."""
    state = tmp_path / "state" / "exchange.sqlite"
    with process(state) as running:
        key = running.account()
        fault = {"endpoint": "GET /api/v3/ping", "error": {"status": 503}}
        running.control("PUT", "/faults", fault)
        confirmed = _trade_until_killed(running, key)
    with process(state) as again:
        orders = {order["orderId"]: order for order in again.control("GET", "/accounts/bot/orders")}
        assert len(confirmed) <= len(orders) <= len(confirmed) + 1
        for order in confirmed:
            assert orders[order["orderId"]]["clientOrderId"] == order["clientOrderId"]
            assert orders[order["orderId"]]["origQty"] == order["origQty"]
        assert_adds_up(again, "bot")
        assert again.get("/api/v3/ping")[0] == 503
        assert again.client(key).create_order(BTC, "market", "buy", 0.001)["status"] == "closed"
        assert again.stop() == 0


def _trade_until_killed(running: Process, key: dict[str, Any]) -> list[dict[str, Any]]:
    """Place orders, kill the exchange from another thread after the twentieth, and return those that were confirmed."""
    client, confirmed, enough = running.client(key), [], threading.Event()
    client.load_markets()

    def kill() -> None:
        assert enough.wait(PATIENCE)
        running.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        for i in range(100_000):
            kind, price = ("market", None) if i % 2 else ("limit", 50_000)
            confirmed.append(client.create_order(BTC, kind, "buy", 0.0002, price)["info"])
            if len(confirmed) == 20:
                enough.set()
    except ccxt.NetworkError:
        assert enough.is_set()
    killer.join(PATIENCE)
    return confirmed


def test_orders_fill_while_the_exchange_is_down(tmp_path: Path) -> None:
    """At the second in which the path reached them, and never if it only came near."""
    with Server(tmp_path / "state") as server:
        key = server.account()
        server.script("BTCUSDT", [0, 60000], [7200, 60000], [10800, 55000], [14400, 60000])
        server.time.advance(1)
        reached = server.client(key).create_order(BTC, "limit", "buy", 0.01, 56000)
        missed = server.client(key).create_order(BTC, "limit", "buy", 0.01, 55000)
        placed = server.time.ms
    with Server(tmp_path / "state") as server:
        server.time.ms = placed + 86_400_000
        client = server.client(key)
        assert client.fetch_order(missed["id"], BTC)["status"] == "open"
        assert client.fetch_order(reached["id"], BTC)["status"] == "closed"
        [fill] = client.fetch_my_trades(BTC)
        seconds = (fill["timestamp"] - placed) / 1000
        assert seconds == pytest.approx(7200 + 3600 * (60000 - (56000 - 0.5)) / 5000, abs=1)
        assert_adds_up(server, "bot")


def test_a_clean_stop_ends_with_zero(tmp_path: Path) -> None:
    """SIGTERM is the way to end it."""
    with process(tmp_path / "state") as running:
        assert running.get("/api/v3/ping") == (200, {})
        assert running.stop() == 0


def test_the_state_is_private(tmp_path: Path) -> None:
    """It holds the accounts' secrets."""
    with Server(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600


def test_a_state_keeps_its_seed(tmp_path: Path) -> None:
    """Another seed would put other candles behind the fills."""
    open_exchange(tmp_path / "state", seed=7).store.close()
    assert open_exchange(tmp_path / "state").feed.seed == 7
    with pytest.raises(SeedError, match="made with --seed 7"):
        open_exchange(tmp_path / "state", seed=8)


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    """Instead of being guessed at."""
    store = Store(tmp_path / "state")
    store.run("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StateError, match="version 99"):
        Store(tmp_path / "state")


def test_an_old_state_does_not_keep_the_lab_from_starting() -> None:
    """The lab names the file after the schema, so that a new one begins again beside it."""
    assert Path(market.STATE).name == f"exchange-v{SCHEMA_VERSION}.sqlite"


def test_a_transaction_is_whole_or_nothing(tmp_path: Path) -> None:
    """Also when it is an unexpected error that ends it."""
    store = Store(tmp_path / "state")

    def fail_halfway() -> None:
        with store.transaction():
            store.put("half", "done")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert store.get("half") is None


def test_a_path_file_is_followed_once(tmp_path: Path) -> None:
    """A restart with the same file goes on where the script was; a new file starts again."""
    file = tmp_path / "path.json"
    file.write_text('{"BTCUSDT": {"points": [[0, 50000]], "mode": "step"}}')
    for _ in range(2):
        with process(tmp_path / "state", "--path", str(file)) as running:
            [script] = running.control("GET", "/scripts")["BTCUSDT"]
            while running.control("GET", "/status")["time_ms"] < 1000 * script["since_s"]:
                pass  # one that never ruled would be replaced, not followed by the next
    file.write_text('{"BTCUSDT": {"points": [[0, 40000]]}}')
    with process(tmp_path / "state", "--path", str(file)) as running:
        scripts = running.control("GET", "/scripts")["BTCUSDT"]
        assert [script["points"][0][1] for script in scripts] == ["50000.00000000", "40000.00000000"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense", "is not JSON"),
        ("[]", "must look like"),
        ('{"BTCUSDT": []}', "must look like"),
        ('{"BTCUSDT": {}}', "points must be a list"),
        ('{"NOPE": {"points": [[0, 1]]}}', "Invalid symbol"),
    ],
)
def test_a_bad_path_file_ends_the_start(
    tmp_path: Path, text: str, complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a sentence instead of a traceback."""
    file = tmp_path / "path.json"
    file.write_text(text)
    monkeypatch.setattr("sys.argv", ["lab.exchange", "--state", str(tmp_path / "state"), "--path", str(file)])
    assert main() == 2
    assert complaint in capsys.readouterr().err
