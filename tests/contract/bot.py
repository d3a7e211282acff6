"""One real bot, and what tests do with it."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path
from typing import Any

from freqops.core import secrets as bot_secrets
from freqops.core.client import ApiError, BotRefused, FreqtradeClient, Reading
from freqops.core.clock import Clock
from freqops.core.entry_stop import EntryStop, EntryStopResult
from lab.ports import LOOPBACK
from tests.contract.deployed import (
    API_PORT,
    STRATEGIES,
    Files,
    compose_service,
    container_options,
    effective_config,
)
from tests.contract.exchange import Exchange
from tests.contract.polling import eventually
from tests.contract.stack import Stack, free_port

NAME = "contract"
STOP_SECONDS = 10
DATABASE = "sqlite:////freqops/var/trades.paper.sqlite"
QUICK = {
    "timeframe": "1m",
    "max_open_trades": 6,
    "custom_price_max_distance_ratio": 0.99,
    "exit_pricing": {"price_side": "other"},
    "internals": {"process_throttle_secs": 1, "heartbeat_interval": 1},
    "pairlists": [{"method": "StaticPairList"}, {"method": "SpreadFilter", "max_spread_ratio": 0.05}],
}


class Bot:
    """A container made by the role's template, its API on a loopback port."""

    def __init__(self, stack: Stack, home: Path, exchange: Exchange) -> None:
        self.exchange = exchange
        self.files = Files(home)
        self.files.put_release(
            effective_config(NAME, "ContractStrategy", QUICK, exchange.url), STRATEGIES / "ContractStrategy.py"
        )
        made_up = bot_secrets.complete({}, DATABASE, None, "")
        self.files.put_conf("secrets.json", made_up)
        self.wish()
        self.password = str(made_up["api_server"]["password"])
        self.port = free_port()
        self.api = self.client(self.password)
        self._stack, self.service = stack, compose_service(home, NAME, stack.image)

    def client(self, password: str) -> FreqtradeClient:
        """Return a client with a password of the caller's choice."""
        return FreqtradeClient(self.port, bot_secrets.USER, password, timeout=5.0)

    def create(self) -> None:
        """Start the container for the first time."""
        options = container_options(self.service)
        ports = {API_PORT: (LOOPBACK, self.port)}
        self.container = self._stack.run(self._stack.image, self._stack.address(), ports=ports, **options)

    def wish(self, **wishes: Any) -> None:
        """Tell the strategy what to do from its next round on."""
        self.files.put_conf("wishes.json", wishes)

    def at_work(self, state: str) -> Reading:
        """Wait until the bot is past its boot window in ``state``; unless stopped, until its loop came round."""

        def there() -> Reading | None:
            reading = self._reading()
            if reading.state != state or not self.api.past_boot():
                return None
            return reading if state == "stopped" or reading.last_process is not None else None

        with self._log_on_failure():
            return eventually(there, f"the bot is {state}")

    def reload(self, initial_state: str | None) -> Reading:
        """Put ``initial_state`` into state.json, have the configuration read again, and wait for its effect."""
        self.files.put_state(initial_state)
        self.api.call("POST", "/reload_config")
        return self.at_work(initial_state or "stopped")

    def rounds(self, count: int) -> None:
        """Wait until the loop of a running or paused bot came round so many times."""
        for _ in range(count):
            before = self.api.read().last_process
            eventually(lambda seen=before: self.api.read().last_process != seen, "the loop comes round")  # type: ignore[misc]

    def heartbeats(self) -> list[Any]:
        """Return the moments at which the loop, in whatever state, wrote its heartbeat into the log."""
        lines = self.api.call("GET", "/logs?limit=1000")["logs"]
        return [line[1] for line in lines if "Bot heartbeat" in line[4]]

    def idle_rounds(self, count: int) -> None:
        """Wait until a stopped loop went round so many times."""
        last = max(self.heartbeats(), default=0)
        eventually(lambda: sum(beat > last for beat in self.heartbeats()) >= count, "the stopped loop goes round")

    def trade(self, pair: str) -> dict[str, Any] | None:
        """Return the open trade in ``pair``."""
        return next((trade for trade in self.api.open_trades() if trade["pair"] == pair), None)

    def enter(self, pair: str, limit: float | None = None) -> dict[str, Any]:
        """Have the bot enter ``pair`` and return the trade: filled, or with an order that rests at ``limit``."""

        def there() -> dict[str, Any] | None:
            trade = self.trade(pair)
            settled = trade is not None and bool(trade["has_open_orders"]) is (limit is not None)
            return trade if settled else None

        self.wish(enter=[pair], price={} if limit is None else {pair: limit})
        with self._log_on_failure():
            found = eventually(there, f"the bot enters {pair}")
        self.wish()
        return found

    def stop_entries(self, reason: str, deadline: float | None = None) -> EntryStopResult:
        """Run the halt's level 1."""
        return EntryStop(self.api, NAME, reason, Clock(), deadline).run(alive=lambda: True)

    def reset(self) -> None:
        """Bring the bot back to running, flat, without locks and wishes."""
        self.exchange.heal()
        self.wish()
        self.files.put_holds()
        self.files.put_state("running")
        state = eventually(self.api.read, "the bot answers").state
        if state == "reload_config" or not self.api.past_boot():
            self.at_work("running")
        self.api.start()
        self.at_work("running")
        for lock in self.api.call("GET", "/locks")["locks"]:
            self.api.unlock(lock["id"])
        eventually(self._flat, "the bot is flat")

    def stop(self) -> int:
        """Ask the container to end, as ``compose stop -t 10`` does, and return its exit status."""
        self.container.stop(timeout=STOP_SECONDS)
        self.container.reload()
        return int(self.container.attrs["State"]["ExitCode"])

    def run(self, command: list[str]) -> tuple[int, str]:
        """Run a command in the bot's container."""
        status, output = self.container.exec_run(command)
        assert isinstance(output, bytes)
        assert status is not None
        return status, output.decode(errors="replace")

    def _reading(self) -> Reading:
        try:
            return self.api.read()
        except ApiError:
            self.container.reload()
            assert self.container.status == "running", f"its container is {self.container.status}"
            raise

    def _flat(self) -> bool:
        for trade in self.api.open_trades():
            with contextlib.suppress(BotRefused):  # an entry that had not filled is gone, and called a failure
                self.api.call("POST", "/forceexit", {"tradeid": str(trade["trade_id"]), "ordertype": "market"})
        return not self.api.open_trades()

    @contextlib.contextmanager
    def _log_on_failure(self) -> Any:
        try:
            yield
        except AssertionError as error:
            log = self.container.logs(tail=40).decode(errors="replace")
            raise AssertionError(f"{error}; the end of its log:\n{log}") from None


def reason() -> str:
    """Return a reason for a pair lock that no other test has used."""
    return f"freqops halt contract-{secrets.token_hex(4)}"
