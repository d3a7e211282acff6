"""The page that compares runs: what differs, what each brought, and how each ended."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from freqops.core.base.errors import Refused
from freqops.core.base.page_parts import MINUS, NOTHING
from freqops.core.results.document import Document
from freqops.reports import comparison_page, figures
from freqops.reports.comparison_page import comparison
from tests.support import run_documents as documents
from tests.support.html_page import Element
from tests.unit.reports.test_run_page import HOSTILES, judge, rows, section


def three() -> list[Document]:
    parameters = json.dumps({"buy": {"fast": 7, "slow": 21}, "stoploss": -0.1})
    return [
        documents.run(60),
        documents.run(50, 2, id="backtest-20260102T040405Z-0a1b2d", seed=7, parameters_json=parameters),
        documents.run(40, 3, id="x", host="research-2", status="failed", end_reason="no data"),
    ]


def drawn(top: Element, key: str) -> figures.Figure:
    found: figures.Figure = json.loads(section(top, key).every("script")[0].text)
    return found


def test_each_run_has_a_letter_and_says_how_it_ended() -> None:
    top = judge(comparison(three()))
    (head,) = top.every("header")
    assert [(row[0], row[1], row[6]) for row in rows(head)] == [
        ("A", "backtest-20260102T030405Z-0a1b2c", "FINISHED"), ("B", "backtest-20260102T040405Z-0a1b2d", "FINISHED"),
        ("C", "x", "FAILED: no data"),
    ]  # fmt: skip
    assert [each.text for each in head.every("strong", "bad")] == ["FAILED: no data"]


def test_what_differs_stands_side_by_side_and_what_is_equal_is_named() -> None:
    runs = three()
    differs = section(judge(comparison(runs)), "differs")
    assert rows(differs) == [["seed", "42", "7", "42"]]
    assert "The same in all of them: window, candles, strategy, strategy file (SHA-256), " in differs.text
    assert "Noted of none of them" not in differs.text
    bare = [replace(run, run={**run.run, "seed": None, "bot": None}) for run in runs]
    differs = section(judge(comparison(bare)), "differs")
    assert rows(differs) == []
    assert "Noted of none of them: bot, seed." in differs.text


def test_parameters_that_differ_come_before_those_that_do_not() -> None:
    parameters = section(judge(comparison(three())), "parameters")
    assert rows(parameters) == [
        ["buy.fast", "9", "7", "9"], ["roi.0", "0.1", NOTHING, "0.1"], ["roi.60", "0.02", NOTHING, "0.02"],
        ["buy.slow", "21", "21", "21"], ["stoploss", "-0.1", "-0.1", "-0.1"],
    ]  # fmt: skip
    assert [each.text for each in parameters.every("caption")] == [
        "Parameters that differ", "Parameters that are the same in all of them",
    ]  # fmt: skip


def test_a_hyperopt_is_compared_by_the_parameters_of_its_best_epoch() -> None:
    found = documents.hyperopt(30)
    best = min((each for each in found.epochs if each.loss < 100_000), key=lambda each: each.loss)
    shown = {row[0]: row[1] for row in rows(section(judge(comparison([found, three()[0]])), "parameters"))}
    assert shown["buy.fast"] == f"{best.parameters['buy']['fast']}"


def test_curves_stand_in_one_plot_as_gains_on_the_start() -> None:
    runs = three()
    assert runs[0].backtest is not None
    runs[0] = replace(runs[0], backtest=replace(runs[0].backtest, starting_balance=100.0))
    top = judge(comparison(runs))
    data = drawn(top, "curve")["data"]
    assert [trace["name"] for trace in data[::2]] == [f"{letter} MaCrossoverStrategy" for letter in "ABC"]
    assert [trace["y"][0] for trace in data] == [0.0] * 6
    for trace, row, run in zip(data[::2], rows(section(top, "curve")), runs, strict=True):
        assert run.backtest is not None
        gain = sum(each.profit_abs for each in run.backtest.trades) / run.backtest.starting_balance
        assert trace["y"][-1] == pytest.approx(gain, rel=1e-6)
        assert row[1] == f"{gain:+.2%}".replace("%", " %").replace("-", MINUS)


def test_pairs_reasons_and_months_have_a_column_for_each_run() -> None:
    runs = three()
    top = judge(comparison(runs))
    assert len(rows(section(top, "months"))) == 18
    for key in ("pairs", "reasons"):
        table = rows(section(top, key))
        assert [sum(int(row[column]) for row in table if row[column] != NOTHING) for column in (2, 4, 6)] == [
            60,
            50,
            40,
        ]
    pairs = drawn(top, "pairs")
    spread = [
        max(values) - min(values)
        for values in zip(*([value or 0 for value in trace["x"]] for trace in pairs["data"]), strict=True)
    ]  # fmt: skip
    assert spread == sorted(spread, reverse=True)


def test_a_run_without_trades_is_compared_by_the_rest() -> None:
    top = judge(comparison([documents.run(0), documents.run(40)]))
    assert [trace["name"] for trace in drawn(top, "curve")["data"]] == ["B MaCrossoverStrategy"] * 2
    none = judge(comparison([documents.run(0), documents.hyperopt(5)]))
    assert "None of them has a trade that closed." in section(none, "curve").text
    assert none.every("script") == []


def test_gaps_are_said_of_each_run() -> None:
    runs = [documents.run(3), replace(documents.run(3), gaps=()), replace(documents.run(3, data_json=None), gaps=())]
    said = [each.text for each in section(judge(comparison(runs)), "data").every("dd")]
    assert said[0].startswith("The data has 2 gaps")
    assert said[1] == "The data has no gap."
    assert said[2].startswith("NOT KNOWN")


@pytest.mark.parametrize("number", [0, 1, comparison_page.MOST + 1])
def test_too_few_and_too_many_are_refused(number: int) -> None:
    with pytest.raises(Refused, match=f"{number} runs cannot be compared on a page; allowed: 2 to 12"):
        comparison([documents.run(1)] * number)


def test_as_many_as_are_allowed_have_a_page() -> None:
    judge(comparison([documents.run(20, number) for number in range(comparison_page.MOST)]))


@pytest.mark.parametrize("hostile", HOSTILES, ids=range(len(HOSTILES)))
def test_nothing_that_compared_runs_say_is_markup(hostile: str) -> None:
    judge(comparison([documents.spoilt([hostile]), documents.spoilt([hostile, "other"])]))
