"""Where a live bot may trade: Binance spot as it is, another exchange with a contract that counts, a lab as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.exchange import allowed, contract, lab_only
from tests.unit.core.exchange.test_lab_only import lab_config

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
IMAGE = "registry.example/freqtrade@sha256:" + "a" * 64
Config = dict[str, Any]


def config(name: str = "binance", **exchange: Any) -> Config:
    return {"stake_currency": "USDT", "trading_mode": "spot", "exchange": {"name": name, **exchange}}


def shown(name: str = "kraken", **changed: Any) -> dict[str, Any]:
    """A contract of which every claim is proven."""
    asked = contract.Asked(name, "4.5.90", IMAGE, "0" * 16)
    findings = [contract.proven(claim.name, "seen") for claim in contract.CLAIMS]
    return {**contract.document(asked, contract.PARTS, findings, [], NOW), **changed}


def why(found: Config, document: object = None) -> list[str]:
    return allowed.refusals(found, document, IMAGE, NOW)


def test_binance_as_it_is_needs_no_contract() -> None:
    assert why(config()) == []
    assert why({"exchange": {"name": "binance"}}) == []
    harmless = {"enableRateLimit": True, "rateLimit": 50, "timeout": 5000, "options": lab_only.MARKETS}
    sections: dict[str, Any] = dict.fromkeys(allowed.SECTIONS, harmless)
    assert why(config(key="k", secret="s", pair_whitelist=["BTC/USDT"], enable_ws=True, **sections)) == []


@pytest.mark.parametrize("section", allowed.SECTIONS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("urls", {"api": {"public": "https://api.binance.com/api/v3"}}),
        ("hostname", "binance.us"),
        ("sandbox", True),
        ("verify", False),
        ("httpsProxy", "http://10.0.0.1:3128"),
        ("aiohttp_proxy", "http://10.0.0.1:3128"),
        ("apiKey", "another"),
        ("headers", {"Host": "elsewhere"}),
        ("options", {"defaultType": "future"}),
        ("options", {"defaultType": "margin"}),
        ("options", {**lab_only.MARKETS, "portfolioMargin": True}),
        ("options", None),
        ("options", {}),
    ],
)
def test_whatever_may_lead_elsewhere_is_refused_and_named(section: str, name: str, value: Any) -> None:
    for document in (None, shown("binance"), shown("kraken")):
        for exchange in ("binance", "kraken"):
            found = why(config(exchange, **{section: {name: value}}), document)
            assert any(f"exchange.{section}.{name} may lead elsewhere" in line for line in found)


@pytest.mark.parametrize("value", [None, [], "x", 1, True])
def test_a_section_that_is_none_is_refused(value: Any) -> None:
    assert why(config(ccxt_config=value)) == ["exchange.ccxt_config is no section"]


@pytest.mark.parametrize("name", ["sandbox", "ccxt_other_config", "urls", "hostname", "_ft_has_params", "log\x1b[2J"])
def test_a_setting_that_is_not_known_is_refused(name: str) -> None:
    wrong: dict[str, Any] = {name: True}
    [line] = why(config(**wrong))
    assert line.startswith("exchange.")
    assert "may lead elsewhere" in line
    assert line.isprintable()


@pytest.mark.parametrize("mode", ["futures", "margin", "", None, "Spot", 1])
@pytest.mark.parametrize("exchange", ["binance", "kraken"])
def test_nothing_but_spot_is_ever_allowed(mode: Any, exchange: str) -> None:
    found = why({**config(exchange), "trading_mode": mode}, shown(exchange))
    assert found == [f"trading_mode is {mode!r}; live bots trade spot only"]


@pytest.mark.parametrize("mode", ["isolated", "cross", None])
def test_margin_is_never_allowed(mode: Any) -> None:
    assert why({**config(), "margin_mode": mode}) == [f"margin_mode is {mode!r}; live bots have no margin"]
    assert why({**config(), "margin_mode": ""}) == []


@pytest.mark.parametrize("name", allowed.FUTURES)
def test_an_exchange_of_futures_is_never_allowed(name: str) -> None:
    assert any("trades futures" in line for line in why(config(name), shown(name)))


@pytest.mark.parametrize("name", [None, "", "Binance", "binance ", "../x", 7, ["binance"], "b" * 31])
def test_what_is_no_name_of_an_exchange_is_refused(name: Any) -> None:
    [line] = why({"exchange": {"name": name}}, shown())
    assert "is no exchange" in line


@pytest.mark.parametrize("found", [{}, {"exchange": None}, {"exchange": []}, {"exchange": {}}])
def test_without_an_exchange_it_is_refused(found: Config) -> None:
    assert why(found, shown())


def test_another_exchange_needs_a_contract_that_counts() -> None:
    assert why(config("kraken"), shown()) == []
    assert any("there is none" in line for line in why(config("kraken")))
    assert any("it was shown on kraken, not on okx" in line for line in why(config("okx"), shown()))
    assert any("not on binanceus" in line for line in why(config("binanceus"), shown("binance")))
    old = (NOW + timedelta(days=contract.MOST_DAYS + 1)).astimezone(UTC)
    assert allowed.refusals(config("kraken"), shown(), IMAGE, old)
    assert allowed.refusals(config("kraken"), shown(), IMAGE.replace("a" * 64, "b" * 64), NOW)


def test_a_contract_of_a_server_that_only_has_the_name_allows_nothing() -> None:
    document = shown(overrides=["exchange.ccxt_config.urls may lead elsewhere"])
    assert any("it was shown elsewhere" in line for line in why(config("kraken"), document))


def test_a_lab_is_allowed_as_it_was() -> None:
    assert why(lab_config()) == []
    assert why(lab_config("http://8.8.8.8:8080"))
    assert why({**lab_config(), "trading_mode": "futures"})


NAMES = st.sampled_from(["name", "ccxt_config", "urls", "options", "exchange", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["binance", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
)


@given(VALUES)
def test_no_other_section_is_ever_allowed(section: Any) -> None:
    """Only a name and harmless settings get through, whatever else stands there."""
    found = why({"exchange": section})
    if not found:
        assert isinstance(section, dict)
        assert section["name"] == "binance"
        assert set(section) <= set(allowed.SETTINGS)
