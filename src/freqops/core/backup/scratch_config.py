"""The configuration of a bot in a restore drill: the bot can neither trade nor send a message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..base.kinds import Malformed
from ..bot.bot_secrets import USER

# What would reach people or other bots, lead to other files, or is said again below.
LEFT_OUT = (
    *("telegram", "webhook", "discord", "external_message_consumer", "add_config_files", "config_files"),
    *("api_server", "db_url", "dry_run", "initial_state", "logfile"),
)
# Whatever Freqtrade or ccxt takes for a credential, however it is spelt.
CREDENTIAL = re.compile(
    r"^(api_?)?(key|secret|password|passphrase|uid|login|token|private_?key|wallet_?address|account_?id)$",
    re.IGNORECASE,
)
LOG = "/freqops/var/freqtrade.log"
SECRETS = ("password", "jwt_secret_key", "ws_token")


def scratch(config: object, url: str, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Return the configuration with which a bot boots on its restored database.

    Its orders are simulated whatever it says, it starts stopped, it has no key of an exchange, no way to send a
    message, and its API opens to what was made for this drill alone.

    Args:
        config: The configuration of its release.
        url: The ``db_url`` of the restored database.
        secrets: What opens its API: each of `SECRETS`.

    Raises:
        Malformed: It is no configuration.
    """
    if not isinstance(config, dict) or not isinstance(config.get("exchange", {}), dict):
        raise Malformed("the configuration of the release is none")
    kept = {name: value for name, value in config.items() if name not in LEFT_OUT}
    return {
        **kept,
        "exchange": _without_credentials(config.get("exchange", {})),
        "dry_run": True,
        "initial_state": "stopped",
        "force_entry_enable": False,
        "cancel_open_orders_on_exit": False,
        "db_url": url,
        "logfile": LOG,
        "api_server": {
            "enabled": True,
            "listen_ip_address": "0.0.0.0",  # noqa: S104  inside its container, which publishes nothing
            "listen_port": 8080,
            "verbosity": "error",
            "enable_openapi": False,
            "CORS_origins": [],
            "username": USER,
            **{name: secrets[name] for name in SECRETS},
        },
    }


def _without_credentials(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_credentials(inner) for name, inner in value.items() if not CREDENTIAL.match(str(name))}
    return [_without_credentials(inner) for inner in value] if isinstance(value, list) else value
