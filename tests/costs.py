"""What a part of `make test` costs: processor time of its processes, and of its lab's containers."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError

from lab.base.names import label_filter
from lab.engine import engine

LOOK_EVERY = 5.0
NANO = 1e-9
SPEAKING = threading.Lock()


def ran(command: Sequence[str], environment: Mapping[str, str], log: Path, prefix: str, cwd: Path) -> tuple[int, float]:
    """Run a command, its output in a file and, each line with a prefix, on the terminal.

    Returns:
        Its exit status, and the processor time of all its processes that have ended with it, in seconds.
    """
    with log.open("a", encoding="utf-8") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace",
        )  # fmt: skip
        # A thread of its own: what a command leaves behind, like a connection that SSH keeps, may hold its output open.
        reader = threading.Thread(target=_passed_on, args=(process.stdout, file.write, prefix), daemon=True)
        reader.start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        reader.join(LOOK_EVERY)
    return process.returncode, usage.ru_utime + usage.ru_stime


def _passed_on(lines: Iterator[str], write: Callable[[str], object], prefix: str) -> None:
    for line in lines:
        write(line)
        say(f"[{prefix}] {line.rstrip()}")


def say(text: str) -> None:
    """Print whole lines, whoever else is speaking."""
    with SPEAKING:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


class Containers:
    """Processor time of a lab's containers, those included that are gone again.

    The engine counts by container, from its start: one that was removed took what was last seen, one that was started
    again counts from nothing again.
    """

    def __init__(self, usage: Callable[[], Mapping[str, float]]) -> None:
        self._usage = usage
        self._before = dict(usage())
        self.seconds = 0.0

    def look(self) -> None:
        """Add what has been used since the last look."""
        for identity, now in self._usage().items():
            before = self._before.get(identity, 0.0)
            self.seconds += now - before if now >= before else now
            self._before[identity] = now


@contextmanager
def counted(lab: str | None) -> Iterator[list[float]]:
    """Count the processor time of a lab's containers during the block.

    Yields:
        A list that has the seconds in it when the block has ended; nothing where there is no lab.
    """
    found: list[float] = []
    if lab is None:
        yield found
        return
    client = engine.connected()
    containers, ended = Containers(lambda: usage(client, lab)), threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_EVERY):
            containers.look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()
        containers.look()
        found.append(containers.seconds)
        client.close()


def usage(client: DockerClient, lab: str) -> dict[str, float]:
    """Return the seconds of processor that each container of a lab has used since its start, by its id."""
    present = client.containers.list(filters=label_filter(lab=lab), ignore_removed=True)
    with ThreadPoolExecutor(max_workers=max(1, len(present))) as pool:  # the engine looks once a second
        found = pool.map(lambda container: (str(container.id), used(client, str(container.id))), present)
        return {identity: seconds for identity, seconds in found if seconds is not None}


def used(client: DockerClient, identity: str) -> float | None:
    """Return the seconds of processor that a container has used since its start, None while it is being removed.

    The engine then answers with an error or with nothing at all.
    """
    try:
        said = client.api.stats(identity, stream=False, one_shot=True)
        return float(said["cpu_stats"]["cpu_usage"]["total_usage"] * NANO)
    except (APIError, ValueError):
        return None
