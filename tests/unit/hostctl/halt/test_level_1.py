"""Level 1 of a live bot without a process: what it can no longer cancel rests on the exchange, and is asked there."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from freqops.core.bot.client import Unreachable
from freqops.hostctl.exchange.witness import Unanswered
from tests.unit.accounts import recorded, resting
from tests.unit.fakes import process
from tests.unit.hostctl.host import Host


@pytest.fixture
def dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A live bot whose process ended, and whose entry order rests."""
    host = Host(tmp_path, monkeypatch, mode="live")
    host.processes.clear()
    host.account.orders.append(recorded("5"))
    host.account.open_orders.append(resting("5", "buy"))
    return host


def test_its_entry_order_is_cancelled_and_read_back(dead: Host) -> None:
    row = dead.halt(1)
    assert (row.verdict, row.proven, row.state, row.acted) == ("HALTED, PROVEN", True, "no process", True)
    assert "entry order cancelled on the exchange: 5 buy 1 BTC/USDT at 100 (limit)" in row.detail
    assert dead.account.open_orders == []


def test_one_that_stays_is_named_and_not_proven(dead: Host) -> None:
    dead.account.faults["cancel"] = [Unanswered("cancel: timeout")]
    row = dead.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)
    assert any(text.startswith("an entry order rests on the exchange: 5 buy") for text in row.detail)


def test_an_exchange_that_does_not_answer_is_no_proof(dead: Host) -> None:
    dead.account.faults["open_orders"] = [Unanswered("open_orders: timeout")] * 9
    row = dead.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, EXCHANGE NOT PROVEN", False)


def test_a_clean_exchange_proves_nothing_of_the_next_start(dead: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "holds.json")

    monkeypatch.setattr("freqops.core.base.durable.beside", refuse)
    row = dead.halt(1)
    assert (row.verdict, row.proven) == ("HALTED, NOT SAVED", False)
    assert dead.account.open_orders == []  # that much could be done


def test_one_that_ends_while_it_is_being_halted_is_asked_about_too(dead: Host) -> None:
    dead.processes.append(process())
    dead.api.error = Unreachable("refused")
    dead.api.before_call = lambda _what: dead.processes.clear()
    row = dead.halt(1)
    assert "not running; was not started by the halt, and starts paused" in row.detail
    assert (row.verdict, dead.account.open_orders) == ("HALTED, PROVEN", [])


def test_one_that_the_engine_begins_again_and_again_is_asked_about_too(dead: Host) -> None:
    """There was no moment without a process, and none of them is the one that ran before the hold."""
    dead.processes.append(process(1))
    dead.api.error = Unreachable("refused")
    dead.api.before_call = lambda _what: dead.processes.__setitem__(0, process(dead.processes[0].pid + 1))
    row = dead.halt(1)
    said = "its process ended, and the engine began another; was not started by the halt, and starts paused"
    assert said in row.detail
    assert (row.verdict, row.state, dead.account.open_orders) == ("HALTED, PROVEN", "no answer", [])
