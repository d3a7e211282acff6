"""Bots beside the deployed ones, so that many are up in the time of one, and each enters exactly what a test orders.

Each is a deployed bot of its host once more, under another name: the same image, gate, container and command, with a
strategy that does as it is told, a loop of a second, few pairs, and a database of its own (SQLite). No deploy knows it.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import yaml

from freqops.core.bot import bot_secrets
from freqops.core.bot.configuration import merged
from freqops.core.halt import holds
from tests.support import fleet
from tests.support.field import GIVE_UP, ROOT, Field, until

FIRST_PORT = 8100
UNHELD = json.dumps(holds.Holds().to_json(), indent=2, sort_keys=True) + "\n"  # as a deploy writes it
DATABASE = "sqlite:////freqops/var/trades.{mode}.sqlite"
STRATEGY = ROOT / "tests/contract/strategies/ContractStrategy.py"
PAIRS = ("ETH/USDT", "LTC/USDT")
OWN: dict[str, Any] = {
    "strategy": "ContractStrategy",
    "max_open_trades": 10,
    "custom_price_max_distance_ratio": 0.99,
    "internals": {"process_throttle_secs": 1, "heartbeat_interval": 5},
    "pairlists": [{"method": "StaticPairList"}],
    "webhook": {"enabled": False},  # it has no place to post to
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


class CopiedBot(Field):
    """One bot that is a copy of a deployed one.

    Attributes:
        name: Its name.
        port: Loopback port of the host at which its API answers.
        home: Its directory on the host.
        boot: Seconds that its first start took, 0 before.
    """

    def __init__(
        self, host: str, name: str, number: int, *, pairs: Sequence[str] = PAIRS, own: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(host, name)
        self.name, self.port, self.home = name, FIRST_PORT + number, f"/srv/freqops/bots/{name}"
        self.boot = 0.0
        self._pairs, self._own = list(pairs), dict(own or {})

    def deploy(self, model: Mapping[str, Any]) -> None:
        """Write its files as deploy would; nothing is started."""
        secrets = bot_secrets.complete({}, DATABASE.format(mode=model["bot"]["mode"]), None, "")
        always = {"bot_name": self.name, "exchange": {"pair_whitelist": self._pairs}}
        config = merged({**model["config"], **OWN}, merged(self._own, always))
        release = f"{self.home}/release/test"
        declared = {**model["bot"], "name": self.name, "api_port": self.port, "release": "test", **self.declared()}
        compose = self._compose(model)
        files: Files = {
            **{f"{place}/bot.json": (json.dumps(declared), 0o644, 0) for place in (self.home, release)},
            **{f"{place}/compose.yml": (compose, 0o644, 0) for place in (self.home, release)},
            f"{self.home}/conf/limits.json": (json.dumps(declared["limits"]), 0o444, 0),
            f"{release}/config.json": (json.dumps(config), 0o444, 0),
            f"{release}/strategies/ContractStrategy.py": (STRATEGY.read_text(), 0o444, 0),
            f"{self.home}/conf/secrets.json": (json.dumps({**secrets, **self.credentials()}), 0o400, 1000),
            f"{self.home}/conf/holds.json": (UNHELD, 0o444, 0),
            f"{self.home}/conf/state.json": ('{"initial_state": "running"}', 0o444, 0),
            f"{self.home}/conf/wishes.json": ("{}", 0o644, 0),
        }
        self.write(files)
        theirs = f"/srv/freqops/bots/{model['bot']['name']}/release/{model['bot']['release']}"
        self.sh(
            f"cp -a {theirs}/python {release}/ && "
            f"mkdir -p {self.home}/var && chown 1000:1000 {self.home}/var && "
            f"install -m 0555 /usr/local/bin/freqops-host {self.home}/conf/freqops-host"
        )

    def declared(self) -> dict[str, Any]:
        """Return what its declaration has of its own."""
        return {}

    def credentials(self) -> dict[str, Any]:
        """Return what its secrets have beside those that every bot has."""
        return {}

    def _compose(self, model: Mapping[str, Any]) -> str:
        document = yaml.safe_load(model["compose"].replace(f"freqops-{model['bot']['name']}", f"freqops-{self.name}"))
        service = document["services"]["bot"]
        service["ports"] = [f"127.0.0.1:{self.port}:8080"]
        service["networks"] = ["own"]
        document["networks"].pop("database", None)
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

    def start(self) -> Self:
        """Start it through the one door."""
        begun = time.monotonic()
        rc, answer = self.tool(f"start {self.name} --deadline {GIVE_UP}")
        assert rc == 0, answer
        self.boot = self.boot or time.monotonic() - begun
        return self

    def inventory(self, place: Path) -> str:
        """Write a copy of the lab's inventory that declares it, too, below ``place`` and return where it lies."""

        def declare(hosts: fleet.Fleet) -> None:
            bots = hosts[self.host.name]["freqtrade_bots"]
            bots.append({**bots[-1], "name": self.name, "api_port": self.port})

        return fleet.inventory(place, declare)

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

        found: list[dict[str, Any]] = until(f"{self.name} has entered {', '.join(pairs)}", settled)
        self.wish()
        return found

    def force_exit(self, trade: Mapping[str, Any], **more: Any) -> None:
        """Ask Freqtrade itself to exit a trade."""
        body = {"tradeid": str(trade["trade_id"]), **more}
        self.ask(f"answer = api.call('POST', '/forceexit', {body!r}, 20)")

    def remove(self) -> None:
        """Take it off its host."""
        self.sh(f"docker rm --force freqops-{self.name} 2>/dev/null; docker network rm freqops-{self.name}; true")
        self.remove_tree(self.home)


def model_of(host: str, name: str) -> dict[str, Any]:
    """Return what a deployed bot was deployed with."""
    field = Field(host, name)
    home = f"/srv/freqops/bots/{name}"
    bot = json.loads(field.sh(f"cat {home}/bot.json"))
    config = json.loads(field.sh(f"cat {home}/release/{bot['release']}/config.json"))
    return {"bot": bot, "config": config, "compose": field.sh(f"cat {home}/compose.yml")}


def deployed(model: Mapping[str, Any], bots: Sequence[CopiedBot], but_not_started: Sequence[str] = ()) -> None:
    """Write the files of ``bots`` and start them, a few at a time."""

    def come_up(bot: CopiedBot) -> None:
        bot.deploy(model)
        if bot.name not in but_not_started:
            bot.start()

    with ThreadPoolExecutor(max_workers=3) as pool:
        list(pool.map(come_up, bots))
