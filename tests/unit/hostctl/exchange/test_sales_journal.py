"""The orders of a sale: written before each is sent, read back after any crash, and nothing is ever taken out."""

from __future__ import annotations

import errno
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freqops.core.base import durable
from freqops.core.base.errors import NotProven
from freqops.core.bot import layout
from freqops.core.exchange.sales import Sale
from freqops.hostctl.exchange import sales_journal
from freqops.hostctl.exchange.sales_journal import SalesJournal
from tests.unit.fakes import FakeClock, make_bot

SALE = Sale("BTC/USDT", Decimal("0.50"))
ANSWER = {"id": "77", "status": "closed", "filled": "0.50", "cost": "50", "price": "100", "pair": "BTC/USDT"}


@pytest.fixture
def bot(tmp_path: Path) -> layout.Bot:
    return layout.load_bot(make_bot(tmp_path, mode="live"))


def journal(bot: layout.Bot) -> SalesJournal:
    return SalesJournal(bot, "one", FakeClock())


def on_disk(bot: layout.Bot) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = json.loads(bot.sales.read_text())["orders"]
    return orders


def test_an_intent_is_on_the_disk_before_its_order_is_sent(bot: layout.Bot) -> None:
    order = journal(bot).intend(SALE)
    assert on_disk(bot) == [order]
    assert (order["pair"], order["amount"], order["incident"], order["id"]) == ("BTC/USDT", "0.50", "one", None)
    assert order["at"] == "2026-01-02T03:04:05Z"
    assert bot.sales.stat().st_mode & 0o777 == 0o600


def test_no_two_orders_have_the_same_name_and_each_fits_an_exchange(bot: layout.Bot) -> None:
    present = journal(bot)
    names = {present.intend(SALE)["client_id"] for _ in range(50)}
    assert len(names) == 50
    assert all(name.startswith(sales_journal.PREFIX) and len(name) <= 36 for name in names)  # Binance takes 36 at most


def test_what_was_about_to_be_sent_is_unfinished_after_a_crash(bot: layout.Bot) -> None:
    first = journal(bot)
    placed, failed, lost = (first.intend(SALE) for _ in range(3))
    first.placed(placed, ANSWER)
    first.failed(failed, "never arrived")
    again = journal(bot)
    assert again.unfinished == [lost]
    assert again.orders == [placed, failed, lost]
    assert on_disk(bot)[0] == {**placed, "id": "77", "status": "closed", "filled": "0.50", "cost": "50"}
    assert sales_journal.numbers(bot) == frozenset({"77"})


def test_a_disk_that_does_not_take_it_is_said(bot: layout.Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    present = journal(bot)
    monkeypatch.setattr(durable, "write_json", refuse)
    with pytest.raises(OSError, match="No space"):
        present.intend(SALE)
    assert not bot.sales.exists()


def test_a_bot_that_never_sold_has_no_file_of_sales(bot: layout.Bot) -> None:
    assert (sales_journal.read(bot), sales_journal.numbers(bot), journal(bot).unfinished) == ([], frozenset(), [])


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"orders": {}}', '{"version": 1}'])
def test_sales_that_cannot_be_read_are_not_taken_for_none(bot: layout.Bot, content: str) -> None:
    """Nobody would know what was sold: it must not be sold again, and not be called unknown."""
    bot.sales.write_text(content)
    for reading in (sales_journal.read, sales_journal.numbers, journal):
        with pytest.raises(NotProven, match="it is not known what was sold before"):
            reading(bot)
    assert bot.sales.read_text() == content


@given(st.lists(st.sampled_from(["intend", "placed", "failed", "crash"]), max_size=12))
def test_nothing_is_ever_taken_out(tmp_path_factory: pytest.TempPathFactory, events: list[str]) -> None:
    bot = layout.load_bot(make_bot(tmp_path_factory.mktemp("sold")))
    present, names = journal(bot), []
    for event in events:
        if event == "intend":
            names.append(present.intend(SALE)["client_id"])
        elif event == "crash":
            present = journal(bot)
        elif present.unfinished:
            order = present.unfinished[0]
            present.placed(order, ANSWER) if event == "placed" else present.failed(order, "no")
        assert [order["client_id"] for order in sales_journal.read(bot)] == names
        assert present.orders == sales_journal.read(bot)
