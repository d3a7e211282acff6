"""Live bots beside the deployed one, each with an account of its own, that enter exactly what a test wishes.

They are the deployed bot of prod-1 once more, under other names: the same image, gate, containers and command, with a
strategy that does as it is told and a database of their own (SQLite), so that many are up in the time of one.
"""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import yaml

from freqops.core import holds
from freqops.core import secrets as bot_secrets
from freqops.core.bot_config import merged
from lab.control import control
from tests.support.field import ROOT, TEST_ACCOUNT, Field, until

HOST, MODEL = "prod-1", "gamma"
FIRST_PORT = 8100
DATABASE = "sqlite:////freqops/var/trades.live.sqlite"
STRATEGY = ROOT / "tests/contract/strategies/ContractStrategy.py"
COINS = ("BTC", "ETH", "SOL", "XRP", "BNB", "LTC", "DOGE", "ADA", "LINK", "AVAX", "DOT", "TRX")
PAIRS = [f"{coin}/USDT" for coin in COINS]
BALANCES = {"USDT": "10000"}
ORDER = "POST /api/v3/order"
EMPTY = json.dumps(holds.HoldBook().to_json(), indent=2, sort_keys=True) + "\n"  # as a deploy writes it
OWN: dict[str, Any] = {
    "strategy": "ContractStrategy",
    "max_open_trades": 10,
    "custom_price_max_distance_ratio": 0.99,
    "internals": {"process_throttle_secs": 1, "heartbeat_interval": 60},
    "pairlists": [{"method": "StaticPairList"}],
}
WRITE = """
import json, os, pathlib, sys
for path, (text, mode, owner) in json.load(sys.stdin).items():
    file = pathlib.Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    os.chown(file, owner, owner)
"""

Files = dict[str, tuple[str, int, int]]


class LiveBot(Field):
    """One bot that trades live at the lab's exchange."""

    def __init__(
        self, name: str, number: int, holdings: Mapping[str, str] | None = None, own: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(HOST, name)
        self.name, self.port, self.home = name, FIRST_PORT + number, f"/srv/freqops/bots/{name}"
        self.account = f"{TEST_ACCOUNT}{name}-{secrets.token_hex(4)}"
        self._holdings, self._own = dict(holdings or {}), dict(own or {})

    def deploy(self, model: Mapping[str, Any]) -> None:
        """Write its files as deploy would, with an account opened for it; nothing is started."""
        key = control("POST", "/accounts", {"name": self.account, "balances": BALANCES})
        document = bot_secrets.complete({}, DATABASE, None, "")
        document["exchange"] = {"key": key["api_key"], "secret": key["secret"]}
        always = {"bot_name": self.name, "exchange": {"pair_whitelist": PAIRS}}
        config = merged({**model["config"], **OWN}, merged(self._own, always))
        release = f"{self.home}/release/test"
        declared = {**model["bot"], "name": self.name, "api_port": self.port, "release": "test"}
        files: Files = {
            f"{self.home}/bot.json": (json.dumps({**declared, "foreign_holdings": self._holdings}), 0o644, 0),
            f"{self.home}/compose.yml": (self._compose(model["compose"]), 0o644, 0),
            f"{release}/config.json": (json.dumps(config), 0o444, 0),
            f"{release}/strategies/ContractStrategy.py": (STRATEGY.read_text(), 0o444, 0),
            f"{self.home}/conf/secrets.json": (json.dumps(document), 0o400, 1000),
            f"{self.home}/conf/holds.json": (EMPTY, 0o444, 0),
            f"{self.home}/conf/state.json": ('{"initial_state": "running"}', 0o444, 0),
            f"{self.home}/conf/wishes.json": ("{}", 0o644, 0),
        }
        self.write(files)
        self.sh(
            f"mkdir -p {self.home}/var && chown 1000:1000 {self.home}/var && "
            f"install -m 0555 /usr/local/bin/freqops-host {self.home}/conf/freqops-host"
        )

    def _compose(self, model: str) -> str:
        document = yaml.safe_load(model.replace(f"freqops-{MODEL}", f"freqops-{self.name}"))
        service = document["services"]["bot"]
        service["ports"] = [f"127.0.0.1:{self.port}:8080"]
        service["networks"] = ["own"]
        del document["networks"]["database"]
        packages = next(volume for volume in service["volumes"] if ":/freqops/packages:" in volume)
        service["volumes"] = [
            f"{self.home}/conf:/freqops/conf:ro",
            f"{self.home}/release/test:/freqops/release:ro",
            packages,
            f"{self.home}/var:/freqops/var",
        ]
        return yaml.safe_dump(document)

    def write(self, files: Files) -> None:
        """Write files on its host: by path their text, mode and owner."""
        done = self.host.run(f"sudo python3 -c {shlex.quote(WRITE)}", stdin=json.dumps(files))
        assert done.rc == 0, done.err

    def start(self) -> LiveBot:
        """Start it through the one door."""
        rc, answer = self.tool(f"start {self.name}")
        assert rc == 0, answer
        return self

    def wish(self, **wishes: Any) -> None:
        """Tell its strategy what to do from its next round on."""
        self.write({f"{self.home}/conf/wishes.json": (json.dumps(wishes), 0o644, 0)})

    def enter(self, *pairs: str, price: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
        """Have it enter ``pairs``: filled, or resting where a ``price`` is given; stops rest where they are filled."""
        limits = dict(price or {})
        self.wish(enter=list(pairs), price=limits)

        def settled() -> list[dict[str, Any]]:
            mine = [trade for trade in self.trades() if trade["pair"] in pairs]
            rests = [any(order["is_open"] for order in trade["orders"]) for trade in mine]
            return mine if len(mine) == len(pairs) and all(rests) else []

        found: list[dict[str, Any]] = until(f"{self.name} has entered {', '.join(pairs)}", settled, 90)
        self.wish()
        return found

    def force_exit(self, trade: Mapping[str, Any], **more: Any) -> None:
        """Ask Freqtrade itself to exit a trade."""
        body = {"tradeid": str(trade["trade_id"]), **more}
        self.ask(f"answer = api.call('POST', '/forceexit', {body!r}, 20)")

    def balances(self) -> dict[str, float]:
        """Return what its account has, by coin."""
        found = control("GET", f"/accounts/{self.account}")["balances"]
        return {coin: float(part["free"]) + float(part["locked"]) for coin, part in found.items()}

    def resting(self) -> list[tuple[str, str]]:
        """Return pair and type of the orders that are open on its account, the oldest first."""
        return [(order["symbol"], order["type"]) for order in self.orders("NEW", "PARTIALLY_FILLED")]

    def orders(self, *statuses: str) -> list[dict[str, Any]]:
        """Return the orders of its account, all or those in one of ``statuses``."""
        found = control("GET", f"/accounts/{self.account}/orders")
        return [order for order in found if not statuses or order["status"] in statuses]

    def order_by_hand(self, **order: Any) -> dict[str, Any]:
        """Place an order on its account that the bot does not know."""
        made: dict[str, Any] = control("POST", f"/accounts/{self.account}/orders", order)
        return made

    def deposit(self, asset: str, amount: str) -> None:
        """Bring coins to its account that the bot did not buy."""
        control("POST", f"/accounts/{self.account}/deposits", {"asset": asset, "amount": amount})

    def fault(self, **fault: Any) -> dict[str, Any]:
        """Let the exchange fail for its account alone."""
        made: dict[str, Any] = control("PUT", "/faults", {"account": self.account, **fault})
        return made

    def remove(self) -> None:
        """Take it off its host."""
        self.sh(f"docker rm --force freqops-{self.name} 2>/dev/null; docker network rm freqops-{self.name}; true")
        self.remove_tree(self.home)


def model() -> dict[str, Any]:
    """Return what the deployed bot was deployed with."""
    field = Field(HOST, MODEL)
    home = f"/srv/freqops/bots/{MODEL}"
    bot = json.loads(field.sh(f"cat {home}/bot.json"))
    config = json.loads(field.sh(f"cat {home}/release/{bot['release']}/config.json"))
    return {"bot": bot, "config": config, "compose": field.sh(f"cat {home}/compose.yml")}


def deployed(*bots: LiveBot, but_not_started: tuple[str, ...] = ()) -> None:
    """Write the files of ``bots`` and start them, a few at a time."""
    found = model()
    with ThreadPoolExecutor(max_workers=3) as pool:
        for bot in bots:
            bot.deploy(found)
        list(pool.map(lambda bot: bot.start(), [bot for bot in bots if bot.name not in but_not_started]))
