"""`make demo`: a lab from nothing, one real bot, and the kill switch on it; every step proven, with its time.

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
from lab.control import control

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
INVENTORY = ROOT / "inventories" / "lab"
BOT, HOST = "alpha", "paper-1"
RISE_PERCENT_PER_MINUTE = 0.3
RISE_MINUTES = 120
ENTER_SECONDS = 180


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


def status() -> dict[str, Any]:
    """Return the bot's row of status.yml, read anew."""
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
        answer = json.loads(output.read_text())[HOST]
    for row in answer.get("bots", []):
        if row["bot"] == BOT:
            return dict(row)
    raise NotShown(f"{BOT} is not on {HOST}: {answer}")


def expect(what: str, *, found: object, wanted: object) -> str:
    """Return what was found, if it is what it should be."""
    if found != wanted:
        raise NotShown(f"{what} is {found!r}, not {wanted!r}")
    return f"{what} {found}"


def lab() -> None:
    """Bring the lab up, the host bare, prices rising and the plays pointed at it."""
    run(sys.executable, "-m", "lab", "up")
    run(sys.executable, "-m", "lab", "reset", HOST)
    current = ROOT / "inventories" / "current"
    if not current.exists():
        current.symlink_to("lab")
    for symbol, price in control("GET", "/status")["prices"].items():
        end = float(price) * (1 + RISE_PERCENT_PER_MINUTE / 100 * RISE_MINUTES)
        points = [[0, float(price)], [RISE_MINUTES * 60, round(end, 8)]]
        control("PUT", f"/scripts/{symbol}", {"points": points, "mode": "linear"})


def lab_proof() -> str:
    """Return that the exchange answers and the host is bare."""
    prices = control("GET", "/status")["prices"]
    return f"exchange quotes {len(prices)} pairs, {HOST} is bare"


def trades_proof() -> str:
    """Wait until the bot has opened trades by itself, and return how many."""
    give_up = time.monotonic() + ENTER_SECONDS
    while time.monotonic() < give_up:
        row = status()
        if row.get("trader") == "running" and row.get("open_trades"):
            return f"trader running, {row['open_trades']} open trades, heartbeat {row['heartbeat_s']} s ago"
        time.sleep(2)
    raise NotShown(f"{BOT} opened no trade within {ENTER_SECONDS} s")


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


def incident() -> str:
    """Return the incident that holds the bot now."""
    return str(status()["holds"][0]["incident"])


def release() -> None:
    """Take the hold one step down, by its incident."""
    play("release", "-e", f"bots={BOT}", "-e", f"incident={incident()}", "-e", "reason=shown")


def released_proof() -> str:
    """Return that nothing holds the bot and that it trades again."""
    row = status()
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
    """Return what Ansible counted on the host."""
    recap = [line for line in (ROOT / ".lab/second-deploy.log").read_text().splitlines() if line.startswith(HOST)]
    counted = dict(word.split("=") for word in recap[-1].split() if "=" in word)
    return "second deploy: " + expect("changed", found=counted["changed"], wanted="0")


STEPS = [
    Step("A lab: engine, registry, exchange, one bare host", lab, lab_proof),
    Step("deploy.yml: Docker, Postgres and a bot that trades", lambda: play("deploy"), trades_proof),
    Step("deploy.yml again", unchanged, unchanged_proof),
    Step(
        "Kill switch, level 1: no more entries",
        lambda: play("killswitch", "-e", "level=1", "-e", "reason=demo"),
        level_1_proof,
    ),
    Step(
        "Kill switch, level 3: no Freqtrade",
        lambda: play("killswitch", "-e", "level=3", "-e", "reason=demo"),
        level_3_proof,
    ),
    Step("Release, first step: process up, paused", release, level_1_proof),
    Step("Release, second step: it may enter again", release, released_proof),
]


if __name__ == "__main__":
    sys.exit(main())
