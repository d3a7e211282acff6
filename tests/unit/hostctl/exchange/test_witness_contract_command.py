"""``freqops-host witness-contract``: its words, its answer, its exit status, and its evidence."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.hostctl import cli, own_session
from freqops.hostctl.commands import witness_contract as command
from freqops.hostctl.exchange.witness_contract import Allowance, Contracted
from tests.unit.fakes import make_bot

INCIDENT = "20260102T030405Z-witness-contract-9f3c21"
WORDS = ["witness-contract", "alpha", f"--incident={INCIDENT}", "--actor=ann@desk"]
ORDER = ["--order", "--pair=BTC/USDT", "--most=10"]


class Commanded:
    """A host with one bot, and what becomes of its contract."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.allowed = root, list[Allowance | None]()
        make_bot(root, "alpha", mode="live")
        self.outcome: Any = None
        monkeypatch.setattr(command, "witness_contract", self.contracted)
        monkeypatch.setattr(own_session, "run", lambda work: work())

    def contracted(self, bot: Any, incident: str, allowance: Allowance | None, *_: object) -> Contracted:
        assert incident == INCIDENT
        self.allowed.append(allowance)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        claim = {"claim": "found", "verdict": "proven", "evidence": "seen"}
        return Contracted(bot.name, "proven", proven=self.outcome is None, exchange="binance", ccxt="4", claims=[claim])

    def run(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
        status = cli.main([*WORDS, "--json", *words], self.root)
        return status, json.loads(capsys.readouterr().out)

    @property
    def evidence(self) -> list[str]:
        place = self.root / "incidents" / INCIDENT
        return [path.read_text() for path in place.glob("*-witness-contract-alpha-*.json")] if place.is_dir() else []


@pytest.fixture
def commanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commanded:
    return Commanded(tmp_path, monkeypatch)


def test_without_order_nothing_is_allowed_and_it_leaves_evidence(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answer = commanded.run(capsys)
    assert (status, answer["proven"], answer["command"], answer["incident"]) == (0, True, "witness-contract", INCIDENT)
    assert commanded.allowed == [None]
    [evidence] = commanded.evidence
    assert json.loads(evidence)["result"]["claims"] == answer["claims"]


def test_what_a_person_allows_is_what_is_allowed(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    assert commanded.run(capsys, *ORDER)[0] == 0
    assert commanded.allowed == [Allowance("BTC/USDT", Decimal(10))]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--order"], "--order needs --pair, and --most"),
        (ORDER[:2], "--order needs --pair, and --most"),
        ([ORDER[0], ORDER[2]], "--order needs --pair, and --most"),
        (ORDER[1:2], "--pair needs --order"),
        (ORDER[2:], "--most needs --order"),
        *(
            ([*ORDER[:2], f"--most={most}"], "allowed is an amount above zero")
            for most in ("0", "-1", "NaN", "x", "inf")
        ),
        (["--incident=../x"], "incident"),
    ],
)
def test_words_that_make_no_sense_are_refused(
    commanded: Commanded, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    status, answer = commanded.run(capsys, *words)
    assert (status, said in answer["refused"]) == (1, True), answer
    assert commanded.allowed == []
    assert commanded.evidence == []


def test_an_unknown_bot_is_refused(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.main(["witness-contract", "beta", "--json"], commanded.root)
    assert (status, "unknown bot beta" in json.loads(capsys.readouterr().out)["refused"]) == (1, True)


def test_what_is_not_proven_ends_with_2_and_leaves_evidence(
    commanded: Commanded, capsys: pytest.CaptureFixture[str]
) -> None:
    commanded.outcome = "lied"
    assert commanded.run(capsys)[0] == 2
    commanded.outcome = NotProven("not kept")
    status, answer = commanded.run(capsys)
    assert (status, answer["not_proven"]) == (2, "not kept")
    assert commanded.evidence


def test_a_refusal_ends_with_1_and_leaves_none(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    commanded.outcome = Refused("it runs")
    status, answer = commanded.run(capsys, *ORDER)
    assert (status, answer["refused"], commanded.evidence) == (1, "it runs", [])


def test_without_json_it_is_a_table(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(WORDS, commanded.root) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "alpha on binance, ccxt 4: proven"
    assert said[3].split() == ["found", "proven", "seen"]
