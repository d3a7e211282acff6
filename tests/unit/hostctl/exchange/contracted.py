"""The witness of a bot on the lab's real exchange, and a liar between both that changes what the exchange answers."""

from __future__ import annotations

import importlib
import json
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Self

import pytest

from freqops.core.base.clock import Clock
from freqops.core.bot import layout, processes
from freqops.core.bot.processes import Process
from freqops.core.exchange import contract
from freqops.core.halt import holds
from freqops.hostctl.bot import holds_file, processes_and_api
from freqops.hostctl.exchange import sales_journal, witness, witness_contract
from freqops.hostctl.exchange.witness_contract import Allowance, Contracted
from freqops.hostctl.incident import journal
from freqops.hostctl.incident.journal import Journal
from freqops.witness.exchange import Exchange
from tests.unit.fakes import FakeEngine, make_bot
from tests.unit.lab.exchange.harness import Server
from tests.unit.patience import PATIENCE

BTC = "BTC/USDT"
PLACING, ASKING = "POST /api/v3/order", "GET /api/v3/order"
CANCELLING, LISTING = "DELETE /api/v3/order", "GET /api/v3/openOrders"
FILLS, ACCOUNT, MARKETS = "GET /api/v3/myTrades", "GET /api/v3/account", "GET /api/v3/exchangeInfo"
TIME = "GET /api/v3/time"

READ = [claim.name for claim in contract.CLAIMS if claim.part == contract.READING]
ORDERED = [claim.name for claim in contract.CLAIMS if claim.part == contract.ORDER]
OPEN = ("NEW", "PARTIALLY_FILLED")

Parameters = dict[str, str]
Truth = Callable[[], "tuple[int, Any]"]
Lie = Callable[[Parameters, str, Truth], "tuple[int, Any]"]


class ServerClock(Clock):
    """The time of the exchange, which passes when somebody sleeps, and a little with each question."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def monotonic(self) -> float:
        return self._server.time() / 1000

    def utcnow(self) -> datetime:
        return datetime.fromtimestamp(self._server.time() / 1000, UTC)

    def sleep(self, seconds: float) -> None:
        self._server.time.advance(seconds)


class Liar:
    """A server in front of the exchange that passes on what is said, but where it has a lie for it.

    Attributes:
        lies: By endpoint; each is given the parameters, the key, and a way to learn the truth.
    """

    def __init__(self, base: str) -> None:
        self.lies: dict[str, Lie] = {}
        liar = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                path, _, query = self.path.partition("?")
                said = dict(urllib.parse.parse_qsl(query) + urllib.parse.parse_qsl(body.decode()))
                key = self.headers.get("X-MBX-APIKEY") or ""

                def truth() -> tuple[int, Any]:
                    asked = urllib.request.Request(base + self.path, data=body or None, method=self.command)  # noqa: S310
                    for name in ("X-MBX-APIKEY", "Content-Type"):
                        if self.headers.get(name):
                            asked.add_header(name, self.headers[name])
                    try:
                        with urllib.request.urlopen(asked, timeout=PATIENCE) as found:  # noqa: S310  loopback
                            return found.status, json.load(found)
                    except urllib.error.HTTPError as error:
                        with error:
                            return error.code, json.load(error)

                lie = liar.lies.get(f"{self.command} {path}")
                status, document = truth() if lie is None else lie(said, key, truth)
                content = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815  the names are those of the library

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.01), daemon=True)
        self.base = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)


class Talk(witness.Witness):
    """A conversation with the real witness in this process; all but the pipe is the real one's."""

    def __init__(self, lab: Contracting, bot: layout.Bot, diary: Journal, clock: Clock) -> None:
        super().__init__(bot, diary, clock, lambda: SimpleNamespace(stdout=None))  # type: ignore[arg-type, return-value]
        self._lab, self._clock, self._diary = lab, clock, diary
        self._gone = False

    def ready(self) -> float:
        return self._clock.monotonic()

    def once(self, what: str, deadline: float, **with_: Any) -> Any:
        self._clock.sleep(0.01)
        self._lab.asked.append(what)
        if self._lab.before is not None:
            self._lab.before(what)
        if self._gone or self._clock.monotonic() > deadline:
            raise witness.Unanswered(f"{what}: the witness gave no answer in time")
        act = what in witness.ACTS
        if act:
            self._diary.note("act", "exchange", what, durable=True)
        try:
            answer = self._lab.answer(what, json.loads(json.dumps(with_)))
        except Exception as error:  # noqa: BLE001  whatever it was, the host hears it
            kind = self._lab.entry.kind_of(error)
            raise witness._error(f"{what}: {type(error).__name__}: {error}", kind, is_act=act) from None
        return json.loads(json.dumps(answer))


class Contracting:
    """A bot with an account on the lab's exchange, held at level 3 and without a process, and its contract.

    Attributes:
        asked: What was asked, in its order.
        before: Is told of every question before it is asked.
        trades: The trades of its records.
    """

    def __init__(
        self, root: Path, server: Server, liar: Liar, entry: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.root, self.server, self.liar, self.entry = root, server, liar, entry
        self.clock, self.engine = ServerClock(server), FakeEngine()
        self.asked: list[str] = []
        self.before: Callable[[str], None] | None = None
        self.trades: list[dict[str, Any]] = []
        self.processes: list[Process] = []
        self.home = make_bot(root, mode="live")
        self.key = server.account("bot")
        self.configure(self.key["api_key"], pair_whitelist=[BTC])
        monkeypatch.setattr(processes_and_api, "alive", lambda bot: processes.trading(bot.name, self.processes))
        monkeypatch.setattr(witness, "conversation", self._conversation)
        held = holds.Hold("halt", 3, "why", "ann@host", "one", 0, "")
        assert holds_file.latch(self.home, held, self.clock).error is None

    def configure(self, key: str, **exchange: Any) -> None:
        """Write the configuration of the bot, and its secrets."""
        settings = self.server.options()
        settings["urls"] = {"api": {name: url.replace(self.server.base, self.liar.base)
                                    for name, url in settings["urls"]["api"].items()}}  # fmt: skip
        self.config: dict[str, Any] = {
            "stake_currency": "USDT",
            "exchange": {"name": "binance", "ccxt_config": settings, **exchange},
        }
        (self.bot.release_home / "config.json").write_text(json.dumps(self.config))
        secret = {"key": key, "secret": self.key["secret"]}
        document = {"api_server": {"username": "u", "password": "p"}, "exchange": secret}
        (self.home / "conf" / "secrets.json").write_text(json.dumps(document))
        config = {**self.config, "exchange": {**self.config["exchange"], **secret}}
        self.exchange = Exchange(config)
        self.exchange._api.nonce = self.server.time

    @contextmanager
    def _conversation(self, bot: layout.Bot, diary: Journal, clock: Clock, *_: object) -> Iterator[Talk]:
        yield Talk(self, bot, diary, clock)

    def answer(self, what: str, with_: dict[str, Any]) -> Any:
        """Answer as the witness does; the records are the test's own."""
        if what == "records":
            return {"trades": self.trades, "orders": [], "pairs": [], "since": 0, "kept": True}
        return getattr(self.exchange, what)(**with_)

    @property
    def bot(self) -> layout.Bot:
        return layout.load_bot(self.home)

    def run(self, allowance: Allowance | None = None) -> Contracted:
        """Run the contract, the order part too where there is an allowance."""
        diary = journal.silent(self.clock)
        return witness_contract.witness_contract(self.bot, "one", allowance, diary, self.clock, self.engine)

    def order(self, most: str = "20") -> Contracted:
        """Run both parts."""
        return self.run(Allowance(BTC, Decimal(most)))

    def verdicts(self, row: Contracted) -> dict[str, str]:
        return {claim["claim"]: claim["verdict"] for claim in row.claims}

    def evidence(self, row: Contracted, claim: str) -> str:
        return next(each["evidence"] for each in row.claims if each["claim"] == claim)

    @property
    def kept(self) -> Any:
        return json.loads((self.home / contract.FILE).read_text())

    @property
    def lines(self) -> list[dict[str, Any]]:
        return sales_journal.read(self.bot)

    def orders(self, *statuses: str) -> list[dict[str, Any]]:
        """Return the orders of the account as the exchange has them, whatever the liar says."""
        found: list[dict[str, Any]] = self.server.control("GET", "/accounts/bot/orders")
        return [order for order in found if not statuses or order["status"] in statuses]

    def nothing_left(self) -> None:
        """See that no order of ours rests, no coin is there that could be sold, and all orders are settled."""
        assert self.orders(*OPEN) == []
        assert self.coins.get("BTC", Decimal(0)) * 60000 < 5
        assert all(line["settled"] for line in self.lines)

    @property
    def coins(self) -> dict[str, Decimal]:
        found = self.server.control("GET", "/accounts/bot")["balances"]
        return {coin: Decimal(part["free"]) + Decimal(part["locked"]) for coin, part in found.items()}


@contextmanager
def entry_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Give ``python3 -m freqops.witness`` as a module; the database's library is only in a bot's image."""
    missing = ModuleType("sqlalchemy")
    for name in ("create_engine", "inspect", "text"):
        setattr(missing, name, lambda *_arguments, **_options: None)
    monkeypatch.setitem(sys.modules, "sqlalchemy", missing)
    yield importlib.import_module("freqops.witness.__main__")
    for name in ("freqops.witness.__main__", "freqops.witness.records"):
        sys.modules.pop(name, None)
