"""A strict client of Freqtrade's REST API: an answer that is not exactly an answer is an error.

The meaning of each status code is Freqtrade's own (API version 2.x): 502 with ``{"error": "Error querying …"}`` is a
refusal by the bot; a bare 502, a 500, a body that ends early or is not JSON, are failures of the program that answered.
"""

from __future__ import annotations

import binascii
import json
import re
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Callable

from ..base.errors import FreqopsError
from . import http_call

LOCK_UNTIL = "2099-01-01T00:00:00Z"
LOCK_HOLDS_BEYOND = 4_000_000_000_000  # milliseconds: a lock that ends before 2096 is not the one we asked for
FORCE_EXIT_SECONDS = 20.0  # the bot asks the exchange several times before it answers
MAX_BODY = 16 * 1024 * 1024
OK, UNAUTHORIZED, BAD_GATEWAY = 200, 401, 502
LOG_RECORDS = 500
LONGEST_TIMEFRAME = 1e11  # milliseconds: three years, and Freqtrade's longest is one
WORKER = "freqtrade.worker"
WORKER_SAYS = re.compile(r"(?:Changing state(?: from \w+)? to: |Bot heartbeat\. .*state=')(\w+)")


class ApiError(FreqopsError):
    """The bot's API did not give a usable answer."""


class Unreachable(ApiError):
    """No connection, or none that lasted until the answer."""


class Unauthorized(ApiError):
    """The bot refuses our user or password (401)."""


class BotRefused(ApiError):
    """The bot understood and declined (502 with its own error body)."""


class Failed(ApiError):
    """Any other status, or a body that is cut short or not of the promised shape."""


@dataclass(frozen=True)
class Reading:
    """The state that a bot said of itself at one moment.

    Attributes:
        state: Trader state: running, paused, stopped or reload_config.
        last_process: When its loop last came round; None until the first time in this process or since a reload.
        bot_name: The name it was configured with.
        dry_run: Whether its orders are simulated.
        startup: When it last began to loop: at a start, a reload, or when a stopped trader was started; None before.
        timeframe: The length of its candles, as it calls it.
        timeframe_s: That length in seconds.
    """

    state: str
    last_process: datetime | None
    bot_name: str
    dry_run: bool
    startup: datetime | None = None
    timeframe: str = ""
    timeframe_s: float = 0.0


class FreqtradeClient:
    """One bot's REST API, at ``host:port``, one connection for each call.

    Attributes:
        timeout: Seconds that a whole call may take.
        observer: Gets every call: what was asked, its answer or its error, and the seconds it took.
    """

    observer: Callable[[str, Any, str | None, float], None] | None = None

    def __init__(self, port: int, user: str, password: str, timeout: float = 2.0, host: str = "127.0.0.1") -> None:
        self._host, self._port, self.timeout = host, port, timeout
        token = binascii.b2a_base64(f"{user}:{password}".encode(), newline=False).decode()
        self._headers = {"Authorization": f"Basic {token}", "Connection": "close"}

    @classmethod
    def with_token(cls, port: int, token: str, timeout: float = 2.0) -> FreqtradeClient:
        """Return a client that shows an access token instead of user and password."""
        client = cls(port, "", "", timeout)
        client._headers["Authorization"] = f"Bearer {token}"
        return client

    def call(self, method: str, path: str, body: Any = None, timeout: float | None = None) -> Any:
        """Send one request below /api/v1 and return the decoded answer.

        Raises:
            Unreachable: Nothing answered within the timeout, or the answer broke off.
            Unauthorized: Status 401.
            BotRefused: Status 502 with Freqtrade's own error body; its text is the bot's reason.
            Failed: Anything else that is not a whole JSON answer with status 200.
        """
        began = time.monotonic()
        answer, error = None, None
        try:
            answer = self._call(method, path, body, self.timeout if timeout is None else timeout)
        except ApiError as failure:
            error = str(failure)
            raise
        finally:
            if self.observer is not None:
                said = "" if body is None else f" {json.dumps(body)}"
                self.observer(f"{method} {path}{said}", answer, error, time.monotonic() - began)
        return answer

    def _call(self, method: str, path: str, body: Any, timeout: float) -> Any:
        headers = dict(self._headers)
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        asked = http_call.Asked(self._host, self._port, method, f"/api/v1{path}", data, headers)
        try:
            status, raw, whole = http_call.answer(asked, timeout, MAX_BODY)
        except http_call.NoAnswer as error:
            raise Unreachable(f"{method} {path}: {error}") from None
        if not whole:
            raise Failed(f"{method} {path}: the answer ended after {len(raw)} bytes")
        return _decode(f"{method} {path}", status, raw)

    def read(self) -> Reading:
        """Return state and heartbeat, as one reading."""
        config, health = self.call("GET", "/show_config"), self.call("GET", "/health")
        try:
            last = health["last_process"]
            return Reading(
                state=_typed(config["state"], str).lower(),
                last_process=_moment(last) if last is not None else None,
                bot_name=_typed(config["bot_name"], str),
                dry_run=_typed(config["dry_run"], bool),
                startup=_startup(health),
                **_timeframe(config),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Failed(f"show_config or health lack what Freqtrade promises: {error!r}") from None

    def past_boot(self) -> bool:
        """Return whether the process has applied its ``initial_state``.

        Between the start of its API and that moment a bot has no pair list yet, and whatever state it reads is
        about to be overwritten.
        """
        try:
            return bool(_typed(self.call("GET", "/whitelist")["length"], int) > 0)
        except (Failed, KeyError, TypeError):  # 500: the pair lists do not exist yet
            return False

    def whitelist(self) -> list[str]:
        """Return the pairs in which it may trade, those of its open trades among them."""
        try:
            return [_typed(pair, str) for pair in _typed(self.call("GET", "/whitelist")["whitelist"], list)]
        except (KeyError, TypeError) as error:
            raise Failed(f"GET /whitelist lacks what Freqtrade promises: {error!r}") from None

    def newest_candle(self, pair: str, timeframe: str) -> datetime | None:
        """Return when the newest candle of a pair began on which the strategy has decided, None where there is none.

        No column of the strategy is asked for, so the answer is short.
        """
        asked = {"pair": pair, "timeframe": timeframe, "limit": 1, "columns": []}
        try:
            began = _typed(self.call("POST", "/pair_candles", asked)["data_stop_ts"], int)
            return datetime.fromtimestamp(began / 1000, timezone.utc) if began else None
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
            raise Failed(f"POST /pair_candles lacks what Freqtrade promises: {error!r}") from None

    def worker_state(self) -> str | None:
        """Return the trader state in which the bot's worker last said that it was, None where its log does not say.

        `read` returns the state to which the trader was set. Its worker takes that up when the round under way is over,
        and says so in its log, at every change and with its heartbeat (worker.py of Freqtrade 2026.9).
        """
        said = [text for _, _, text in self.log(WORKER)]
        found = [match for text in said for match in [WORKER_SAYS.match(text)] if match]
        return found[-1][1].lower() if found else None

    def log(self, *loggers: str) -> list[tuple[datetime, str, str]]:
        """Return the latest lines that some of its modules logged since it began: when, which of them, what."""
        try:
            records = _typed(self.call("GET", f"/logs?limit={LOG_RECORDS}")["logs"], list)
            return [(datetime.fromtimestamp(float(record[1]) / 1000, timezone.utc), str(record[2]), str(record[4]))
                    for record in records if record[2] in loggers]  # fmt: skip
        except (KeyError, TypeError, IndexError, ValueError, OverflowError, OSError) as error:
            raise Failed(f"GET /logs lacks what Freqtrade promises: {error!r}") from None

    def open_trades(self) -> list[dict[str, Any]]:
        """Return the open trades with all their orders."""
        trades = self.call("GET", "/status")
        try:
            for trade in _typed(trades, list):
                _check_trade(trade)
        except (KeyError, TypeError) as error:
            raise Failed(f"GET /status lacks what Freqtrade promises: {error!r}") from None
        return list(trades)

    def pause(self) -> None:
        """Stop entries; to be sent to a running bot only: it would start a stopped one."""
        self.call("POST", "/stopentry")

    def start(self) -> None:
        """Let the trader run."""
        self.call("POST", "/start")

    def our_locks(self) -> list[dict[str, Any]]:
        """Return the active global pair locks that freqops set."""
        return [lock for lock in self._locks() if _is_ours(lock)]

    def locks_of_others(self) -> list[dict[str, Any]]:
        """Return the active pair locks that its protections, its strategy or a person set."""
        return [lock for lock in self._locks() if not _is_ours(lock)]

    def _locks(self) -> list[dict[str, Any]]:
        try:
            return [_checked_lock(lock) for lock in self.call("GET", "/locks")["locks"]]
        except (KeyError, TypeError) as error:
            raise Failed(f"GET /locks lacks what Freqtrade promises: {error!r}") from None

    def has_lock(self, reason: str) -> bool:
        """Return whether the global pair lock called ``reason`` is in force for good, on both sides."""
        return any(
            lock["reason"] == reason
            and lock["side"] == "*"
            and lock["active"]
            and lock["lock_end_timestamp"] > LOCK_HOLDS_BEYOND
            for lock in self.our_locks()
        )

    def lock(self, reason: str) -> None:
        """Set a global pair lock called ``reason``; believe it only when `has_lock` says so."""
        self.call("POST", "/locks", [{"pair": "*", "until": LOCK_UNTIL, "side": "*", "reason": reason}])

    def unlock(self, lock_id: int) -> None:
        """Remove one pair lock by its number, and no other."""
        self.call("DELETE", f"/locks/{lock_id}")

    def force_exit(self, trade_id: int) -> None:
        """Sell one trade at the market; its answer proves nothing, only the next reading does.

        Freqtrade answers 200 where it gave up for lack of funds or its strategy denied the exit, and 502 where it
        cancelled an entry of which nothing had filled.
        """
        body = {"tradeid": str(trade_id), "ordertype": "market"}
        self.call("POST", "/forceexit", body, FORCE_EXIT_SECONDS)

    def cancel_open_orders(self, trade_id: int) -> None:
        """Cancel all open orders of one trade, exits too."""
        self.call("DELETE", f"/trades/{trade_id}/open-order")


def _is_ours(lock: dict[str, Any]) -> bool:
    return lock["pair"] == "*" and str(lock["reason"]).startswith("freqops ")


def _typed(value: Any, kind: type) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"{value!r:.60} is not {kind.__name__}")
    return value


def _moment(text: Any) -> datetime:
    """Return an ISO 8601 moment; Python 3.9 and 3.10 do not know the Z that Freqtrade ends it with."""
    moment = datetime.fromisoformat(_typed(text, str).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment


def _startup(health: dict[str, Any]) -> datetime | None:
    """Return the beginning of its loop, None where it is not given: a halt does not read it, so must not fail by it."""
    try:
        return _moment(health.get("bot_startup"))
    except (TypeError, ValueError):
        return None


def _timeframe(config: dict[str, Any]) -> dict[str, Any]:
    """Return the length of its candles, nothing where it does not say that; likewise."""
    name, length = config.get("timeframe"), config.get("timeframe_ms")
    if not isinstance(name, str) or not isinstance(length, int) or not 0 < length < LONGEST_TIMEFRAME:
        return {}
    return {"timeframe": name, "timeframe_s": length / 1000}


def _check_trade(trade: Any) -> None:
    """Check what the halt reads of a trade; Freqtrade's answer has far more."""
    _typed(trade["trade_id"], int), _typed(trade["pair"], str), _typed(trade["is_short"], bool)
    for order in _typed(trade["orders"], list):
        _typed(order["is_open"], bool), _typed(order["ft_order_side"], str)


def _checked_lock(lock: Any) -> dict[str, Any]:
    """Check what is read of a pair lock; others than ours may have no reason."""
    _typed(lock["id"], int), _typed(lock["active"], bool), _typed(lock["lock_end_timestamp"], int)
    return {**lock, "pair": _typed(lock["pair"], str), "side": _typed(lock["side"], str), "reason": lock["reason"]}


def _decode(what: str, status: int, raw: bytes) -> Any:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if status == OK:
        if value is None:
            raise Failed(f"{what}: status 200 without a JSON answer")
        return value
    if status == UNAUTHORIZED:
        raise Unauthorized(f"{what}: the bot refuses our user or password")
    error = value.get("error", "") if isinstance(value, dict) else ""
    if status == BAD_GATEWAY and str(error).startswith("Error querying"):
        raise BotRefused(str(error).partition(": ")[2] or str(error))
    raise Failed(f"{what}: status {status}")
