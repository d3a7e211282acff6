"""Bots as people have them: a directory with a Compose file and user_data, dry-run, SQLite, with their open trades."""

from __future__ import annotations

import json
from typing import Any

import yaml

from lab.base.paths import INVENTORY
from tests.support.field import Field, until
from tests.support.patience import GIVE_UP

USER, PASSWORD = "me", "canary-compose-password-of-many-letters"  # made up, and looked for in what is shown
TOKEN = "123456789:AAF0b1c2d3e4f5a6b7c8d9e0f1a2b3c4d5e6"  # of no bot of Telegram
STRATEGY = """
from freqtrade.strategy import IStrategy


class YourStrategy(IStrategy):
    timeframe = "1m"
    minimal_roi = {"0": 10}
    stoploss = -0.5
    startup_candle_count = 1

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""
ASK = """
import base64, sys, urllib.request
request = urllib.request.Request("http://127.0.0.1:{port}/api/v1/status")
request.add_header("Authorization", "Basic " + base64.b64encode(b"{user}:{password}").decode())
print(urllib.request.urlopen(request, timeout=10).read().decode())
"""
Trade = tuple[int, str, float]


def exchange_of(lab: dict[str, Any]) -> dict[str, Any]:
    """Return the settings by which a Freqtrade finds the exchange of a lab, by what the lab's inventory says."""
    url = lab["lab_exchange_url"]
    ccxt = {
        "urls": {"api": {"public": f"{url}/api/v3", "private": f"{url}/api/v3", "sapi": f"{url}/sapi/v1"}},
        "options": {"fetchMarkets": {"types": ["spot"]}},
    }
    return {"enable_ws": False, "only_from_ccxt": True, "ccxt_config": ccxt, "ccxt_async_config": ccxt}


class Composed:
    """One bot of docker compose on a host.

    Args:
        host: The lab's host.
        name: Its name; it lies in ``/opt/<name>``.
        port: The port that Compose publishes.
        more: Settings beside those that all have.
    """

    def __init__(self, host: str, name: str, port: int, **more: Any) -> None:
        self.field, self.home, self._name, self._port = Field(host, name), f"/opt/{name}", name, port
        self._more = {"max_open_trades": 1, **more}

    def up(self) -> None:
        """Lay it down and start it."""
        lab = yaml.safe_load((INVENTORY / "group_vars/lab.yml").read_text())
        config = {
            "stake_currency": "USDT", "stake_amount": 60, "dry_run": True,
            "dry_run_wallet": 2000, "timeframe": "1m", "bot_name": "freqtrade", "initial_state": "running",
            "unfilledtimeout": {"entry": 10, "exit": 10, "unit": "minutes"},
            "entry_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
            "exit_pricing": {"price_side": "other", "use_order_book": True, "order_book_top": 1},
            "pairlists": [{"method": "StaticPairList"}],
            "exchange": {
                "name": "binance", "key": "", "secret": "", **exchange_of(lab),
                "pair_whitelist": ["BTC/USDT", "ETH/USDT"],
            },
            "api_server": {
                "enabled": True, "listen_ip_address": "0.0.0.0", "listen_port": 8080, "username": USER,  # noqa: S104
                "password": PASSWORD, "jwt_secret_key": PASSWORD,
            },
            "internals": {"process_throttle_secs": 1}, **self._more,
        }  # fmt: skip
        bot = {
            "image": lab["freqtrade_image"], "restart": "unless-stopped", "ports": [f"127.0.0.1:{self._port}:8080"],
            "command": "trade --config /freqtrade/user_data/config.json --strategy YourStrategy",
            "volumes": ["./user_data:/freqtrade/user_data"],
        }  # fmt: skip
        text = "// as people write it\n" + json.dumps(config, indent=2)
        self._write("user_data/config.json", text)
        self._write("user_data/strategies/YourStrategy.py", STRATEGY)
        self._write("docker-compose.yml", yaml.safe_dump({"services": {"freqtrade": bot}}))
        self.field.sh(f"chown -R 1000:1000 {self.home}/user_data")
        self.field.sh(f"docker compose --file {self.home}/docker-compose.yml up --detach --quiet-pull")

    def trades(self) -> list[Trade]:
        """Return number, pair and amount of its open trades once it has all that it may have."""
        return list(until(f"{self._name} has all its trades", self._all, GIVE_UP))

    def _all(self) -> list[Trade] | None:
        found = self._now()
        return found if len(found) == self._more["max_open_trades"] else None

    def _now(self) -> list[Trade]:
        asked = ASK.format(port=self._port, user=USER, password=PASSWORD)
        done = self.field.host.run("python3 -", stdin=asked)
        found = json.loads(done.out) if done.rc == 0 else []
        return sorted((trade["trade_id"], trade["pair"], trade["amount"]) for trade in found if trade["amount"])

    def _write(self, name: str, text: str) -> None:
        path = f"{self.home}/{name}"
        done = self.field.host.run(f"sudo mkdir -p $(dirname {path}) && sudo tee {path} >/dev/null", stdin=text)
        assert done.rc == 0, done.err
