"""The acts of the demo: playbooks, as an operator runs them, and events at the bots in between."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from lab.base.paths import BIN, INVENTORY, ROOT
from lab.demo_proofs import (
    BOT,
    CONFIGURATION,
    HOST,
    LIVE_BOT,
    LIVE_HOST,
    MOVED,
    SECOND_BOT,
    SECOND_DEPLOY,
    NotShown,
    backtests,
    counted,
    found,
    known,
    process,
    processes,
    status,
    trades,
)
from lab.demo_screen import Screen
from lab.hosts import inventory
from lab.services import accounts
from lab.services.prices import all_pairs

RISE_PERCENT_PER_MINUTE = 0.3
DIP = 0.99
ENTER_SECONDS = 180
CANDLES, WINDOW = ("-e", "pairs=BTC/USDT,ETH/USDT"), "timerange=20260103-20260110"

SCREEN = Screen()


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


def play(name: str, *words: str, inventory: Path = INVENTORY) -> None:
    """Run a playbook on the lab."""
    say(f"$ ansible-playbook playbooks/{name}.yml {' '.join(words)}")
    run(str(BIN / "ansible-playbook"), f"playbooks/{name}.yml", "-i", str(inventory), *words)


def lab() -> None:
    """Bring the lab up, the hosts bare, accounts as they were opened, prices rising and the plays pointed at it."""
    run(sys.executable, "-m", "lab", "up", "--fresh")
    accounts.reset(LIVE_HOST, inventory.read_fleet())
    current = ROOT / "inventories" / "current"
    if not current.exists():
        current.symlink_to("lab")
    all_pairs(RISE_PERCENT_PER_MINUTE)


def unchanged() -> None:
    """Deploy again; the play must change nothing."""
    with SECOND_DEPLOY.open("w") as stream:
        command = [str(BIN / "ansible-playbook"), "playbooks/deploy.yml", "-i", str(INVENTORY)]
        say(f"$ ansible-playbook playbooks/deploy.yml   (again; output in {SECOND_DEPLOY.relative_to(ROOT)})")
        done = subprocess.run(command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise NotShown(f"the second deploy ended with {done.returncode}; see {SECOND_DEPLOY.relative_to(ROOT)}")


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


def halt(level: int, bot: str) -> None:
    """Halt one bot."""
    play("killswitch", "-e", f"level={level}", "-e", f"bots={bot}", "-e", "reason=demo")


def resume(bot: str = BOT, host: str = "") -> None:
    """Take the hold one step down, by its incident; nobody closes the incidents of a demo."""
    incident = status(bot, host)["holds"][0]["incident"]
    play("resume", "-e", f"bots={bot}", "-e", f"incident={incident}", "-e", "reason=shown", "-e", "anyway=shown")


def resume_both() -> None:
    """Take both holds down, each by its incident."""
    for bot in (LIVE_BOT, BOT):
        resume(bot)


def resume_all() -> None:
    """Take every hold of the bot down, one step at a time: that of the halt, and that of the restore."""
    while status()["holds"]:
        resume()


def configuration() -> None:
    """Show by what a bot runs, value by value."""
    play("config", "-e", f"bots={BOT}", "-e", f"to={CONFIGURATION}")


def restart() -> None:
    """Restart a bot by plan."""
    processes[SECOND_BOT] = process(SECOND_BOT)
    play("bots", "-e", "action=restart", "-e", f"bots={SECOND_BOT}", "-e", "reason=demo")


def breaker(action: str) -> None:
    """Switch the breaker of one host."""
    play("circuit_breaker", "--limit", HOST, "-e", f"action={action}", "-e", "reason=demo")


def backup() -> None:
    """Back the host up, and have every byte of its repository read."""
    play("backup", "--limit", HOST)
    play("backup", "--limit", HOST, "-e", "action=check", "-e", "read_data=true")


def migrate(*words: str) -> None:
    """Move the second bot to the other host, whose inventory declares it now."""
    inventory.moved(SECOND_BOT, HOST, LIVE_HOST, MOVED)
    given = ("-e", f"bots={SECOND_BOT}", "-e", f"from_host={HOST}", "-e", "reason=demo", *words)
    play("migrate_host", *given, inventory=MOVED)


def move_back() -> None:
    """Undo that, and take the hold down where it was."""
    incident = status(SECOND_BOT, HOST)["holds"][0]["incident"]
    migrate("-e", "action=undo", "-e", f"incident={incident}")
    while status(SECOND_BOT, HOST)["holds"]:
        resume(SECOND_BOT, HOST)


def backtest() -> None:
    """Download candles to the host, and run what one of its bots runs over them."""
    play("download_data", "--limit", HOST, *CANDLES, "-e", "timeframes=5m", "-e", "timerange=20260101-20260111")
    play("backtest", "--limit", HOST, "-e", f"bot={BOT}", *CANDLES, "-e", "timeframe=5m", "-e", WINDOW)


def reproduce() -> None:
    """Run that backtest again from what its row and its directory say."""
    play("runs", "--limit", HOST, "-e", "action=reproduce", "-e", f"run={backtests()[0].run}")


def lose_and_restore() -> None:
    """Delete all trades and orders behind the bot's back, and bring them back from the repository."""
    known["trades"] = counted("select count(*) from trades")
    left = counted("delete from orders; delete from trades; select count(*) from trades")
    say(f"of {known['trades']} trades in the database of {BOT}, {left} are left")
    incident = status()["holds"][0]["incident"]
    words = (f"bots={BOT}", "repository=local", "snapshot=latest", "overwrite=true", f"incident={incident}")
    play("restore", *[word for each in words for word in ("-e", each)], "-e", "reason=demo")
