"""A bot's files and container, as roles/freqtrade makes them, from the role's own variables and Compose template."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import jinja2
import yaml

from freqops.core.base.durable import write_atomic
from freqops.core.bot import configuration, limits
from freqops.core.deploy import release, strategy_package, tree, zipapp
from lab.base.paths import FLEET, ROOT

STRATEGIES = Path(__file__).parent / "strategies"
FREQOPS = ROOT / "src" / "freqops"
UID = 1000
OWNER = (UID, UID) if os.geteuid() == 0 else None
API_PORT = "8080/tcp"
PAIRS = ["BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "BNB/USDT", "LTC/USDT"]
Json = dict[str, Any]


def effective_config(
    name: str,
    strategy: str,
    own: Json,
    exchange_url: str = "http://127.0.0.1:1",
    *,
    live: bool = False,
    settled: frozenset[str] = frozenset(),
) -> Json:
    """Return the configuration that the role writes for a bot that trades on the lab's kind of exchange."""
    fleet = yaml.safe_load(FLEET.read_text().replace("{{ lab_exchange_url }}", exchange_url))
    exchange = {**fleet["paper-1"]["freqtrade_config"]["exchange"], "pair_whitelist": PAIRS}
    bot = {"name": name, "mode": "live" if live else "paper", "strategy": strategy, "config": own}
    return configuration.effective({"exchange": exchange}, bot, settled)


def compose_service(home: Path, name: str, image: str) -> Json:
    """Return the service of the role's Compose file for a bot below ``home``."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  YAML, not HTML
    environment.filters["comment"] = lambda text: f"# {text}"
    text = environment.from_string((ROOT / "templates" / "bot" / "compose.yml.j2").read_text()).render(
        ansible_managed="contract tests",
        __freqtrade_image=image,
        freqtrade_memory="1g",
        __freqtrade_bot={"name": name, "api_port": 1, "database": "sqlite"},
        __freqtrade_home=home,
        __freqtrade_packages_home=home / "packages",
        __freqtrade_root=home,
        __freqtrade_uid=UID,
    )
    named = text.replace(f"/release/{release.PLACEHOLDER}", "/release").replace(release.PLACEHOLDER, "contract")
    service = yaml.safe_load(named)["services"]["bot"]
    assert isinstance(service, dict)
    return service


def container_options(service: Json) -> Json:
    """Return what the engine's SDK calls the confinement and the mounts of a Compose service."""
    same = ("entrypoint", "command", "user", "environment", "read_only", "cap_drop", "security_opt", "mem_limit")
    return {
        **{key: service[key] for key in same},
        "volumes": [str(volume) for volume in service["volumes"]],
        "tmpfs": dict.fromkeys(service["tmpfs"], ""),
    }


class Files:
    """The directories of one bot, each mounted as a directory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.conf, self.release, self.var = home / "conf", home / "release", home / "var"
        for directory in (self.conf, self.release / "strategies", self.var, home / "packages"):
            directory.mkdir(parents=True)
        for directory in (home, self.conf, self.release, self.release / "strategies", home / "packages"):
            directory.chmod(0o755)
        self.var.chmod(0o777)
        self.put_conf("freqops-host", zipapp.build(FREQOPS))
        self.put_holds()
        self.put_limits()

    def put_conf(self, name: str, content: Json | bytes) -> None:
        """Replace a file below conf the way freqops does: written beside it, then renamed."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        write_atomic(self.conf / name, data, 0o644, OWNER)

    def put_state(self, initial_state: str | None) -> None:
        """Declare the state after a start or a reload, or none."""
        self.put_conf("state.json", {} if initial_state is None else {"initial_state": initial_state})

    def put_holds(self, *levels: int) -> None:
        """Write the holds, with one hold for each level."""
        common = {"reason": "contract", "actor": "test", "set_at": "2026-01-01T00:00:00Z", "rest": "paused"}
        holders = ("halt", "breaker", "risk")
        held = [
            {"holder": holder, "level": level, "incident": f"i-{holder}", "seq": 1, **common}
            for holder, level in zip(holders, levels, strict=False)
        ]
        self.put_conf("holds.json", {"version": 1, "seq": 1, "holds": held})

    def put_limits(self, trades: int | None = None, exposure: float | None = None) -> None:
        """Write the limits of the bot."""
        self.put_conf(limits.FILE, limits.Limits(trades, exposure).to_json())

    def put_release(self, config: Json, *strategies: Path) -> None:
        """Write a release: configuration, declaration, strategies, and what these import of freqops."""
        (self.release / "bot.json").write_text(json.dumps({"limits": limits.Limits().to_json()}))
        (self.release / "config.json").write_text(json.dumps(config))
        package = strategy_package.files(FREQOPS)
        tree.write(self.release / release.PACKAGE, package, tree.differing(self.release / release.PACKAGE, package))
        for strategy in strategies:
            shutil.copy(strategy, self.release / "strategies")
