"""The file of an analysis: read where it is whole and does not contradict itself, and nothing otherwise."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.kinds import Malformed
from freqops.core.results import analysis_file
from freqops.core.results.analysis_file import LONGEST, LOOKAHEAD, RECURSIVE, Lookahead, Recursive, parsed, read
from freqops.core.results.archive_file import ResultUnreadable
from tests.support import run_documents

SAID = {LOOKAHEAD: run_documents.LOOKAHEAD, RECURSIVE: run_documents.RECURSIVE}


def changed(kind: str, name: str, value: Any) -> dict[str, Any]:
    made = deepcopy(SAID[kind])
    *way, last = name.split(".")
    place: Any = made
    for each in way:
        place = place[int(each) if each.isdigit() else each]
    place[last] = value
    return made


@pytest.mark.parametrize("kind", SAID)
def test_what_is_read_is_told_the_same(kind: str) -> None:
    found = parsed(SAID[kind], kind, "Mine")
    assert found.to_json() == SAID[kind]
    assert isinstance(found, Lookahead if kind == LOOKAHEAD else Recursive)
    assert "freqtrade_version" not in found.figures()


@pytest.mark.parametrize(
    ("kind", "name", "value", "why"),
    [
        (LOOKAHEAD, "version", 2, "version 1"),
        (LOOKAHEAD, "kind", RECURSIVE, "its kind is recursive_analysis, not lookahead_analysis"),
        (LOOKAHEAD, "strategy", "Other", "its strategy is Other, not Mine"),
        (LOOKAHEAD, "trades", True, "trades is 'True'"),
        (LOOKAHEAD, "trades", -1, "trades is '-1'"),
        (LOOKAHEAD, "trades", 21, "says more of them"),
        (LOOKAHEAD, "biased_exits", 21, "says more of them"),
        (LOOKAHEAD, "biased", 0, "biased is '0'"),
        (LOOKAHEAD, "biased", True, "contradicts itself"),
        (LOOKAHEAD, "biased_entries", 1, "contradicts itself"),
        (LOOKAHEAD, "biased_indicators", ["rsi"], "contradicts itself"),
        (LOOKAHEAD, "biased_indicators", ["rsi", "rsi"], "2 rows for rsi"),
        (LOOKAHEAD, "biased_indicators", ["x" * 201], "biased_indicators is"),
        (LOOKAHEAD, "biased_indicators", [f"{each}" for each in range(1001)], "1001 biased indicators"),
        (LOOKAHEAD, "trades", 9, "contradicts itself"),
        (RECURSIVE, "startup", 31, "no part with the strategy's own 31"),
        (RECURSIVE, "parts", [{"startup": 30}], "no candles"),
        (RECURSIVE, "parts", [{"startup": 30, "candles": 32}] * 2, "2 rows for 30"),
        (RECURSIVE, "parts", [{"startup": each, "candles": 1} for each in range(33)], "too many"),
        (RECURSIVE, "indicators.1.name", "ema", "2 rows for ema"),
        (RECURSIVE, "indicators.0.name", "", "name is ''"),
        (RECURSIVE, "indicators.0.has_value", None, "has_value"),
        (RECURSIVE, "indicators.0.variances", [{"startup": 31, "percent": 0.0}], "31 startup candles, and no part"),
        (RECURSIVE, "indicators.0.variances", [{"startup": 30, "percent": "0"}], "percent is '0'"),
        (RECURSIVE, "indicators.0.variances", [{"startup": 30, "percent": 1e300}], "percent is '1e\\+300'"),
        (RECURSIVE, "indicators.0.variances", [{"startup": 30, "percent": 0.0}] * 2, "2 rows for 30"),
    ],
)
def test_what_is_forged_is_none(kind: str, name: str, value: Any, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        parsed(changed(kind, name, value), kind, "Mine")


@pytest.mark.parametrize("kind", SAID)
def test_a_name_that_is_missing_is_none(kind: str) -> None:
    for name in SAID[kind]:
        with pytest.raises(Malformed):
            parsed({key: value for key, value in SAID[kind].items() if key != name}, kind, "Mine")


def test_of_a_run_of_another_kind_there_is_none() -> None:
    with pytest.raises(Malformed):
        parsed(changed(RECURSIVE, "kind", "backtest"), "backtest", "Mine")


@pytest.mark.parametrize("said", [None, [], "finished", 1, {}])
def test_what_is_no_object_is_none(said: object) -> None:
    with pytest.raises(Malformed):
        parsed(said, LOOKAHEAD, "Mine")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (json.dumps(SAID[LOOKAHEAD]).encode()[:-1], "it is not JSON"),
        (json.dumps(SAID[LOOKAHEAD]).encode() + b" " * LONGEST, "more than 1048576"),
        (json.dumps(changed(LOOKAHEAD, "trades", float("nan"))).encode(), "NaN, which is none"),
        (json.dumps(SAID[LOOKAHEAD]).replace('"trades"', '"trades": 20, "trades"').encode(), "'trades' twice"),
        (b"[" * 100_000, "it"),
    ],
)
def test_a_file_that_is_not_plainly_one_is_none(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "analysis.json"
    path.write_bytes(content)
    with pytest.raises(ResultUnreadable, match=why):
        read(path, LOOKAHEAD, "Mine")


def test_no_link_is_followed_and_no_pipe_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps(SAID[LOOKAHEAD]))
    (tmp_path / "link.json").symlink_to("other.json")
    os.mkfifo(tmp_path / "pipe.json")
    for name in ("link.json", "pipe.json"):
        with pytest.raises(ResultUnreadable):
            read(tmp_path / name, LOOKAHEAD, "Mine")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.json", LOOKAHEAD, "Mine")
    assert analysis_file.read(tmp_path / "other.json", LOOKAHEAD, "Mine").timeframe == "5m"
