"""`make demo`: a lab from nothing, bots on paper and live, kill switch and breaker on them; each step proven.

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

from freqops.core.base.text_table import table
from lab.base.paths import INVENTORY, STATE_DIR
from lab.demo_screen import Screen
from lab.engine import engine
from lab.hosts import inventory
from lab.hosts.host import Host
from lab.images import images_wanted
from lab.services import accounts
from lab.services.control import control
from lab.services.prices import all_pairs

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
BOT, HOST = "alpha", "paper-1"
LIVE_BOT, LIVE_HOST = "gamma", "prod-1"
RISE_PERCENT_PER_MINUTE = 0.3
DIP = 0.99
ENTER_SECONDS = 180
DUST = 5
IMAGES_SECONDS = 130
TRADES = """
import json, sys
from pathlib import Path
from freqops.core.bot import layout
from freqops.core.bot.client import FreqtradeClient
bot = layout.load_bot(Path("/srv/freqops/bots") / sys.argv[1])
api = FreqtradeClient(bot.api_port, *bot.credentials(), timeout=10)
bought = lambda trade: any(o["ft_order_side"] == "buy" and o["filled"] for o in trade["orders"])
answer = {"held": {}, "waiting": {}, "closed": {}}
for trade in api.open_trades():
    answer["held" if bought(trade) else "waiting"][trade["trade_id"]] = trade["pair"]
for trade in api.call("GET", "/trades?limit=500")["trades"]:
    if not trade["is_open"]:
        answer["closed"][trade["trade_id"]] = f"{trade['pair']} closed by {trade['exit_reason']}"
print(json.dumps(answer))
"""


class NotShown(Exception):
    """A step did not do what the demo says it does."""


@dataclass
class Step:
    """One step of the demo: what it shows, how what it did is read back, and how many seconds it usually takes.

    The seconds were measured on two processors, with all images there; `IMAGES_SECONDS` is what making them adds.
    """

    title: str
    act: Callable[[], None]
    proof: Callable[[], str]
    usual: float


@dataclass(frozen=True)
class Trades:
    """A bot's trades, by their numbers.

    Attributes:
        held: The pairs of those with a position.
        waiting: The pairs of those whose first order rests.
        closed: Pair and reason of those that are over.
    """

    held: dict[str, str]
    waiting: dict[str, str]
    closed: dict[str, str]


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


def say(text: str) -> None:
    """Print at once: somebody is watching."""
    SCREEN.say(text)


def run(*command: str) -> None:
    """Run a command, its output shown as it comes.

    Raises:
        NotShown: It ended with an error.
    """
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
    if SCREEN.is_terminal:
        environment["ANSIBLE_FORCE_COLOR"] = "1"
    with subprocess.Popen(
        [*command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            say(line.rstrip("\n"))
    if process.returncode != 0:
        raise NotShown(f"'{' '.join(command[:3])}' ended with {process.returncode}")


def play(name: str, *words: str) -> None:
    """Run a playbook on the lab."""
    say(f"$ ansible-playbook playbooks/{name}.yml {' '.join(words)}")
    run(str(BIN / "ansible-playbook"), f"playbooks/{name}.yml", "-i", str(INVENTORY), *words)


def statuses() -> dict[str, dict[str, Any]]:
    """Return the row of each bot in status.yml, read anew."""
    with tempfile.TemporaryDirectory() as directory:
        output = Path(directory) / "status.json"
        words = ["playbooks/status.yml", "-i", str(INVENTORY), "-e", f"output={output}"]
        command = [str(BIN / "ansible-playbook"), *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if not output.exists():
            raise NotShown(f"status.yml gave no answer: {done.stdout[-500:]}")
        answers = json.loads(output.read_text())
    return {row["bot"]: dict(row) for answer in answers.values() for row in answer.get("bots", [])}


def status(bot: str = BOT) -> dict[str, Any]:
    """Return a bot's row of status.yml, read anew."""
    rows = statuses()
    if bot not in rows:
        raise NotShown(f"{bot} is on no host: {rows}")
    return rows[bot]


def trades(host: str, bot: str) -> Trades:
    """Return a bot's trades, as it says itself."""
    tool = "sudo env PYTHONPATH=/usr/local/bin/freqops-host python3 -"
    done = Host(host).run(f"{tool} {bot}", stdin=TRADES)
    if done.rc != 0:
        raise NotShown(f"{bot} does not tell its trades: {done.err[-500:]}")
    return Trades(**json.loads(done.out))


def expect(what: str, *, found: object, wanted: object) -> str:
    """Return what was found, if it is what it should be."""
    if found != wanted:
        raise NotShown(f"{what} is {found!r}, not {wanted!r}")
    return f"{what} {found}"


def lab() -> None:
    """Bring the lab up, the hosts bare, accounts as they were opened, prices rising and the plays pointed at it."""
    run(sys.executable, "-m", "lab", "up", "--fresh")
    accounts.reset(LIVE_HOST, inventory.read_fleet())
    current = ROOT / "inventories" / "current"
    if not current.exists():
        current.symlink_to("lab")
    all_pairs(RISE_PERCENT_PER_MINUTE)


def lab_proof() -> str:
    """Return that the exchange answers and the hosts are bare."""
    prices = control("GET", "/status")["prices"]
    for host in (HOST, LIVE_HOST):
        expect(f"{host}: programs found", found=Host(host).run("command -v docker freqops-host").out, wanted="")
    return f"exchange quotes {len(prices)} pairs, {HOST} and {LIVE_HOST} are bare"


def deployed_proof() -> str:
    """Return that all bots run."""
    rows = statuses()
    for bot in (BOT, LIVE_BOT):
        expect(f"trader of {bot}", found=rows.get(bot, {}).get("trader"), wanted="running")
    return ", ".join(f"{row['bot']} ({row['mode']}) {row['trader']}" for row in rows.values())


def positions() -> None:
    """Wait until both bots have bought by themselves.

    A bid rests below a market that rises, so prices dip once where a bot has nothing but bids.
    """
    give_up, dipped = time.monotonic() + ENTER_SECONDS, False
    while time.monotonic() < give_up:
        now = {bot: trades(host, bot) for host, bot in ((HOST, BOT), (LIVE_HOST, LIVE_BOT))}
        if all(each.held for each in now.values()):
            found.update({bot: each.held for bot, each in now.items()})
            return
        if not dipped and all(each.held or each.waiting for each in now.values()):
            say("prices dip by 1 %, so that bids are filled")
            all_pairs(RISE_PERCENT_PER_MINUTE, jump=DIP)
            dipped = True
        time.sleep(1)
    raise NotShown(f"{BOT} and {LIVE_BOT} bought nothing within {ENTER_SECONDS} s")


def positions_proof() -> str:
    """Return which positions both bots have."""
    return "; ".join(f"{bot} holds {', '.join(sorted(held.values()))}" for bot, held in found.items())


def flat_proof() -> str:
    """Return that the live bot has no trade, and that its account at the exchange has no order and no position."""
    expect("open trades", found=status(LIVE_BOT)["open_trades"], wanted=0)
    account = accounts.account_of(LIVE_HOST, LIVE_BOT)
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
    """Return that the bot is paused and held, and that it still looks after each position that it had before.

    Raises:
        NotShown: It is not, or a position is gone by no exit that has a name.
    """
    row = status()
    expect("trader", found=row["trader"], wanted="paused")
    expect("level", found=row["level"], wanted=1)
    before, now = found[BOT], trades(HOST, BOT)
    ended = [number for number in before if number not in now.held]
    lost = [before[number] for number in ended if number not in now.closed]
    if lost or not before:
        raise NotShown(f"of {len(before)} positions before the halt, gone without an exit: {', '.join(lost) or 'all'}")
    named = "".join(f", {now.closed[number]}" for number in ended)
    return f"trader paused, level 1, {len(now.held)} of {len(before)} positions still managed{named}"


def breaker(action: str) -> None:
    """Switch the breaker of one host."""
    play("circuit_breaker", "--limit", HOST, "-e", f"action={action}", "-e", "reason=demo")


def breaker_proof() -> str:
    """Return that the breaker holds the bot."""
    row = status()
    expect("trader", found=row["trader"], wanted="paused")
    return "trader paused, " + expect("held by", found=[hold["holder"] for hold in row["holds"]], wanted=["breaker"])


def level_3_proof() -> str:
    """Return that no Freqtrade process is left."""
    row = status()
    expect("level", found=row["level"], wanted=3)
    return expect("trader", found=row["trader"], wanted="no process")


def backup() -> None:
    """Back the host up, and have every byte of its repository read."""
    play("backup", "--limit", HOST)
    play("backup", "--limit", HOST, "-e", "action=check", "-e", "read_data=true")


def backup_proof() -> str:
    """Return that the newest snapshot counts, and has the bot."""
    answer = json.loads(Host(HOST).run("sudo freqops-host backup list --json").out)
    newest = answer["repositories"][0]["snapshots"][-1]
    if newest["counts"] != "yes" or BOT not in newest["bots"].split(","):
        raise NotShown(f"the newest snapshot is {newest}")
    return f"snapshot {newest['id'][:8]} has {newest['files']} files of {newest['bots']}, every byte read"


def counted(question: str) -> int:
    """Return a number that the bot's database tells when nothing of freqops is asked."""
    psql = f"sudo docker exec freqops-postgres psql --username postgres --dbname {BOT}_paper --tuples-only --command"
    done = Host(HOST).run(f'{psql} "{question}"')
    if done.rc != 0:
        raise NotShown(f"the database does not answer: {done.err[-500:]}")
    return int(done.out.split()[-1])


def lose_and_restore() -> None:
    """Delete all trades and orders behind the bot's back, and bring them back from the repository."""
    known["trades"] = counted("select count(*) from trades")
    left = counted("delete from orders; delete from trades; select count(*) from trades")
    say(f"of {known['trades']} trades in the database of {BOT}, {left} are left")
    incident = status()["holds"][0]["incident"]
    words = (f"bots={BOT}", "repository=local", "snapshot=latest", "overwrite=true", f"incident={incident}")
    play("restore", *[word for each in words for word in ("-e", each)], "-e", "reason=demo")


def restored_proof() -> str:
    """Return that all trades are there again, and that the bot is held."""
    expect("level", found=status()["level"], wanted=3)
    return expect("trades in its database", found=counted("select count(*) from trades"), wanted=known["trades"])


def halt(level: int, bot: str) -> None:
    """Halt one bot."""
    play("killswitch", "-e", f"level={level}", "-e", f"bots={bot}", "-e", "reason=demo")


def resume(bot: str = BOT) -> None:
    """Take the hold one step down, by its incident."""
    incident = status(bot)["holds"][0]["incident"]
    play("resume", "-e", f"bots={bot}", "-e", f"incident={incident}", "-e", "reason=shown")


def resume_all() -> None:
    """Take every hold of the bot down, one step at a time: that of the halt, and that of the restore."""
    while status()["holds"]:
        resume()


def resume_both() -> None:
    """Take both holds down, each by its incident."""
    for bot in (LIVE_BOT, BOT):
        resume(bot)


def resumed_proof(bot: str = BOT) -> str:
    """Return that nothing holds a bot and that it trades again."""
    row = status(bot)
    expect("level", found=row["level"], wanted=0)
    return expect("trader", found=row["trader"], wanted="running") + f", {row['open_trades']} open trades"


def unchanged() -> None:
    """Deploy again; the play must change nothing."""
    log = STATE_DIR / "second-deploy.log"
    with log.open("w") as stream:
        command = [str(BIN / "ansible-playbook"), "playbooks/deploy.yml", "-i", str(INVENTORY)]
        say(f"$ ansible-playbook playbooks/deploy.yml   (again; output in {log.relative_to(ROOT)})")
        done = subprocess.run(command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise NotShown(f"the second deploy ended with {done.returncode}; see {log.relative_to(ROOT)}")


def unchanged_proof() -> str:
    """Return what Ansible counted on the hosts."""
    lines = (STATE_DIR / "second-deploy.log").read_text().splitlines()
    for host in (HOST, LIVE_HOST):
        recap = [line for line in lines if line.startswith(f"{host} ")][-1]
        counted = dict(word.split("=") for word in recap.split() if "=" in word)
        proof = expect(f"{host}: changed", found=counted["changed"], wanted="0")
    return f"second deploy: {proof}, the other host likewise"


STEPS = [
    Step("A lab: engine, registry, exchange, two bare hosts", lab, lab_proof, 30),
    Step("deploy.yml: Docker, Postgres, bots on paper and live", lambda: play("deploy"), deployed_proof, 110),
    Step("deploy.yml again", unchanged, unchanged_proof, 5),
    Step("Both bots buy by themselves", positions, positions_proof, 15),
    Step("Kill switch, level 1: no more entries", lambda: halt(1, BOT), level_1_proof, 10),
    Step("Kill switch, level 2: sold, and the exchange says so", lambda: halt(2, LIVE_BOT), flat_proof, 10),
    Step("Resume of both bots", resume_both, lambda: resumed_proof(LIVE_BOT), 25),
    Step("Circuit breaker: a file keeps a host's bots from entering", lambda: breaker("enable"), breaker_proof, 10),
    Step("Circuit breaker ended: they may enter again", lambda: breaker("disable"), resumed_proof, 10),
    Step("Kill switch, level 3: no Freqtrade", lambda: halt(3, BOT), level_3_proof, 8),
    Step("Backup, and every byte of it read back", backup, backup_proof, 25),
    Step("All trades deleted behind its back, and restored", lose_and_restore, restored_proof, 20),
    Step("Resume, first step: process up, paused", resume, level_1_proof, 15),
    Step("Resume, to the end: it may enter again", resume_all, resumed_proof, 20),
]


def usual() -> list[float]:
    """Return how many seconds each step usually takes here."""
    client = engine.connect()
    making = IMAGES_SECONDS if client is None or images_wanted.missing(client) else 0
    return [STEPS[0].usual + making, *(step.usual for step in STEPS[1:])]


SCREEN = Screen()
found: dict[str, dict[str, str]] = {}  # the positions that a bot had before it was halted
known: dict[str, int] = {}  # what was in the database before it was lost


if __name__ == "__main__":
    sys.exit(main())
