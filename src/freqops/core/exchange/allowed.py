"""Where a live bot may trade: Binance spot as it is; another exchange where the witness's contract counts for it.

Whatever leads, or may lead, to another address or another account of an exchange is refused, in every section from
which Freqtrade and ccxt take it. A lab's exchange is what `lab_only` says it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..base.errors import Refused
from ..base.visible import visible
from . import contract, lab_only

AS_IT_IS = "binance"
SPOT = "spot"
NAME = re.compile(r"[a-z0-9]{2,30}")
SECTIONS = ("ccxt_config", "ccxt_async_config", "ccxt_sync_config")
SETTINGS = (*(name for name in lab_only.SETTINGS if name not in lab_only.SECTIONS), *SECTIONS)
HARMLESS = ("options", "enableRateLimit", "rateLimit", "timeout")
# Exchanges of ccxt that trade nothing but futures, or lead to the futures of another one.
FUTURES = ("binanceusdm", "binancecoinm", "krakenfutures", "kucoinfutures", "bitmex", "deribit", "hyperliquid")
SHOWN = 60


def refusals(config: Mapping[str, Any], found: object, image: str, now: datetime) -> list[str]:
    """Return why a bot with this configuration may not trade live, a line each; nothing where it may.

    Args:
        config: The bot's whole Freqtrade configuration, all overlays merged.
        found: The contract of the exchange witness that was shown, None where there is none.
        image: The image that the bot runs, by digest.
        now: The present.
    """
    if _is_lab(config):
        return []
    wrong = [*not_spot(config), *overrides(config)]
    exchange = config.get("exchange")
    name = exchange.get("name") if isinstance(exchange, Mapping) else None
    if name == AS_IT_IS:
        return wrong
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return [*wrong, f"exchange.name is {visible(repr(name), SHOWN)}, which is no exchange"]
    if name in FUTURES:
        return [*wrong, f"exchange.name is '{name}', which trades futures; live bots trade spot only"]
    return wrong + [f"exchange.name is '{name}', and the contract of the exchange witness there does not count: {why}"
                    for why in contract.passed(found, name, image, now)]  # fmt: skip


def _is_lab(config: Mapping[str, Any]) -> bool:
    try:
        return bool(lab_only.lab_exchange(dict(config)))
    except Refused:
        return False


def not_spot(config: Mapping[str, Any]) -> list[str]:
    """Return why a configuration trades something else than spot."""
    wrong = []
    if config.get("trading_mode", SPOT) != SPOT:
        wrong.append(f"trading_mode is {visible(repr(config['trading_mode']), SHOWN)}; live bots trade spot only")
    if config.get("margin_mode", "") != "":
        wrong.append(f"margin_mode is {visible(repr(config['margin_mode']), SHOWN)}; live bots have no margin")
    return wrong


def overrides(config: Mapping[str, Any]) -> list[str]:
    """Return the settings that lead, or may lead, elsewhere than to the exchange that is named, a line each."""
    exchange = config.get("exchange")
    if not isinstance(exchange, Mapping):
        return ["it has no section exchange"]
    foreign = sorted(set(map(str, exchange)) - set(SETTINGS))
    wrong = [f"exchange.{visible(name, SHOWN)} may lead elsewhere; leave it out" for name in foreign]
    for section in SECTIONS:
        if section in exchange:
            wrong += _of_section(f"exchange.{section}", exchange[section])
    return wrong


def _of_section(name: str, section: Any) -> list[str]:
    if not isinstance(section, Mapping):
        return [f"{name} is no section"]
    foreign = sorted(set(map(str, section)) - set(HARMLESS))
    wrong = [f"{name}.{visible(each, SHOWN)} may lead elsewhere; allowed are {', '.join(HARMLESS)}" for each in foreign]
    if section.get("options", lab_only.MARKETS) != lab_only.MARKETS:
        wrong.append(f"{name}.options may lead elsewhere; allowed is {lab_only.MARKETS}")
    return wrong
