"""A Freqtrade as people set it up: docker compose, a directory user_data, and nothing of freqops."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.field import ROOT, Field, Played, play, until
from tests.support.fleet import Fleet, inventory
from tests.support.patience import GIVE_UP

HOST, BOT = "paper-1", "zeta"
WHY = "reason=it moves"
HOME = "/opt/ft"
CONTAINER, DATABASE_CONTAINER, ONE_OFF = "old-freqtrade", "old-postgres", "old-second"
PORT, OLD_PORT = 8095, 8096
USER, PASSWORD = "old-user", "canary-old-password-of-32-letters"  # made up, and looked for in what is shown
PAIRS = ("BTC/USDT", "ETH/USDT")
CONTRACT = ROOT / "tests/contract/strategies/ContractStrategy.py"
SQLITE = "sqlite:////freqtrade/user_data/tradesv3.sqlite"
OWN: dict[str, Any] = {
    "max_open_trades": 3,
    "custom_price_max_distance_ratio": 0.99,
    "pairlists": [{"method": "StaticPairList"}],
    "entry_pricing": {"price_side": "other"},
    "exit_pricing": {"price_side": "other"},
}
ASK = """
import base64, json, sys, urllib.request
request = urllib.request.Request("http://127.0.0.1:{port}/api/v1/" + sys.argv[1])
request.add_header("Authorization", "Basic " + base64.b64encode(b"{user}:{password}").decode())
print(urllib.request.urlopen(request, timeout=10).read().decode())
"""


class OldBot:
    """The foreign Freqtrade on its host."""

    def __init__(self, strategies: Path) -> None:
        self.field, self._strategies = Field(HOST, "alpha"), strategies
        self.amounts: list[float] = []

    def sh(self, command: str) -> str:
        """Run a command on the host as root and return what it printed."""
        return self.field.sh(command)

    def write(self, path: str, text: str) -> None:
        """Write a file on the host."""
        done = self.field.host.run(f"sudo mkdir -p {Path(path).parent} && sudo tee {path} >/dev/null", stdin=text)
        assert done.rc == 0, done.err

    def wish(self, **wishes: Any) -> None:
        """Tell its strategy what to do from its next round on."""
        self.write(f"{HOME}/wishes/wishes.json", json.dumps(wishes))

    def up_with_sqlite(self) -> None:
        """Set it up with a database in a file, start it, and let it enter its pairs."""
        self._up(SQLITE, {})

    def up_with_postgres(self) -> None:
        """Set it up with a Postgres of its own, start it, and let it enter its pairs."""
        compose = yaml.safe_load(self.sh("cat /srv/freqops/postgres/compose.yml"))
        environment = {"POSTGRES_USER": USER, "POSTGRES_PASSWORD": PASSWORD, "POSTGRES_DB": "trades"}
        database = {
            "image": compose["services"]["postgres"]["image"], "container_name": DATABASE_CONTAINER,
            "environment": environment,
            "healthcheck": {"test": ["CMD", "pg_isready", "--host=127.0.0.1", f"--username={USER}"], "interval": "1s"},
        }  # fmt: skip
        self._up(f"postgresql+psycopg2://{USER}:{PASSWORD}@db:5432/trades", {"db": database})

    def _up(self, db_url: str, more: dict[str, Any]) -> None:
        self.down()
        release = json.loads(self.sh("cat /srv/freqops/bots/alpha/bot.json"))
        path = f"/srv/freqops/bots/alpha/release/{release['release']}/config.json"
        config = {**json.loads(self.sh(f"cat {path}")), **OWN, "bot_name": "old", "initial_state": "running"}
        config["exchange"] = {**config["exchange"], "pair_whitelist": list(PAIRS)}
        config["api_server"] |= {"username": USER, "password": PASSWORD, "jwt_secret_key": PASSWORD}
        for name in ("strategy", "logfile", "log_config"):
            config.pop(name, None)
        config["db_url"] = db_url
        self.write(f"{HOME}/user_data/config.json", json.dumps(config))
        strategy = (self._strategies / CONTRACT.name).read_text()
        self.write(f"{HOME}/user_data/strategies/{CONTRACT.name}", strategy)
        self.write(f"{HOME}/docker-compose.yml", yaml.safe_dump(self._compose(release, more)))
        self.wish(enter=list(PAIRS))
        self.sh(f"chown -R 1000:1000 {HOME}/user_data")
        self.sh(f"docker compose --file {HOME}/docker-compose.yml up --detach --quiet-pull")
        until("it has entered its pairs", lambda: len(self.open_trades()) == len(PAIRS), GIVE_UP)
        self.wish()
        self.amounts = [amount for _, _, amount in self.open_trades()]

    def _compose(self, release: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
        words = "trade --config /freqtrade/user_data/config.json --strategy ContractStrategy"
        driver = f"/srv/freqops/packages/{release['packages']}"  # as images have it that people build for Postgres
        bot = {
            "image": release["image"], "container_name": CONTAINER, "restart": "on-failure:7", "command": words,
            "volumes": ["./user_data:/freqtrade/user_data", "./wishes:/freqops/conf:ro", f"{driver}:/driver:ro"],
            "environment": {"PYTHONPATH": "/driver"},
            "ports": [f"127.0.0.1:{OLD_PORT}:8080"],
            "depends_on": {name: {"condition": "service_healthy"} for name in more},
        }  # fmt: skip
        return {"name": "old", "services": {"freqtrade": bot, **more}}

    @contextmanager
    def configured(self, **more: Any) -> Iterator[None]:
        """Have more settings in its configuration for a while; it is restarted before and after."""
        path = f"{HOME}/user_data/config.json"
        before = self.sh(f"cat {path}")
        try:
            self._restarted(path, json.dumps({**json.loads(before), **more}))
            yield
        finally:
            self._restarted(path, before)

    def _restarted(self, path: str, text: str) -> None:
        self.write(path, text)
        self.sh(f"docker restart --time 60 {CONTAINER}")
        until("it has its trades again", lambda: len(self.open_trades()) == len(PAIRS), GIVE_UP)

    @contextmanager
    def other_code(self) -> Iterator[None]:
        """Have other code in the file of its strategy for a while, which says that it was there before the start."""
        path = f"{HOME}/user_data/strategies/{CONTRACT.name}"
        before = self.sh(f"cat {path}")
        written = self.sh(f"stat --format @%Y {path}").strip()
        try:
            self._dated(path, f"{before}\n# by hand\n", written)
            yield
        finally:
            self._dated(path, before, written)

    def _dated(self, path: str, text: str, moment: str) -> None:
        self.write(path, text)
        self.sh(f"touch --date {moment} {path}")

    def one_off(self) -> None:
        """Start a second bot with ``docker compose run``, called `ONE_OFF`, that leaves its trades alone."""
        compose = f"docker compose --file {HOME}/docker-compose.yml"
        words = "trade --config /freqtrade/user_data/config.json --strategy ContractStrategy"
        self.sh(f"{compose} run --detach --name {ONE_OFF} freqtrade {words} --db-url sqlite:////tmp/other.sqlite")

    def down(self) -> None:
        """Take it away."""
        self.sh(
            f"test ! -e {HOME}/docker-compose.yml || docker compose --file {HOME}/docker-compose.yml down --volumes"
        )
        self.sh(f"rm -rf {HOME} /srv/freqops/removed/{BOT}.holds.json")

    def asked(self, what: str) -> Any:
        """Return what its own API says."""
        script = ASK.format(port=OLD_PORT, user=USER, password=PASSWORD)
        done = self.field.host.run(f"python3 - {what}", stdin=script)
        return json.loads(done.out) if done.rc == 0 else None

    def open_trades(self) -> list[tuple[int, str, float]]:
        """Return number, pair and amount of its open trades; none while it does not answer."""
        found = self.asked("status") or []
        return sorted((trade["trade_id"], trade["pair"], trade["amount"]) for trade in found)

    def container(self) -> tuple[str, str, str]:
        """Return state, start and restart policy of its container."""
        inspected = json.loads(self.sh(f"docker inspect {CONTAINER}"))[0]
        policy = inspected["HostConfig"]["RestartPolicy"]
        state = inspected["State"]
        return state["Status"], state["StartedAt"], f"{policy['Name']}:{policy['MaximumRetryCount']}"


def adopt(place: str, *words: str) -> Played:
    """Adopt it as the inventory at ``place`` declares it."""
    return play("adopt", "--limit", HOST, "-e", f"bot={BOT}", "-e", WHY, *words, inventory=place)


def incident_of(played: Played) -> str:
    """Return the incident under which it was adopted, as the play says it."""
    found = re.search(r"held at level 1 under (\S+):", played.out)
    assert found, played.out
    return found.group(1)


def trades_of(bot: Field) -> list[tuple[int, str, float]]:
    """Return number, pair and amount of its open trades."""
    return sorted((trade["trade_id"], trade["pair"], trade["amount"]) for trade in bot.trades())


def new_bot(place: Path, strategies: Path, database: str, **more: Any) -> str:
    """Return an inventory that declares the bot as it must become."""

    def change(fleet: Fleet) -> None:
        fleet[HOST]["freqtrade_bots"].append(
            {
                "name": BOT, "mode": "paper", "api_port": PORT, "strategy": "ContractStrategy", "database": database,
                "strategy_dir": str(strategies), "config": {**OWN, "exchange": {"pair_whitelist": list(PAIRS)}}, **more,
            }
        )  # fmt: skip

    return inventory(place, change)


def patient_strategy(place: Path) -> Path:
    """Return a copy of the strategy that does nothing where it has no orders yet."""
    place.mkdir(parents=True, exist_ok=True)
    path = place / CONTRACT.name
    text = CONTRACT.read_text()
    known = "json.loads(WISHES.read_text())"
    assert known in text
    path.write_text(text.replace(known, 'json.loads(WISHES.read_text() if WISHES.exists() else "{}")'))
    return path
