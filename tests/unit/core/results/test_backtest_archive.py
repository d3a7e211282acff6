"""Results of backtests as three releases of Freqtrade left them, and what nobody should believe."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from freqops.core.results import archive_file, backtest_archive
from freqops.core.results.backtest_archive import Backtest, ResultUnreadable
from tests.unit.core.results import left

OF_ALL = {  # the metrics of the runbook's indexer
    *("window_days", "timeframe_minutes", "profit_total", "profit_total_abs", "profit_total_pct", "profit_mean"),
    *("profit_median", "cagr", "expectancy", "expectancy_ratio", "market_change", "sortino", "sharpe", "calmar"),
    *("profit_factor", "trades_per_day", "trades", "wins", "losses", "draws", "winrate", "max_drawdown_account"),
}
ALL = [(release, number) for release in left.RELEASES for number in range(3)]


def test_there_are_three_backtests_of_three_releases() -> None:
    assert [len(left.backtests(release)) for release in left.RELEASES] == [3, 3, 3]


@pytest.mark.parametrize(("release", "number"), ALL)
def test_each_release_is_read(release: str, number: int) -> None:
    found = backtest_archive.read(left.backtest(release, number), "TwoAverages")
    assert (found.strategy, found.timeframe, found.stake_currency) == ("TwoAverages", "1h", "USDT")
    assert found.starting_balance == 1000
    assert found.window_start == datetime(2025, 6, 6, tzinfo=UTC)
    assert len(found.run_id) == 40
    assert len(found.trades) == [26, 10, 13][number]
    assert found.started is not None
    assert found.finished is not None
    assert found.started <= found.finished
    assert found.started.date() == datetime(2026, 11, 30, tzinfo=UTC).date()
    assert found.metrics.keys() >= OF_ALL
    assert ("sqn" in found.metrics) == (release != "2024.11"), "it came with 2025"
    assert all(math.isfinite(value) for value in found.metrics.values())
    assert found.parameters["roi"] == {"0": 0.04}, "what the parameter file said, and not what the class says"
    assert found.parameters["stoploss"] == {"stoploss": -0.025}
    assert found.parameters.get("buy") == (None if release == "2024.11" else {"fast": 4, "slow": 18})
    assert bool(found.config) == bool(found.config_sha256) == (release != "2024.11")


def drawdown(found: Backtest) -> float:
    """Return the greatest loss after a high, as a fraction of the balance at that high, by the trades themselves."""
    balance = high = found.starting_balance
    worst = ratio = 0.0
    for trade in sorted(found.trades, key=lambda each: (each.closed is None, each.closed)):
        balance += trade.profit_abs
        high = max(high, balance)
        if high - balance > worst:
            worst, ratio = high - balance, (high - balance) / high
    return ratio


@pytest.mark.parametrize(("release", "number"), ALL)
def test_its_drawdown_is_that_of_its_trades(release: str, number: int) -> None:
    found = backtest_archive.read(left.backtest(release, number), "TwoAverages")
    assert found.metrics["max_drawdown_account"] == pytest.approx(drawdown(found), rel=1e-6)
    assert found.metrics["max_drawdown_account"] > 0
    total = math.fsum(trade.profit_abs for trade in found.trades)
    assert found.metrics["profit_total_abs"] == pytest.approx(total, abs=1e-7)
    assert found.metrics["profit_total"] == pytest.approx(total / 1000, rel=1e-9)


@pytest.mark.parametrize("release", left.RELEASES)
def test_of_several_strategies_each_has_its_own(release: str) -> None:
    path = left.backtest(release, left.SHORT)
    both = backtest_archive.read_all(path)
    assert [each.strategy for each in both] == ["TwoAverages", "Never"]
    assert len({each.run_id for each in both}) == 2
    none = backtest_archive.read(path, "Never")
    assert (none.trades, none.metrics["trades"], none.metrics["max_drawdown_account"]) == ((), 0.0, 0.0)
    with pytest.raises(ResultUnreadable, match="it has the results of TwoAverages, Never"):
        backtest_archive.read(path)
    with pytest.raises(ResultUnreadable, match="not of Other"):
        backtest_archive.read(path, "Other")


def test_without_its_meta_file_it_has_no_run_id(tmp_path: Path) -> None:
    path = left.changed(left.backtest("2026.9", left.WINDOW), lambda _: None, tmp_path)
    path.with_name(f"{path.stem}.meta.json").unlink()
    assert backtest_archive.read(path).run_id == ""


def test_a_zip_file_may_have_another_name(tmp_path: Path) -> None:
    path = tmp_path / "the good one.zip"
    path.write_bytes(left.backtest("2026.9", left.WINDOW).read_bytes())
    assert len(backtest_archive.read(path).trades) == 26


Change = Callable[[dict[str, Any]], None]


def of_result(**values: Any) -> Change:
    return lambda document: document["strategy"]["TwoAverages"].update(values)


def of_trade(**values: Any) -> Change:
    return lambda document: document["strategy"]["TwoAverages"]["trades"][3].update(values)


def rename(document: dict[str, Any]) -> None:
    document["strategy"]["a\x1b[2J b"] = document["strategy"].pop("TwoAverages")


WRONG: dict[str, tuple[Change, str]] = {
    "a trade is missing": (lambda d: d["strategy"]["TwoAverages"]["trades"].pop(), "has 26 trades, and has 25"),
    "a drawdown in percent": (of_result(max_drawdown_account=33.0), "max_drawdown_account is 33.0, no fraction"),
    "a drawdown below zero": (of_result(max_drawdown_account=-0.1), "no fraction"),
    "no drawdown": (of_result(max_drawdown_account=None), "no fraction"),
    "a drawdown that is text": (of_result(max_drawdown_account="0.1"), "no fraction"),
    "candles that end before they begin": (of_result(backtest_end_ts=1), "its candles begin at"),
    "a time beyond all": (of_result(backtest_run_start_ts=1e30), "backtest_run_start_ts is 1e"),
    "a time that is text": (of_result(backtest_start_ts="soon"), "backtest_start_ts is 'soon'"),
    "a balance that is none": (of_result(starting_balance=True), "starting_balance is 'True'"),
    "trades that are none": (of_result(trades={}), "trades is"),
    "a trade without a pair": (of_trade(pair=None), "pair is 'None'"),
    "a profit that is text": (of_trade(profit_abs="much"), "profit_abs is 'much'"),
    "a trade that ends before it begins": (of_trade(close_timestamp=1), "a trade was opened at"),
    "a name that is none": (rename, "is no name of a strategy"),
    "no strategies": (lambda d: d.update(strategy={}), "no results of a strategy"),
    "a list of strategies": (lambda d: d.update(strategy=[1]), "no results of a strategy"),
    "a result that is none": (lambda d: d["strategy"].update(TwoAverages=[]), "is no object"),
}  # fmt: skip


@pytest.mark.parametrize("release", left.RELEASES)
@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_whole_result_is_none(tmp_path: Path, release: str, name: str) -> None:
    change, why = WRONG[name]
    path = left.changed(left.backtest(release, left.WINDOW), change, tmp_path)
    with pytest.raises(ResultUnreadable, match=why) as error:
        backtest_archive.read(path)
    assert "\x1b" not in str(error.value)


def zipped(path: Path, *members: tuple[str, bytes]) -> Path:
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    path.write_bytes(room.getvalue())
    return path


def why(path: Path) -> str:
    with pytest.raises(ResultUnreadable) as error:
        backtest_archive.read(path)
    return str(error.value)


def test_what_is_no_file_of_a_result_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = left.backtest("2026.9", left.WINDOW).read_bytes()
    path = tmp_path / "x.zip"
    assert "it is missing" in why(path)
    path.symlink_to(left.backtest("2026.9", left.WINDOW))
    assert "it is a link" in why(path)
    path.unlink()
    for data in (b"", b"PK\x03\x04", good[:2000], good[:-30], b"\0" * 5000):
        path.write_bytes(data)
        assert "it is no zip file" in why(path), data[:8]
    assert "0 of its members" in why(zipped(path, ("y.json", b"{}")))
    assert "x.json: it says 'strategy' twice" in why(zipped(path, ("x.json", b'{"strategy": 1, "strategy": 2}')))
    assert "x.json: it has the number NaN" in why(zipped(path, ("x.json", b'{"strategy": NaN}')))
    assert "nested too deeply" in why(zipped(path, ("x.json", b"[" * 200_000)))
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(path, ("x.json", b"{}"), ("x.json", b"{}"))
    assert "two members of one name" in why(path)
    monkeypatch.setattr(archive_file, "MOST_MEMBERS", 3)
    assert "more than 3" in why(zipped(path, *((f"{number}.json", b"{}") for number in range(4))))


def test_no_more_is_unpacked_than_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "x.zip", ("x.json", b"[" + b"0" * 3_000_000))
    monkeypatch.setattr(archive_file, "LARGEST", 1_000_000)
    assert "x.json has more than 1000000 bytes" in why(path)
    (tmp_path / "y.json").write_bytes(b"0" * 1_000_001)
    assert "more than 1000000" in why(tmp_path / "y.json")
    monkeypatch.setattr(archive_file, "MOST_VALUES", 100)
    path = zipped(path, ("x.json", json.dumps([{}] * 200).encode()))
    assert "x.json has more than 100 values" in why(path)


def test_a_run_id_that_is_none_is_not_taken(tmp_path: Path) -> None:
    path = left.changed(left.backtest("2026.9", left.WINDOW), lambda _: None, tmp_path)
    meta = path.with_name(f"{path.stem}.meta.json")
    for said in ("../../etc", "A" * 40, 7):
        meta.write_text(json.dumps({"TwoAverages": {"run_id": said}}))
        assert "its run id is" in why(path)
    meta.write_text("[]")
    assert "the meta file is no object" in why(path)
