"""freqops_witness_contract: what it asks of freqops-host, what it answers, and how it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from library import freqops_witness_contract
from tests.unit.library.conftest import Run
from tests.unit.library.test_host_command_modules import Stub, use

WORDS = {"incident": "20260102T030405Z-witness_contract-9f3c21", "reason": "it's; $(over)", "actor": "maria"}
OPTIONS = [f"--{name}={value}" for name, value in WORDS.items()]
ORDER = {"allow_order": True, "pair": "BTC/USDT", "most": "10"}
ROW: dict[str, Any] = {
    "bot": "gamma", "outcome": "proven", "changed": True, "proven": True, "level": 3, "detail": ["read back"],
    "exchange": "binance", "ccxt": "4.5.90", "left": [], "why_not": [],
    "claims": [{"claim": "found", "verdict": "proven", "evidence": "order 1"}],
}  # fmt: skip


@pytest.fixture
def asked(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Any:
    def ask(
        said: dict[str, Any], status: int = 0, check: bool = False, **words: Any
    ) -> tuple[dict[str, Any], list[str]]:
        tool, noted = stub(json.dumps(said), status)
        use(monkeypatch, freqops_witness_contract, tool)
        answer = run(freqops_witness_contract, check=check, bot="gamma", **WORDS, **words)
        return answer, noted.read_text().splitlines() if noted.exists() else []

    return ask


def test_without_a_permission_it_only_reads(asked: Any) -> None:
    answer, words = asked({**ROW, "changed": False})
    assert words == ["witness-contract", "gamma", *OPTIONS, "--json"]
    assert (answer["changed"], answer["claims"], answer["left"]) == (False, ROW["claims"], [])
    assert answer["lines"][0] == "gamma on binance, ccxt 4.5.90: proven"


def test_with_a_permission_it_passes_on_pair_and_most(asked: Any) -> None:
    answer, words = asked(ROW, **ORDER)
    assert words == ["witness-contract", "gamma", *OPTIONS, "--json", "--order", "--pair=BTC/USDT", "--most=10"]
    assert answer["changed"]


@pytest.mark.parametrize("row", [{**ROW, "proven": False}, {**ROW, "left": ["order 1"]}])
def test_what_is_not_proven_or_left_fails(asked: Any, row: dict[str, Any]) -> None:
    answer, _ = asked(row, 2, **ORDER)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert answer["msg"].splitlines()[0] == "gamma: THE CONTRACT IS NOT PROVEN"
    assert all(f"LEFT ON THE ACCOUNT: {text}" in answer["msg"] for text in row["left"])


def test_a_refusal_says_why(asked: Any) -> None:
    answer, _ = asked({"refused": "gamma is not held at level 3"}, 1, **ORDER)
    assert (answer["failed"], answer["changed"], answer["msg"]) == (True, False, "gamma: gamma is not held at level 3")


def test_a_check_orders_nothing(asked: Any) -> None:
    answer, words = asked(ROW, check=True, **ORDER)
    assert (answer["failed"], words) == (True, [])
    assert "NOTHING DONE" in answer["msg"]
