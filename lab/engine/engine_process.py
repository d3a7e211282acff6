"""A Docker Engine of our own, where the machine has no service manager that runs one.

Its record lies in /run, so that it is forgotten with the processes it speaks of, and so that the last lab of a machine
stops the engine, whichever checkout started it.
"""

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.base import processes
from lab.base.failure import LabError
from lab.base.lock import alone_in
from lab.base.paths import ENGINE_LOG
from lab.base.wait import until

RECORD = Path("/run/freqops-lab/dockerd.pid")
# Where dockerd keeps its own containerd. It believes the pid file there, whatever process has that id now.
MANAGED = Path("/run/docker/containerd")
SYSTEM_SOCKET = Path("/run/containerd/containerd.sock")
START_SECONDS = 60
STOP_SECONDS = 120
LOG_TAIL = 2000


def was_ours() -> bool:
    """Whether a lab started the engine of this machine since it booted, even if it was killed."""
    return RECORD.exists()


@contextmanager
def alone() -> Iterator[None]:
    """Keep the labs of other checkouts from starting or stopping the engine at the same time."""
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    with alone_in(RECORD.parent, "waiting for the lab of another checkout to start or stop the engine"):
        yield


def start() -> None:
    """Start dockerd detached and wait until its socket answers.

    Raises:
        LabError: it ended, or it did not answer; with the end of its log.
    """
    _clear_stale()
    ENGINE_LOG.parent.mkdir(parents=True, exist_ok=True)
    with ENGINE_LOG.open("ab") as log:
        daemon = subprocess.Popen(
            ["dockerd", "--pidfile", str(RECORD)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until(lambda: daemon.poll() is not None or _answers(), START_SECONDS, f"dockerd answers (log: {ENGINE_LOG})")
    if daemon.poll() is not None:
        tail = ENGINE_LOG.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:]
        raise LabError(f"dockerd ended at once; the end of {ENGINE_LOG}:\n{tail}")


def stop() -> None:
    """Stop the engine a lab started, and what a killed one left running below it."""
    pid = _read_pid(RECORD)
    if pid is not None and processes.runs(pid, "dockerd"):
        processes.end(pid, STOP_SECONDS)
    for orphan in processes.with_argument(f"{MANAGED}/containerd"):
        processes.kill(orphan)
    RECORD.unlink(missing_ok=True)


def _answers() -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.settimeout(2)
            probe.connect("/run/docker.sock")
            probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in probe.recv(64)
        except OSError:
            return False


def _clear_stale() -> None:
    """Remove what a killed engine left and a new one would believe."""
    for pid_file in (RECORD, MANAGED / "containerd.pid"):
        pid = _read_pid(pid_file)
        program = "dockerd" if pid_file == RECORD else "containerd"
        if pid is not None and not processes.runs(pid, program):
            pid_file.unlink(missing_ok=True)
    if SYSTEM_SOCKET.exists() and not _listens(SYSTEM_SOCKET):
        SYSTEM_SOCKET.unlink()


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(os.fspath(path)) == 0


def _read_pid(path: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int(path.read_text(encoding="ascii"))
    return None
