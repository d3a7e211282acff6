"""A function that runs in a process of its own, because it executes what nobody has looked at.

Its answer comes back through a pipe of its own, behind a word that is made for it alone: what is printed, whatever it
says, is counted and dropped. Time, memory, answer and output are bounded, and what it started ends with it.

As the first process of a container, which is the only way in which `freqops.research.strategies` is run on a host, the
caller cannot be ended from inside: the kernel delivers it no signal of its own container that it does not handle.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import secrets
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIRST = 1  # the first process of a container
MORE_MEMORY = 768 * 1024 * 1024  # than the one that starts it has; not every kernel bounds that of a container
MOST_SAID, MOST_PRINTED, MOST_WRITTEN = 256 * 1024, 1024 * 1024, 16 * 1024 * 1024
CHUNK, LOOK = 65536, 0.02
DUMPABLE = 4  # prctl: whether others of the same user may look into a process, or write to what it has open
KILLED_FIRST = "1000"
OPEN, SCORE, SIZES = (Path("/proc/self") / name for name in ("fd", "oom_score_adj", "statm"))
LONGEST = 300


@dataclass
class Said:
    """What came of a function.

    Attributes:
        answer: What it returned, None where it returned nothing that could be taken.
        why: Why there is no answer.
    """

    answer: Any = None
    why: str = ""


def keep_to_itself() -> None:
    """Have no other process of this user look into this one, or write to what it has open."""
    ctypes.CDLL(None).prctl(DUMPABLE, 0, 0, 0, 0)


def is_first() -> bool:
    """Return whether this is the first process of its container, so that everything else there is its own."""
    return os.getpid() == FIRST


def run(function: Callable[[], Any], seconds: float) -> Said:
    """Run a function in a process of its own, and return what came of it.

    Args:
        function: The function; what it returns must be what JSON can say.
        seconds: The most time that it gets.
    """
    answers, answer = os.pipe()
    outputs, output = os.pipe()
    word = secrets.token_hex(16).encode()
    child = os.fork()
    if child == 0:
        try:
            _begin(answer, output, seconds)
            _tell(answer, word, _answer_of(function))
        finally:
            os._exit(0)
    os.close(answer)
    os.close(output)
    try:
        said, why, status = _heard(child, answers, outputs, seconds)
    finally:
        _end(child)
        os.close(answers)
        os.close(outputs)
    return _understood(said, word, why, status)


# --- in the process


def _begin(answer: int, output: int, seconds: float) -> None:
    """Take away from this process what it has of the one that started it, and bound it."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(number, target)
    for number in {int(each.name) for each in OPEN.iterdir()} - {0, 1, 2, answer}:
        with suppress(OSError):
            os.close(number)
    os.set_inheritable(answer, False)
    ctypes.CDLL(None).prctl(DUMPABLE, 1, 0, 0, 0)
    with suppress(OSError):
        SCORE.write_text(KILLED_FIRST)
    used = int(SIZES.read_text().split()[5]) * resource.getpagesize()
    for what, most in (
        (resource.RLIMIT_DATA, used + MORE_MEMORY),
        (resource.RLIMIT_CPU, int(seconds) + 1), (resource.RLIMIT_FSIZE, MOST_WRITTEN), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))


def _answer_of(function: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"answer": function()}
    except MemoryError:
        return {"why": "it needs more memory than there is"}
    except BaseException as error:  # noqa: BLE001  SystemExit, too: whatever it raises, it is an answer
        return {"why": described(error)}


def described(error: BaseException) -> str:
    """Return what an error is, as text; its own words may raise in their turn."""
    try:
        return f"{type(error).__name__}: {str(error)[:LONGEST]}"
    except BaseException:  # noqa: BLE001  as above
        return f"{type(error).__name__}, which cannot be told"


def _tell(answer: int, word: bytes, found: dict[str, Any]) -> None:
    data = memoryview(word + json.dumps(found).encode())
    while data:
        data = data[os.write(answer, data) :]


# --- beside the process


def _heard(child: int, answers: int, outputs: int, seconds: float) -> tuple[bytes, str, int | None]:
    """Return what a process said through its pipe, why it had to end, and its status where it ended by itself."""
    give_up = time.monotonic() + seconds
    waiting, said, printed = {answers, outputs}, bytearray(), 0
    status: int | None = None
    while True:
        if time.monotonic() >= give_up:
            return bytes(said), f"it did not end within {seconds:g} s", status
        ready, _, _ = select.select([*waiting], [], [], LOOK)
        for pipe in ready:
            data = os.read(pipe, CHUNK)
            if not data:
                waiting.discard(pipe)
            elif pipe == answers:
                said += data
            else:
                printed += len(data)
        if len(said) > MOST_SAID:
            return b"", f"its answer is longer than {MOST_SAID // 1024} KiB", status
        if printed > MOST_PRINTED:
            return b"", f"it printed more than {MOST_PRINTED // 1024} KiB", status
        if status is not None and not ready:
            return bytes(said), "", status
        if status is None:
            gone, ended = os.waitpid(child, os.WNOHANG)
            status = os.waitstatus_to_exitcode(ended) if gone else None


def _end(child: int) -> None:
    """End a process with all that it started: in a container everything else, whatever it made of itself."""
    if is_first():
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)
        while is_first():
            os.waitpid(-1, 0)


def _understood(said: bytes, word: bytes, why: str, status: int | None) -> Said:
    """Return what the words of a process mean."""
    if why:
        return Said(why=why)
    if not said:
        return Said(why=f"its process {_ended(status)}, and gave no answer")
    try:
        found = json.loads(said[len(word) :]) if said.startswith(word) else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        return Said(why="something else was written where its answer is expected")
    return Said(found.get("answer"), str(found.get("why", "")))


def _ended(status: int | None) -> str:
    if status is None or status >= 0:
        return f"ended with {status}"
    killed = f"was killed by signal {-status}"
    return f"{killed}: it did that itself, or needs more memory than there is" if status == -signal.SIGKILL else killed
