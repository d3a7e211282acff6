"""How Freqtrade says no: what `client._decode` and the container's health check make of it."""

from __future__ import annotations

import pytest

from freqops.core.client import Failed, Unauthorized
from tests.contract.bot import NAME, Bot


def test_a_wrong_password_is_told_from_every_other_failure(bot: Bot) -> None:
    with pytest.raises(Unauthorized):
        bot.client("wrong").read()


def test_an_unknown_path_is_a_failure_and_not_a_web_page(bot: Bot) -> None:
    with pytest.raises(Failed, match="status 404"):
        bot.api.call("GET", "/nonsense")


def test_a_body_that_freqtrade_does_not_understand_is_a_failure(bot: Bot) -> None:
    with pytest.raises(Failed, match="status 422"):
        bot.api.call("POST", "/locks", [{"pair": "*", "until": "2099-01-01T00:00:00", "reason": "no time zone"}])


def test_a_bot_tells_its_name_and_that_it_trades_on_paper(bot: Bot) -> None:
    reading = bot.api.read()
    assert (reading.bot_name, reading.dry_run) == (NAME, True)


def test_the_health_check_of_the_container_reads_the_bot(bot: Bot) -> None:
    kind, *command = bot.service["healthcheck"]["test"]
    assert kind == "CMD"
    assert bot.run(command) == (0, "running\n")


def test_the_confinement_of_the_template_holds(bot: Bot) -> None:
    assert bot.run(["id", "-u"]) == (0, "1000\n")
    assert bot.run(["touch", "/freqops/conf/x"])[0] != 0
    assert bot.run(["touch", "/freqtrade/x"])[0] != 0
    assert "CapEff:\t0000000000000000" in bot.run(["cat", "/proc/1/status"])[1]
