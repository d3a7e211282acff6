"""The Freqtrade configuration of a bot: the base, the settings of the inventory, and those that freqops needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..base.durable import read_json
from .layout import Bot

# The configuration from which a bot starts.
BASE: dict[str, Any] = {
    "trading_mode": "spot",
    "margin_mode": "",
    "stake_currency": "USDT",
    "stake_amount": 100,
    "dry_run_wallet": 10000,
    "max_open_trades": 3,
    "timeframe": "5m",
    "unfilledtimeout": {"entry": 10, "exit": 10, "unit": "minutes"},
    "entry_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 1},
    "exit_pricing": {"price_side": "same", "use_order_book": True, "order_book_top": 1},
    "pairlists": [{"method": "StaticPairList"}],
    "internals": {"process_throttle_secs": 5, "heartbeat_interval": 60},
}
# Those of them that Freqtrade takes from a strategy, too: what it says stands, unless the inventory says otherwise.
# The stake currency is none of them: freqops counts the account in what the configuration says.
OF_STRATEGY = ("stake_amount", "max_open_trades", "timeframe", "unfilledtimeout")

# The settings that freqops needs of every bot, whatever else is configured; see docs/reference/freqtrade.md.
REQUIRED: dict[str, Any] = {
    "cancel_open_orders_on_exit": False,
    "force_entry_enable": False,
    "api_server": {
        "enabled": True,
        "listen_ip_address": "0.0.0.0",  # noqa: S104  inside its container; published on the host's loopback only
        "listen_port": 8080,
        "verbosity": "error",
        "enable_openapi": False,
        "CORS_origins": [],
    },
    "logfile": "/freqops/var/logs/freqtrade.log",  # takes the place of what the handler "file" names
    "log_config": {
        "version": 1,
        "disable_existing_loggers": False,  # they would be silent after /reload_config
        "formatters": {
            "basic": {"format": "%(message)s"},
            "json": {"()": "freqops.core.logs.freqtrade_formatter.JsonLines"},
        },
        "handlers": {
            "console": {"class": "freqtrade.loggers.ft_rich_handler.FtRichHandler", "formatter": "basic"},
            "file": {
                "class": "logging.handlers.RotatingFileHandler",
                "formatter": "json",
                "filename": "/freqops/var/logs/freqtrade.log",
                "maxBytes": 10 * 1024 * 1024,
                "backupCount": 15,
                "encoding": "utf-8",
            },
        },
        "root": {"handlers": ["console", "file"], "level": "INFO"},
    },
}


def effective(
    shared: Mapping[str, Any], bot: Mapping[str, Any], settled: Collection[str] = frozenset()
) -> dict[str, Any]:
    """Return the whole configuration of a bot but for its secrets and its ``initial_state``.

    Args:
        shared: The part that all bots of the host share: ``freqtrade_config``.
        bot: The bot as the inventory declares it, an item of ``freqtrade_bots``.
        settled: What its strategy settles itself, as `strategy_source.settled` gives it.
    """
    said = merged(shared, bot.get("config") or {})
    left = {name for name in OF_STRATEGY if name in settled and name not in said}
    base = {name: value for name, value in BASE.items() if name not in left}
    config: dict[str, Any] = {}
    for layer in (base, said, REQUIRED, declared(bot)):
        config = merged(config, layer)
    return config


def declared(bot: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that keys of a bot's declaration say, and its configuration does not."""
    return {"bot_name": bot["name"], "dry_run": bot["mode"] == "paper", "strategy": bot["strategy"]}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``above`` laid over ``below``: mappings are merged, everything else, lists too, is replaced."""
    result = dict(below)
    for key, value in above.items():
        present = result.get(key)
        both = isinstance(present, Mapping) and isinstance(value, Mapping)
        result[key] = merged(present, value) if both and present is not None else value
    return result


def installed(bot: Bot) -> dict[str, Any]:
    """Return what Freqtrade makes of a bot's release and secrets on its host: where both say something, the secrets do.

    A file that is missing, or that is no object, says nothing.
    """
    config: dict[str, Any] = {}
    for path in (bot.release_home / "config.json", bot.conf / "secrets.json"):  # in the order of its Compose file
        document = read_json(path)
        config = merged(config, document if isinstance(document, dict) else {})
    return config
