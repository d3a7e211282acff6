"""The inputs of a run: cast from text, and refused where they do not parse, before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.runs import run_inputs
from freqops.core.runs.run_inputs import Inputs, parsed

BACKTEST = {"kind": "backtest", "strategy": "Mine"}
HYPEROPT = {"kind": "hyperopt", "bot": "alpha"}
LOOKAHEAD = {"kind": "lookahead_analysis", "bot": "alpha", "timerange": "20240101-"}
RECURSIVE = {"kind": "recursive_analysis", "strategy": "Mine", "timerange": "20240101-20240201"}
DOWNLOAD = {"kind": "download", "timeframes": "5m,1h", "timerange": "20240101-"}


def test_text_becomes_what_it_means() -> None:
    found = parsed({**HYPEROPT, "epochs": "50", "seed": "7", "spaces": "buy sell", "fee": "0.001", "wallet": "1e3"})
    assert found == Inputs("hyperopt", bot="alpha", epochs=50, seed=7, spaces=("buy", "sell"), fee=0.001, wallet=1000.0)
    assert parsed({**DOWNLOAD, "pairs": "BTC/USDT, ETH/USDT"}).pairs == ("BTC/USDT", "ETH/USDT")


def test_what_is_sent_is_read_the_same_again() -> None:
    more = ({**LOOKAHEAD, "trades": "12", "fee": "0"}, {**RECURSIVE, "startup_candles": "400 30", "most_variance": "0"})
    for values in (BACKTEST, HYPEROPT, DOWNLOAD, *more):
        found = parsed({**values, "memory": "512m"})
        assert parsed(found.to_json()) == found


def test_startup_candles_are_numbers_in_their_order() -> None:
    assert parsed({**RECURSIVE, "startup_candles": "400,30 199"}).startup_candles == (30, 199, 400)
    assert parsed({**RECURSIVE, "startup_candles": 30}).startup_candles == (30,)


@pytest.mark.parametrize("value", ["", None])
def test_nothing_is_nothing(value: object) -> None:
    assert parsed({**BACKTEST, "timerange": value}) == parsed(BACKTEST)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"kind": "live", "bot": "alpha"}, "kind is 'live'"),
        ({"kind": "backtest"}, "either a strategy or a bot"),
        ({**BACKTEST, "bot": "alpha"}, "either a strategy or a bot"),
        ({**BACKTEST, "strategy": "../Mine"}, "strategy"),
        ({**BACKTEST, "strategy": "--config=/etc/passwd"}, "strategy"),
        ({**BACKTEST, "bot": "../alpha", "strategy": ""}, "bot"),
        ({**BACKTEST, "epochs": "5"}, "epochs is no input of a backtest"),
        ({**BACKTEST, "days": "5"}, "'days' is no input"),
        ({**BACKTEST, "timerange": "-"}, "timerange"),
        ({**BACKTEST, "timerange": "20240101"}, "timerange"),
        ({**BACKTEST, "timerange": "20240230-"}, "timerange"),
        ({**BACKTEST, "timerange": "20240201-20240101"}, "ends after it begins"),
        ({**BACKTEST, "timerange": "20240101-20240101"}, "ends after it begins"),
        ({**BACKTEST, "timeframe": "5 minutes"}, "timeframe"),
        ({**BACKTEST, "pairs": "BTCUSDT"}, "pairs"),
        ({**BACKTEST, "pairs": "--all/USDT"}, "pairs"),
        ({**BACKTEST, "pairs": "BTC/USDT,BTC/USDT"}, "none of them twice"),
        ({**BACKTEST, "fee": "50%"}, "fee"),
        ({**BACKTEST, "fee": "0.6"}, "fee"),
        ({**BACKTEST, "fee": "nan"}, "fee"),
        ({**BACKTEST, "wallet": "0"}, "wallet"),
        ({**BACKTEST, "wallet": "inf"}, "wallet"),
        ({**BACKTEST, "memory": "lots"}, "memory"),
        ({**HYPEROPT, "epochs": "0"}, "epochs"),
        ({**HYPEROPT, "epochs": "1e3"}, "epochs"),
        ({**HYPEROPT, "epochs": True}, "epochs"),
        ({**HYPEROPT, "jobs": "-1"}, "jobs"),
        ({**HYPEROPT, "spaces": "buy;rm"}, "spaces"),
        ({**LOOKAHEAD, "timerange": ""}, "needs a timerange"),
        ({**LOOKAHEAD, "bot": ""}, "either a strategy or a bot"),
        ({**LOOKAHEAD, "wallet": "1000"}, "wallet is no input of a lookahead_analysis"),
        ({**LOOKAHEAD, "startup_candles": "30"}, "startup_candles is no input of a lookahead_analysis"),
        ({**LOOKAHEAD, "least_trades": "0"}, "least_trades"),
        ({**LOOKAHEAD, "least_trades": "30"}, "trades is 20, less than the 30 of least_trades"),
        ({**LOOKAHEAD, "trades": "9"}, "trades is 9, less than the 10 of least_trades"),
        ({**RECURSIVE, "timerange": "20240101-"}, "where it begins and ends"),
        ({**RECURSIVE, "timerange": "-20240101"}, "where it begins and ends"),
        ({**RECURSIVE, "fee": "0.001"}, "fee is no input of a recursive_analysis"),
        ({**RECURSIVE, "startup_candles": "30,30"}, "none of them twice"),
        ({**RECURSIVE, "startup_candles": "30,--x"}, "startup_candles"),
        ({**RECURSIVE, "startup_candles": {"30": 1}}, "startup_candles"),
        ({**RECURSIVE, "startup_candles": list(range(1, 12))}, "at most 10"),
        ({**RECURSIVE, "most_variance": "nan"}, "most_variance"),
        ({**RECURSIVE, "most_variance": "-1"}, "most_variance"),
        ({**DOWNLOAD, "timerange": "-20240101"}, "where it begins"),
        ({**DOWNLOAD, "timeframes": ""}, "timeframes"),
        ({**DOWNLOAD, "strategy": "Mine"}, "no strategy"),
    ],
)
def test_what_does_not_parse_is_refused(values: dict[str, Any], what: str) -> None:
    with pytest.raises(Refused, match=what):
        parsed(values)


def test_no_input_begins_like_an_option_of_a_command() -> None:
    for name in sorted(run_inputs.READERS):
        if name != "kind":
            with pytest.raises(Refused):
                run_inputs.READERS[name](name, "--x")
