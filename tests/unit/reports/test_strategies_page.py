"""The page of strategies: all of them, what could not be read, and nothing that a browser would load or run."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from freqops.core.runs import strategy_reading
from freqops.core.runs.strategy_answer import Answer, Done
from freqops.core.runs.strategy_rows import NEW
from freqops.reports import files, strategies_page
from tests.support import html_page
from tests.support.strategies_read import FACTS, PARAMETER, broken, row

IMAGE = "registry.example/freqtrade@sha256:" + "1" * 64
EVIL = '<script>alert(1)</script>"\x1b[2J\u202e'


def answer(*rows: dict[str, Any]) -> Answer:
    done = [Done(strategy_reading.strategy(each), NEW) for each in rows]
    return Answer(done, [], "2026.9", IMAGE, "a" * 64, looked=False)


def test_it_says_what_each_is_and_which_could_not_be_read() -> None:
    told = answer(row(missing=["later"]), broken())
    page = html_page.read(strategies_page.page({"research-1": told}, [f"research-1: {text}" for text in told.problems]))
    text = page.text
    for word in ("Mine on research-1", "5m", "-10.00%, trailing", "CooldownPeriod", "ema", "3 to 20", "1h", "2026.9",
                 "later", "1 read, 1 thing not done", "NO: ModuleNotFoundError", "populate_indicators"):  # fmt: skip
        assert word in text, word
    assert [each.attributes["class"] for each in page.every("section") if "class" in each.attributes] == ["bad"]
    assert "Broken on" not in text


def test_all_read_is_good() -> None:
    page = html_page.read(strategies_page.page({"one": answer(row())}, []))
    assert page.every(kind="good")
    assert not page.every(kind="bad")


def test_text_of_others_is_text() -> None:
    parameter = {
        **PARAMETER,
        "name": EVIL,
        "type": EVIL,
        "categories": [EVIL],
        "default": EVIL,
        "value": {EVIL: [EVIL]},
    }
    facts = {
        **FACTS, "callbacks": [EVIL], "order_types": {EVIL: EVIL}, "protections": [{"method": EVIL, EVIL: EVIL}],
        "parameters": [parameter], "trading_mode": EVIL,
    }  # fmt: skip
    said = strategies_page.page({EVIL: answer(row(facts=facts), broken(why=EVIL, missing=[EVIL]))}, [EVIL])
    page = html_page.read(said)
    assert not page.every("script")
    assert all(line.isprintable() for line in said.split("\n"))
    assert "<script>alert(1)</script>" in page.text
    [policy] = [each for each in page.every("meta") if "http-equiv" in each.attributes]
    assert policy.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert not {name for each in page.every() for name in each.attributes} & {"src", "onload", "onclick"}


def test_it_is_written_for_its_user_alone_and_equal_answers_make_equal_bytes(tmp_path: Path) -> None:
    told = {"one": answer(row(), broken())}
    path = files.write_strategies(tmp_path / "deep" / "runs", told, [])
    assert path == tmp_path / "deep" / "runs" / "strategies.html"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.stat()
    files.write_strategies(tmp_path / "deep" / "runs", told, [])
    assert path.stat().st_ino == before.st_ino
    files.write_strategies(tmp_path / "deep" / "runs", {"one": answer(row())}, [])
    assert "Broken" not in path.read_text()
