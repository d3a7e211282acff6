"""The REST API of the model bots, behind the client that talks to the real ones."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from freqops.core.bot.client import FreqtradeClient, Unreachable, _decode
from tests.halt_model.container import Container, Faults
from tests.unit.core.halt.model import LATENCY, Model

UNTIL_2099, SOON = 4_070_908_800_000, 1_767_323_045_000
REFUSAL = {"error": "Error querying /api/v1/trades: no open order"}
Answer = tuple[int, Any]


class Switchboard(Protocol):
    """Who knows which bot listens where, and what must not be said to it."""

    def listening(self, port: int) -> Container | None:
        """Return the container whose port that is."""

    def said(self, container: Container, state: str) -> None:
        """Take note that a bot told the command that acts now what its state is."""

    def asked(self, container: Container, request: str) -> None:
        """Take note of a request of the command that acts now."""

    def touched(self, container: Container, request: str) -> None:
        """Take note that a request had its effect."""

    def sleep(self, seconds: float) -> None:
        """Let time pass."""


class ModelClient(FreqtradeClient):
    """The real client, but for the wire: the answer comes from a model."""

    board: Switchboard

    def _call(self, method: str, path: str, body: Any, timeout: float) -> Any:
        container = self.board.listening(self._port)
        if container is None or not container.bot.up:
            self.board.sleep(LATENCY)
            raise Unreachable(f"{method} {path}: connection refused")
        said = container.faults.api
        if said == "hang":
            self.board.sleep(timeout)
            raise Unreachable(f"{method} {path}: timed out")
        if said in BROKEN:
            self.board.sleep(LATENCY)
            return _decode(f"{method} {path}", *BROKEN[said])
        bot = container.stranger if said == "another bot" else container.bot
        self.board.asked(container, f"{method} {path}")
        status, answer = _answer(container.faults, bot, method, path, body)
        if path == "/show_config":
            self.board.said(container, bot.state)
        self.board.touched(container, f"{method} {path}")
        return _decode(f"{method} {path}", status, json.dumps(answer).encode())


BROKEN: dict[str | None, tuple[int, bytes]] = {
    "500": (500, b'{"detail": "Internal Server Error"}'),
    "401": (401, b'{"detail": "Unauthorized"}'),
    "no json": (200, b"<html>"),
    "another shape": (200, b'{"state": 1, "last_process": 2, "length": "x", "locks": [{}]}'),
    "a bare 502": (502, b"Bad Gateway"),
}


def _answer(faults: Faults, bot: Model, method: str, path: str, body: Any) -> Answer:
    for (verb, pattern), handler in HANDLERS.items():
        if verb == method and (match := re.fullmatch(pattern, path)):
            return handler(faults, bot, *match.groups() or (body,))
    raise AssertionError(f"the model does not know {method} {path}")


def _show_config(_faults: Faults, bot: Model, _body: Any) -> Answer:
    bot.read()
    return 200, {"state": bot.state, "bot_name": bot.name, "dry_run": True}


def _health(_faults: Faults, bot: Model, _body: Any) -> Answer:
    bot.read()
    last = bot.last
    return 200, {"last_process": last.isoformat() if last is not None else None}


def _whitelist(_faults: Faults, bot: Model, _body: Any) -> Answer:
    return (200, {"length": 4}) if bot.past_boot() else (500, {"detail": "no pair list"})


def _logs(_faults: Faults, bot: Model, _body: Any) -> Answer:
    said = bot.worker_state()
    lines = [] if said is None else [["", 0, "freqtrade.worker", "INFO", f"Changing state to: {said.upper()}"]]
    return 200, {"logs": lines}


def _status(_faults: Faults, bot: Model, _body: Any) -> Answer:
    return 200, bot.open_trades()


def _locks(faults: Faults, bot: Model, _body: Any) -> Answer:
    end = SOON if faults.locks == "end" else UNTIL_2099
    more = {"pair": "*", "side": "*", "active": True, "lock_end_timestamp": end}
    return 200, {"locks": [{**lock, **more} for lock in bot.our_locks()]}


def _lock(faults: Faults, bot: Model, body: Any) -> Answer:
    if faults.locks == "vanish":
        bot.our_locks()
    else:
        bot.lock(body[0]["reason"])
    return 200, {"lock_count": 1}


def _unlock(_faults: Faults, bot: Model, number: str) -> Answer:
    bot.unlock(int(number))
    return 200, {}


def _pause(faults: Faults, bot: Model, _body: Any) -> Answer:
    if faults.pauses:
        bot.pause()
    else:
        bot.read()
    return 200, {"status": "paused, no more entries will occur from now. Run /start to enable entries."}


def _commanded(how: Callable[[Model], None]) -> Callable[[Faults, Model, Any], Answer]:
    def command(_faults: Faults, bot: Model, _body: Any) -> Answer:
        how(bot)
        return 200, {"status": "as you wish"}

    return command


def _exit(faults: Faults, bot: Model, body: Any) -> Answer:
    if faults.exits == "go":
        bot.force_exit(int(body["tradeid"]))
        return 200, {"result": "Created exit order"}
    bot.open_trades()
    return (502, REFUSAL) if faults.exits == "stay refused" else (200, {"result": "Created exit order"})


def _cancel(faults: Faults, bot: Model, number: str) -> Answer:
    if faults.cancels == "go":
        bot.cancel_open_orders(int(number))
        return 200, {}
    bot.open_trades()
    return (502, REFUSAL) if faults.cancels == "stay refused" else (200, {})


HANDLERS: dict[tuple[str, str], Callable[[Faults, Model, Any], Answer]] = {
    ("GET", "/show_config"): _show_config,
    ("GET", "/health"): _health,
    ("GET", "/whitelist"): _whitelist,
    ("GET", "/status"): _status,
    ("GET", "/locks"): _locks,
    ("GET", r"/logs\?limit=\d+"): _logs,
    ("POST", "/locks"): _lock,
    ("DELETE", r"/locks/(\d+)"): _unlock,
    ("POST", "/stopentry"): _pause,
    ("POST", "/start"): _commanded(Model.start),
    ("POST", "/stop"): _commanded(Model.stop),
    ("POST", "/reload_config"): _commanded(Model.reload),
    ("POST", "/forceexit"): _exit,
    ("DELETE", r"/trades/(\d+)/open-order"): _cancel,
}
