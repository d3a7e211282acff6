"""Level 3 on a real bot: dead API, frozen process, and everything that must not bring Freqtrade back."""

from __future__ import annotations

import signal

from tests.support.field import until
from tests.support.holding import stays_dead
from tests.support.paper import PaperBot

ADDRESS = "docker inspect --format '{{{{range .NetworkSettings.Networks}}}}{{{{.IPAddress}}}}{{{{end}}}}' freqops-{}"
DROP = "iptables --wait {0} DOCKER-USER --destination {1} --protocol tcp --dport 8080 --jump DROP && \
iptables --wait {0} INPUT --in-interface lo --protocol tcp --dport {2} --jump DROP"


def test_with_the_api_dead(bot: PaperBot) -> None:
    bot.enter("ETH/USDT")
    pid = bot.ask("answer = processes.trading(bot.name, processes.scan())[0].pid")
    address = bot.sh(ADDRESS.format(bot.name)).strip()
    bot.sh(DROP.format("-I", address, bot.port))
    rc, row = bot.halt(3)
    bot.sh(DROP.format("-D", address, bot.port))
    assert (rc, row["verdict"], row["positions"]) == (0, "HALTED, PROVEN", None), row
    assert any("open positions are unknown" in text for text in row["detail"]), row
    assert bot.sh(f"test -d /proc/{pid} && echo alive || echo gone").strip() == "gone"


def test_frozen_and_not_brought_back(bot: PaperBot) -> None:
    bot.signal(signal.SIGSTOP)
    rc, row = bot.halt(3)
    assert (rc, row["verdict"], row["state"]) == (0, "HALTED, PROVEN", "no process"), row
    bot.sh(f"docker start freqops-{bot.name}")
    until("the start gate says why", lambda: "held at level 3" in bot.logs())
    stays_dead(bot)
    bot.sh(f"docker compose --file {bot.home}/compose.yml up --detach --force-recreate 2>&1")
    stays_dead(bot)
    rc, answer = bot.tool(f"start {bot.name}")
    assert (rc, answer["outcome"]) == (1, "held")


def test_a_lower_level_changes_nothing(bot: PaperBot) -> None:
    _, first = bot.halt(3)
    rc, row = bot.halt(1)
    assert (rc, row["level"], row["incident"], row["raised"]) == (0, 3, first["incident"], False), row
