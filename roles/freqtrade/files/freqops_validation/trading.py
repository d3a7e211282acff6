# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the configuration that Freqtrade built decides trades: all of it but for what is known to decide none.

A key that is not named here counts, so that a new one of Freqtrade does. A paper bot and its live successor with the
same settings must come out the same, and so must two builds on two hosts.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from . import place
from .place import Finding

ANY = object()
OF_MESSENGERS = ("api_server", "telegram", "webhook", "discord")
OF_LOGGING = ("logfile", "log_config", "verbosity", "print_colorized")
STAKE = ("stake_amount", "tradable_balance_ratio", "available_capital")
OF_THIS_BOT = ("bot_name", "dry_run", "dry_run_wallet", "runmode", "initial_state", "db_url")
PLACES = ("config_files", "original_config", "strategy_path", "user_data_dir", "datadir", "exportdirectory")
OF_BACKTESTS = ("exportfilename",)
OUT = frozenset((*OF_MESSENGERS, *OF_LOGGING, *STAKE, *OF_THIS_BOT, *PLACES, *OF_BACKTESTS))
# What opens the account. Freqtrade itself takes it out of a paper bot, and leaves None for some of it.
CREDENTIALS = (
    *("key", "api_key", "apiKey", "secret", "password", "uid", "account_id", "accountId", "wallet_address"),
    *("walletAddress", "private_key", "privateKey", "login", "token", "twofa"),
)
SECTIONS = ("ccxt_config", "ccxt_sync_config", "ccxt_async_config")
# A proxy is a place of the machine; one with a password stands among the secrets, where the validation has others.
PROXIES = (
    *("proxies", "httpProxy", "http_proxy", "httpsProxy", "https_proxy", "socksProxy", "socks_proxy", "aiohttp_proxy"),
    *("wsProxy", "ws_proxy", "wssProxy", "wss_proxy", "wsSocksProxy", "ws_socks_proxy"),
)
OUT_BELOW: tuple[tuple[Any, ...], ...] = (
    *(("exchange", name) for name in (*CREDENTIALS, "log_responses")),
    *(("exchange", section, name) for section in SECTIONS for name in (*CREDENTIALS, *PROXIES)),
    ("internals", "heartbeat_interval"),
    ("internals", "sd_notify"),
    ("coingecko", "api_key"),
    ("pairlists", ANY, "bearer_token"),
    ("external_message_consumer", "producers", ANY, "ws_token"),
)
EMPTY_IS_ABSENT = frozenset(("exchange", section) for section in SECTIONS)
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}", re.IGNORECASE)  # of an object in memory, another one each time
LONGEST = 2**18  # bytes of the configuration that the mark of a release keeps
LONGEST_TEXT = 200  # characters that an object says of itself
DEEPEST = 30


def remarks(config: Mapping[str, Any]) -> list[Finding]:
    """Return what decides trades of a configuration, and of which file it was built.

    Of what is too long to be kept only the digest is told.
    """
    decides = deciding(config)
    text = canonical(decides)
    told = {"configuration": decides} if len(text) <= LONGEST else {"digest": hashlib.sha256(text.encode()).hexdigest()}
    source = hashlib.sha256((place.RELEASE / "config.json").read_bytes()).hexdigest()
    return [{"kind": "trading", **told}, {"kind": "read", "config.json": source}]


def stake(before: Mapping[str, Any], config: Mapping[str, Any], strategy: Any) -> Finding:
    """Return what decides how much is traded, and what of it the strategy does not leave to its configuration.

    Args:
        before: The configuration that Freqtrade built, before the strategy was loaded.
        config: The same with the strategy.
        strategy: The strategy.
    """
    fixed = [name for name in STAKE if name in before and plain(before[name]) != plain(config.get(name))]
    fixed += [name for name in STAKE if isinstance(getattr(type(strategy), name, None), property)]
    values = {name: plain(config[name]) for name in STAKE if name in config}
    return {"kind": "stake", "values": values, "fixed": sorted(set(fixed))}


def deciding(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides trades, with its keys in order, as JSON has it."""
    return dict(_kept({name: value for name, value in config.items() if name not in OUT}, ()))


def canonical(value: Any) -> str:
    """Return the one text that says a value in JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def plain(value: Any, path: tuple[Any, ...] = ()) -> Any:
    """Return a value as JSON has it, the same in each run; what JSON cannot say stands there as a text."""
    if isinstance(value, Enum):
        return plain(value.value, path)
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return "<deeper>" if len(path) > DEEPEST else _inside(value, path)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else f"<{value}>"
    return value if value is None or isinstance(value, (str, int)) else _object(value)


def _inside(value: Any, path: tuple[Any, ...]) -> Any:
    if isinstance(value, Mapping):
        return dict(_kept(value, path))
    if isinstance(value, (set, frozenset)):
        return sorted((plain(inner, (*path, 0)) for inner in value), key=canonical)
    return [plain(inner, (*path, number)) for number, inner in enumerate(value)]


def _kept(section: Mapping[Any, Any], path: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    for key in sorted(section, key=str):
        here = (*path, str(key))
        value = plain(section[key], here)
        if not any(_is(here, out) for out in OUT_BELOW) and not (here in EMPTY_IS_ABSENT and not value):
            yield str(key), value


def _is(path: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    return len(path) == len(wanted) and all(one in (ANY, other) for one, other in zip(wanted, path, strict=True))


def _object(value: Any) -> str:
    """Return what an object says of itself where it says the same in each run, else what it is."""
    said, kind = repr(value), type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    return f"<{name}>" if ADDRESS.search(said) or len(said) > LONGEST_TEXT else f"<{name}: {said}>"
