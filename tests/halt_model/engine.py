"""An engine whose containers are models; every order to it is a point where others may go first."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from freqops.core.deploy.container import Container as Seen
from freqops.hostctl.bot.engine_command import EngineError
from freqops.hostctl.bot.siblings import Sibling
from tests.halt_model.container import Container
from tests.unit.fakes import FakeEngine

ANSWERS_WITHIN = 0.05
POLL = 0.1


class Asked:
    """A `docker stop` that goes on while its command looks at the processes."""

    def __init__(self, container: Container, sleep: Callable[[float], None]) -> None:
        self._container, self._sleep = container, sleep
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit status once it is over."""
        if self.returncode is None and self._container.faults.engine and not self._container.bot.up:
            self.returncode = 0
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, None]:
        """Wait for its end."""
        if self.poll() is None:
            self._sleep(timeout)
        if self.poll() is None:
            self.returncode = -9  # who waited in vain kills it
            raise subprocess.TimeoutExpired("docker stop", timeout)
        return "", None


class ModelEngine(FakeEngine):
    """The engine of a host of models."""

    def __init__(
        self, find: Callable[[str], Container], sleep: Callable[[float], None], asked: Callable[[Container, str], None]
    ) -> None:
        super().__init__()
        self._find, self._sleep, self._asked = find, sleep, asked

    def _answering(self, name: str, seconds: float) -> Container:
        container = self._find(name)
        self._sleep(ANSWERS_WITHIN if container.faults.engine else seconds)
        if not container.faults.engine:
            raise EngineError(f"'docker {name}' gave no answer within {seconds:.0f} s")
        return container

    def container(self, name: str) -> Seen | None:
        found = self._answering(name, 10)
        if found.number == 0:
            return None
        number, started = f"{name}-{found.number}", str(found.started)
        return Seen(number, found.status, found.image, started, found.restarts, project=name, service="bot")

    def siblings(self, name: str, conf: Path) -> list[Sibling]:
        self._answering(name, 10)
        return super().siblings(name, conf)

    def compose_up(self, compose: Path, *, recreate: bool = False) -> None:
        name = f"freqops-{compose.parent.name}"
        self._asked(self._find(name), "compose up")
        container = self._answering(name, 120)
        wanted = compose.read_text()
        if container.number and not recreate and container.compose == wanted:
            container.start()
            return
        if container.phase not in ("none", "exited"):
            self.stop(name, 90)
        declared: Any = json.loads((compose.parent / "bot.json").read_text())
        container.create(wanted, declared["image"])

    def stop(self, name: str, grace: int) -> None:
        container = self._answering(name, grace + 30)
        container.terminate()
        waited = 0.0
        while container.phase not in ("none", "exited"):
            self._sleep(POLL)
            waited += POLL
            if waited >= grace:
                container.kill(container.pid)
                break

    def begin_stop(self, name: str, grace: int) -> subprocess.Popen[str]:  # noqa: ARG002  as the engine's
        container = self._find(name)
        if container.faults.engine:
            container.terminate()
        return cast("subprocess.Popen[str]", Asked(container, self._sleep))
