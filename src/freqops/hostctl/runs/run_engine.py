"""What a run asks of the container engine besides what others do."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass

from freqops.core.runs import run_id

from ..bot.engine import Engine
from ..bot.engine_command import EngineError, end, failed

STOP_SECONDS = 60
GONE = ("no such container", "no such object")


@dataclass(frozen=True)
class Stopped:
    """A container as it stands.

    Attributes:
        runs: Whether it has a process.
        exit_status: The exit status of its last process.
        out_of_memory: Whether the kernel killed it for memory.
        pid: Its first process, 0 where it has none.
    """

    runs: bool
    exit_status: int
    out_of_memory: bool
    pid: int


class RunEngine(Engine):
    """The container engine, asked about the container of a run."""

    def state(self, run: str) -> Stopped | None:
        """Return the state of the container of a run; None where there is none.

        Raises:
            EngineError: The engine does not answer.
        """
        name = run_id.container(run)
        try:
            said = self._run(["docker", "inspect", "--type=container", "--format={{json .State}}", name], 10)
        except EngineError as error:
            if any(word in str(error).lower() for word in GONE):
                return None
            raise
        found = json.loads(said)
        runs = found.get("Status") in ("running", "restarting", "paused")
        return Stopped(runs, int(found["ExitCode"]), bool(found.get("OOMKilled")), int(found.get("Pid") or 0))

    def ask_to_end(self, run: str) -> None:
        """Stop the container of a run, which then ends as after Ctrl-C; one that is not there has ended.

        Raises:
            EngineError: The engine does not do it.
        """
        try:
            self.stop(run_id.container(run), STOP_SECONDS)
        except EngineError as error:
            if not any(word in str(error).lower() for word in GONE):
                raise

    def clear(self, run: str) -> None:
        """Take away container and network of a run, where they are there.

        Raises:
            EngineError: The engine does not do it.
        """
        if self.state(run) is not None:
            self.remove(run_id.container(run))
        self.remove_network(run_id.network(run))

    def has_image(self, image: str) -> bool:
        """Return whether an image is on this host.

        Raises:
            EngineError: The engine does not answer.
        """
        try:
            self._run(["docker", "image", "inspect", "--format={{.Id}}", image], 10)
        except EngineError as error:
            if "no such image" not in str(error).lower():
                raise
            return False
        return True

    def said(self, argv: list[str], seconds: float, most: int) -> str:
        """Run a container to its end, and return what it said.

        Args:
            argv: Its command line.
            seconds: The most time that it gets.
            most: The most bytes that it may say.

        Raises:
            EngineError: It failed, did not end in time, or said more; the caller takes the container away.
        """
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        watch = threading.Timer(seconds, end, [process])
        watch.start()
        try:
            data = process.stdout.read(most + 1) if process.stdout else b""
            if len(data) > most:
                raise EngineError(f"it said more than {most} bytes")
            status = process.wait()
        finally:
            watch.cancel()
            end(process)
            if process.stdout:
                process.stdout.close()
        said = data.decode("utf-8", "replace")
        if status < 0:
            raise EngineError(f"it did not end within {seconds:.0f} s")
        if status != 0:
            raise failed(argv, said)
        return said
