"""An answer that is not exactly an answer is an error, and no answer takes longer than the timeout."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from freqops.core.bot.client import ApiError, BotRefused, Failed, FreqtradeClient, Unauthorized, Unreachable
from tests.unit.patience import PATIENCE

TIMEOUT = 0.2  # where no answer comes
Behaviour = Callable[[socket.socket, str], None]


class Server:
    """Answers each connection as its ``behaviour`` says, and remembers the requests."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests: list[str] = []
        self.behaviour: Behaviour = lambda _connection, _path: None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                more = connection.recv(4096)
                if not more:
                    return
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            wanted = next((int(x[15:]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")), 0)
            while len(body) < wanted:
                body += connection.recv(4096)
            self.requests.append((head + b"\r\n\r\n" + body).decode())
            try:
                self.behaviour(connection, head.split(b" ")[1].decode())
            except OSError:
                return

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closing alone would leave one accept waiting
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def reply(status: int, body: bytes | Any, extra: int = 0) -> Behaviour:
    """Answer with ``body``, and a Content-Length that promises ``extra`` bytes more."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def behave(connection: socket.socket, _path: str) -> None:
        connection.sendall(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(data) + extra) + data)

    return behave


def answers(**by_path: Any) -> Behaviour:
    """Answer each path below /api/v1 with its own JSON."""

    def behave(connection: socket.socket, path: str) -> None:
        reply(200, by_path[path.removeprefix("/api/v1/").replace("-", "_")])(connection, path)

    return behave


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def client(server: Server) -> FreqtradeClient:
    return FreqtradeClient(server.port, "ann", "se:cret", timeout=PATIENCE)


@pytest.fixture
def impatient(server: Server) -> FreqtradeClient:
    return FreqtradeClient(server.port, "ann", "se:cret", timeout=TIMEOUT)


def test_a_whole_answer_is_returned(server: Server, client: FreqtradeClient) -> None:
    server.behaviour = reply(200, {"status": "pong"})
    assert client.call("GET", "/ping") == {"status": "pong"}
    client.call("POST", "/locks", [{"pair": "*"}])
    assert "Authorization: Basic YW5uOnNlOmNyZXQ=" in server.requests[0]
    assert server.requests[0].startswith("GET /api/v1/ping HTTP/1.1")
    assert server.requests[1].endswith('[{"pair": "*"}]')


REFUSAL = {"error": "Error querying /api/v1/forceexit: trader is not running"}


@pytest.mark.parametrize(
    ("status", "body", "extra", "error", "text"),
    [
        (200, b"<html>", 0, Failed, "without a JSON answer"),
        (200, b"", 0, Failed, "without a JSON answer"),
        (200, b"null", 0, Failed, "without a JSON answer"),
        (200, b"[" * 100_000, 0, Failed, "without a JSON answer"),
        (200, b"\xff\xfe", 0, Failed, "without a JSON answer"),
        (200, b"[1, 2]", 10, Failed, "ended after 6 bytes"),
        (401, {"detail": "Unauthorized"}, 0, Unauthorized, "refuses our user"),
        (502, REFUSAL, 0, BotRefused, "^trader is not running$"),
        (502, b"<html>Bad Gateway</html>", 0, Failed, "status 502"),
        (502, {"error": "upstream"}, 0, Failed, "status 502"),
        (502, ["Error querying"], 0, Failed, "status 502"),
        (500, {"error": "Error querying"}, 0, Failed, "status 500"),
        (404, {"detail": "Not Found"}, 0, Failed, "status 404"),
        (422, {"detail": []}, 0, Failed, "status 422"),
        (503, {"detail": "wrong mode"}, 0, Failed, "status 503"),
        (302, b"", 0, Failed, "status 302"),
        (201, {}, 0, Failed, "status 201"),
    ],
)
def test_any_other_answer_is_an_error(
    server: Server, status: int, body: Any, extra: int, error: type[ApiError], text: str
) -> None:
    client = FreqtradeClient(server.port, "ann", "se:cret", timeout=PATIENCE)
    server.behaviour = reply(status, body, extra)
    with pytest.raises(error, match=text) as raised:
        client.call("GET", "/x")
    assert type(raised.value) is error


def hang(connection: socket.socket, _path: str) -> None:
    time.sleep(2 * PATIENCE)


def reset(connection: socket.socket, _path: str) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def drip(text: bytes) -> Behaviour:
    def behave(connection: socket.socket, _path: str) -> None:
        for byte in text:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return behave


@pytest.mark.parametrize(
    "behaviour",
    [
        hang,
        reset,
        lambda connection, _path: connection.close(),
        lambda connection, _path: connection.sendall(b"rubbish\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + b"X: y\r\n" * 200 + b"\r\n{}"),
        drip(b"H" * 1200),
    ],
    ids=["hang", "reset", "close", "rubbish", "drip", "drip without end"],
)
def test_no_answer_in_time_is_unreachable(server: Server, impatient: FreqtradeClient, behaviour: Behaviour) -> None:
    server.behaviour = behaviour
    began = time.monotonic()
    with pytest.raises(Unreachable):
        impatient.call("GET", "/x")
    assert time.monotonic() - began < PATIENCE


def test_a_body_that_drips_is_cut_off(server: Server, impatient: FreqtradeClient) -> None:
    def behave(connection: socket.socket, path: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6000\r\n\r\n")
        drip(b"[" + b" " * 5998 + b"]")(connection, path)

    server.behaviour = behave
    began = time.monotonic()
    with pytest.raises(Unreachable):
        impatient.call("GET", "/x")
    assert time.monotonic() - began < PATIENCE


def test_a_closed_port_is_unreachable(server: Server, client: FreqtradeClient) -> None:
    server.close()
    with pytest.raises(Unreachable, match="ConnectionRefusedError"):
        client.call("GET", "/x")


def test_a_chunked_answer_is_whole_or_failed(server: Server, client: FreqtradeClient) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.behaviour = lambda connection, _path: connection.sendall(head + b"2\r\n{}\r\n0\r\n\r\n")
    assert client.call("GET", "/x") == {}
    server.behaviour = lambda connection, _path: connection.sendall(head + b"2\r\n{}\r\n9\r\n{")
    with pytest.raises(Failed, match="ended after"):
        client.call("GET", "/x")


CONFIG: dict[str, Any] = {"state": "running", "bot_name": "alpha", "dry_run": True}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-02T03:04:05.123456Z", datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, 0, UTC)),
        ("2026-01-02T03:04:05.123456+00:00", datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)),
    ],
)
def test_a_reading(server: Server, client: FreqtradeClient, text: str, moment: datetime) -> None:
    server.behaviour = answers(show_config=CONFIG, health={"last_process": text})
    reading = client.read()
    assert (reading.state, reading.last_process, reading.bot_name, reading.dry_run) == (
        "running",
        moment,
        "alpha",
        True,
    )


NEITHER: tuple[Any, ...] = (None, 0, [])


@pytest.mark.parametrize(
    ("config", "health"),
    [
        (CONFIG, {}),
        (CONFIG, []),
        (CONFIG, {"last_process": 5}),
        (CONFIG, {"last_process": ""}),
        (CONFIG, {"last_process": "yesterday"}),
        (CONFIG, {"last_process": "2026-01-02T03:04:05"}),
        ([CONFIG], {"last_process": None}),
        *[({**CONFIG, key: value}, {"last_process": None}) for key in CONFIG for value in NEITHER],
        ({**CONFIG, "dry_run": "false"}, {"last_process": None}),
    ],
)
def test_a_reading_of_the_wrong_shape_is_failed(
    server: Server, client: FreqtradeClient, config: Any, health: Any
) -> None:
    server.behaviour = answers(show_config=config, health=health)
    with pytest.raises(Failed):
        client.read()


LOCK = {
    "id": 7, "active": True, "lock_end_time": "2099-01-01 00:00:00", "lock_end_timestamp": 4_070_908_800_000,
    "lock_time": "", "lock_timestamp": 0, "pair": "*", "side": "*", "reason": "freqops halt one",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "stands"),
    [
        ({}, True),
        ({"lock_end_timestamp": 12_345_678_000}, False),
        ({"lock_end_timestamp": -1}, False),
        ({"active": False}, False),
        ({"pair": "BTC/USDT"}, False),
        ({"side": "long"}, False),
        ({"reason": "freqops halt two"}, False),
        ({"reason": "StoplossGuard"}, False),
        ({"reason": None}, False),
    ],
)
def test_a_lock_is_ours_and_in_force_for_good(
    server: Server, client: FreqtradeClient, changed: dict[str, Any], stands: bool
) -> None:
    server.behaviour = answers(locks={"lock_count": 1, "locks": [{**LOCK, **changed}]})
    assert client.has_lock("freqops halt one") is stands


@pytest.mark.parametrize(
    "answer", [[], {}, {"locks": None}, {"locks": [None]}, {"locks": [{**LOCK, "lock_end_timestamp": None}]}]
)
def test_locks_of_the_wrong_shape_are_failed(server: Server, client: FreqtradeClient, answer: Any) -> None:
    server.behaviour = answers(locks=answer)
    with pytest.raises(Failed):
        client.has_lock("freqops halt one")


TRADE = {"trade_id": 1, "pair": "A/B", "is_short": False, "orders": [{"is_open": True, "ft_order_side": "buy"}]}


@pytest.mark.parametrize(
    "trades",
    [
        {},
        "x",
        [None],
        [{}],
        [{**TRADE, "orders": None}],
        [{**TRADE, "orders": [{}]}],
        [{**TRADE, "trade_id": "1"}],
        [{**TRADE, "orders": [{"is_open": None, "ft_order_side": "buy"}]}],
    ],
)
def test_trades_of_the_wrong_shape_are_failed(server: Server, client: FreqtradeClient, trades: Any) -> None:
    server.behaviour = answers(status=trades)
    with pytest.raises(Failed):
        client.open_trades()


def test_trades_of_the_right_shape(server: Server, client: FreqtradeClient) -> None:
    server.behaviour = answers(status=[TRADE])
    assert client.open_trades() == [TRADE]


@pytest.mark.parametrize(
    ("status", "body", "past"),
    [
        (200, {"length": 3}, True),
        (200, {"length": 0}, False),
        (200, {"length": True}, False),
        (200, {}, False),
        (200, [], False),
        (500, {"detail": "AttributeError"}, False),
    ],
)
def test_past_boot_means_that_it_has_pairs(
    server: Server, client: FreqtradeClient, status: int, body: Any, past: bool
) -> None:
    server.behaviour = reply(status, body)
    assert client.past_boot() is past


@pytest.mark.parametrize(
    ("config", "health", "told"),
    [
        (
            {"timeframe": "5m", "timeframe_ms": 300000},
            {"bot_startup": "2026-01-02T03:04:05Z"},
            (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "5m", 300.0),
        ),
        ({"timeframe": None, "timeframe_ms": 0}, {"bot_startup": None}, (None, "", 0.0)),
        ({"timeframe": "5m", "timeframe_ms": 10**400}, {"bot_startup": "yesterday"}, (None, "", 0.0)),
        ({}, {}, (None, "", 0.0)),
    ],
)
def test_what_no_halt_reads_spoils_no_reading(
    server: Server, client: FreqtradeClient, config: dict[str, Any], health: dict[str, Any], told: tuple[Any, ...]
) -> None:
    server.behaviour = answers(show_config={**CONFIG, **config}, health={"last_process": None, **health})
    reading = client.read()
    assert (reading.startup, reading.timeframe, reading.timeframe_s) == told


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        ({"whitelist": ["BTC/USDT"], "length": 1}, ["BTC/USDT"]), ({"whitelist": []}, []), ({"whitelist": [1]}, None),
        ({"length": 1}, None), ([], None),
    ],
)  # fmt: skip
def test_the_whitelist_is_that_or_an_error(
    server: Server, client: FreqtradeClient, body: Any, pairs: list[str] | None
) -> None:
    server.behaviour = reply(200, body)
    if pairs is None:
        with pytest.raises(Failed):
            client.whitelist()
    else:
        assert client.whitelist() == pairs


@pytest.mark.parametrize("began", [1767323045000, 0, None, "x", True, 10**30])
def test_the_newest_candle_is_one_none_or_an_error(server: Server, client: FreqtradeClient, began: Any) -> None:
    server.behaviour = reply(200, {"data_stop_ts": began})
    if began == 0:
        assert client.newest_candle("BTC/USDT", "5m") is None
    elif began == 1767323045000:
        assert client.newest_candle("BTC/USDT", "5m") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    else:
        with pytest.raises(Failed):
            client.newest_candle("BTC/USDT", "5m")
    [asked] = server.requests
    assert asked.startswith("POST /api/v1/pair_candles ")
    assert json.loads(asked.partition("\r\n\r\n")[2]) == {
        "pair": "BTC/USDT", "timeframe": "5m", "limit": 1, "columns": []
    }  # fmt: skip


def test_locks_are_ours_or_those_of_others(server: Server, client: FreqtradeClient) -> None:
    lock = {"active": True, "lock_end_timestamp": 1, "side": "*"}
    said = [
        {**lock, "id": 1, "pair": "*", "reason": "freqops halt one"}, {**lock, "id": 2, "pair": "*", "reason": None},
        {**lock, "id": 3, "pair": "BTC/USDT", "reason": "freqops halt one"},
    ]  # fmt: skip
    server.behaviour = reply(200, {"locks": said})
    assert [each["id"] for each in client.our_locks()] == [1]
    assert [each["id"] for each in client.locks_of_others()] == [2, 3]


CHANGED, HEARTBEAT = "Changing state from RUNNING to: STOPPED", "Bot heartbeat. PID=1, version='2026.9', state='{}'"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([], None),
        ([("freqtrade.worker", CHANGED)], "stopped"),
        ([("freqtrade.worker", "Changing state to: RUNNING"), ("freqtrade.worker", CHANGED)], "stopped"),
        ([("freqtrade.worker", CHANGED), ("freqtrade.worker", HEARTBEAT.format("PAUSED"))], "paused"),
        ([("freqtrade.worker", "Changing state from STOPPED to: RUNNING"), ("MyStrategy", CHANGED)], "running"),
        ([("freqtrade.worker", HEARTBEAT.format("STOPPED")), ("freqtrade.worker", "Stopping worker")], "stopped"),
        ([("freqtrade.rpc.rpc_manager", "Sending rpc message: " + CHANGED)], None),
    ],
)
def test_the_state_of_the_worker_is_what_it_said_last(
    server: Server, client: FreqtradeClient, said: list[tuple[str, str]], state: str | None
) -> None:
    server.behaviour = reply(200, {"logs": [["then", 1.0, logger, "INFO", text] for logger, text in said]})
    assert client.worker_state() == state


@pytest.mark.parametrize("body", [{}, [], {"logs": None}, {"logs": [["then"]]}, {"logs": [1]}])
def test_a_log_of_another_shape_is_no_answer(server: Server, client: FreqtradeClient, body: Any) -> None:
    server.behaviour = reply(200, body)
    with pytest.raises(Failed, match="GET /logs lacks"):
        client.worker_state()


def test_every_command_is_the_request_it_should_be(server: Server, client: FreqtradeClient) -> None:
    server.behaviour = reply(200, {})
    client.pause()
    client.start()
    client.lock("freqops halt one")
    client.unlock(7)
    client.cancel_open_orders(3)
    lines = [request.split(" HTTP")[0] for request in server.requests]
    assert lines == [
        "POST /api/v1/stopentry",
        "POST /api/v1/start",
        "POST /api/v1/locks",
        "DELETE /api/v1/locks/7",
        "DELETE /api/v1/trades/3/open-order",
    ]
    assert '"until": "2099-01-01T00:00:00Z", "side": "*", "reason": "freqops halt one"' in server.requests[2]
