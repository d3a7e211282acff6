"""Secrets that are weak, shared or misplaced are refused by name, and their values are in no line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.preflight import secrets as preflight_secrets
from tests.unit.core.preflight.fleets import STOPS, bot, credential, inventory, judged, secrets, variables

SECRET = credential("nobody may see this")
COPY = "copy it from the exchange, in quotes"


def account(**changed: Any) -> dict[str, Any]:
    return {"gamma": {**secrets()["gamma"], **changed}}


WEAK: dict[str, tuple[Any, str]] = {
    "short": (
        account(key="abc123"),
        f"prod-1 gamma: secrets_exchange.gamma.key is too short: 6 characters, at least 16 are needed; {COPY}",
    ),
    "of the example": (
        account(key=""),
        (
            "prod-1 gamma: secrets_exchange.gamma.key is missing; copy it from the exchange, or take the whole "
            "bot out: "
            "what the host already has is kept"
        ),
    ),
    "a default": (account(secret="changeme" * 3), f"secrets_exchange.gamma.secret looks like a placeholder; {COPY}"),
    "one character": (account(secret="x" * 64), f"secrets_exchange.gamma.secret looks like a placeholder; {COPY}"),
    "counting": (account(key="0123456789" * 4), f"secrets_exchange.gamma.key looks like a placeholder; {COPY}"),
    "the alphabet": (
        account(key="abcdefghijklmnopqrstuvwxyz"),
        f"secrets_exchange.gamma.key looks like a placeholder; {COPY}",
    ),
    "of the manual": (account(key="your_exchange_key"), "secrets_exchange.gamma.key looks like a placeholder"),
    "a number": (account(key=12345678901234567890), "secrets_exchange.gamma.key is a number and must be a text"),
    "a number as password": (account(password=1234), "secrets_exchange.gamma.password is a number and must be a text"),
    "nothing": ({"gamma": None}, "prod-1 gamma: secrets_exchange.gamma is no text; it must have key and secret"),
    "no credential": (
        account(enable_ws="true"),
        "secrets_exchange.gamma.enable_ws is no credential; allowed are key, secret, password, uid",
    ),
    "of nobody": (
        {**account(), "zeta": account()["gamma"]},
        (
            "inventory: secrets_exchange names 'zeta', which is no bot; the inventory has alpha, beta, gamma; "
            "correct the "
            "name or take it out"
        ),
    ),
    "a list": ([SECRET], "inventory: secrets_exchange is no text; it maps names of bots to key and secret"),
}


@pytest.mark.parametrize("name", WEAK)
def test_what_cannot_be_a_credential_is_refused(name: str) -> None:
    exchange, said = WEAK[name]
    lines = judged(exchange=exchange)
    assert [line for line in lines if said in line]


def test_one_key_for_two_bots_is_refused() -> None:
    hosts = inventory()
    delta = {"name": "delta", "mode": "live", "api_port": 9000, "strategy": "S", "config": {"order_types": STOPS}}
    hosts["third"] = variables(delta)
    both = {**secrets(), "delta": {"key": secrets()["gamma"]["key"], "secret": credential("other")}}
    assert judged(hosts, both) == [
        (
            "third delta: its API key in secrets_exchange is that of gamma, too; one bot, one account: make a "
            "key of its "
            "own for each"
        )
    ]
    both["delta"]["key"] = credential("a key of its own")
    assert judged(hosts, both) == []


IN_SECRETS = "it belongs in secrets_exchange in secrets.yml"
MADE_UP = "leave it out: deploy makes one up on the host"
IN_NOTIFY = "it belongs in secrets_notify in secrets.yml"
NO_PLACE = "leave it out: freqops has no safe place for it yet"
PLACES: list[tuple[tuple[Any, ...], str]] = [
    (("exchange", "key"), IN_SECRETS),
    (("exchange", "secret"), IN_SECRETS),
    (("exchange", "password"), IN_SECRETS),
    (("exchange", "uid"), IN_SECRETS),
    (("exchange", "walletAddress"), "leave it out: credentials belong in secrets_exchange in secrets.yml"),
    (("exchange", "ccxt_config", "apiKey"), "leave it out: credentials belong in secrets_exchange in secrets.yml"),
    (("exchange", "ccxt_config", "headers", "X-Key"), "leave it out: credentials belong in secrets_exchange"),
    (("telegram", "token"), IN_NOTIFY),
    (("api_server", "password"), MADE_UP),
    (("api_server", "jwt_secret_key"), MADE_UP),
    (("api_server", "ws_token"), MADE_UP),
    (("webhook", "headers", "Authorization"), NO_PLACE),
    (("discord", "webhook_url"), IN_NOTIFY),
    (("external_message_consumer", "producers", 0, "ws_token"), NO_PLACE),
    (("pairlists", 0, "bearer_token"), NO_PLACE),
]


def nested(path: tuple[Any, ...], value: Any) -> Any:
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    return value


@pytest.mark.parametrize(("path", "cure"), PLACES)
@pytest.mark.parametrize("shared", [True, False])
def test_a_secret_in_a_configuration_is_refused_and_told_where_it_belongs(
    path: tuple[Any, ...], cure: str, shared: bool
) -> None:
    hosts = inventory()
    if shared:
        hosts["paper-1"]["freqtrade_config"] = nested(path, SECRET)
    else:
        bot(hosts, "beta")["config"] = nested(path, SECRET)
    [line] = [line for line in judged(hosts) if "is a secret" in line]
    assert line.startswith(f"paper-1 {'alpha: freqtrade_config' if shared else 'beta: config'}.{path[0]}")
    assert "is a secret (a text of 64 characters) in a configuration; " in line
    assert cure in line


@pytest.mark.parametrize(
    "path", [("exchange", "key"), ("telegram", "token"), ("telegram", "chat_id"), ("webhook", "url")]
)
def test_an_empty_text_and_what_is_no_secret_may_stay(path: tuple[Any, ...]) -> None:
    hosts = inventory()
    bot(hosts, "beta")["config"] = nested(path, "" if path[-1] in ("key", "token") else "https://example.com/1")
    assert judged(hosts) == []


@pytest.mark.parametrize("url", ["https://me:word@example.com", "https://hooks.slack.com/services/T/B/x"])
def test_an_address_that_is_a_secret_is_refused(url: str) -> None:
    hosts = inventory()
    bot(hosts, "beta")["config"] = {"webhook": {"url": url}}
    [line] = judged(hosts)
    assert "config.webhook.url is a secret" in line
    assert url not in line


ONLY_PROXIES = (
    "write the address without user and password; only a proxy may have them, as "
    "secrets_exchange.<bot>.ccxt_config.httpsProxy in secrets.yml"
)


@pytest.mark.parametrize(
    ("path", "cure"),
    [
        (("exchange", "ccxt_config", "proxies", "https"), f"{IN_SECRETS}, as ccxt_config.proxies.https of its bot"),
        (("exchange", "ccxt_sync_config", "wsProxy"), f"{IN_SECRETS}, as ccxt_sync_config.wsProxy of its bot"),
        (("exchange", "ccxt_config", "proxyUrl"), ONLY_PROXIES),
        (("exchange", "httpsProxy"), ONLY_PROXIES),
        (("a", 0, "b"), ONLY_PROXIES),
    ],
)
def test_an_address_with_a_password_is_refused_wherever_it_stands(path: tuple[Any, ...], cure: str) -> None:
    hosts = inventory()
    bot(hosts, "beta")["config"] = nested(path, "http://me:hunter22@proxy.example.com:3128")
    [line] = judged(hosts)
    assert line.endswith(f"in a configuration; {cure}")
    assert "hunter22" not in line
    for harmless in ("http://proxy.example.com:3128", "a text: me@example.com", "https://example.com/a:b@c"):
        bot(hosts, "beta")["config"] = nested(path, harmless)
        assert judged(hosts) == []


PROXY = "http://me:hunter22@10.0.0.9:3128"


@pytest.mark.parametrize(
    "account",
    [
        {"ccxt_config": {"httpsProxy": PROXY, "wsSocksProxy": "socks5://me:a-Word@[fd00::1]:1080/"}},
        {"ccxt_async_config": {"aiohttp_proxy": PROXY}, "ccxt_config": {"proxies": {"http": PROXY, "https": PROXY}}},
        {"ccxt_config": {}},
        {**secrets()["gamma"], "ccxt_config": {"httpsProxy": PROXY}},
    ],
)
def test_proxies_with_a_password_have_their_place_with_or_without_an_account(account: dict[str, Any]) -> None:
    assert (
        judged(exchange={**secrets(), "beta": {**account, **({"key": credential("b")} if "key" in account else {})}})
        == []
    )


@pytest.mark.parametrize(
    ("section", "place", "said"),
    [
        ({"ccxt_config": {"urls": {"api": PROXY}}}, "ccxt_config.urls", "is no place of a proxy"),
        ({"ccxt_config": {"proxyUrl": PROXY}}, "ccxt_config.proxyUrl", "is no place of a proxy"),
        ({"ccxt_config": {"proxies.http": PROXY}}, "ccxt_config.proxies.http", "is no place of a proxy"),
        ({"ccxt_config": {"proxies": {"ftp": PROXY}}}, "ccxt_config.proxies.ftp", "is no place of a proxy"),
        ({"ccxt_config": PROXY}, "ccxt_config", "is no place of a proxy"),
        ({"ccxt_config": {"httpsProxy": 5}}, "ccxt_config.httpsProxy", "must be a text"),
        ({"ccxt_config": {"httpsProxy": "http://10.0.0.9:3128"}}, "ccxt_config.httpsProxy",
         "is no address with a user and a password"),
        ({"ccxt_config": {"httpsProxy": f"{PROXY}/?to=hunter22"}}, "ccxt_config.httpsProxy", "is no address with"),
        ({"ccxt_config": {"httpsProxy": "http://me:changeme@10.0.0.9:1"}}, "ccxt_config.httpsProxy",
         "looks like a placeholder"),
    ],
)  # fmt: skip
def test_what_is_no_proxy_with_a_password_is_refused_there(section: dict[str, Any], place: str, said: str) -> None:
    [line] = judged(exchange={**secrets(), "beta": section})
    assert line.startswith(f"paper-1 beta: secrets_exchange.beta.{place} {said}")
    assert "hunter22" not in line


def test_a_live_bot_has_no_proxy() -> None:
    account = {**secrets()["gamma"], "ccxt_config": {"httpsProxy": PROXY}}
    [line] = judged(exchange={"gamma": account})
    assert "secrets_exchange.gamma.ccxt_config.httpsProxy leads a live bot elsewhere" in line


@pytest.mark.parametrize("name", WEAK)
def test_no_line_shows_a_credential(name: str) -> None:
    exchange = WEAK[name][0]
    values = (
        [str(value) for value in exchange["gamma"].values()]
        if isinstance(exchange, dict) and exchange.get("gamma")
        else [SECRET]
    )
    text = "\n".join(judged(exchange=exchange))
    assert [value for value in values if len(value) > 5 and value in text] == []


@given(st.binary(min_size=16, max_size=48))
def test_a_real_key_is_no_placeholder(drawn: bytes) -> None:
    assert not preflight_secrets.is_placeholder(credential(drawn.hex()))
