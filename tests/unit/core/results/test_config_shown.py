"""A configuration without what opens anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from freqops.core.results.config_shown import LEFT_OUT, without_secrets

CONFIG = {
    "dry_run_wallet": 1000,
    "stake_currency": "USDT",
    "db_url": "postgresql://me:secret1@host/db",
    "exchange": {
        "name": "binance", "key": "secret2", "secret": "secret3", "password": "secret4", "uid": "secret5",
        "apiKey": "secret6", "walletAddress": "secret7", "private_key": "secret8", "account_id": "secret9",
        "pair_whitelist": ["BTC/USDT"],
        "ccxt_config": {"httpsProxy": "http://me:secret10@proxy", "headers": {"Authorization": "secret11"},
                        "urls": {"api": "http://me:secret12@host:8080/api"}},
    },
    "telegram": {"enabled": True, "token": "secret13", "chat_id": "secret14"},
    "api_server": {"username": "u", "password": "secret15", "jwt_secret_key": "secret16"},
    "webhook": {"url": "https://secret17"},
    "protections": [{"method": "CooldownPeriod", "ws_token": "secret18"}],
}  # fmt: skip


def values(found: Any) -> Iterator[str]:
    """Yield all that stands in a configuration, without the names."""
    inner = found.values() if isinstance(found, dict) else found if isinstance(found, list) else None
    if inner is None:
        yield str(found)
    else:
        for each in inner:
            yield from values(each)


def test_no_secret_is_in_it_and_what_decides_trades_is() -> None:
    shown = without_secrets(CONFIG)
    assert sum("secret" in value for value in values(CONFIG)) == 18
    assert not any("secret" in value for value in values(shown))
    assert shown["dry_run_wallet"] == 1000
    assert shown["exchange"]["pair_whitelist"] == ["BTC/USDT"]
    assert shown["exchange"]["key"] == shown["telegram"] == LEFT_OUT
    assert shown["exchange"]["ccxt_config"]["urls"]["api"] == f"http://{LEFT_OUT}@host:8080/api"
    assert shown["protections"][0] == {"method": "CooldownPeriod", "ws_token": LEFT_OUT}
