"""The configuration of a run: that of the bot or the host, without secrets, messengers, and pairlists that ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..base.errors import Refused
from ..bot.proxies import WITH_PASSWORD
from .run_inputs import Inputs

# What a run has no use for: how a bot is reached, what it says, where it writes, and in which state it begins.
LEFT_OUT = (
    *("api_server", "telegram", "webhook", "discord", "external_message_consumer", "logfile", "log_config", "db_url"),
    *("initial_state", "bot_name", "strategy", "strategy_path", "user_data_dir", "datadir", "config_files"),
    *("original_config", "add_config_files", "recursive_strategy_search", "verbosity", "exportfilename"),
)
SECRETS = ("key", "secret", "password", "uid", "account_id", "wallet_address", "private_key", "apikey", "token",
           "privatekey", "walletaddress", "accountid", "login", "twofa", "api_key")  # fmt: skip
STATIC = "StaticPairList"


def of_run(config: Mapping[str, Any], inputs: Inputs) -> dict[str, Any]:
    """Return the configuration of a run.

    Args:
        config: What the bot runs with, or what the inventory says for all bots of the host.
        inputs: The inputs.

    Raises:
        Refused: It names no pairs, and the inputs do not either, or it names no exchange.
    """
    made = {name: value for name, value in config.items() if name not in LEFT_OUT}
    exchange = made.get("exchange")
    if not isinstance(exchange, Mapping) or not exchange.get("name"):
        raise Refused("the configuration names no exchange")
    made["exchange"] = _without_secrets(exchange)
    made["dry_run"] = True
    pairs = list(inputs.pairs) or _pairs(config)
    if not pairs:
        raise Refused("name the pairs of the run, with -e pairs=BTC/USDT,ETH/USDT: its configuration has a pairlist "
                      "that asks the exchange, or none")  # fmt: skip
    made["exchange"]["pair_whitelist"] = pairs
    made["pairlists"] = [{"method": STATIC}]
    return made


def _pairs(config: Mapping[str, Any]) -> list[str]:
    """Return the pairs that a configuration names; none where its pairlist asks the exchange."""
    lists = config.get("pairlists") or [{"method": STATIC}]
    methods = [each.get("method") for each in lists if isinstance(each, Mapping)]
    pairs = config["exchange"].get("pair_whitelist") or []
    return [str(pair) for pair in pairs] if methods[:1] == [STATIC] else []


def _without_secrets(value: Any) -> Any:
    """Return a value without what is called like a secret of an exchange, and without addresses with a password."""
    if isinstance(value, Mapping):
        return {
            key: _without_secrets(inner)
            for key, inner in value.items()
            if str(key).lower() not in SECRETS and not (isinstance(inner, str) and WITH_PASSWORD.match(inner))
        }
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value
