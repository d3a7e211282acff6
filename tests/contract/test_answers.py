"""How Freqtrade answers, and how it says no."""

from __future__ import annotations

import urllib.request

import pytest

from freqops.core.bot.client import Failed, Unauthorized
from lab.engine.ports import LOOPBACK
from tests.contract.bot import PAPER, Bot


def test_a_wrong_password_is_told_from_every_other_failure(bot: Bot) -> None:
    """A wrong password is answered with 401.

    So freqops tells it apart from a bot that is ill.
    """
    with pytest.raises(Unauthorized):
        bot.client("wrong").read()


def test_an_unknown_path_is_a_failure_and_not_a_web_page(bot: Bot) -> None:
    """An unknown path below the API is answered with 404, not with the web page.

    So freqops takes nothing but a whole JSON answer for an answer.
    """
    with pytest.raises(Failed, match="status 404"):
        bot.api.call("GET", "/nonsense")


def test_a_body_that_freqtrade_does_not_understand_is_a_failure(bot: Bot) -> None:
    """A body that it does not understand is answered with 422.

    So freqops never takes a lock for set because it was sent.
    """
    with pytest.raises(Failed, match="status 422"):
        bot.api.call("POST", "/locks", [{"pair": "*", "until": "2099-01-01T00:00:00", "reason": "no time zone"}])


def test_a_bot_tells_its_name_and_that_it_trades_on_paper(bot: Bot) -> None:
    """A bot tells its name and whether its orders are simulated.

    So freqops refuses to act on another bot that answers on a port.
    """
    reading = bot.api.read()
    assert (reading.bot_name, reading.dry_run) == (PAPER, True)


def test_a_stopped_bot_answers_a_ping_and_shows_its_web_page(bot: Bot) -> None:
    """A bot whose trader is stopped answers a ping, and its web page is there at whatever path.

    So no health check of freqops asks for either.
    """
    bot.api.call("POST", "/stop")
    assert bot.api.call("GET", "/ping") == {"status": "pong"}
    for path in ("/", "/whatever"):
        with urllib.request.urlopen(f"http://{LOOPBACK}:{bot.port}{path}", timeout=5) as page:
            assert (page.status, page.headers.get_content_type()) == (200, "text/html")


def test_the_health_check_of_the_container_reads_the_bot(bot: Bot) -> None:
    """The health check of the container reads the trader, through the API."""
    kind, *command = bot.service["healthcheck"]["test"]
    assert kind == "CMD"
    assert bot.run(command) == (0, "running\n")


def test_the_confinement_of_the_template_holds(bot: Bot) -> None:
    """The image runs without root, capabilities and a writable file system.

    So the template takes all of them away.
    """
    assert bot.run(["id", "-u"]) == (0, "1000\n")
    assert bot.run(["touch", "/freqops/conf/x"])[0] != 0
    assert bot.run(["touch", "/freqtrade/x"])[0] != 0
    assert "CapEff:\t0000000000000000" in bot.run(["cat", "/proc/1/status"])[1]
