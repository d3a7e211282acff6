"""`make test`: the parts of tests/lanes.toml, in lanes side by side, each on a lab of its own; a red one ends its lane.

The output of each part is in .cache/run/<part>.log, what it all cost in .cache/times.json, and what failed, said once
more, in .cache/run/failed.txt and at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
import time
import tomllib
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from docker.errors import DockerException

from lab.base.failure import LabError
from lab.base.paths import DEFAULT, ROOT, VARIABLE, state_dir
from lab.engine import capacity, engine
from tests import pace
from tests.budget import Budget
from tests.budget import load as load_budget
from tests.costs import counted, ran, say
from tests.report import Part, failures, summary
from tests.support.reporting import VARIABLE as TOLD

PATH = Path(__file__).with_suffix(".toml")
LOGS = ROOT / ".cache" / "run"
TIMES = ROOT / ".cache" / "times.json"
FAILED = LOGS / "failed.txt"
BIN = Path(sys.executable).parent
LAB = "lab"  # the part that brings labs up and takes them away
LESS = ("nice", "-n", "10")


@dataclass(frozen=True)
class Lane:
    """A row of parts; what its entries mean is said in tests/lanes.toml."""

    name: str
    parts: tuple[str, ...]
    hosts: tuple[str, ...] | None = None
    memory: float = 0
    beside: bool = False

    @property
    def lab(self) -> str | None:
        """The name of its lab, None where it needs none."""
        return None if self.hosts is None else f"{DEFAULT}-{self.name}"


def load(path: Path = PATH) -> list[Lane]:
    """Read all lanes."""
    entries = tomllib.loads(path.read_text())["lane"]
    lanes = []
    for name, entry in entries.items():
        hosts = None if "hosts" not in entry else tuple(entry["hosts"])
        lanes.append(Lane(name, tuple(entry["parts"]), hosts, entry.get("memory", 0), entry.get("beside", False)))
    return lanes


def selected(lanes: Sequence[Lane], only: Collection[str] = (), without: Collection[str] = ()) -> list[Lane]:
    """Return the lanes with the parts that are asked for; a lane without any is left out.

    Args:
        lanes: All lanes.
        only: The parts to run; all when empty.
        without: Parts not to run.

    Raises:
        SystemExit: a part is asked for that no lane has.
    """
    known = [part for lane in lanes for part in lane.parts]
    unknown = sorted((set(only) | set(without)) - set(known))
    if unknown:
        raise SystemExit(f"tests/lanes.toml has no part {', '.join(unknown)}; there are: {', '.join(known)}")
    found = []
    for lane in lanes:
        parts = tuple(part for part in lane.parts if (not only or part in only) and part not in without)
        if parts:
            found.append(Lane(lane.name, parts, lane.hosts, lane.memory, lane.beside))
    return found


class Room:
    """The machine's memory, of which each lane takes its part; what is larger than all of it runs alone."""

    def __init__(self, total: float) -> None:
        self._total, self._taken, self._change = total, 0.0, threading.Condition()

    @contextmanager
    def taken(self, memory: float) -> Iterator[None]:
        """Take so much for the block; wait until it is there."""
        with self._change:
            self._change.wait_for(lambda: self._taken == 0 or self._taken + memory <= self._total)
            self._taken += memory
        try:
            yield
        finally:
            with self._change:
                self._taken -= memory
                self._change.notify_all()


@dataclass
class Run:
    """One `make test`: what has run so far.

    Attributes:
        parts: What each part took, in the order of their ends.
        stop: Set when nothing more shall begin.
    """

    parts: list[Part] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def do(self, part: str, lane: Lane, command: Sequence[str]) -> bool:
        """Run one command of a part and note what it took; return whether it went well."""
        if self.stop.is_set():
            return False
        tests = LOGS / f"{part}.jsonl"
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, TOLD: str(tests), "PYTHONUNBUFFERED": "1"}
        if lane.lab is not None:
            environment |= {VARIABLE: lane.lab, "MOLECULE_EPHEMERAL_DIRECTORY": str(state_dir(lane.lab) / "molecule")}
        began = time.monotonic()
        words = [*LESS, *command] if lane.beside else command
        try:
            with counted(lane.lab) as inside:
                status, own = ran(words, environment, LOGS / f"{part}.log", lane.name, ROOT)
        except (LabError, *engine.LOST) as error:  # the engine went away, which ends this lane
            with (LOGS / f"{part}.log").open("a", encoding="utf-8") as log:
                log.write(f"ERROR: {error}\n")
            status, own, inside = 1, 0.0, []
        minutes, cores = (time.monotonic() - began) / 60, (own + sum(inside)) / 60
        self.parts.append(Part(part, lane.name, minutes, cores, ok=status == 0))
        say(f"[{lane.name}] {part}: {'done' if status == 0 else 'FAILED'} after {minutes:.1f} minutes")
        return status == 0


def lab_command(*words: str) -> list[str]:
    """Return a command of the lab."""
    return [sys.executable, "-m", "lab", *words]


def command_of(part: str) -> list[str]:
    """Return what runs a part: molecule, where there is such a scenario, else make."""
    if (ROOT / "molecule" / part / "molecule.yml").is_file():
        return [str(BIN / "molecule"), "test", "--scenario-name", part, "--destroy=never"]
    return ["make", "--no-print-directory", part]


def run_lane(run: Run, lane: Lane, images: Future[bool], room: Room) -> None:
    """Run the parts of a lane until one is red; its lab is new, and gone afterwards unless something was red."""
    if lane.hosts is None:
        all(run.do(part, lane, command_of(part)) for part in lane.parts)
        return
    if not images.result():
        return
    with room.taken(lane.memory):
        up = lab_command("up", "--hosts", ",".join(lane.hosts))
        ready = all(run.do(LAB, lane, command) for command in (lab_command("down", "--one"), up))
        if ready and all(run.do(part, lane, command_of(part)) for part in lane.parts):
            run.do(LAB, lane, lab_command("down", "--one"))
            return
        for host in lane.hosts:  # its disk stays for whoever looks for the cause; what runs there would disturb others
            run.do(LAB, lane, lab_command("stop-host", host))
        say(f"[{lane.name}] its lab is left: {VARIABLE}={lane.lab} python -m lab up")


def run_all(lanes: Sequence[Lane], side_by_side: int, memory: float) -> Run:
    """Run all lanes, so many side by side, and those that run beside them one after the other."""
    run, room = Run(), Room(memory)
    first = ThreadPoolExecutor(max_workers=1)
    many = ThreadPoolExecutor(max_workers=side_by_side)
    beside = ThreadPoolExecutor(max_workers=1)
    images: Future[bool] = Future()
    if any(lane.hosts is not None for lane in lanes):
        images = first.submit(run.do, LAB, Lane(LAB, (LAB,)), lab_command("images"))
    done = [(beside if lane.beside else many).submit(run_lane, run, lane, images, room) for lane in lanes]
    try:
        for lane_done in done:
            lane_done.result()
    except BaseException:
        run.stop.set()
        raise
    finally:
        for pool in (first, many, beside):
            pool.shutdown(wait=False, cancel_futures=True)
    return run


def memory_here() -> float:
    """Return the GiB that labs can have: those of the engine, or any number while there is none to ask."""
    try:
        client = engine.connect()
        return float("inf") if client is None else client.info()["MemTotal"] / capacity.GIB
    except DockerException:
        return float("inf")


def main() -> int:
    """Run what is asked for, say what it cost and what failed, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.lanes", description=__doc__)
    parser.add_argument("parts", nargs="*", help="the parts to run; all when none is named")
    parser.add_argument("--without", default="", help="parts not to run, comma-separated")
    arguments = parser.parse_args()
    every = load()
    without = [part for part in arguments.without.split(",") if part]
    lanes = selected(every, arguments.parts, without)
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    began, before = time.monotonic(), pace.seconds()
    run = run_all(lanes, os.cpu_count() or 1, memory_here())  # a lane for each core
    paces = (before, pace.seconds())
    return ended(run, lanes, every, paces, (time.monotonic() - began) / 60)


def ended(run: Run, lanes: Sequence[Lane], every: Sequence[Lane], paces: tuple[float, float], minutes: float) -> int:
    """Say and write what came of it all, and return the exit status."""
    budget: Budget = load_budget()
    known = [LAB, *(part for lane in every for part in lane.parts)]
    wanted = [(part, lane.name) for lane in lanes for part in lane.parts]
    account = summary(run.parts, wanted, known, budget, paces, LOGS)
    TIMES.write_text(json.dumps({"minutes": round(minutes, 1), **account.times}, indent=2) + "\n")
    say(account.text)
    say(f"all of it took {minutes:.1f} minutes")
    said = failures(run.parts, account.missing, account.verdicts, LOGS)
    if said:
        FAILED.write_text(said + "\n")
        say("\n" + said)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
