"""A heartbeat of a run of Ansible: again and again while that lives, and no more when it is gone, however it went."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from freqops.core.base import process_table
from freqops.core.base.errors import Refused
from freqops.plays import heartbeat
from lab.base.wait import until
from tests.support.patience import GIVE_UP
from tests.unit.patience import PATIENCE

ROOT = Path(__file__).parents[3]
# A play, and a worker of it that begins a heartbeat and ends, as a task does.
PLAY = """
import os, sys, time
from pathlib import Path
from freqops.plays import heartbeat
place = Path(sys.argv[1])
play = os.getpid()
def beat():
    with (place / "beats").open("a") as beats:
        beats.write(f"{os.getpid()}\\n")
    if (place / "over").exists():
        raise heartbeat.Over("over")
    return not (place / "fails").exists()
worker = os.fork()
if worker == 0:
    heartbeat.begin(play, float(sys.argv[2]), beat)
    os._exit(0)
os.waitpid(worker, 0)
print("begun", flush=True)
time.sleep(100000)
"""


@pytest.fixture
def plays(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    begun: list[subprocess.Popen[str]] = []
    yield begun
    for beater in set(beats(tmp_path)):
        with suppress(ProcessLookupError):
            os.kill(beater, signal.SIGKILL)
    for play in begun:
        play.kill()
        play.wait(GIVE_UP)


def begin(plays: list[subprocess.Popen[str]], place: Path, seconds: float) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    words = [sys.executable, "-c", PLAY, str(place), str(seconds)]
    play = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True)
    plays.append(play)
    assert play.stdout is not None
    assert play.stdout.readline() == "begun\n"
    return play


def beats(place: Path) -> list[int]:
    path = place / "beats"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def lives(pid: int) -> bool:
    return any(entry.pid == pid for entry in process_table.entries())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_beats_while_the_play_lives_and_dies_with_it(
    plays: list[subprocess.Popen[str]], tmp_path: Path, number: signal.Signals
) -> None:
    play = begin(plays, tmp_path, 0.05)
    until(lambda: len(beats(tmp_path)) > 3, GIVE_UP, "no heartbeat")
    [beater] = set(beats(tmp_path))
    assert beater != play.pid
    assert lives(beater)
    play.send_signal(number)
    play.wait(GIVE_UP)
    until(lambda: not lives(beater), PATIENCE, "the heartbeat outlived the play")
    assert play.stdout is not None
    assert play.stdout.read() == ""  # nobody else has the output of the play open


def test_one_that_did_not_succeed_is_tried_again_sooner(plays: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    (tmp_path / "fails").touch()
    begin(plays, tmp_path, 1.0)
    until(lambda: len(beats(tmp_path)) > 3, GIVE_UP, "no heartbeat")


def test_it_ends_when_there_is_nothing_more_to_keep(plays: list[subprocess.Popen[str]], tmp_path: Path) -> None:
    (tmp_path / "over").touch()
    play = begin(plays, tmp_path, 0.05)
    until(lambda: len(beats(tmp_path)) == 1, GIVE_UP, "no heartbeat")
    [beater] = beats(tmp_path)
    until(lambda: not lives(beater), GIVE_UP, "it goes on")
    assert play.poll() is None


def test_for_a_play_that_is_gone_none_begins() -> None:
    gone = subprocess.Popen([sys.executable, "-S", "-c", ""])
    until(lambda: not lives(gone.pid), GIVE_UP, "it lives")
    with pytest.raises(Refused, match="is gone"):
        heartbeat.begin(gone.pid, 1.0, lambda: True)
    gone.wait(GIVE_UP)
