"""The world of the halt machine in which the bot is a real Freqtrade, on a real host, at the lab's exchange.

What an operation of the machine means here is what it means to an operator: commands of freqops-host, requests to the
bot's API, signals, the engine, the host. What is read is read from the bot, its host's processes, its disk and its
database.
"""

from __future__ import annotations

import json
import random
import secrets
import shlex
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lab.hosts.host import Host
from tests.halt_model.protocol import EVERYTHING, Answer, Operation
from tests.support.field import TOOL, until
from tests.support.holding import STAMP_FILE
from tests.support.rollout import PAIR, RAISES, Bot, under_way

OF_ITS_HOST = frozenset({"reboot"})  # not while other bots of the host are somewhere in a sequence of their own
OF_POSTGRES = frozenset({"database_lost", "database_back"})
NOT_HERE = frozenset(
    {"clock_jump", "holds_lost"}
)  # one kernel, one clock for everything here; and one bot for all tests
PAIRS = [PAIR, "ETH/USDT"]
LONGEST_BOOT, LONGEST_END, PAUSE = 90.0, 30.0, 0.5
CUT = 0.1  # seconds of a command's life for each place at which it may be killed
NO_CONNECTION = 255  # of ssh(1)
OTHER_IMAGE = "freqops-sequences:other"
SICK = "\n\n" + RAISES
LOOK = """
from freqops.core.bot.client import ApiError
from freqops.hostctl.bot import databases
from freqops.hostctl.bot.engine import Engine
path = bot.conf / "holds.json"
hold = holds.load(path).of("halt")
answer = {"level": holds.effective_level(path), "incident": hold.incident if hold else None, "locked": None}
answer["round"] = None
answer["pids"] = [p.pid for p in processes.trading(bot.name, processes.scan())]
try:
    reading = api.read()
    answer["state"] = reading.state if reading.state != "reload_config" and api.past_boot() else "booting"
    answer["round"] = str(reading.last_process)
except ApiError:
    answer["state"] = "booting"
try:
    answer["locked"] = bool(api.our_locks())
except ApiError:  # it has no API now, or no database
    pass
if not answer["pids"]:
    answer["state"] = "no process"
try:
    [[count]] = databases.of(bot, Engine()).rows("select count(*) from orders where ft_order_side = 'buy'")
    answer["entries"] = int(count)
except Exception as error:
    answer["entries"] = None
"""
STAGE = """
import json, shutil
from pathlib import Path
home, fingerprint, sick, image = Path({home!r}), {fingerprint!r}, {sick!r}, {image!r}
declared = json.loads((home / "bot.json").read_text())
place = home / "release" / fingerprint
shutil.copytree(home / "release" / declared["release"], place)
text = (home / "compose.yml").read_text().replace(declared["release"], fingerprint)
if image:
    text = text.replace(declared["image"], image)
    declared["image"] = image
(place / "compose.yml").write_text(text)
(place / "bot.json").write_text(json.dumps({{**declared, "release": fingerprint}}))
[strategy] = (place / "strategies").glob("ContractStrategy.py")
strategy.chmod(0o644)
strategy.write_text(strategy.read_text().removesuffix({raises!r}).rstrip("\\n") + (sick or "\\n"))
strategy.chmod(0o444)
"""


class LabWorld:
    """One bot of the lab, on paper, with nothing that holds it at the beginning.

    Attributes:
        quiet_seconds: How long a bot that is at rest is watched.
        story: The act to it, in words, with what came of it; shared by all worlds of a run.
    """

    quiet_seconds = 4.0

    def __init__(self, bot: Bot, host_alone: bool, story: list[str]) -> None:
        self._bot, self._host, self.story = bot, Host(bot.host.name), story
        self._missing = NOT_HERE | (frozenset() if host_alone else OF_ITS_HOST)
        self._database = str(bot.ask("answer = json.loads((bot.conf / 'secrets.json').read_text())['db_url']"))
        if not self._database.startswith("postgresql"):
            self._missing |= OF_POSTGRES
        self._seen: dict[str, Any] | None = None
        self._entered = 0
        self._promised: int | None = None
        self._cut = threading.local()
        story.clear()
        self.database_back()
        bot.ready()
        self._images = [self._base(), OTHER_IMAGE]
        bot.ask("api.call('POST', '/forceexit', {'tradeid': 'all'})")
        bot.wish(enter=PAIRS, add=PAIRS, stake=dict.fromkeys(PAIRS, 20.0))
        self.boot()

    def _base(self) -> str:
        """Give its image the second name, and return the first, which is the one by digest."""
        declared = json.loads(self._bot.sh(f"cat {self._bot.home}/bot.json"))["image"]
        first = self._bot.sh(f"docker image inspect --format '{{{{index .RepoDigests 0}}}}' {declared}").strip()
        self._bot.sh(f"docker tag {declared} {OTHER_IMAGE}")
        return first

    def offers(self) -> frozenset[str]:
        return EVERYTHING - self._missing

    def close(self) -> None:
        """Bring it to running without holds and with a strategy that works, as the next sequence, or test, wants it.

        A bot whose database was gone may end of that with its next round, also while it is being released. An
        interrupted switch whose way back is not proven is tried again by a timer, until that halts the bot.
        """
        self.database_back()
        self._command("resume-switch")
        until("no switch is under way", lambda: not self._switching(), 2 * LONGEST_BOOT)
        until("nothing holds it", self._released, LONGEST_BOOT)
        self._round()
        self.boot()
        if self._is_sick():
            assert self.deploy(sick=False, image=False).proven, self.story[-1]
        self._bot.ready()

    def _switching(self) -> bool:
        """Whether a switch has been begun and not ended."""
        return self._bot.sh(under_way(self._bot)).strip() == "yes"

    def _is_sick(self) -> bool:
        """Whether its present release is one that was deployed sick: under a hold of level 3 it is not tried."""
        code = "answer = any(RAISES in p.read_text() for p in (bot.home / 'release' / bot.release).rglob('*.py'))"
        return bool(self._bot.ask(f"RAISES = {RAISES!r}\n{code}"))

    def _released(self) -> bool:
        """Release it one step, and return whether there was nothing to release."""
        incident = self.incident()
        if incident is not None:
            self.release(incident)
        return incident is None

    # --- commands of freqops-host

    def _command(self, words: str) -> Answer:
        cut = getattr(self._cut, "seconds", None)
        line = f"{TOOL} {words}"
        if cut is not None:
            unit = f"freqops-cut-{secrets.token_hex(4)}.scope"
            kill = f"(sleep {cut:.1f}; systemctl kill --signal=KILL {unit}) >/dev/null 2>&1 &"
            scope = f"exec systemd-run --quiet --scope --unit={unit} {TOOL.removeprefix('sudo ')} {words}"
            line = f"sudo sh -c {shlex.quote(f'{kill} {scope}')}"
        done = self._host.run(line)
        lines = [text for text in done.out.splitlines() if text.startswith("{")]
        said = json.loads(lines[-1]) if lines else {}
        status = done.rc if done.rc in (0, 1, 2) and (said or not cut) else None
        return self._did(words, Answer(status, said))

    def _did(self, what: str, answer: Answer | None = None) -> Answer:
        """Note what was done; what was read before is no more."""
        self._seen = None
        answer = answer or Answer()
        self.story.append(f"{time.strftime('%H:%M:%S')} {self._bot.bot}: {what} -> {answer.status} {answer.said}")
        return answer

    def halt(self, level: int) -> Answer:
        words = f"halt --level {level} --bots {self._bot.bot} --reason sequence --deadline 60 --json"
        answer = self._command(words)
        rows = answer.said.get("bots", [])
        self._promised = self._look()["entries"] if rows and rows[0]["proven"] else None
        return answer

    def release(self, incident: str) -> Answer:
        self._promised = None
        return self._command(f"resume {self._bot.bot} --incident {incident} --reason sequence")

    def start(self) -> Answer:
        return self._command(f"start {self._bot.bot} --deadline 60")

    def deploy(self, *, sick: bool, image: bool) -> Answer:
        fingerprint = secrets.token_hex(8)
        present = str(json.loads(self._bot.sh(f"cat {self._bot.home}/bot.json"))["image"])
        other = next((each for each in self._images if each != present), present) if image else ""
        words = {"home": self._bot.home, "fingerprint": fingerprint, "image": other}
        stage = STAGE.format(**words, sick=SICK if sick else "", raises=SICK)
        done = self._host.run("sudo python3 -", stdin=stage)
        assert done.rc == 0, done.err
        return self._command(f"switch {self._bot.bot}={fingerprint} --reason sequence --deadline 60")

    def timer(self) -> Answer:
        """Have the timers do their work; without its stamp the guard counts as late, so that its backstop acts, too."""
        self._command("resume-switch")
        done = self._host.run(f"sudo rm -f {STAMP_FILE}")
        assert done.rc in (0, NO_CONNECTION), done.err  # a host that reboots meanwhile comes up without one
        return self._command("reassert")

    # --- what others do to the bot

    def _ask(self, what: str, code: str) -> Answer:
        ask = (
            "from freqops.core.bot.client import ApiError\n"
            "try:\n    {}\nexcept ApiError as error:\n    answer = str(error)"
        )
        said = self._bot.ask(ask.format(code))
        return self._did(f"{what} ({said})" if isinstance(said, str) else what)

    def api_start(self) -> Answer:
        self._promised = None
        return self._ask("/start", "api.call('POST', '/start')")

    def api_stop(self) -> Answer:
        return self._ask("/stop", "api.call('POST', '/stop')")

    def reload(self) -> Answer:
        return self._ask("/reload_config", "api.call('POST', '/reload_config')")

    def unlock(self) -> Answer:
        delete = "api.call('DELETE', f'/locks/{lock[\"id\"]}')"
        return self._ask("unlock", f"answer = [{delete} for lock in api.our_locks()]")

    def _signal(self, name: str) -> Answer:
        """Send its processes a signal that ends them, and wait until they are gone."""
        pids = self._look()["pids"]
        if pids:
            self._bot.sh(f"kill -{name} {' '.join(map(str, pids))} 2>/dev/null; true")
            until(f"{name} ends it", lambda: not set(pids) & set(self._look(fresh=True)["pids"]), LONGEST_END)
        return self._did(name)

    def crash(self) -> Answer:
        return self._signal("INT")

    def kill(self) -> Answer:
        return self._signal("KILL")

    def restart(self) -> Answer:
        self._bot.sh(f"docker restart --time 10 freqops-{self._bot.bot}")
        return self._did("docker restart")

    def reboot(self) -> Answer:
        self._host.reboot()
        return self._did("reboot")

    def database_lost(self) -> Answer:
        return self._connections(allowed=False)

    def database_back(self) -> Answer:
        return self._connections(allowed=True) if self._database.startswith("postgresql") else Answer()

    def _connections(self, *, allowed: bool) -> Answer:
        name = self._database.rpartition("/")[2]
        ended = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"  # noqa: S608  ours
        commands = [f"alter database {name} allow_connections {str(allowed).lower()}", *([] if allowed else [ended])]
        words = " ".join(f"--command {shlex.quote(command)}" for command in commands)
        done = self._host.run(f"sudo docker exec freqops-postgres psql --username postgres --quiet {words}")
        assert done.rc == 0, done.err
        return self._did("database back" if allowed else "database lost")

    def holds_lost(self, *, torn: bool) -> Answer:
        raise NotImplementedError(f"torn: {torn}: not offered")

    def clock_jump(self, seconds: float) -> Answer:
        raise NotImplementedError(f"by {seconds} s: not offered")

    # --- several at once, and half of one

    def together(self, first: Operation, second: Operation, seed: int) -> tuple[Answer, Answer]:
        dice = random.Random(seed)  # noqa: S311  a race must be repeatable
        delays = [0.0, dice.choice([0.0, 0.0, dice.uniform(0, 3)])]
        dice.shuffle(delays)

        def act(delay: float, operation: Operation) -> Answer:
            time.sleep(delay)
            return operation(self)

        with ThreadPoolExecutor(max_workers=2) as pool:
            one, other = pool.map(act, delays, (first, second))
        self._promised = None
        return one, other

    def cut_short(self, operation: Operation, at: int) -> Answer:
        self._cut.seconds = CUT * at
        try:
            return operation(self)
        finally:
            self._cut.seconds = None
            self._promised = None

    # --- time

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)
        self._did(f"wait {seconds}")

    def boot(self) -> None:
        """Wait until it is at work, or has no process for so long that none will come."""
        give_up, without = time.monotonic() + LONGEST_BOOT, 0
        while time.monotonic() < give_up and without < 4:
            state = self._look(fresh=True)["state"]
            without = without + 1 if state == "no process" and not self._comes_back() else 0
            if state not in ("booting", "no process"):
                return
            time.sleep(PAUSE)

    def _comes_back(self) -> bool:
        """Whether the engine is about to start it: it runs, and its gate has not refused."""
        code = "answer = [p.waits for p in processes.scan() if p.bot == bot.name]"
        if any(self._bot.ask(code)):
            return False
        form = "{{.State.Status}}"
        done = self._host.run(f"sudo docker inspect --format '{form}' freqops-{self._bot.bot}")
        return done.out.strip() in ("running", "restarting")

    def settle(self) -> None:
        self.timer()
        self.boot()
        self.timer()
        self._round()
        self.timer()

    def _round(self) -> None:
        """Wait until the round of its loop that is under way is over, for so long as one may take at most.

        A bot that is stopped or has no process makes none; one that has lost its database may end of it instead.
        """
        first = self._look(fresh=True)
        give_up = time.monotonic() + LONGEST_END
        while first["state"] in ("running", "paused") and time.monotonic() < give_up:
            now = self._look(fresh=True)
            if (now["state"], now["round"]) != (first["state"], first["round"]):
                return
            time.sleep(PAUSE)

    # --- readers

    def _look(self, *, fresh: bool = False) -> dict[str, Any]:
        """Return what is so, as it was when this was first asked after the last thing that was done."""
        if fresh or self._seen is None:
            self._seen = dict(self._bot.ask(LOOK))
            if self._seen["entries"] is None:
                self._seen["entries"] = self._entered
            self._entered = self._seen["entries"]
        return self._seen

    def trading(self) -> bool:
        return self.state() == "running"

    def state(self) -> str:
        return str(self._look()["state"])

    def level(self) -> int:
        return int(self._look()["level"])

    def incident(self) -> str | None:
        found = self._look()["incident"]
        return None if found is None else str(found)

    def locked(self) -> bool | None:
        found = self._look()["locked"]
        return None if found is None else bool(found)

    def entries(self) -> int:
        return int(self._look()["entries"])

    def wrong(self) -> list[str]:
        if self._promised is not None and self.entries() > self._promised:
            return [f"it entered {self.entries() - self._promised} times after a halt had proven that it does not"]
        return []
