"""``freqops-host vacuum``: its words, its rows, its exit status, and its evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from freqops.core.base.errors import NotProven, Refused
from freqops.hostctl import cli, own_session
from freqops.hostctl.commands import vacuum as command
from freqops.hostctl.maintenance import vacuum
from freqops.hostctl.maintenance.vacuum import Order, Vacuumed
from tests.unit.fakes import make_bot
from tests.unit.hostctl.maintenance.bloated import Bot

INCIDENT = "20260102T030405Z-vacuum-9f3c21"
WORDS = ["vacuum", "alpha,beta", f"--incident={INCIDENT}", "--actor=ann@desk"]


class Commanded:
    """A host with two bots, and what becomes of each."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.orders = root, list[Order]()
        for name in ("alpha", "beta"):
            make_bot(root, name)
        self.outcomes: dict[str, Any] = {}
        monkeypatch.setattr(vacuum, "vacuumed", self.vacuumed)
        monkeypatch.setattr(own_session, "run", lambda work: work())

    def vacuumed(self, bot: Any, order: Order, _clock: object, _engine: object, said: Any) -> Vacuumed:
        self.orders.append(order)
        said("vacuum it")
        found = self.outcomes.get(bot.name)
        if isinstance(found, Exception):
            raise found
        return Vacuumed(bot.name, "vacuumed", changed=not order.look, proven=found is None)

    def run(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
        status = cli.main([*WORDS, "--json", *words], self.root)
        return status, json.loads(capsys.readouterr().out)

    @property
    def evidence(self) -> list[str]:
        place = self.root / "incidents" / INCIDENT
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


@pytest.fixture
def commanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commanded:
    return Commanded(tmp_path, monkeypatch)


def test_every_bot_has_its_row_and_its_evidence(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    status, answer = commanded.run(capsys)
    assert (status, answer["proven"], answer["full"]) == (0, True, False)
    assert [row["bot"] for row in answer["bots"]] == ["alpha", "beta"]
    assert [order.mandate.reason for order in commanded.orders] == ["database maintenance"] * 2
    assert len([name for name in commanded.evidence if name.endswith(".jsonl")]) == 2


@pytest.mark.parametrize(
    ("outcome", "status", "text"),
    [
        (Refused("it is not held"), 1, "refused"),
        (NotProven("it went away"), 2, "not proven"),
        (OSError("the disk is full"), 2, "not proven"),
        (False, 2, "vacuumed"),
    ],
)
def test_one_that_fails_leaves_the_others_done(
    commanded: Commanded, capsys: pytest.CaptureFixture[str], outcome: Any, status: int, text: str
) -> None:
    commanded.outcomes["alpha"] = outcome
    found, answer = commanded.run(capsys)
    assert (found, answer["proven"]) == (status, False)
    assert [row["outcome"] for row in answer["bots"]] == [text, "vacuumed"]
    assert answer["bots"][1]["proven"]


def test_a_look_writes_no_evidence(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    assert commanded.run(capsys, "--look")[0] == 0
    assert (commanded.evidence, {order.look for order in commanded.orders}) == ([], {True})


def test_words_of_a_full_vacuum_reach_it(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    assert commanded.run(capsys, "--full", "--open-trades-ok", "--above-mb=0", "--longest=30")[0] == 0
    order = commanded.orders[0]
    assert (order.full, order.open_trades_ok, order.above_mb, order.longest_s) == (True, True, 0, 30)
    commanded.run(capsys, "--full")
    assert (commanded.orders[-1].above_mb, commanded.orders[-1].longest_s) == (1024, 120)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--open-trades-ok"], "--open-trades-ok needs --full"),
        (["--above-mb=0"], "--above-mb needs --full"),
        (["--longest=30"], "--longest needs --full"),
        (["--full", "--longest=9"], "--longest is 9; allowed are 10 to 3600 seconds"),
        (["--full", "--longest=3601"], "--longest is 3601"),
        (["--full", "--above-mb=-1"], "--above-mb is -1; allowed are 0 to"),
        (["--full", "--above-mb=many"], "invalid int value"),
    ],
)
def test_words_that_mean_nothing_are_refused_before_anything_runs(
    commanded: Commanded, capsys: pytest.CaptureFixture[str], words: list[str], text: str
) -> None:
    status, answer = commanded.run(capsys, *words)
    assert (status, text in answer["refused"], commanded.orders) == (1, True, []), answer


def test_an_unknown_bot_is_refused(commanded: Commanded, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["vacuum", "alpha,nobody"], commanded.root) == 1
    assert "unknown bot nobody" in capsys.readouterr().out
    assert commanded.orders == []


def test_a_person_reads_tables(bot: Bot, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "Engine", lambda: bot.engine)
    monkeypatch.setattr(own_session, "run", lambda work: work())
    assert cli.main(["vacuum"], bot.root) == 0
    said = capsys.readouterr().out
    assert "trades.paper.sqlite" in said
    assert "statistics: nothing was due" in said
