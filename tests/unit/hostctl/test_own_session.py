"""What was begun is finished, whoever hangs up. Always in a process of its own: it forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.patience import PATIENCE

SOURCE = Path(__file__).parents[3] / "src"
WORK = """
import os, pathlib, signal, sys, time
from freqops.hostctl import own_session
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # as in a terminal, whatever the tests themselves were started from
signal.signal(signal.SIGINT, signal.default_int_handler)
def work():
    print("begun", flush=True)
    {body}
    return 3
sys.exit(own_session.run(work))
"""
SLOW = """
    end = time.monotonic() + 60
    while not pathlib.Path({go!r}).exists() and time.monotonic() < end: time.sleep(0.01)
    pathlib.Path({done!r}).write_text("done")
    print("listens anybody?", flush=True)
"""


@contextmanager
def command(body: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``body`` as the work of a command, in a session as a terminal would give it."""
    with subprocess.Popen(
        [sys.executable, "-c", WORK.format(body=body)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={"PYTHONPATH": str(SOURCE)}, start_new_session=True,
    ) as running:  # fmt: skip
        try:
            yield running
        finally:
            running.kill()


def finished(body: str) -> subprocess.CompletedProcess[str]:
    with command(body) as running:
        out, err = running.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess([], running.returncode, out, err)


def test_output_is_passed_on_and_the_exit_status_kept() -> None:
    ran = finished("print('x' * 200_000, flush=True)")
    assert (ran.returncode, ran.stderr) == (3, "")
    assert ran.stdout == "begun\n" + "x" * 200_000 + "\n"


def test_what_it_says_is_passed_on_at_once() -> None:
    with command("time.sleep(60)") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        assert running.poll() is None


@pytest.mark.parametrize(
    ("body", "status"),
    [("return 0", 0), ("os._exit(2)", 2), ("sys.exit(1)", 2), ("1 / 0", 2), ("os.kill(os.getpid(), 9)", 2)],
)
def test_how_work_ends(body: str, status: int) -> None:
    """What did not come to its end is never 0."""
    assert finished(body).returncode == status


def test_it_has_a_session_of_its_own() -> None:
    assert finished("print(os.getsid(0) == os.getpid() != os.getppid(), flush=True)").stdout == "begun\nTrue\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_the_work_outlives_the_command(tmp_path: Path, number: signal.Signals) -> None:
    """The whole group gets the signal, as from a terminal, and then nobody reads what the work says."""
    go, done = tmp_path / "go", tmp_path / "done"
    with command(SLOW.format(go=str(go), done=str(done))) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        os.killpg(running.pid, number)
        status = running.wait(PATIENCE)
        running.stdout.close()
        assert status == (2 if number == signal.SIGINT else -number)
        assert not done.exists()
        go.write_text("")
        give_up = time.monotonic() + PATIENCE
        while not done.exists() and time.monotonic() < give_up:
            time.sleep(0.01)
        assert done.exists()


def test_who_interrupts_is_told_that_it_goes_on(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with command(SLOW.format(go=str(go), done=str(tmp_path / "done"))) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGINT)
        assert running.wait(PATIENCE) == 2
        assert running.stderr is not None
        go.write_text("")
        assert "goes on by itself" in running.stderr.read()
