"""Taking the results that others left in Freqtrade's directories into the registry.

A file is taken whole: all that it says, or nothing. What is in the registry with the same files is not read again, so
that a second time changes nothing and is quick. What cannot be read is said, and stays as it is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from freqops.core.base import plain_file
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.exit_status import NOT_PROVEN, PROVEN
from freqops.core.results import backtest_archive, left_files
from freqops.core.results.archive_file import ResultUnreadable
from freqops.core.results.artifacts import Artifact, artifact
from freqops.core.results.left_files import BACKTESTS, HYPEROPTS
from freqops.core.runs import adopted, registry
from freqops.core.runs.registry import Registry
from freqops.core.runs.run_records import Adopted

from . import removal
from .results_lock import alone

NAMED = 50  # runs that are shown to a person; the others are counted


@dataclass
class Indexed:
    """What became of the results that lie there.

    Attributes:
        taken: The runs that the registry did not have.
        updated: Those of which it had something else.
        unchanged: How many it had as they are.
        problems: What could not be read, each with why.
        foreign: Files that no run leaves.
        detail: What a removal that was cut off needed.
        looked: Whether it was only looked at.
    """

    taken: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: int = 0
    problems: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    detail: list[str] = field(default_factory=list)
    looked: bool = False

    @property
    def exit(self) -> int:
        """The exit status of the command."""
        return NOT_PROVEN if self.problems else PROVEN

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in the answer."""
        return {**vars(self), "changed": bool(self.taken or self.updated)}

    def lines(self) -> Iterator[str]:
        """Yield it for a person."""
        for word, runs in (("TAKEN", self.taken), ("UPDATED", self.updated)):
            yield from (f"{word}: {run}" for run in runs[:NAMED])
            if len(runs) > NAMED:
                yield f"{word}: and {len(runs) - NAMED} more, which --json names"
        yield from (f"NOT READ: {text}" for text in self.problems)
        yield from (f"no run leaves such a file: {name}" for name in self.foreign[:NAMED])
        yield from self.detail
        said = f"{len(self.taken)} taken, {len(self.updated)} updated, {self.unchanged} unchanged"
        yield f"NOTHING WRITTEN, this was a look: {said}" if self.looked else said
        yield "NOT ALL READ" if self.problems else "ALL READ"


@dataclass(frozen=True)
class Found:
    """A result that lies there.

    Attributes:
        path: The file with the result.
        kind: The kind of its run.
        stamps: What told its files from others before they were read; see `_stamp`.
        artifacts: Its files, the one with the result first.
    """

    path: Path
    kind: str
    stamps: dict[Path, tuple[int, ...]]
    artifacts: tuple[Artifact, ...]


def index(root: Path, clock: Clock, *, look: bool = False) -> Indexed:
    """Take what lies there into the registry, and say what became of each.

    Args:
        root: The tree of freqops.
        clock: The source of the time.
        look: Whether nothing is to be written.

    Raises:
        Refused: Another such command is under way.
        RegistryUnreadable: The registry is missing or damaged, or could not be written.
    """
    done = Indexed(looked=look)
    with alone(root, clock), registry.opened(registry.place(root), write=not look, owner=os.geteuid()) as present:
        done.detail += [] if look else removal.settle(root, present)
        rest, known = list[Found](), dict[str, str]()
        for each in _found(root, done):
            runs = _as_they_are(present, each)
            done.unchanged += len(runs)
            done.problems += [str(why) for run in runs if (why := (present.run(run) or {})["end_reason"])]
            known.update(dict.fromkeys(runs, each.path.name))
            rest += [] if runs else [each]
        for each in rest:  # behind those that are known: a copy of one of them is none of its own
            try:
                _take(present, each, known, clock.utcnow(), done)
            except (ResultUnreadable, Refused) as error:
                done.problems.append(str(error))
            except OSError as error:
                done.problems.append(f"{each.path.name}: {error.strerror or error}")
    return done


def _found(root: Path, done: Indexed) -> Iterator[Found]:
    """Yield the results that lie there, and say of the other files why they are none."""
    for below, kind, group in (
        (BACKTESTS, "backtest", left_files.backtests),
        (HYPEROPTS, "hyperopt", left_files.hyperopts),
    ):
        place = root / removal.USER_DATA / below
        if place.is_symlink():
            done.problems.append(f"{removal.USER_DATA / below} is a link: nothing below it is looked at")
            continue
        try:
            names = [path.name for path in place.iterdir()] if place.is_dir() else []
        except OSError as error:
            done.problems.append(f"{removal.USER_DATA / below}: {error.strerror}")
            continue
        lefts, odd = group(names)
        done.problems += odd
        done.foreign += [f"{below}/{name}" for name in left_files.foreign(names, lefts)]
        for left in lefts:
            paths = [place / name for name in (left.result, *left.others)]
            try:
                stamps = {path: _stamp(path) for path in paths}
                yield Found(paths[0], kind, stamps, tuple(artifact(root, path) for path in paths))
            except plain_file.NotRead as error:
                done.problems.append(f"{left.result}: {error}")
            except OSError as error:
                done.problems.append(f"{left.result}: {error.strerror}")


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes with a file."""
    status = path.lstat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _as_they_are(present: Registry, found: Found) -> list[str]:
    """Return the runs of a result that the registry has with the same files; none where it has it otherwise."""
    rows = present.run_rows()
    runs = rows.of_artifact(found.artifacts[0].path)
    return runs if all(rows.was_taken(run, found.artifacts) for run in runs) else []


def _take(present: Registry, found: Found, known: dict[str, str], now: datetime, done: Indexed) -> None:
    """Read a result and write it down, all of its runs or none.

    Raises:
        ResultUnreadable: It cannot be read, changed meanwhile, or is that of another file.
        Refused: The registry does not take it.
    """
    runs = _read(found, now)
    said: list[tuple[str, bool, bool]] = []
    with contextlib.nullcontext(present.run_rows()) if done.looked else present.runs_changed() as rows:
        for run in runs:
            own = replace(run, id=adopted.own_id(rows, run)) if found.kind == "backtest" else run
            if own.id in known:
                raise ResultUnreadable(f"{found.path.name}: it is the same {found.kind} as {known[own.id]}")
            new = rows.row(own.id) is None
            said.append((own.id, new, True if done.looked else rows.adopt(own)))
        _refuse_changed(found)
    known.update({run: found.path.name for run, _, _ in said})
    done.taken += [run for run, new, _ in said if new]
    done.updated += [run for run, new, changed in said if changed and not new]
    done.unchanged += sum(not changed for _, _, changed in said)
    done.problems += [run.more["end_reason"] for run in runs if run.more.get("end_reason")]


def _read(found: Found, now: datetime) -> list[Adopted]:
    """Return the runs of a result.

    Raises:
        ResultUnreadable: Nothing of it can be read.
    """
    host = os.uname().nodename
    if found.kind == "hyperopt":
        return [adopted.hyperopt(found.path, found.artifacts, host, now)]
    return [adopted.backtest(run, found.artifacts, host, now) for run in backtest_archive.read_all(found.path)]


def _refuse_changed(found: Found) -> None:
    """Refuse what was changed since its checksums were taken.

    Raises:
        ResultUnreadable: It was.
    """
    for path, stamp in found.stamps.items():
        try:
            same = _stamp(path) == stamp
        except OSError:
            same = False
        if not same:
            raise ResultUnreadable(f"{path.name}: it was changed while it was read; again, it is taken as it is then")
