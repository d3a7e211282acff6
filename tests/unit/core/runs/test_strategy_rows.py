"""The rows of strategies in the registry: what is known is written, what is not stays."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import Refused
from freqops.core.runs import registry, registry_migration, strategy_reading, strategy_rows
from freqops.core.runs.strategy_rows import NEW, NOT_READ, READ, UNCHANGED, UPDATED, Origin, StrategyRows
from tests.support.strategies_read import FACTS, broken, row
from tests.unit.fakes import FakeClock

ORIGIN = Origin("a" * 64, "", "registry.example/freqtrade@sha256:" + "1" * 64, "2026.9")
OTHERS = {
    "id": "MineV1", "name": "The crossover", "class_name": "Mine", "file_path": "user_data/x.py",
    "status": "productive",
    "timeframes": "1d", "markets": "BTC/USDT", "indicators": "ema", "parameters_json": "{}", "risk_json": "{}",
    "performance_json": '{"profit": 1}', "tags": "trend",
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = registry.place(tmp_path)
    registry_migration.prepare(made, FakeClock(), os.getuid())
    return made


@pytest.fixture
def kept(path: Path) -> Iterator[StrategyRows]:
    with registry.opened(path, write=True, owner=os.getuid()) as present:
        yield present.strategies()


def laid(path: Path, **other: Any) -> None:
    values = {**OTHERS, **other}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"INSERT INTO strategies VALUES ({', '.join('?' * len(values))})", (*values.values(),))  # noqa: S608
        connection.commit()


def known(document: dict[str, Any], origin: Origin = ORIGIN) -> dict[str, Any]:
    return strategy_rows.columns(strategy_reading.strategy(document), origin)


def test_a_row_says_what_a_strategy_is_and_again_nothing_changes(kept: StrategyRows) -> None:
    assert kept.foretold("Mine", known(row())) == NEW
    assert kept.enter("Mine", known(row())) == NEW
    assert kept.foretold("Mine", known(row())) == kept.enter("Mine", known(row())) == UNCHANGED
    found = kept.of("Mine")
    assert found is not None
    assert (found["id"], found["name"], found["class_name"]) == ("strategy:Mine", "Mine", "Mine")
    assert (found["file_path"], found["status"], found["timeframes"]) == ("strategies/Mine.py", READ, "5m,1h")
    parameters, risk = json.loads(found["parameters_json"]), json.loads(found["risk_json"])
    assert parameters["parameters"] == FACTS["parameters"]
    assert (parameters["strategy_sha256"], risk["strategy_sha256"]) == ("a" * 64, "a" * 64)
    assert (parameters["image"], parameters["freqtrade"], parameters["read"]) == (ORIGIN.image, "2026.9", True)
    assert {name: risk[name] for name in FACTS if name in risk} == {
        name: FACTS[name] for name in FACTS if name not in ("parameters", "parameter_file", "timeframe", "informative")
    }
    assert [found[name] for name in ("markets", "indicators", "performance_json", "tags")] == [None] * 4
    assert kept.classes() == ["Mine"]


@pytest.mark.parametrize(
    ("facts", "origin"),
    [
        ({"stoploss": -0.2}, {}), ({"parameters": []}, {}), ({"timeframe": "15m"}, {}), ({"entry_gate": False}, {}),
        ({}, {"strategy_sha256": "b" * 64}), ({}, {"parameters_sha256": "b" * 64}), ({}, {"image": "other"}),
    ],
)  # fmt: skip
def test_what_is_another_now_is_written(kept: StrategyRows, facts: dict[str, Any], origin: dict[str, Any]) -> None:
    kept.enter("Mine", known(row()))
    now = known(row(facts={**FACTS, **facts}), Origin(**{**vars(ORIGIN), **origin}))
    assert kept.wrong("Mine", now)
    assert kept.foretold("Mine", now) == kept.enter("Mine", now) == UPDATED
    assert kept.wrong("Mine", now) == ""


def test_the_row_of_another_keeps_its_id_and_what_is_not_known(path: Path, kept: StrategyRows) -> None:
    laid(path)
    assert kept.enter("Mine", known(row())) == UPDATED
    found = kept.of("Mine")
    assert found is not None
    stays = ("id", "name", "status", "markets", "indicators", "performance_json", "tags")
    assert {name: found[name] for name in stays} == {name: OTHERS[name] for name in stays}
    assert (found["file_path"], found["timeframes"]) == ("strategies/Mine.py", "5m,1h")
    assert kept.enter("Mine", known(row())) == UNCHANGED
    assert kept.wrong("Mine", known(row())) == ""


def test_a_row_without_a_class_is_known_by_its_name(path: Path, kept: StrategyRows) -> None:
    laid(path, class_name=None, name="Mine", status=None)
    assert kept.enter("Mine", known(row())) == UPDATED
    found = kept.of("Mine")
    assert found is not None
    assert (found["id"], found["class_name"], found["status"]) == ("MineV1", "Mine", READ)


def test_of_two_rows_of_a_class_none_is_chosen(path: Path, kept: StrategyRows) -> None:
    laid(path)
    laid(path, id="MineV2")
    with pytest.raises(Refused, match="2 rows for the class Mine: 'MineV1', 'MineV2'"):
        kept.enter("Mine", known(row()))


def test_one_that_cannot_be_read_any_more_says_so_and_keeps_what_was_known(kept: StrategyRows) -> None:
    kept.enter("Mine", known(row()))
    now = known(broken("Mine"), Origin(**{**vars(ORIGIN), "strategy_sha256": "b" * 64}))
    assert kept.enter("Mine", now) == UPDATED
    found = kept.of("Mine")
    assert found is not None
    told = json.loads(found["parameters_json"])
    assert (found["status"], told["read"], told["missing"]) == (NOT_READ, False, ["nobody"])
    assert told["why"].startswith("ModuleNotFoundError")
    assert found["timeframes"] == "5m,1h"
    assert json.loads(found["risk_json"])["strategy_sha256"] == "a" * 64, "of the files that were read"
    assert kept.enter("Mine", known(row())) == UPDATED


def test_a_row_that_is_not_there_is_wrong(kept: StrategyRows) -> None:
    assert kept.wrong("Mine", known(row())) == "its row is not in the registry"
