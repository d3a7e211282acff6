"""A function in a process of its own: whatever it does to itself, its caller goes on and knows what came of it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from freqops.research import apart
from tests.support.patience import GIVE_UP

SHORT = 0.5


def loops() -> NoReturn:
    while True:
        pass


def ends() -> NoReturn:
    os._exit(0)


def exits() -> NoReturn:
    sys.exit(0)


def kills_itself() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    loops()


def prints_much() -> str:
    for _ in range(100):
        os.write(1, b"x" * 100_000)
    return "fine"


def answers_much() -> str:
    return "x" * (apart.MOST_SAID + 1)


def forges() -> str:
    os.write(1, b'{"answer": "forged"}\n')
    os.write(2, b'{"answer": "forged"}\n')
    return "true"


def forges_everywhere() -> str:
    for number in range(3, 256):
        try:
            os.write(number, b'{"answer": "forged"}')
        except OSError:
            continue
    return "true"


def eats() -> int:
    return len([b"x" * 10_000_000 for _ in range(1000)])


def cannot_be_told() -> NoReturn:
    class Odd(Exception):
        def __str__(self) -> str:
            raise ValueError

    raise Odd


FAILURES: list[tuple[Callable[[], Any], str]] = [
    (loops, "it did not end within 0.5 s"),
    (ends, "its process ended with 0, and gave no answer"),
    (exits, "SystemExit: 0"),
    (
        kills_itself,
        "its process was killed by signal 9: it did that itself, or needs more memory than there is, and gave",
    ),
    (prints_much, "it printed more than 1024 KiB"),
    (eats, "it needs more memory than there is"),
    (answers_much, "its answer is longer than 256 KiB"),
    (forges_everywhere, "something else was written where its answer is expected"),
    (cannot_be_told, "Odd, which cannot be told"),
    (object, "its process ended with 0, and gave no answer"),
]


def patience(function: Callable[[], Any]) -> float:
    return SHORT if function is loops else GIVE_UP


@pytest.mark.parametrize(("function", "why"), FAILURES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_does_not_answer_is_a_failure_with_its_reason(
    function: Callable[[], Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "MORE_MEMORY", 64 * 1024 * 1024)
    said = apart.run(function, patience(function))
    assert said.answer is None
    assert said.why.startswith(why), said.why


def test_what_is_printed_is_no_answer() -> None:
    assert apart.run(forges, GIVE_UP) == apart.Said("true")


def test_what_it_leaves_behind_is_not_waited_for_and_ends_with_it() -> None:
    """A process that it leaves behind has its pipes, too, and the answer is there all the same."""

    def leaves() -> int:
        child = os.fork()
        if child == 0:
            threading.Event().wait()
        return child

    began = time.monotonic()
    said = apart.run(leaves, GIVE_UP)
    assert time.monotonic() - began < GIVE_UP / 2
    assert said.why == ""
    while time.monotonic() - began < GIVE_UP and lives(said.answer):
        continue
    assert not lives(said.answer)


def lives(process: int) -> bool:
    """Return whether a process is there, and not only its end, which nobody has asked for yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_has_nothing_that_its_caller_has_open(tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:

        def writes() -> str:
            os.write(secret.fileno(), b"x")
            return "written"

        os.set_inheritable(secret.fileno(), True)
        said = apart.run(writes, GIVE_UP)
    assert said.answer is None
    assert said.why.startswith("OSError")
    assert (tmp_path / "secret").read_text() == ""


def test_nothing_else_is_ended_where_it_is_not_the_first_process() -> None:
    assert not apart.is_first()
