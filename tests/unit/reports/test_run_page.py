"""The page of a run: what it says, where it says that something is not known, and that texts of others are text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from freqops.core.base.page_parts import MINUS
from freqops.core.results import backtest_archive, hyperopt_file
from freqops.core.results.document import Document
from freqops.core.results.gaps import Gap
from freqops.reports import drawn, epoch_parts, figures, tables
from freqops.reports.run_page import page
from tests.support import run_documents as documents
from tests.support.html_page import Element, read
from tests.unit.core.results import left

OURS = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "code", "dl", "dt", "dd", "nav", "ul",
    "li", "a", "main", "section", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "time", "strong",
    "footer", "figure", "figcaption", "script",
}  # fmt: skip
ALLOWED = {
    "lang", "charset", "http-equiv", "content", "name", "href", "id", "class", "scope", "colspan", "datetime", "role",
    "data-label", "data-missing", "aria-label", "aria-labelledby", "type", "nonce", "src",
}  # fmt: skip
HOSTILES = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<!--<script>", "\"onload='x'", "&lt;b&gt;&",
    "\u202eabc", "x\n</td><h1>y\r", "</style><img src=x>", "\x00\x1b[2J\u2028\u200b\ud800", "<" * 100_000, "-->",
    "https://example.com/x",
]  # fmt: skip


def text_of(document: Document) -> str:
    return read(page(document)).text


def section(top: Element, name: str) -> Element:
    return top.one("section", name)


def rows(of: Element) -> list[list[str]]:
    return [[cell.text for cell in each.inside] for table in of.every("tbody") for each in table.every("tr")]


def facts(top: Element) -> dict[str, str]:
    return dict(zip(*([each.text for each in top.every(name)] for name in ("dt", "dd")), strict=True))


def judge(text: str) -> Element:
    """Whatever others said, the page is built of our elements alone, and only its own scripts can run in it."""
    top = read(text)
    for each in top.every():
        assert each.name in OURS, each
        assert set(each.attributes) <= ALLOWED, each
        assert each.attributes.get("href", "#").startswith("#")
        assert each.attributes.get("src", "plotly.min.js") == "plotly.min.js"
    scripts = top.every("script")
    data = [each for each in scripts if "type" in each.attributes]
    assert {each.attributes["type"] for each in data} <= {"application/json"}
    assert all(set(json.loads(each.text)) == {"data", "layout"} for each in data)
    ours = [each for each in scripts if each not in data]
    (policy,) = [each for each in top.every("meta") if each.attributes.get("http-equiv") == "Content-Security-Policy"]
    nonce = re.fullmatch(
        r"default-src 'none'; script-src 'nonce-([0-9a-f]{64})'; style-src 'unsafe-inline'; img-src data:; "
        r"base-uri 'none'; form-action 'none'", policy.attributes["content"],
    )  # fmt: skip
    assert nonce is not None
    assert [each.attributes["nonce"] for each in ours] == [nonce[1]] * len(ours)
    assert len(ours) == (2 if data else 0)
    assert text.count("<script") == len(scripts)
    assert all(char.isprintable() for char in text.replace("\n", ""))
    text.encode()
    return top


# --- what it says


def test_it_says_how_the_run_ended_and_what_it_was() -> None:
    top = judge(page(documents.run(30)))
    assert top.every("h1")[0].text == "Backtest of MaCrossoverStrategy"
    assert [each.text for each in top.every("p", "good")] == ["FINISHED"]
    assert facts(top) == {
        "Run": "backtest-20260102T030405Z-0a1b2c", "Window": "2023-03-01 00:00 to 2024-09-01 00:00", "Candles": "5m",
        "Began": "2026-01-02T03:04:05Z", "Ended": "2026-01-02T03:06:17Z", "Took": "2 min 12.4 s",
        "Memory at most": "700 MiB", "Bot": "alpha", "Release of the bot": "4f1d2c", "Host": "research-1",
        "Begun by": "maria@control", "Why": "before the next release",
    }  # fmt: skip
    keys = [each.attributes["aria-labelledby"] for each in top.every("section")]
    assert keys == ["metrics", "curve", "months", "pairs", "reasons", "parameters", "data", "made"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"status": "failed", "end_reason": "killed for memory"}, "FAILED: killed for memory"),
        ({"status": "failed"}, "FAILED: no reason is noted"),
        ({"status": "stopped", "end_reason": "cancelled by maria"}, "STOPPED: cancelled by maria"),
        ({"status": "started", "finished_utc": None}, "NOT OVER: it began, and its end is not known here"),
        ({"status": "unknown"}, "HOW IT ENDED IS NOT KNOWN"),
        ({"status": None}, "HOW IT ENDED IS NOT KNOWN"),
        ({"status": "FINISHED"}, "HOW IT ENDED IS NOT KNOWN"),
    ],
)
def test_a_run_that_did_not_finish_is_not_called_finished(row: dict[str, Any], said: str) -> None:
    top = judge(page(documents.run(30, **row)))
    assert [each.text for each in top.every("p", "verdict")] == [said]
    assert top.every("p", "good") == []


def test_what_was_passed_over_and_the_incident_stand_at_the_top() -> None:
    top = judge(page(documents.run(3, overridden="the operator breaker is active: manual", incident_id="i-1")))
    (head,) = top.every("header")
    assert [each.text for each in head.every("div", "warned")] == [
        "Begun all the same: the operator breaker is active: manual"
    ]
    assert facts(top)["Incident"] == "i-1"


def test_what_is_missing_of_a_run_is_said_at_the_top() -> None:
    top = judge(page(replace(documents.run(3), notes=("the archive is gone", "x" * 400))))
    (warned,) = top.every("header")[0].every("div", "warned")
    assert warned.text.startswith("What is missing on this pagethe archive is gone")


def test_epochs_that_did_not_come_are_counted() -> None:
    document = replace(documents.hyperopt(20), metrics={"epochs": 12_000.0})
    said = "12,000 epochs finished. 20 epochs of them are here, those with the smallest loss. 2 epochs here had no"
    assert said in text_of(document)


@pytest.mark.parametrize("release", left.RELEASES)
def test_what_a_real_release_of_freqtrade_left_has_a_page(release: str) -> None:
    for result in (each for path in left.backtests(release) for each in backtest_archive.read_all(path)):
        top = judge(page(Document(run={"id": "x", "kind": "backtest"}, metrics=result.metrics, backtest=result)))
        assert rows(section(top, "metrics"))[0][0] == "profit profit_total"
        assert (len(top.every("figure")) == 4) == (len(result.trades) > 0)
    epochs = tuple(hyperopt_file.epochs(left.hyperopt(release)))
    top = judge(page(Document(run={"id": "x", "kind": "hyperopt"}, epochs=epochs)))
    assert f"{len(epochs)} epochs finished." in section(top, "epochs").text


def test_metrics_have_their_units_and_their_names_in_the_registry() -> None:
    document = replace(documents.run(1), metrics={
        "sharpe": 1.23456789, "trades": 12.0, "zzz": 1234567.0, "profit_total": -0.12345, "winrate": 0.5,
        "max_drawdown_account": 0.2, "param.fast": 0.25,
    })  # fmt: skip
    assert rows(section(judge(page(document)), "metrics")) == [
        ["profit profit_total", f"{MINUS}12.35 %"], ["drawdown that lost most max_drawdown_account", "20.00 %"],
        ["trades trades", "12"], ["share of wins winrate", "50.00 %"], ["Sharpe sharpe", "1.23457"],
        ["param.fast", "0.25"], ["zzz", "1.23457e+06"],
    ]  # fmt: skip


def test_the_curve_has_its_figures_in_words_and_in_a_table() -> None:
    top = judge(page(documents.run(60)))
    curve = section(top, "curve")
    assert re.search(
        r"Equity began with 1,000\.00 USDT and ended with [\d,.]+\. It was lowest with [\d.]+, on 2023", curve.text
    )
    found = rows(curve)
    assert 1 < len(found) <= 5
    assert [float(row[3].removesuffix(" %")) for row in found] == sorted(
        (float(row[3].removesuffix(" %")) for row in found), reverse=True
    )
    assert "open trades are not in it" in curve.text


def test_every_month_pair_and_reason_stands_in_a_table_too() -> None:
    document = documents.run(200)
    assert document.backtest is not None
    top = judge(page(document))
    months, pairs, reasons = (rows(section(top, name)) for name in ("months", "pairs", "reasons"))
    assert [row[0] for row in months] == [
        *(f"2023-{n:02}" for n in range(3, 13)), *(f"2024-{n:02}" for n in range(1, 9)),
    ]  # fmt: skip
    assert sorted(row[0] for row in pairs) == sorted(documents.PAIRS)
    assert sorted(row[0] for row in reasons) == sorted(documents.REASONS)
    for table, column in ((months, 3), (pairs, 3), (reasons, 3)):
        assert sum(int(row[column]) for row in table) == 200
    drawn_bars = json.loads(section(top, "pairs").every("script")[0].text)["data"][0]
    assert [f"{value:+,.2f}".replace("-", MINUS) for value in drawn_bars["x"]] == [row[1] for row in pairs]


def test_balances_of_a_currency_with_small_amounts_have_every_digit() -> None:
    document = documents.run(5)
    assert document.backtest is not None
    small = replace(document, backtest=replace(document.backtest, starting_balance=0.5, stake_currency="BTC"))
    assert "Equity began with 0.50000000 BTC" in text_of(small)


def test_trades_that_stayed_open_are_counted_and_said() -> None:
    document = documents.run(5)
    assert document.backtest is not None
    first, *others = document.backtest.trades
    some = replace(document.backtest, trades=(replace(first, closed=None), *others))
    assert "1 trade did not close and counts nowhere." in text_of(replace(document, backtest=some))
    none = replace(document.backtest, trades=tuple(replace(each, closed=None) for each in document.backtest.trades))
    top = judge(page(replace(document, backtest=none)))
    assert "No trade closed; 5 trades stayed open." in section(top, "curve").text
    assert top.every("script") == []


def test_parameters_are_named_with_what_they_stand_in() -> None:
    top = judge(page(documents.run(1)))
    assert rows(section(top, "parameters")) == [
        ["buy.fast", "9"], ["buy.slow", "21"], ["roi.0", "0.1"], ["roi.60", "0.02"], ["stoploss", "-0.1"],
    ]  # fmt: skip
    assert "NOT READABLE: it is not JSON" in text_of(documents.run(1, parameters_json="{"))
    assert "No parameters are noted." in text_of(documents.run(1, parameters_json=None))


# --- gaps


def test_gaps_and_the_profit_across_them_are_said_in_words() -> None:
    top = judge(page(documents.run(5)))
    data = section(top, "data")
    (warned,) = data.every("div", "warned")
    assert warned.text.startswith(
        "The data has 2 gaps, in 2 pairs. Trades that were open across a gap won 3.12 % of the size"
    )
    assert "across a gap lost 130.00 % of the size" in text_of(documents.run(5, gap_profit_share=-1.3))
    assert "across a gap neither won nor lost." in text_of(documents.run(5, gap_profit_share=0))
    assert rows(data)[0] == ["BTC/USDT", "5m", "2023-04-10 00:00", "2023-04-10 03:00", "3 h 00 min"]
    assert rows(data)[2][:5] == ["ADA/USDT 5m", "2023-03-01T00:00:00Z", "2024-08-31T23:55:00Z", "158112", "0"]


def test_what_is_not_known_of_gaps_is_said() -> None:
    whole = replace(documents.run(5), gaps=())
    assert "The data has no gap." in text_of(whole)
    unknown = replace(documents.run(5, data_json=None), gaps=())
    assert "NOT KNOWN whether the data has gaps" in text_of(unknown)
    assert section(judge(page(unknown)), "data").every("div", "warned")
    assert "NOT KNOWN which share of the profit was made across them" in text_of(
        documents.run(5, gap_profit_share=None)
    )
    assert "NOT READABLE" in text_of(documents.run(5, data_json="[]"))


# --- hyperopt


def test_a_hyperopt_has_its_smallest_losses_and_the_parameters_of_the_best() -> None:
    document = documents.hyperopt(90)
    top = judge(page(document))
    assert top.every("h1")[0].text == "Hyperopt of MaCrossoverStrategy"
    epochs = section(top, "epochs")
    best = min((each for each in document.epochs if each.loss < 100_000), key=lambda each: each.loss)
    assert "90 epochs finished. 10 epochs here had no result, as of too few trades." in epochs.text
    assert f"The best is epoch {best.number}: loss" in epochs.text
    found = rows(epochs)
    assert found[0][0] == f"{best.number}"
    assert len(found) == epoch_parts.LOWEST + 2
    assert found[-2:] == [
        ["buy.fast", f"{best.parameters['buy']['fast']}"], ["buy.slow", f"{best.parameters['buy']['slow']}"],
    ]  # fmt: skip
    points, line, star = json.loads(epochs.every("script")[0].text)["data"]
    assert len(points["x"]) == 80
    assert (star["x"], star["y"]) == ([best.number], [best.loss])
    assert line["y"][-1] == best.loss


def test_a_hyperopt_without_a_result_says_so() -> None:
    document = documents.hyperopt(9)
    none = replace(document, epochs=tuple(replace(each, loss=loss) for each, loss in zip(
        document.epochs, (float("nan"), float("inf"), 100_000.0) * 3, strict=True)))  # fmt: skip
    top = judge(page(none))
    assert "9 epochs finished. 9 epochs here had no result" in section(top, "epochs").text
    assert top.every("script") == []
    assert "No epoch was finished." in text_of(replace(document, epochs=()))


def test_a_run_of_which_nothing_is_known_has_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(Document(run={"id": "x", "kind": "recursive_analysis"}))
    assert "Recursive analysis x" in text
    assert "HOW IT ENDED IS NOT KNOWN" in text
    assert "No metric is noted." in text
    assert "it cannot be made again alike" in text


# --- too much


def test_what_is_too_long_is_cut_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "ROWS", 6)
    document = documents.run(300)
    assert document.backtest is not None
    many = tuple(replace(each, pair=f"P{n % 50:02}/USDT") for n, each in enumerate(document.backtest.trades))
    top = judge(page(replace(document, backtest=replace(document.backtest, trades=many))))
    pairs = section(top, "pairs")
    assert len(rows(pairs)) == 7
    assert rows(pairs)[3] == ["44 more rows LEFT OUT here: see freqops-host runs show --json"]
    assert "Drawn are 30 of 50 pairs: the best and the worst." in pairs.text
    names = json.loads(pairs.every("script")[0].text)["layout"]["yaxis"]["ticktext"]
    assert len(names) == 30
    assert names[0] == rows(pairs)[0][0]
    assert names[-1] == rows(pairs)[-1][0]


def test_a_window_of_millennia_makes_a_page_that_is_usable() -> None:
    document = documents.run(3)
    assert document.backtest is not None
    long = replace(document.backtest, window_start=document.backtest.window_start.replace(year=1))
    text = page(replace(document, backtest=long))
    assert len(text) < 300_000
    judge(text)


def test_epochs_that_are_too_many_to_draw_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MOST_POINTS", 10)
    epochs = section(judge(page(documents.hyperopt(90))), "epochs")
    assert "Drawn are 10 of 80 epochs: those with the smallest loss." in epochs.text
    assert len(json.loads(epochs.every("script")[0].text)["data"][0]["x"]) == 10


# --- text of others


@pytest.mark.parametrize("hostile", HOSTILES, ids=range(len(HOSTILES)))
def test_nothing_that_a_run_says_is_markup(hostile: str) -> None:
    text = page(documents.spoilt([hostile]))
    top = judge(text)
    assert len(text) < 200_000
    assert len(top.every("h2")) == 9
    assert len([each for each in top.every("script") if "type" in each.attributes]) == 4


@pytest.mark.parametrize("hostile", HOSTILES, ids=range(len(HOSTILES)))
def test_a_hyperopt_of_others_is_no_markup_either(hostile: str) -> None:
    document = documents.hyperopt(20, strategy=hostile)
    spoilt = replace(document, epochs=tuple(
        replace(each, parameters={hostile: {hostile: hostile}}) for each in document.epochs))  # fmt: skip
    judge(page(spoilt))


def test_no_text_in_a_page_can_have_its_nonce() -> None:
    """Whoever knows what a page says does not know its nonce, for that would change what it says."""
    first = page(documents.run(3, reason="x"))
    (nonce,) = set(re.findall(r"nonce-([0-9a-f]+)", first))
    second = page(documents.run(3, reason=f'<script nonce="{nonce}">'))
    assert nonce in second
    assert set(re.findall(r"nonce-([0-9a-f]+)", second)).isdisjoint({nonce})


def test_equal_documents_make_equal_bytes() -> None:
    texts = {page(documents.run(50)) for _ in range(2)}
    assert len(texts) == 1


def test_a_mailed_page_has_the_script_in_it_and_asks_for_none() -> None:
    text = page(documents.run(3), self_contained=True)
    top = read(text)
    (library,) = [each for each in top.every("script") if len(each.text) > 1_000_000]
    assert library.text == str(drawn.library())
    assert all("src" not in each.attributes for each in top.every("script"))
    assert "</script" not in library.text
    assert "<!--" not in library.text


def test_a_gap_of_a_moment_is_one() -> None:
    gap = Gap("A/USDT", "1d", documents.START, documents.START + timedelta(days=1))
    assert ["A/USDT", "1d", "2023-03-01 00:00", "2023-03-02 00:00", "24 h 00 min"] in rows(
        section(judge(page(replace(documents.run(3), gaps=(gap,)))), "data")
    )


def test_an_analysis_shows_what_it_found() -> None:
    biased = {**documents.LOOKAHEAD, "biased": True, "biased_entries": 4, "biased_indicators": ["seen", "<b>"]}
    document = documents.analysis(biased, {"passed": 0.0, "trades": 20.0}, end_reason="BIASED in 20 trades")
    top = judge(page(document))
    assert ["entries that need later candles", "4"] in rows(section(top, "found"))
    assert ["seen"] in rows(section(top, "found"))
    assert "FINISHED, NOT PASSED: BIASED in 20 trades" in top.text
    assert facts(top)["Candles"] == "5m"
    sound = judge(page(documents.analysis(documents.LOOKAHEAD, {"passed": 1.0}, end_reason="no look-ahead")))
    assert "FINISHED: no look-ahead" in sound.text
    assert "No indicator that was looked at" in sound.text


def test_a_recursive_analysis_shows_each_indicator_by_startup_candles() -> None:
    few = {**documents.RECURSIVE, "parts": [{**each, "candles": 31} for each in documents.RECURSIVE["parts"]]}
    top = judge(page(documents.analysis(few, {"passed": 1.0})))
    found = section(top, "found")
    assert rows(found) == [
        ["ema", "-0.05 %", "no figure", "none", "no", "yes"],
        ["mean", "none", "none", "none", "no", "yes"],
    ]
    assert "30 (the strategy's own)" in found.text
    assert "199 startup candles were asked for, and 30 were there." in found.text
    bare = judge(page(documents.analysis({**documents.RECURSIVE, "indicators": []}, {"passed": 0.0})))
    assert "The strategy makes no indicators." in bare.text
