"""Each step of a move, cut at each call by which it changes a file: killed, and failed as by a full and a broken disk.

Whatever cuts it, the bot stays held, the note about where it trades is the one before or the one after, and the same
command again finishes. `make test` takes a tenth.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from freqops.core.backup.manifest import DATABASE
from freqops.core.backup.store import Store
from freqops.core.base.exit_status import PROVEN
from freqops.core.bot import layout
from freqops.core.bot.layout import Home
from freqops.core.halt import holds, moved
from freqops.core.halt.holds import Hold
from freqops.core.migration import handover
from freqops.core.migration.handover import Handover
from freqops.hostctl.bot import holds_file
from freqops.hostctl.migration import handing_over, taking_over
from tests.crash import sampled, traced
from tests.crash.sampled import Case
from tests.crash.traced import Point
from tests.unit.fakes import FakeClock, FakeEngine, make_bot
from tests.unit.hostctl.backup.dumped import IMAGE, TABLES, URL, write

MODULE = "tests.crash.move_command"
BOT, NEW = "alpha", "beta"
MOVE = "20260102T030405Z-migrate_host-9f3c21"
GIVEN = ("--incident", MOVE, "--reason", "a larger host", "--actor", "ann@desk")
NOTE = moved.Moved("new-1", MOVE, "2026-01-02T03:04:05Z")
PERSON = Hold("halt", 1, "why", "ann", "two", 1, "2026-01-02T03:04:05Z")
HELD = {"expect": 1, "leave": 1}  # the level before; all others are held at level 3 by the move


def lay(root: Path, *, restored: bool, left: bool) -> Path:
    """Write a bot with a database, held by a person at level 1."""
    home = make_bot(root, image=IMAGE)
    (home / "conf" / "secrets.json").write_text(json.dumps({"db_url": URL}))
    write(home / "var" / "trades.paper.sqlite", *TABLES)
    clock = FakeClock()
    assert holds_file.latch(home, PERSON, clock).error is None
    if restored:
        hold = Hold("restore", 3, "a larger host", "ann@desk", MOVE, 0, "")
        assert holds_file.latch(home, hold, clock).error is None
    if left:
        moved.write(root, BOT, NOTE)
    return home


def handed(root: Path) -> Handover:
    """Return what an old host hands over."""
    old = root.with_name(f"{root.name}-old")
    home = lay(old, restored=True, left=True)
    packed = handing_over.pack(layout.load_bot(home), FakeClock(), FakeEngine())
    return Handover.read(packed.handover)


def file_of(root: Path, given: Handover) -> str:
    """Return the file of a handover as one piece."""
    old = root.with_name(f"{root.name}-old") / "bots" / BOT
    return handing_over.read(layout.load_bot(old), given.stamp, 0).data


def begin(root: Path, step: str) -> dict[str, Any]:
    """Make what the step finds, and return it as a job."""
    home = lay(root, restored=step not in HELD, left=step in ("arrive", "pack"))
    job: dict[str, Any] = {"root": str(root), "out": f"{root}.out", "err": f"{root}.err"}
    words = {
        "leave": ["--to", "new-1"],
        "give-back": ["--to", "old-1", "--under", MOVE],
        "arrive": ["--under", MOVE],
    }.get(step, [])
    if step in ("write", "take", "tidy"):
        given = handed(root)
        if step == "write":
            words, job["stdin"] = ["--offset", "0", "--size", str(given.size)], file_of(root, given)
        else:
            data = handover.unpacked(file_of(root, given), given.size)
            taking_over.write(layout.load_bot(home), 0, given.size, data)
            job["stdin"] = json.dumps(given.to_json())
    return {**job, "argv": ["move", step, NEW if step == "expect" else BOT, *GIVEN, *words]}


def note(root: Path) -> moved.Moved | None:
    return moved.load(root, BOT)


def taken(root: Path) -> bool:
    """Whether a dump lies there that counts, every byte as it was."""
    store = Store(taking_over.place(root, BOT))
    return [store.damaged(dump) for dump in store.dumps()] == [[]]


def packed(root: Path) -> bool:
    """Whether a dump of the database is among those of the bot."""
    return len(Store(Home(root / "bots" / BOT).dumps).dumps()) > 0


def written(root: Path) -> bool:
    path = taking_over.place(root, BOT) / f"{DATABASE}.partial"
    return path.exists() and path.stat().st_size > 0


DONE: dict[str, Callable[[Path], bool]] = {
    "expect": lambda root: holds.effective_level(Home(root / "bots" / NEW).left_holds) == 3,
    "leave": lambda root: note(root) is not None,
    "give-back": lambda root: note(root) is not None,
    "arrive": lambda root: note(root) is None,
    "pack": packed,
    "write": written,
    "take": taken,
    "tidy": lambda root: not taking_over.place(root, BOT).exists(),
}
NOTED = {"arrive", "pack"}


@pytest.fixture(scope="module")
def clean(memory: Path) -> dict[str, list[Point]]:
    traced.available()
    roots = {step: memory / f"move-{step}" for step in DONE}
    jobs = [begin(root, step) for step, root in roots.items()]
    codes, calls = traced.recorded(jobs, memory / "moves.strace", MODULE)
    assert codes == [PROVEN] * len(jobs), [Path(job["err"]).read_text() for job in jobs]
    assert [step for step, root in roots.items() if not DONE[step](root)] == []
    return {step: traced.points(calls, root) for step, root in roots.items()}


@pytest.fixture(scope="module")
def cases(memory: Path, clean: dict[str, list[Point]]) -> list[Case]:
    return sampled.cases(clean, begin, memory / "move", MODULE)


def test_the_calls_of_each_step_are_known(clean: dict[str, list[Point]], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nmoves: {', '.join(f'{len(points)} calls of {step}' for step, points in clean.items())}")  # noqa: T201
    assert min(len(points) for points in clean.values()) >= 3


def test_whatever_cuts_it_the_bot_stays_held_and_its_rows_stay(cases: list[Case]) -> None:
    for case in cases:
        home = case.root / "bots" / BOT
        assert holds.load(Home(home).holds).level >= HELD.get(case.kind, 3), case
        assert holds.load(Home(home).holds).of("halt") is not None, case
        with closing(sqlite3.connect(home / "var" / "trades.paper.sqlite")) as connection:
            assert connection.execute("select count(*) from trades").fetchone() == (2,), case


def test_the_note_is_the_one_before_or_the_one_after(cases: list[Case]) -> None:
    for case in cases:
        found = note(case.root)
        if case.kind in ("leave", "give-back", "arrive"):
            assert (DONE[case.kind](case.root)) or (found is not None) == (case.kind in NOTED), case
        else:
            assert (found is not None) == (case.kind in NOTED), case
        if found is not None and case.kind == "leave":
            assert holds.load(Home(case.root / "bots" / BOT).holds).level == 3, case


def test_what_it_calls_proven_is_so(cases: list[Case]) -> None:
    for case in cases:
        assert case.code in (PROVEN, 1, 2, -9), (case, Path(f"{case.root}.err").read_text())
        assert case.code != PROVEN or DONE[case.kind](case.root), case


def test_the_same_command_again_finishes(cases: list[Case]) -> None:
    again = [case for case in cases if case.kind != "take" or not taken(case.root)]
    jobs = [case.job for case in again]
    for case in again:
        if case.kind == "take":  # the control node begins with the first piece again
            given = Handover.read(json.loads(case.job["stdin"]))
            data = handover.unpacked(file_of(case.root, given), given.size)
            taking_over.write(layout.load_bot(case.root / "bots" / BOT), 0, given.size, data)
    codes = traced.untraced(jobs, MODULE)
    for case, code in zip(again, codes, strict=True):
        assert (code, DONE[case.kind](case.root)) == (PROVEN, True), (case, Path(f"{case.root}.err").read_text())
