"""One real bot, and what tests do with it."""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.bot import bot_secrets
from freqops.core.bot.client import ApiError, BotRefused, FreqtradeClient, Reading
from freqops.core.halt.entry_stop import EntryStop, EntryStopResult
from lab.engine.ports import LOOPBACK
from tests.contract.deployed import (
    API_PORT,
    STRATEGIES,
    Files,
    compose_service,
    container_options,
    effective_config,
)
from tests.contract.exchange import Account, Exchange
from tests.contract.polling import eventually
from tests.contract.stack import Stack, finished, free_port, run_in

PAPER, LIVE = "contract", "contract-live"
STOP_SECONDS = 120  # until it is killed: far more than an end takes, however busy the machine is
STRATEGY, GATED = STRATEGIES / "ContractStrategy.py", STRATEGIES.parent / "gated" / "GatedStrategy.py"
DATABASE = "/freqops/var/trades.sqlite"
QUICK = {
    "timeframe": "1m",
    "max_open_trades": 6,
    "custom_price_max_distance_ratio": 0.99,
    "exit_pricing": {"price_side": "other"},
    "internals": {"process_throttle_secs": 1, "heartbeat_interval": 1},
    "pairlists": [{"method": "StaticPairList"}, {"method": "SpreadFilter", "max_spread_ratio": 0.05}],
}
ORDER_TYPES = {"entry": "limit", "exit": "market", "force_exit": "limit", "stoploss": "limit"}


class Bot:
    """A container made by the role's template, its API on a loopback port; with an ``account``, its orders are real."""

    def __init__(self, stack: Stack, home: Path, exchange: Exchange, account: Account | None = None) -> None:
        self.exchange = exchange
        self.name = PAPER if account is None else LIVE
        self.files = Files(home)
        self._live = account is not None
        self.configure()
        keys = {} if account is None else {"exchange": {"key": account.key, "secret": account.secret}}
        made_up = bot_secrets.complete(keys, f"sqlite:///{DATABASE}", None, "")
        self.files.put_conf("secrets.json", made_up)
        self.wish()
        self.password = str(made_up["api_server"]["password"])
        self.port = free_port()
        self.api = self.client(self.password)
        self._stack, self.service = stack, compose_service(home, self.name, stack.image)

    def configure(self, *, stops: bool = False, gated: bool = False, **own: Any) -> None:
        """Write the release; a live bot has stops on its exchange or not, as told, a paper bot always has.

        Args:
            stops: Whether a live bot has them.
            gated: Whether its strategy is behind the entry gate; then entries may be forced, as freqops lets nobody.
            own: What the configuration says more.
        """
        own = {**QUICK, **own}
        if self._live:
            own["order_types"] = {**ORDER_TYPES, "stoploss_on_exchange": stops}
        strategy = (GATED if gated else STRATEGY).stem
        config = effective_config(self.name, strategy, own, self.exchange.url, live=self._live)
        self.files.put_release({**config, "force_entry_enable": gated}, STRATEGY, GATED)

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

    def filled_entries(self, pair: str) -> int:
        """Return how many entries of the open trade in ``pair`` have filled."""
        return int((self.trade(pair) or {}).get("nr_of_successful_entries", 0))

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

    def settled(self, pair: str) -> dict[str, Any]:
        """Have the bot enter ``pair`` and return the trade when the fee has been taken off its amount."""
        self.enter(pair)
        return self.with_fee(pair)

    def with_fee(self, pair: str) -> dict[str, Any]:
        """Wait for the trade in ``pair``, and until the fee has been taken off its amount."""

        def there() -> dict[str, Any] | None:
            trade = self.trade(pair)
            return trade if trade is not None and trade["fee_open_currency"] is not None else None

        return eventually(there, f"the fee of {pair} is known")

    def stop_entries(self, reason: str, deadline: float | None = None) -> EntryStopResult:
        """Run the halt's level 1."""
        return EntryStop(self.api, self.name, reason, Clock(), deadline).run(alive=lambda: True)

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
        self.rounds(1)  # the round that was under way may still grant what was wished before
        eventually(self._flat, "the bot is flat")
        for lock in self.api.call("GET", "/locks")["locks"]:  # an exit locks its pair until the candle ends
            self.api.unlock(lock["id"])

    def force_enter(self, pair: str) -> Any:
        """Have a pair bought, whatever the strategy sees in it."""
        return self.api.call("POST", "/forceenter", {"pair": pair, "side": "long"})

    def force_exit(self, trade: dict[str, Any], **how: Any) -> Any:
        """Have the trade sold, at the market unless told otherwise."""
        return self.api.call("POST", "/forceexit", {"tradeid": trade["trade_id"], "ordertype": "market", **how})

    def query(self, sql: str, mode: str = "ro") -> list[list[Any]]:
        """Return what the bot's database says; with the mode ``rw``, change it behind the bot's back."""
        code = (
            "import json, sqlite3, sys; "
            "database = sqlite3.connect(f'file:{sys.argv[1]}?mode={sys.argv[3]}', uri=True, timeout=20); "
            "print(json.dumps([*database.execute(sys.argv[2])])); database.commit()"
        )
        status, said = self.run(["python3", "-c", code, DATABASE, sql, mode])
        assert status == 0, said
        rows: list[list[Any]] = json.loads(said)
        return rows

    def age_orders(self, pair: str) -> None:
        """Let the open orders of ``pair`` have been placed two candles ago, and the bot read that at a start."""
        self.api.call("POST", "/stop")
        eventually(lambda: self.api.read().state == "stopped", "the bot is stopped")
        earlier = "strftime('%Y-%m-%d %H:%M:%f000', 'now', '-2 minutes')"
        self.query(f"UPDATE orders SET order_date = {earlier} WHERE ft_pair = '{pair}' AND ft_is_open = 1", "rw")  # noqa: S608  ours
        self.reload("running")

    def ended(self) -> int:
        """Wait for the end of the container and return its exit status."""
        return finished(self.container)[0]

    def beside(self, module: str, questions: str | None = None) -> tuple[int, str]:
        """Run one of freqops' own modules over the bot's files, in a container of its image beside its own."""
        files = self.files
        options: dict[str, Any] = {
            **container_options(self.service),
            "entrypoint": ["sh", "-c"],
            "command": [f"printf '%s' \"$QUESTIONS\" | python3 -m {module}"],
            "environment": {
                "PYTHONPATH": "/freqops/packages:/freqops/asked/freqops-host",
                "QUESTIONS": questions or "",
            },
            "volumes": [
                f"{files.conf}:/freqops/asked:ro",
                f"{files.release}:/freqops/release:ro",
                f"{files.var}:/freqops/var",
            ],
        }
        return finished(self._stack.run(self._stack.image, self._stack.address(), **options))

    def witness(self, *questions: dict[str, Any]) -> list[Any]:
        """Put questions to the exchange witness and return its answers."""
        said = self.beside("freqops.witness", "\n".join(json.dumps(question) for question in questions) + "\n")[1]
        answers = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        assert len(answers) == len(questions) + 1, said
        return [answer.get("answer", answer) for answer in answers[1:]]

    def update_records(self) -> tuple[int, str]:
        """Have Freqtrade take in what its exchange has, its container being stopped."""
        return self.beside("freqops.witness.update_records")

    def stop(self) -> int:
        """Ask the container to end, as ``compose stop -t 10`` does, and return its exit status."""
        self.container.stop(timeout=STOP_SECONDS)
        self.container.reload()
        return int(self.container.attrs["State"]["ExitCode"])

    def run(self, command: list[str]) -> tuple[int, str]:
        """Run a command in the bot's container; see `run_in`."""
        return run_in(self.container, command)

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
                self.force_exit(trade)
        return not self.api.open_trades()

    @contextlib.contextmanager
    def _log_on_failure(self) -> Any:
        try:
            yield
        except AssertionError as error:
            log = self.container.logs(tail=40).decode(errors="replace")
            raise AssertionError(f"{error}; the end of its log:\n{log}") from None


def by_pair(said: str) -> dict[str, dict[str, Any]]:
    """Return what the recovery said of each pair."""
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return {line["pair"]: line for line in lines if "pair" in line}


def reason() -> str:
    """Return a reason for a pair lock that no other test has used."""
    return f"freqops halt contract-{secrets.token_hex(4)}"
