"""The container of a run, watched from its start to its end: its log bounded, its memory looked at."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path
from typing import Any

from freqops.core.base.clock import Clock
from freqops.core.runs import run_container, run_id
from freqops.core.runs.progress_bars import ProgressBars
from freqops.core.runs.run_container import RunContainer

from ..bot.engine_command import EngineError
from . import peak_memory
from .bounded_log import BoundedLog
from .run_directory import CANCELLED, CONTAINED, RunDirectory
from .run_engine import RunEngine

LOOK_SECONDS, GRACE = 1.0, 8
CHUNK = 65536
NOT_STARTED = 125  # as the engine's command line has it where no process began


def contain(place: RunDirectory, engine: RunEngine, clock: Clock) -> int:
    """Run the commands of a run one after the other, and write down how its container ended.

    A signal that ends this process ends the container first.

    Returns:
        The exit status of the last command.

    Raises:
        FreqopsError: The container may not be like this, or the engine does not answer.
    """
    asked = place.asked()
    watched = _Watched(place, engine, clock)
    signal.signal(signal.SIGTERM, watched.must_end)
    engine.make_network(run_id.network(place.run), internal=False)
    status = NOT_STARTED
    for words in asked["commands"]:
        status = watched.run(of_run(place, asked, words))
        if status != 0 or watched.ends or (place.path / CANCELLED).exists():
            break
    return status


def of_run(place: RunDirectory, asked: dict[str, Any], words: list[str]) -> RunContainer:
    """Return the container of a run for one of its commands.

    Raises:
        Refused: The policy does not allow it.
    """
    packages = Path(asked["packages"]) if asked["packages"] else None
    return run_container.of_run(place.run, asked["image"], words, place.path, packages, asked["inputs"]["memory"])


class _Watched:
    """The watch over the containers of one run."""

    def __init__(self, place: RunDirectory, engine: RunEngine, clock: Clock) -> None:
        self._place, self._engine, self._clock = place, engine, clock
        self._log = BoundedLog(place.log)
        self._peak = 0
        self._lost = ""
        self._must_end = False
        self._began = clock.monotonic()

    @property
    def ends(self) -> bool:
        """Whether the container had to end."""
        return self._must_end

    def must_end(self, *_: object) -> None:
        """Take in that the container must end."""
        self._must_end = True

    def run(self, container: RunContainer) -> int:
        """Run a container to its end, write down how it ended, take it away, and return its exit status."""
        process = subprocess.Popen(
            container.command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._read(process)
        status = process.wait()
        state = self._engine.state(self._place.run)
        if state is None:
            status = NOT_STARTED
        elif state.runs:  # the command line of the engine was killed, and the container was not
            self._engine.ask_to_end(self._place.run)
            state = self._engine.state(self._place.run)
        document = {
            "version": 1,
            "exit_status": status if state is None else state.exit_status,
            "out_of_memory": bool(state and state.out_of_memory),
            "peak_memory_bytes": self._peak,
            "duration_s": round(self._clock.monotonic() - self._began, 3),
            "log_lost": self._lost,
        }
        self._place.write(CONTAINED, document)
        if state is not None:
            self._engine.remove(run_id.container(self._place.run))
        return int(str(document["exit_status"]))

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        """Take in all that the container says, and look at its memory meanwhile."""
        stream = process.stdout
        if stream is None:
            return
        pid, asked, bars = 0, None, ProgressBars()
        looked = self._clock.monotonic() - LOOK_SECONDS
        with stream:
            while True:
                if self._must_end and not asked:
                    asked = self._engine.begin_stop(run_id.container(self._place.run), GRACE)
                ready, _, _ = select.select([stream], [], [], LOOK_SECONDS)
                if ready:
                    data = os.read(stream.fileno(), CHUNK)
                    if not data:
                        self._keep(bars.last())
                        return
                    self._keep(bars.taken_out(data))
                if self._clock.monotonic() - looked >= LOOK_SECONDS:
                    looked = self._clock.monotonic()
                    pid = pid or self._pid()
                    self._peak = max(self._peak, peak_memory.look(pid) if pid else 0)

    def _keep(self, data: bytes) -> None:
        """Write what was said; a disk that takes no more ends nothing, and is said."""
        try:
            self._log.write(data)
        except OSError as error:
            self._lost = f"the log could not be written: {error.strerror}"

    def _pid(self) -> int:
        try:
            state = self._engine.state(self._place.run)
        except EngineError:
            return 0
        return state.pid if state is not None else 0
