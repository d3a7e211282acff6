"""An evening with three bots of docker compose, which come over: each command as the page has it, typed in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.services.control import control
from tests.support.composed import PASSWORD, TOKEN, Composed
from tests.support.field import Field, play
from tests.support.foreign import trades_of
from tests.support.reader import Reader, reader

HOST, SECOND = "paper-1", "prod-1"


class Evening:
    """Three bots of docker compose on two hosts, and somebody who brings them over."""

    def __init__(self, you: Reader, exchange: str) -> None:
        self.you = you
        self.sink = f"{exchange}/sink/evening"
        hook = {"enabled": True, "url": self.sink, "format": "json", "status": {"said": "{status}"}}
        telegram = {"enabled": True, "token": TOKEN, "chat_id": "4711"}
        self.alpha = Composed(HOST, "alpha", 8080, webhook=hook)
        self.beta = Composed(HOST, "beta", 8081, max_open_trades=2, telegram=telegram)
        self.gamma = Composed(SECOND, "gamma", 8080)
        self.bots = (self.alpha, self.beta, self.gamma)
        for bot in self.bots:
            bot.up()
        self.before = [bot.trades() for bot in self.bots]


@pytest.fixture(scope="module")
def evening(bare: None, lab: dict[str, Any]) -> Iterator[Evening]:
    """The evening: each test of it goes on where the one before has ended."""
    engines = play("molecule/pages/engines.yml")
    assert engines.rc == 0, engines.out
    with reader({"freqtradeorg/freqtrade@sha256:<digest>": lab["freqtrade_image"]}) as you:
        password = you.home / ".freqops-password"
        password.write_text("of nobody\n")
        yield Evening(you, lab["lab_exchange_url"])


def test_from_compose_with_one_that_is_left(evening: Evening) -> None:
    you = evening.you
    you.follow("from-compose.md", upto="## 5. The one that was left")
    shown = "".join(said for _, said in you.typed)
    assert PASSWORD not in shown
    assert TOKEN not in shown
    assert (you.clone / "inventories/mine/secrets.yml").read_text().startswith("$ANSIBLE_VAULT")
    after = [trades_of(Field(HOST, "alpha")), trades_of(Field(SECOND, "gamma"))]
    assert after == [evening.before[0], evening.before[2]]
    for of_sqlite in (HOST, SECOND):
        assert Field(of_sqlite, "").sh("docker ps --all --quiet --filter name=freqops-postgres") == ""
    halted = you.said("FREQOPS_REASON='first try'")
    assert "ALL PROVEN, but for 1 Freqtrade that is left alone" in halted
    assert "LEFT ALONE, NOT HALTED" in halted
    assert evening.beta.trades() == evening.before[1]
    told = [str(post["said"]).lower() for post in control("GET", "/sink") if post["to"] == "evening"]
    assert any("paused" in text for text in told), "the webhook of alpha came along: nobody paused the old one"


def test_the_one_that_was_left_comes_too(evening: Evening) -> None:
    """Telegram cannot be reached from a lab, and status says so; everything else is well."""
    unreached = "beta: Telegram could not be reached"
    ends = (
        "FREQOPS_REASON='it is well'",
        "ansible-playbook playbooks/deploy.yml",
        "ansible-playbook playbooks/status.yml",
    )
    red = dict.fromkeys(ends, unreached)
    evening.you.follow("from-compose.md", red=red, since="## 5. The one that was left")
    assert trades_of(Field(HOST, "beta"))[: len(evening.before[1])] == evening.before[1]
    secrets = Field(HOST, "beta").sh("cat /srv/freqops/bots/beta/conf/secrets.json")
    assert TOKEN in secrets
