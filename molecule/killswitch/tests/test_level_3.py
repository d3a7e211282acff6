"""Level 3 on a real bot: dead API, frozen process, and everything that must not bring Freqtrade back."""

from __future__ import annotations

import signal

from freqops.core.bot.processes import TOOL_IN_CONTAINER
from tests.support.field import until
from tests.support.holding import stays_dead
from tests.support.paper import PaperBot

ADDRESS = "docker inspect --format '{{{{range .NetworkSettings.Networks}}}}{{{{.IPAddress}}}}{{{{end}}}}' freqops-{}"
DROP = "iptables --wait {0} DOCKER-USER --destination {1} --protocol tcp --dport 8080 --jump DROP && \
iptables --wait {0} INPUT --in-interface lo --protocol tcp --dport {2} --jump DROP"

FORGED = """
import time
open("/proc/self/comm", "w").write("freqops-waits")
time.sleep(3600)
"""


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


def begin_others(bot: PaperBot) -> tuple[str, str]:
    """Begin two more containers with the bot's conf: one crashes all the time, one calls itself a gate that waits."""
    crashing, forged = f"crashing-{bot.name}", f"forged-{bot.name}"
    bot.write({f"{bot.home}/var/forged/sitecustomize.py": (FORGED, 0o644, 1000)})
    begin = f"docker run --detach --volume {bot.home}/conf:/freqops/conf:ro --volume {bot.home}/var:/freqops/var"
    image = bot.ask("answer = bot.image")
    bot.sh(f"{begin} --name {crashing} --restart always --entrypoint sh {image} -c 'exit 1'")
    bot.sh(
        f"{begin} --name {forged} --env PYTHONPATH=/freqops/var/forged --entrypoint python3 {image} "
        f"{TOOL_IN_CONTAINER} gate -- freqtrade trade"
    )
    waits = "answer = [p.pid for p in processes.scan() if p.bot == bot.name and p.is_waiting_gate]"
    until("it calls itself a gate that waits", lambda: bot.ask(waits))
    until("it waits to be started again", lambda: states(bot, crashing) == ["restarting always"])
    return crashing, forged


def states(bot: PaperBot, *containers: str) -> list[str]:
    """Return what the engine says of containers: what they do, and when they are started again."""
    form = "{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}"
    return bot.sh(f"docker inspect --format '{form}' {' '.join(containers)}").splitlines()


def test_frozen_and_not_brought_back(bot: PaperBot) -> None:
    bot.signal(signal.SIGSTOP)
    others = begin_others(bot)
    try:
        rc, row = bot.halt(3)
        stopped = states(bot, *others)
        left = bot.ask("answer = [p.command for p in processes.scan() if p.bot == bot.name]")
    finally:
        bot.sh(f"docker rm --force {' '.join(others)}")
    assert (rc, row["verdict"], row["state"]) == (0, "HALTED, PROVEN", "no process"), row
    assert (stopped, left) == (["exited no", "exited no"], []), row
    assert "another container of it was stopped: crashing-" in "\n".join(row["detail"]), row
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
