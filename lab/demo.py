"""`make demo`: a lab from nothing, bots on paper and live, and the kill switch on them; each step proven.

The table at the end is made from what was read back from the bot and its host, never from what was merely sent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.table import table
from lab.accounts import account_of
from lab.control import control
from lab.prices import all_pairs

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
INVENTORY = ROOT / "inventories" / "lab"
BOT, HOST = "alpha", "paper-1"
LIVE_BOT, LIVE_HOST = "gamma", "prod-1"
RISE_PERCENT_PER_MINUTE = 0.3
ENTER_SECONDS = 180
DUST = 5


class NotShown(Exception):
    """A step did not do what the demo says it does."""


@dataclass
class Step:
    """One step of the demo: what it shows, and how what it did is read back."""

    title: str
    act: Callable[[], None]
    proof: Callable[[], str]


def main() -> int:
    """Run every step until one cannot be shown, and print the table."""
    rows: list[list[Any]] = []
    shown = True
    for number, step in enumerate(STEPS, 1):
        say(f"\n=== {number}/{len(STEPS)} {step.title}")
        began = time.monotonic()
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


def say(text: str) -> None:
    """Print at once: somebody is watching."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(*command: str, may_fail: bool = False) -> int:
    """Run a command, its output shown as it comes.

    Raises:
        NotShown: It ended with an error.
    """
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run([*command], cwd=ROOT, env=environment, check=False)
    if done.returncode != 0 and not may_fail:
        raise NotShown(f"'{' '.join(command[:3])}' ended with {done.returncode}")
    return done.returncode


def play(name: str, *words: str) -> None:
    """Run a playbook on the lab."""
    say(f"$ ansible-playbook playbooks/{name}.yml {' '.join(words)}")
    run(str(BIN / "ansible-playbook"), f"playbooks/{name}.yml", "-i", str(INVENTORY), *words)


def status(bot: str = BOT) -> dict[str, Any]:
    """Return a bot's row of status.yml, read anew."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "status.json"
        command = [
            str(BIN / "ansible-playbook"),
            "playbooks/status.yml",
            "-i",
            str(INVENTORY),
            "-e",
            f"output={output}",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not output.exists():
            raise NotShown(f"status.yml gave no answer: {done.stdout[-500:]}")
        answers = json.loads(output.read_text())
    for row in [row for answer in answers.values() for row in answer.get("bots", [])]:
        if row["bot"] == bot:
            return dict(row)
    raise NotShown(f"{bot} is on no host: {answers}")


def expect(what: str, *, found: object, wanted: object) -> str:
    """Return what was found, if it is what it should be."""
    if found != wanted:
        raise NotShown(f"{what} is {found!r}, not {wanted!r}")
    return f"{what} {found}"


def lab() -> None:
    """Bring the lab up, the hosts bare, prices rising and the plays pointed at it."""
    run(sys.executable, "-m", "lab", "up")
    for host in (HOST, LIVE_HOST):
        run(sys.executable, "-m", "lab", "reset", host)
    current = ROOT / "inventories" / "current"
    if not current.exists():
        current.symlink_to("lab")
    all_pairs(RISE_PERCENT_PER_MINUTE)


def lab_proof() -> str:
    """Return that the exchange answers and the hosts are bare."""
    prices = control("GET", "/status")["prices"]
    return f"exchange quotes {len(prices)} pairs, {HOST} and {LIVE_HOST} are bare"


def trades_proof() -> str:
    """Wait until both bots have opened trades by themselves, and return how many."""
    give_up = time.monotonic() + ENTER_SECONDS
    while time.monotonic() < give_up:
        rows = [status(bot) for bot in (BOT, LIVE_BOT)]
        if all(row.get("trader") == "running" and row.get("open_trades") for row in rows):
            return ", ".join(f"{row['bot']} ({row['mode']}) running, {row['open_trades']} open trades" for row in rows)
        time.sleep(2)
    raise NotShown(f"{BOT} and {LIVE_BOT} opened no trades within {ENTER_SECONDS} s")


def flat_proof() -> str:
    """Return that the live bot has no trade, and that its account at the exchange has no order and no position."""
    expect("open trades", found=status(LIVE_BOT)["open_trades"], wanted=0)
    account = account_of(LIVE_HOST, LIVE_BOT)
    orders = control("GET", f"/accounts/{account}/orders")
    resting = [order for order in orders if order["status"] in ("NEW", "PARTIALLY_FILLED")]
    expect("orders on the exchange", found=len(resting), wanted=0)
    prices = control("GET", "/status")["prices"]
    worth = {
        coin: (float(part["free"]) + float(part["locked"])) * float(prices[f"{coin}USDT"])
        for coin, part in control("GET", f"/accounts/{account}")["balances"].items()
        if coin != "USDT"
    }
    if max(worth.values(), default=0) >= DUST:
        raise NotShown(f"the account still holds {worth}")
    return f"no trade, no order on the exchange, {len(worth)} coins below {DUST} USDT each"


def level_1_proof() -> str:
    """Return that the bot is paused and held, and its trades still looked after."""
    row = status()
    expect("trader", found=row["trader"], wanted="paused")
    expect("level", found=row["level"], wanted=1)
    return f"trader paused, level 1, {row['open_trades']} open trades still managed"


def level_3_proof() -> str:
    """Return that no Freqtrade process is left."""
    row = status()
    expect("level", found=row["level"], wanted=3)
    return expect("trader", found=row["trader"], wanted="no process")


def halt(level: int, bot: str) -> None:
    """Halt one bot."""
    play("killswitch", "-e", f"level={level}", "-e", f"bots={bot}", "-e", "reason=demo")


def release(bot: str = BOT) -> None:
    """Take the hold one step down, by its incident."""
    incident = status(bot)["holds"][0]["incident"]
    play("release", "-e", f"bots={bot}", "-e", f"incident={incident}", "-e", "reason=shown")


def released_proof(bot: str = BOT) -> str:
    """Return that nothing holds a bot and that it trades again."""
    row = status(bot)
    expect("level", found=row["level"], wanted=0)
    return expect("trader", found=row["trader"], wanted="running") + f", {row['open_trades']} open trades"


def unchanged() -> None:
    """Deploy again; the play must change nothing."""
    log = ROOT / ".lab" / "second-deploy.log"
    with log.open("w") as stream:
        command = [str(BIN / "ansible-playbook"), "playbooks/deploy.yml", "-i", str(INVENTORY)]
        say("$ ansible-playbook playbooks/deploy.yml   (again; output in .lab/second-deploy.log)")
        done = subprocess.run(command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise NotShown(f"the second deploy ended with {done.returncode}; see {log.relative_to(ROOT)}")


def unchanged_proof() -> str:
    """Return what Ansible counted on the hosts."""
    lines = (ROOT / ".lab/second-deploy.log").read_text().splitlines()
    for host in (HOST, LIVE_HOST):
        recap = [line for line in lines if line.startswith(f"{host} ")][-1]
        counted = dict(word.split("=") for word in recap.split() if "=" in word)
        proof = expect(f"{host}: changed", found=counted["changed"], wanted="0")
    return f"second deploy: {proof}, the other host likewise"


STEPS = [
    Step("A lab: engine, registry, exchange, two bare hosts", lab, lab_proof),
    Step("deploy.yml: Docker, Postgres, bots on paper and live", lambda: play("deploy"), trades_proof),
    Step("deploy.yml again", unchanged, unchanged_proof),
    Step("Kill switch, level 1: no more entries", lambda: halt(1, BOT), level_1_proof),
    Step("Kill switch, level 2: sold, and the exchange says so", lambda: halt(2, LIVE_BOT), flat_proof),
    Step("Release of the live bot", lambda: release(LIVE_BOT), lambda: released_proof(LIVE_BOT)),
    Step("Kill switch, level 3: no Freqtrade", lambda: halt(3, BOT), level_3_proof),
    Step("Release, first step: process up, paused", release, level_1_proof),
    Step("Release, second step: it may enter again", release, released_proof),
]


if __name__ == "__main__":
    sys.exit(main())
