"""Inventories for tests of the preflight: a sound one, and ways to spoil it."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

from freqops.core.preflight import config_lint, judge
from freqops.core.preflight.fleet import Fleet
from freqops.plays.preflight import declared
from tests.unit.core.exchange.test_lab_only import lab_config

ROOT = Path(__file__).parents[4]
KNOWN = declared(ROOT / "roles")
IMAGE = f"registry.example.com/freqtrade@sha256:{'0123456789abcdef' * 4}"
STOPS = {"entry": "limit", "exit": "limit", "stoploss": "limit", "stoploss_on_exchange": True}
Inventory = dict[str, dict[str, Any]]


def credential(word: str) -> str:
    """Return what looks like a key of an exchange."""
    return hashlib.sha256(word.encode()).hexdigest()


def inventory() -> Inventory:
    """Return two hosts as the lab has them: two bots on paper, and one that trades live."""
    alpha = {"name": "alpha", "mode": "paper", "api_port": 8081, "strategy": "Some"}
    beta = {"name": "beta", "mode": "paper", "api_port": 8082, "strategy": "Some", "database": "sqlite", "config": {}}
    gamma = {"name": "gamma", "mode": "live", "api_port": 8081, "strategy": "Some", "config": {"order_types": STOPS}}
    return {"paper-1": variables(alpha, beta), "prod-1": variables(copy.deepcopy(gamma))}


def variables(*bots: dict[str, Any]) -> dict[str, Any]:
    """Return the variables of a host with these bots."""
    images = {"freqtrade_image": IMAGE, "postgres_image": IMAGE}
    return {**images, "freqtrade_config": lab_config(), "freqtrade_bots": list(bots)}


def secrets() -> dict[str, Any]:
    """Return the account of its live bot."""
    return {"gamma": {"key": credential("key"), "secret": credential("secret")}}


def fleet(hosts: Inventory | None = None, exchange: Any = None, notify: Any = None) -> Fleet:
    """Return an inventory as the rules see it."""
    given = secrets() if exchange is None else exchange
    return Fleet(inventory() if hosts is None else hosts, given, KNOWN, notify={} if notify is None else notify)


def judged(hosts: Inventory | None = None, exchange: Any = None, notify: Any = None) -> list[str]:
    """Return the lines with which an inventory is refused."""
    return [refusal.line for refusal in judge.judge(fleet(hosts, exchange, notify))]


def bot(hosts: Inventory, name: str) -> dict[str, Any]:
    """Return the entry of a bot, to be spoilt."""
    return next(each for host in hosts.values() for each in host["freqtrade_bots"] if each["name"] == name)


def linted(name: str, found: list[dict[str, Any]], hosts: Inventory | None = None) -> list[str]:
    """Return what findings of the image say about a bot."""
    declared_bot = next(each for each in fleet(hosts).bots if each.name == name)
    return [refusal.line for refusal in config_lint.from_image(declared_bot, found)]
