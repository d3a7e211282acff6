"""The exchange of a live bot: until promotion exists, only a lab's is allowed.

An address that no real exchange can have is the proof: a bare IP address of a private network, in every place from
which ccxt takes one, and nothing beside it that leads elsewhere.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from ..base.errors import Refused

LIKE = "binance"  # the lab's exchange speaks its language; another one would keep addresses that are not in ENDPOINTS
SECTIONS = ("ccxt_config", "ccxt_async_config")
ENDPOINTS = ("public", "private", "sapi")
SETTINGS = (  # of the section exchange: everything else may lead to another exchange, or to another account of it
    *("name", "key", "secret", "password", "uid", "pair_whitelist", "pair_blacklist", "enable_ws", "only_from_ccxt"),
    *("log_responses", "unknown_fee_rate", "outdated_offset", "markets_refresh_interval", "skip_open_order_update"),
    *SECTIONS,
)
HARMLESS = ("urls", "options", "enableRateLimit", "rateLimit", "timeout")
MARKETS = {"fetchMarkets": {"types": ["spot"]}}  # other options move ccxt to addresses of its own: futures, say
BARE = re.compile(r"(\[[0-9a-fA-F:.]+\]|[0-9.]+)(:[0-9]+)?")  # no user, no name, nothing that others read otherwise
WHY = "live bots are refused until promotion exists, unless they trade on a lab's exchange: "


def lab_exchange(config: dict[str, Any]) -> str:
    """Return host and port of the lab exchange on which a bot with this configuration would trade.

    Args:
        config: The bot's whole Freqtrade configuration, all overlays merged.

    Raises:
        Refused: It would, or might, trade elsewhere; the text names the value and what is allowed.
    """
    exchange = config.get("exchange")
    if not isinstance(exchange, dict):
        raise Refused(f"{WHY}it has no section exchange")
    if exchange.get("name") != LIKE:
        raise Refused(f"{WHY}exchange.name is {exchange.get('name')!r}; a lab's exchange is a {LIKE}")
    if config.get("trading_mode", "spot") != "spot":
        raise Refused(f"{WHY}trading_mode is {config['trading_mode']!r}; live bots trade spot only")
    if exchange.get("enable_ws") is not False:
        raise Refused(f"{WHY}exchange.enable_ws must be false, for ccxt has other addresses for websockets")
    if "ccxt_sync_config" in exchange:
        raise Refused(f"{WHY}exchange.ccxt_sync_config overrides the addresses of ccxt_config; leave it out")
    foreign = sorted(set(map(str, exchange)) - set(SETTINGS))
    if foreign:
        raise Refused(f"{WHY}exchange.{foreign[0]} may lead elsewhere; allowed are {', '.join(SETTINGS)}")
    places = {_address(exchange.get(section), f"exchange.{section}") for section in SECTIONS}
    if len(places) > 1:
        raise Refused(f"{WHY}its configuration names several exchanges: {', '.join(sorted(places))}")
    return places.pop()


def _address(section: Any, name: str) -> str:
    """Return the one address that a section of ccxt's configuration leads to."""
    if not isinstance(section, dict):
        raise Refused(f"{WHY}{name} does not name its address")
    foreign = sorted(set(section) - set(HARMLESS))
    if foreign:
        raise Refused(f"{WHY}{name}.{foreign[0]} may lead elsewhere; allowed are {', '.join(HARMLESS)}")
    if section.get("options", MARKETS) != MARKETS:
        raise Refused(f"{WHY}{name}.options is {section['options']!r}, which may lead elsewhere; allowed is {MARKETS}")
    urls = section.get("urls")
    api = urls.get("api") if isinstance(urls, dict) else None
    if not isinstance(api, dict) or sorted(api) != sorted(ENDPOINTS) or list(urls or ()) != ["api"]:
        raise Refused(f"{WHY}{name}.urls must have exactly api.{', api.'.join(ENDPOINTS)}")
    places = {_private(api[endpoint], f"{name}.urls.api.{endpoint}") for endpoint in ENDPOINTS}
    if len(places) > 1:
        raise Refused(f"{WHY}{name}.urls.api leads to several places: {', '.join(sorted(places))}")
    return places.pop()


def _private(url: Any, name: str) -> str:
    try:
        parts = urlsplit(url)
        private = bool(BARE.fullmatch(parts.netloc)) and ipaddress.ip_address(parts.hostname or "").is_private
    except (ValueError, TypeError, AttributeError):
        private = False
    if not private or parts.scheme != "http":
        raise Refused(f"{WHY}{name} is {url!r}; a lab's exchange is http at a bare private IP address")
    return str(parts.netloc)
