"""The messenger of a bot: its address comes from its secrets, and whoever listens there badly stops nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from freqops.core.bot import notify_secrets
from freqops.core.logs import redaction
from freqops.core.logs.redaction import Redactor
from tests.contract.bot import Bot
from tests.contract.polling import eventually

WEBHOOK = {
    "enabled": True,
    "format": "json",
    "timeout": 2,
    "retries": 0,
    "entry": {"kind": "entry", "pair": "{pair}"},
    "status": {"kind": "status", "said": "{status}"},
}
BAD = {"slow": {"latency_ms": 20_000}, "broken": {"status": 500}, "away": {"away": True}}


@pytest.fixture(scope="module")
def talking(deployed: Any) -> Iterator[Bot]:
    """The paper bot with a webhook; it is as it was afterwards."""
    bot: Bot = deployed.bot
    bot.reset()
    before = json.loads((bot.files.conf / "secrets.json").read_text())
    given = {"webhook": {"url": f"{bot.exchange.url}/sink/people-of-the-contract"}}
    bot.files.put_conf("secrets.json", notify_secrets.laid(before, given, {"webhook": WEBHOOK}))
    bot.configure(webhook=WEBHOOK)
    bot.reload("running")
    yield bot
    bot.exchange.ask("DELETE", "/sink")
    bot.files.put_conf("secrets.json", before)
    bot.configure()
    bot.reload("running")


@pytest.fixture
def told(talking: Bot) -> Bot:
    """The same, running and flat, and whoever listens to it answers at once."""
    talking.exchange.ask("DELETE", "/sink")
    talking.reset()
    return talking


def posts(bot: Bot, kind: str) -> list[dict[str, Any]]:
    said = [post["said"] for post in bot.exchange.ask("GET", "/sink")]
    return [each for each in said if isinstance(each, dict) and each.get("kind") == kind]


def test_an_entry_is_told_at_the_address_in_the_secrets(told: Bot) -> None:
    """The webhook of the configuration posts to the address that stands in the secrets alone.

    So freqops keeps the address out of the release.
    """
    told.enter("BTC/USDT")
    eventually(lambda: {"kind": "entry", "pair": "BTC/USDT"} in posts(told, "entry"), "the entry is told")
    assert "people-of-the-contract" not in (told.files.release / "config.json").read_text()


@pytest.mark.parametrize("how", BAD)
def test_whoever_listens_badly_stops_neither_trading_nor_a_halt(told: Bot, how: str) -> None:
    """A webhook that is slow, broken or away delays a round by its timeout, and nothing else.

    So a messenger is no part of a halt.
    """
    told.exchange.ask("PUT", "/sink", BAD[how])
    told.enter("ETH/USDT")
    eventually(lambda: posts(told, "entry"), "it was tried")
    told.rounds(2)
    assert told.stop_entries("freqops halt contract-messenger").proven is not None
    assert told.api.read().state == "paused"


def test_what_freqtrade_logs_of_a_failure_has_the_address_and_freqops_takes_it_out(told: Bot) -> None:
    """Freqtrade logs an address that does not answer.

    So freqops shows no log of a bot without taking its secrets out, with the host or without it.
    """
    told.exchange.ask("PUT", "/sink", {"status": 500})
    told.enter("SOL/USDT")

    def failures() -> list[str]:
        lines = told.api.call("GET", "/logs?limit=1000")["logs"]
        return [line[4] for line in lines if "Could not call webhook url" in line[4]]

    said = eventually(failures, "the failure is in the log")[-1]
    url = f"{told.exchange.url}/sink/people-of-the-contract"
    redactor = Redactor(redaction.secrets_of({"webhook": {"url": url}}))
    assert "people-of-the-contract" in said
    assert "people-of-the-contract" not in redactor.known(said)
