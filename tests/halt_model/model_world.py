"""The world of the halt machine in which the bot is a model and the commands are the real ones."""

from __future__ import annotations

import functools
import json
import random
from typing import Any

from freqops.core.bot import layout
from freqops.core.bot.client import ApiError
from freqops.core.halt import holds
from freqops.hostctl.bot import processes_and_api
from freqops.hostctl.deploy.switch_files import SwitchFiles
from tests.halt_model.host import IMAGE, OTHER_IMAGE, ModelHost
from tests.halt_model.protocol import EVERYTHING, PROVEN, Answer, Operation
from tests.halt_model.stage import Crew
from tests.unit.core.halt.model import Habits

BOT = "alpha"
FIRST, SICK = "0" * 16, "5" + "1c" * 7 + "0"
TIMER_SECONDS = 5.0
LONGEST_BOOT = 30.0
YEAR = 366 * 86400


class ModelWorld:
    """One model bot; what its habits are, a seed decides."""

    quiet_seconds = 20.0

    def __init__(self, seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311  a world must be repeatable
        self.host = ModelHost()
        self.host.sick.add(SICK)
        habits = Habits(
            boot=dice.choice([0.5, 2.0]), prepare=dice.choice([0.1, 0.7]), per_pair=0.1, pairs=2,
            ordering=dice.choice([0.0, 0.6]),
            throttle=dice.choice([1.0, 2.0]), increases=dice.random() < 0.5, replaces=dice.random() < 0.5, fills=True,
            slots=3, sells=dice.random() < 0.7, outlives_database=dice.random() < 0.5,
        )  # fmt: skip
        self.container = self.host.add(BOT, habits, release=FIRST)
        self._home = self.container.home
        self._incidents = self._releases = 0
        self._stage(FIRST, IMAGE)
        SwitchFiles(self._home).remember({"release": FIRST, "image": IMAGE, "at": "then"}, None)
        SwitchFiles(self._home).note_secrets(FIRST)
        self.boot()

    def offers(self) -> frozenset[str]:
        return EVERYTHING

    def close(self) -> None:
        self.host.close()

    # --- commands

    def _command(self, *words: str) -> Answer:
        """Run a command; one of several at once runs as what it is, and not as a child of it."""
        if self.host.stage.alone:
            crew = self.host.run(*words)
        else:
            crew = self.host.stage.crew
            self.host.main(crew, *words)
        return _answer(crew)

    def _incident(self, kind: str) -> str:
        self._incidents += 1
        return f"{kind}-{self._incidents}"

    def halt(self, level: int) -> Answer:
        incident = self._incident("halt")
        return self._command("halt", f"--level={level}", "--reason=why", f"--incident={incident}", "--json")

    def release(self, incident: str) -> Answer:
        return self._command("resume", BOT, f"--incident={incident}", "--reason=done")

    def start(self) -> Answer:
        return self._command("start", BOT)

    def deploy(self, *, sick: bool, image: bool) -> Answer:
        self._releases += 1
        fingerprint = SICK if sick else f"{self._releases:016x}"
        present = json.loads((self._home / "bot.json").read_text())["image"]
        others = {IMAGE: OTHER_IMAGE, OTHER_IMAGE: IMAGE}
        self._stage(fingerprint, others[present] if image else present)
        return self._command("switch", f"{BOT}={fingerprint}", f"--incident={self._incident('deploy')}")

    def timer(self) -> Answer:
        if SwitchFiles(self._home).unfinished:
            self._command("resume-switch")
        return self._command("reassert")

    def _stage(self, fingerprint: str, image: str) -> None:
        place = self._home / "release" / fingerprint
        place.mkdir(parents=True, exist_ok=True)
        declared = json.loads((self._home / "bot.json").read_text())
        (place / "bot.json").write_text(json.dumps({**declared, "release": fingerprint, "image": image}))
        (place / "compose.yml").write_text(fingerprint)
        (place / "validated").write_text("")

    # --- what others do

    def _ask(self, method: str, path: str) -> Answer:
        bot = layout.load_bot(self._home)
        try:
            answer = processes_and_api.client(bot).call(method, path)
        except ApiError:
            return Answer()
        return Answer(PROVEN, answer if isinstance(answer, dict) else {})

    def api_start(self) -> Answer:
        return self._ask("POST", "/start")

    def api_stop(self) -> Answer:
        return self._ask("POST", "/stop")

    def reload(self) -> Answer:
        return self._ask("POST", "/reload_config")

    def unlock(self) -> Answer:
        for lock in self._ask("GET", "/locks").said.get("locks", []):
            self._ask("DELETE", f"/locks/{lock['id']}")
        return Answer()

    def crash(self) -> Answer:
        self.container.kill(self.container.pid)  # for the engine, no difference: its process is gone
        return Answer()

    def kill(self) -> Answer:
        self.container.kill(self.container.pid)
        return Answer()

    def restart(self) -> Answer:
        if self.container.phase not in ("none", "exited"):
            self.host.engine.stop(f"freqops-{BOT}", 10)
        self.container.start()
        return Answer()

    def reboot(self) -> Answer:
        self.host.stage.kill_others()
        self.container.lose_power()
        return Answer()

    def database_lost(self) -> Answer:
        self.container.bot.database = False
        return Answer()

    def database_back(self) -> Answer:
        self.container.bot.database = True
        return Answer()

    def holds_lost(self, *, torn: bool) -> Answer:
        path = self._home / "conf" / "holds.json"
        content = path.read_bytes() if torn and path.exists() else b""
        path.unlink(missing_ok=True)
        if torn:
            path.write_bytes(content[: len(content) // 2])
        return Answer()

    def clock_jump(self, seconds: float) -> Answer:
        clock = self.host.clock
        clock.ahead = min(max(clock.ahead + seconds, -YEAR), YEAR)
        return Answer()

    # --- several at once, and half of one

    def together(self, first: Operation, second: Operation, seed: int) -> tuple[Answer, Answer]:
        answers: list[Answer] = [Answer(None), Answer(None)]
        stage = self.host.stage

        def work(number: int, operation: Operation) -> None:
            stage.sleep(delays[number])
            answers[number] = operation(self)

        dice = random.Random(seed)  # noqa: S311  a race must be repeatable
        delays = [0.0, dice.choice([0.0, 0.0, dice.uniform(0, 3)])]
        dice.shuffle(delays)
        with self.host.racing(seed):
            mains = [
                stage.begin(Crew("an operator"), functools.partial(work, number, each))
                for number, each in enumerate((first, second))
            ]
            stage.finish(*mains)
        return answers[0], answers[1]

    def cut_short(self, operation: Operation, at: int) -> Answer:
        crew = Crew("cut short", at)
        answers: list[Answer] = []
        self.host.stage.finish(self.host.stage.begin(crew, lambda: answers.append(operation(self))))
        return answers[0] if answers else Answer(None)

    # --- time

    def wait(self, seconds: float) -> None:
        self.host.sleep(seconds)

    def boot(self) -> None:
        give_up = self.host.clock.now + LONGEST_BOOT
        while not self.container.booted and self.host.clock.now < give_up:
            self.host.sleep(0.5)

    def settle(self) -> None:
        give_up = self.host.clock.now + LONGEST_BOOT
        while not self.container.booted and self.host.clock.now < give_up:
            self.timer()
            self.host.sleep(TIMER_SECONDS)
        self.timer()
        self.host.sleep(TIMER_SECONDS)
        self.timer()

    # --- readers

    def trading(self) -> bool:
        return self.container.trading

    def state(self) -> str:
        if self.container.phase in ("none", "exited", "waits"):
            return "no process"
        return self.container.bot.state if self.container.booted else "booting"

    def level(self) -> int:
        return holds.effective_level(self._home / "conf" / "holds.json")

    def incident(self) -> str | None:
        try:
            hold = holds.load(self._home / "conf" / "holds.json").of("halt")
        except holds.HoldsUnreadable:
            return None
        return hold.incident if hold is not None else None

    def locked(self) -> bool | None:
        return bool(self.container.bot.locks) if self.container.bot.database else None

    def entries(self) -> int:
        return len(self.container.bot.entered)

    def wrong(self) -> list[str]:
        return [*self.host.wrong, *self.host.broken()]


def _answer(crew: Crew) -> Answer:
    said: list[dict[str, Any]] = [answer for answer in crew.answers if isinstance(answer, dict)]
    return Answer(crew.status, said[-1] if said else {})
