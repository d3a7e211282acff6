"""The configuration of a run without its secrets: Freqtrade leaves some of them out, older releases fewer."""

from __future__ import annotations

import re
from typing import Any

LEFT_OUT = "(left out)"
WHOLE = ("api_server", "telegram", "discord", "webhook", "external_message_consumer", "notifications")
SECRET = re.compile(
    r"(?i)(^|_)(api_?key|key|secret|password|passphrase|token|uid|login|private_?key|wallet_?address|account_?id|"
    r"chat_?id|db_?url|headers|.*prox(y|ies).*)$|^(apikey|privatekey|walletaddress|accountid)$"
)

IN_ADDRESS = re.compile(r"(://)[^/@\s]*@")


def without_secrets(config: Any) -> Any:
    """Return a configuration in which nothing stands that opens anything; what was left out is named."""
    if isinstance(config, list):
        return [without_secrets(each) for each in config]
    if isinstance(config, str):
        return IN_ADDRESS.sub(rf"\g<1>{LEFT_OUT}@", config)
    if not isinstance(config, dict):
        return config
    return {
        name: LEFT_OUT if name in WHOLE or SECRET.search(name) else without_secrets(value)
        for name, value in config.items()
    }
