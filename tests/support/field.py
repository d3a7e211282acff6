"""The means of a test on the lab: plays as an operator runs them, the bot's own API, the host's disk."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.base.conversation import Conversation
from lab.base.failure import LabError
from lab.base.paths import INVENTORY
from lab.hosts.host import Host
from lab.services.control import control
from lab.services.prices import all_pairs

ROOT = Path(__file__).resolve().parents[2]
TEST_ACCOUNT = "test-"
GIVE_UP = 600  # seconds after which what is waited for never comes, also where many bots boot on a small machine
TOOL = "sudo /usr/local/bin/freqops-host"
BIN = Path(sys.executable).parent
EVALUATOR = Path(__file__).with_name("evaluator.py")
EVALUATE = f"sudo env PYTHONPATH={TOOL.removeprefix('sudo ')} python3 -c {shlex.quote(EVALUATOR.read_text())}"
EVALUATORS: dict[str, Conversation] = {}  # by host; nobody is asked, and nothing started, before the first question


@dataclass(frozen=True)
class Played:
    """How a playbook ended."""

    rc: int
    out: str


def command_of(name: str, *words: str, inventory: str | None = None) -> list[str]:
    """Return the command line of a playbook."""
    command = [str(BIN / "ansible-playbook"), name if name.endswith(".yml") else f"playbooks/{name}.yml", *words]
    return [*command, "-i", inventory or str(INVENTORY)]


def environment() -> dict[str, str]:
    """Return the environment of an operator's terminal: molecule's own variables are not in it."""
    found = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
    for wish in ("ANSIBLE_CONFIG", "ANSIBLE_FORCE_COLOR"):
        found.pop(wish, None)
    return found


def play(
    name: str,
    *words: str,
    inventory: str | None = None,
    cwd: Path = ROOT,
    settings: dict[str, str] | None = None,
) -> Played:
    """Run a playbook as an operator would, at the root unless told otherwise; ``settings`` go to its environment."""
    command = command_of(name, *words, inventory=inventory)
    settings = {**environment(), **(settings or {})}
    done = subprocess.run(command, cwd=cwd, env=settings, capture_output=True, text=True, timeout=600, check=False)
    return Played(done.returncode, done.stdout + done.stderr)


class Background:
    """A playbook that runs while a test does something else."""

    def __init__(self, log: Path, name: str, *words: str, inventory: str | None = None) -> None:
        self._log = log
        command = command_of(name, *words, inventory=inventory)
        with log.open("w") as stream:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment(), stdout=stream, stderr=subprocess.STDOUT, start_new_session=True
            )

    def ended(self, seconds: float = 300) -> Played:
        """Wait for its end and return how it ended."""
        rc = self.process.wait(seconds)
        return Played(rc, self._log.read_text())

    def kill(self) -> None:
        """End it at once, with everything that it has started here."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_in_task(self, number: int) -> None:
        """End it at once when so many of its tasks have begun, as far as a terminal shows that."""

        def begun() -> bool:
            assert self.process.poll() is None, f"it ended before task {number}:\n{self._log.read_text()}"
            return self._log.read_text().count("\nTASK [") >= number

        until(f"task {number} begins", begun, GIVE_UP)
        self.kill()


def until(what: str, condition: Callable[[], Any], seconds: float = 300) -> Any:
    """Wait for a condition and return what it returned; fail with its last value when it does not come in time."""
    give_up = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < give_up, f"not within {seconds} s: {what}; last seen: {value!r}"
        time.sleep(0.5)  # each look takes processor from what is waited for


class Field:
    """One bot on one lab host, and everything around it."""

    def __init__(self, host: str = "paper-1", bot: str = "alpha") -> None:
        self.host, self.bot = Host(host), bot

    def sh(self, command: str) -> str:
        """Run a command on the host as root and return what it printed; it must succeed."""
        done = self.host.run(f"sudo sh -c {shlex.quote(command)}")
        assert done.rc == 0, f"{command}: {done.rc}\n{done.out}\n{done.err}"
        return done.out

    def remove_tree(self, path: str) -> None:
        """Remove a directory of the host, again while a timer that saw it before still writes there."""
        until(f"{path} is gone", lambda: self.host.run(f"sudo rm -rf {path}").rc == 0, 15)

    def tool(self, words: str, seconds: float = 2 * GIVE_UP) -> tuple[int, dict[str, Any]]:
        """Run freqops-host and return its exit status and its JSON; it must end within ``seconds``."""
        done = self.host.run(f"{TOOL} {words}", seconds=seconds)
        lines = [line for line in done.out.splitlines() if line.startswith("{")]
        assert lines, f"freqops-host {words}: no answer: {done.out}{done.err}"
        return done.rc, json.loads(lines[-1])

    def ask(self, code: str) -> Any:
        """Run Python on the host with `api`, `bot` and the rules at hand and return its `answer`.

        Raises:
            AssertionError: It raised, or the host could not be asked.
        """
        evaluator = EVALUATORS.setdefault(self.host.name, self.host.talk(EVALUATE))
        try:
            said = evaluator.ask({"bot": self.bot, "code": code})
        except LabError as error:
            raise AssertionError(f"{code}: {error}") from error
        assert "error" not in said, f"{code}: {said['error']}"
        return said["answer"]

    def halt(self, level: int, *, reason: str = "test", more: str = "") -> tuple[int, dict[str, Any]]:
        """Halt this bot on its host and return the exit status and its row."""
        rc, answer = self.tool(f"halt --level {level} --reason '{reason}' --bots {self.bot} --json {more}")
        return rc, answer["bots"][0]

    def resume(self) -> None:
        """Resume whatever holds the bot, step by step."""
        while self.holds()["holds"]:
            incident = self.holds()["holds"][0]["incident"]
            rc, answer = self.tool(f"resume {self.bot} --incident {incident} --reason 'next test' --anyway 'a test'")
            assert rc == 0, answer

    def holds(self) -> dict[str, Any]:
        """Return the bot's holds as they lie on the disk."""
        found: dict[str, Any] = json.loads(self.sh(f"cat /srv/freqops/bots/{self.bot}/conf/holds.json"))
        return found

    def level(self) -> int:
        """Return the effective level on the disk."""
        return max((hold["level"] for hold in self.holds()["holds"]), default=0)

    def state(self) -> str:
        """Return the trader state, or why it cannot be read."""
        return str(
            self.ask("try:\n    answer = api.read().state\nexcept Exception as e:\n    answer = type(e).__name__")
        )

    def booted(self) -> bool:
        """Return whether the bot has applied its initial state."""
        return bool(self.ask("try:\n    answer = api.past_boot()\nexcept Exception as e:\n    answer = False"))

    def processes(self) -> list[str]:
        """Return the processes of the bot that could trade."""
        code = "answer = [p.command for p in processes.trading(bot.name, processes.scan())]"
        return list(self.ask(code))

    def signal(self, number: int) -> None:
        """Send a signal to each of its processes that could trade: freeze it, say."""
        code = f"[os.kill(p.pid, {int(number)}) for p in processes.trading(bot.name, processes.scan())]"
        self.ask(f"import os\n{code}")

    def trades(self) -> list[dict[str, Any]]:
        """Return the open trades."""
        return list(self.ask("answer = api.open_trades()"))

    def resting_entries(self) -> list[dict[str, Any]]:
        """Return the open trades with an open entry order."""
        return [t for t in self.trades() if any(o["is_open"] and o["ft_order_side"] == "buy" for o in t["orders"])]

    def ready(self) -> Field:
        """Bring the bot to running without holds, whatever the last test left behind."""
        heal()
        self.resume()
        if self.state() in ("paused", "stopped"):
            self.ask("api.start()")
        rc, answer = self.tool(f"start {self.bot} --deadline {GIVE_UP}")
        assert rc == 0, answer
        until("the bot runs", lambda: self.state() == "running")
        return self

    def reload(self) -> None:
        """Let the bot forget the candles that it has seen, and wait until it is back."""
        self.ask("api.call('POST', '/reload_config')")
        until("it came back from the reload", lambda: self.booted() and self.state() in ("running", "paused"))

    def logs(self) -> str:
        """Return the last lines of the bot's container."""
        return self.sh(f"docker logs --tail 20 freqops-{self.bot} 2>&1")


def heal() -> None:
    """Heal the exchange, but for the faults that bots of tests have for their own accounts."""
    for fault in control("GET", "/faults"):
        if not (fault["account"] or "").startswith(TEST_ACCOUNT):
            control("DELETE", f"/faults?id={fault['id']}")


def uptrend(*bots: Field) -> None:
    """Let every price jump up from where it was before any test, and go on rising, before the eyes of ``bots``.

    What tests did to prices before would be a crash in their candles, and a trend-follower waits until it is over. They
    are sold out and held meanwhile: what they entered by their old candles, they would leave by the new ones.
    """
    for bot in bots:
        rc, row = bot.halt(2)
        assert rc == 0, row
    control("DELETE", "/scripts")
    all_pairs(0.3, jump=1.2)
    for bot in bots:
        bot.reload()
        bot.ready()


def incident_of(text: str) -> str:
    """Return the incident that a play named."""
    found = re.search(r"\d{8}T\d{6}Z-halt\d-[0-9a-f]{6}", text)
    assert found, text
    return found.group()
