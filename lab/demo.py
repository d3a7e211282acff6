"""`make demo`: a lab from nothing, bots on paper and live, kill switch and breaker on them; each step proven.

The table at the end is made from what was read back from the bot and its host, never from what was merely sent.
Each step is an act of `demo_acts` and a proof of `demo_proofs`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from freqops.core.base.text_table import table
from lab import demo_acts as acts
from lab import demo_proofs as proofs
from lab.demo_acts import SCREEN, play, say
from lab.demo_proofs import BOT, LIVE_BOT, NotShown
from lab.engine import engine
from lab.images import images_wanted

IMAGES_SECONDS = 130


@dataclass
class Step:
    """One step of the demo: what it shows, how what it did is read back, and how many seconds it usually takes.

    The seconds were measured on two processors, with all images there; `IMAGES_SECONDS` is what making them adds.
    """

    title: str
    act: Callable[[], None]
    proof: Callable[[], str]
    usual: float


STEPS = [
    Step("A lab: engine, registry, exchange, two bare hosts", acts.lab, proofs.lab, 30),
    Step("deploy.yml: Docker, Postgres, bots on paper and live", lambda: play("deploy"), proofs.deployed, 110),
    Step("deploy.yml again", acts.unchanged, proofs.unchanged, 5),
    Step("By what a bot runs, and who says so", acts.configuration, proofs.configured, 4),
    Step("A restart by plan", acts.restart, proofs.restarted, 15),
    Step("Both bots buy by themselves", acts.positions, proofs.positions, 15),
    Step("Kill switch, level 1: no more entries", lambda: acts.halt(1, BOT), proofs.level_1, 10),
    Step("Kill switch, level 2: sold, and the exchange says so", lambda: acts.halt(2, LIVE_BOT), proofs.flat, 10),
    Step("Resume of both bots", acts.resume_both, lambda: proofs.resumed(LIVE_BOT), 25),
    Step("Candles, and a backtest of what a bot runs", acts.backtest, proofs.backtested, 25),
    Step("The same again, from its row", acts.reproduce, proofs.reproduced, 15),
    Step(
        "Circuit breaker: a file keeps a host's bots from entering", lambda: acts.breaker("enable"), proofs.breaker, 10
    ),
    Step("Circuit breaker ended: they may enter again", lambda: acts.breaker("disable"), proofs.resumed, 10),
    Step("Kill switch, level 3: no Freqtrade", lambda: acts.halt(3, BOT), proofs.level_3, 8),
    Step("Backup, and every byte of it read back", acts.backup, proofs.backup, 25),
    Step("All trades deleted behind its back, and restored", acts.lose_and_restore, proofs.restored, 20),
    Step("Resume, first step: process up, paused", acts.resume, proofs.level_1, 15),
    Step("Resume, to the end: it may enter again", acts.resume_all, proofs.resumed, 20),
    Step("A bot moves to the other host, with all of its trades", acts.migrate, proofs.moved, 45),
    Step("And back: undone, and resumed where it was", acts.move_back, proofs.back, 30),
]


def main() -> int:
    """Run every step until one cannot be shown, and print the table."""
    rows: list[list[Any]] = []
    shown = True
    with SCREEN.running(usual()):
        for number, step in enumerate(STEPS, 1):
            began = time.monotonic()
            with SCREEN.step(number, step.title):
                try:
                    step.act()
                    proof = step.proof()
                except NotShown as error:
                    shown, proof = False, f"NOT SHOWN: {error}"
            rows.append([number, step.title, f"{time.monotonic() - began:.0f} s", proof])
            if not shown:
                break
    say("\n" + table(("", "step", "took", "read back"), rows))
    say(
        "\nEverything shown. The lab stays up: 'make lab-down' takes it away."
        if shown
        else "\nNOT EVERYTHING WAS SHOWN."
    )
    return 0 if shown else 1


def usual() -> list[float]:
    """Return how many seconds each step usually takes here."""
    client = engine.connect()
    making = IMAGES_SECONDS if client is None or images_wanted.missing(client) else 0
    return [STEPS[0].usual + making, *(step.usual for step in STEPS[1:])]


if __name__ == "__main__":
    sys.exit(main())
