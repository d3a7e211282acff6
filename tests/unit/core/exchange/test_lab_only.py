"""Where a live bot may trade: in the lab, and everything that leads or may lead elsewhere is refused and named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base.errors import Refused
from freqops.core.exchange import lab_only

FLEET = Path(__file__).parents[4] / "lab" / "fleet.yml"
URL = "http://10.20.30.3:8080"
Config = dict[str, Any]


def lab_config(url: str = URL) -> Config:
    """Return what the lab's live bot is configured with, the address filled in."""
    config: Config = copy.deepcopy(yaml.safe_load(FLEET.read_text())["prod-1"]["freqtrade_config"])
    for name in lab_only.SECTIONS:
        addresses = config["exchange"][name]["urls"]["api"]
        addresses.update({key: text.replace("{{ lab_exchange_url }}", url) for key, text in addresses.items()})
    return config


def test_the_labs_own_live_bot_is_accepted() -> None:
    assert lab_only.lab_exchange(lab_config()) == "10.20.30.3:8080"
    assert lab_only.lab_exchange({**lab_config(), "trading_mode": "spot"}) == "10.20.30.3:8080"


@pytest.mark.parametrize(
    "url", ["http://192.168.1.9:1", "http://127.0.0.1:8080", "http://172.16.0.1", "http://[fd00::1]:80"]
)
def test_every_private_address_may_be_a_lab(url: str) -> None:
    assert lab_only.lab_exchange(lab_config(url)) == url.removeprefix("http://")


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8:8080",
        "http://1.1.1.1",
        "http://[2606:4700::1111]:80",
        "https://10.20.30.3:8080",
        "ws://10.20.30.3:8080",
        "http://localhost:8080",
        "http://exchange:8080",
        "http://api.binance.com",
        "http://10.20.30.3.example.com",
        "http://10.20.30.3@api.binance.com",
        "http://10.20.30.3:8080@8.8.8.8",
        "http://api.binance.com\\@10.20.30.3",
        "http://user:word@10.20.30.3",
        "http://[fd00::1].binance.com:80",
        "http://[::ffff:8.8.8.8]:80",
        "http://10.20.30.3:80x",
        "10.20.30.3:8080",
        "//10.20.30.3:8080",
        "http://",
        "http://[",
        "http://0x0a141e03",
        "http://10.20.30",
        "",
    ],
)
def test_every_other_address_is_named(url: str) -> None:
    with pytest.raises(Refused, match="a lab's exchange is http at a bare private IP address") as refusal:
        lab_only.lab_exchange(lab_config(url))
    assert repr(f"{url}/api/v3") in str(refusal.value)
    assert "exchange.ccxt_config.urls.api.public" in str(refusal.value)


@pytest.mark.parametrize("section", lab_only.SECTIONS)
@pytest.mark.parametrize("endpoint", lab_only.ENDPOINTS)
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("http://10.20.30.4:8080/api/v3", "10.20.30.4:8080"),
        ("http://10.20.30.3:8081/api/v3", "10.20.30.3:8081"),
        ("https://api.binance.com/api/v3", "'https://api.binance.com/api/v3'"),
        (None, "None"),
        (7, "7"),
        ([URL], "http at a bare private IP address"),
        (b"http://10.20.30.3:8080", "http at a bare private IP address"),
    ],
)
def test_one_endpoint_elsewhere_is_enough(section: str, endpoint: str, value: Any, said: str) -> None:
    config = lab_config()
    config["exchange"]["ccxt_async_config"] = copy.deepcopy(config["exchange"]["ccxt_config"])
    config["exchange"][section]["urls"]["api"][endpoint] = value
    with pytest.raises(Refused) as refusal:
        lab_only.lab_exchange(config)
    assert said in str(refusal.value)


def test_two_sections_with_two_addresses_are_two_exchanges() -> None:
    config = lab_config()
    config["exchange"]["ccxt_async_config"] = lab_config("http://10.20.30.4:8080")["exchange"]["ccxt_config"]
    with pytest.raises(Refused, match=r"several exchanges: 10\.20\.30\.3:8080, 10\.20\.30\.4:8080"):
        lab_only.lab_exchange(config)


def exchange(**changed: Any) -> Callable[[Config], Any]:
    return lambda config: config["exchange"].update(changed)


def section(**changed: Any) -> Callable[[Config], Any]:
    return lambda config: config["exchange"]["ccxt_config"].update(changed)


def without(*path: str) -> Callable[[Config], Any]:
    def remove(config: Config) -> None:
        for name in path[:-1]:
            config = config[name]
        del config[path[-1]]

    return remove


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("exchange"), "no section exchange"),
        (lambda config: config.update(exchange="binance"), "no section exchange"),
        (lambda config: config.update(trading_mode="futures"), "'futures'"),
        (lambda config: config.update(trading_mode="margin"), "'margin'"),
        (lambda config: config.update(trading_mode=None), "None"),
        (without("exchange", "name"), "exchange.name is None"),
        (exchange(name="okx"), "exchange.name is 'okx'"),  # with these addresses ccxt would still go to its own
        (exchange(name="binanceus"), "exchange.name is 'binanceus'"),
        (without("exchange", "enable_ws"), "enable_ws must be false"),
        (exchange(enable_ws=True), "enable_ws must be false"),
        (exchange(enable_ws=0), "enable_ws must be false"),
        (exchange(enable_ws="false"), "enable_ws must be false"),
        (exchange(ccxt_sync_config={}), "ccxt_sync_config overrides"),
        (exchange(demo_trading=True), "exchange.demo_trading may lead elsewhere"),
        (exchange(apiKey="of-another-account"), "exchange.apiKey may lead elsewhere"),
        (exchange(_ft_has_params={"supports_demo_trading": True}), "exchange._ft_has_params may lead elsewhere"),
        (without("exchange", "ccxt_config"), "exchange.ccxt_config does not name its address"),
        (without("exchange", "ccxt_async_config"), "exchange.ccxt_async_config does not name its address"),
        (exchange(ccxt_config=[]), "exchange.ccxt_config does not name its address"),
        (section(hostname="binance.com"), "exchange.ccxt_config.hostname may lead elsewhere"),
        (section(httpsProxy="http://10.0.0.1"), "exchange.ccxt_config.httpsProxy may lead elsewhere"),
        (section(socksProxy="x", aiohttp_proxy="y"), "aiohttp_proxy may lead elsewhere"),
        (section(sandbox=True), "sandbox may lead elsewhere"),
        (section(headers={"Host": "api.binance.com"}), "headers may lead elsewhere"),
        (without("exchange", "ccxt_config", "urls"), "must have exactly api.public"),
        (section(urls=[]), "must have exactly api.public"),
        (section(urls=URL), "must have exactly api.public"),
        (section(urls={"api": URL}), "must have exactly api.public"),
        (without("exchange", "ccxt_config", "urls", "api", "sapi"), "must have exactly api.public"),
        (lambda c: c["exchange"]["ccxt_config"]["urls"].update(test={}), "must have exactly api.public"),
        (lambda c: c["exchange"]["ccxt_config"]["urls"]["api"].update(fapiPublic=URL), "must have exactly api.public"),
        (lambda c: c["exchange"]["ccxt_config"].update(options={"defaultType": "future"}), "defaultType"),
    ],
)
def test_everything_that_may_lead_elsewhere_is_refused_and_named(change: Callable[[Config], Any], said: str) -> None:
    config = lab_config()
    config["exchange"]["ccxt_async_config"] = copy.deepcopy(config["exchange"]["ccxt_config"])
    change(config)
    with pytest.raises(Refused) as refusal:
        lab_only.lab_exchange(config)
    assert said in str(refusal.value)
    assert str(refusal.value).startswith(lab_only.WHY)


@pytest.mark.parametrize("name", sorted(set(lab_only.HARMLESS) - {"urls", "options"}))
def test_what_leads_nowhere_is_allowed(name: str) -> None:
    config = lab_config()
    config["exchange"]["ccxt_config"][name] = 1
    assert lab_only.lab_exchange(config) == "10.20.30.3:8080"


@given(st.ip_addresses(), st.integers(1, 65535))
def test_no_public_address_is_ever_accepted(address: Any, port: int) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    url = f"http://{host}:{port}"
    if address.is_private:
        assert lab_only.lab_exchange(lab_config(url)) == f"{host}:{port}"
    else:
        with pytest.raises(Refused):
            lab_only.lab_exchange(lab_config(url))


NAMES = st.sampled_from([*lab_only.SECTIONS, "urls", "api", "exchange", "enable_ws", "name"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(["exchange", "trading_mode"]), JSON))
def test_any_other_configuration_is_refused_and_never_breaks(config: Config) -> None:
    with pytest.raises(Refused):
        lab_only.lab_exchange(config)
