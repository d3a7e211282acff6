"""The check of this host's incidents: registry, chain and directories compared, and mended where one lacks its half."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import NotProven
from freqops.core.halt.holds import INCIDENT
from freqops.core.incident import chain, life, removed
from freqops.core.incident.chain import Link
from freqops.core.incident.evidence import Evidence, understand
from freqops.core.incident.journal_file import Journal
from freqops.core.incident.life import Event

from . import recorded, registered

LOST = "evidence_lost"
LONGEST_COMMAND = timedelta(hours=1)  # a directory in which nothing changed for so long is no running command's
LARGEST = 64 * 1024 * 1024  # of a file that is read


@dataclass
class Checked:
    """The findings of a check.

    Attributes:
        problems: Faults that stay, a line each.
        mended: Faults that were mended; or would have been, where nothing was to be mended.
        head: The head of the chain.
        incidents: How many incidents there are.
    """

    problems: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    head: str = chain.EMPTY
    incidents: int = 0


def check(root: Path, known: str = chain.EMPTY, *, mend: bool = True) -> Checked:
    """Compare registry, chain and directories, and mend what lacks its other half.

    Args:
        root: The tree of freqops.
        known: A head that the chain had once.
        mend: Whether to mend; else it is only said what there would be to mend.

    Raises:
        RegistryUnreadable: The registry is missing, damaged, or could not be written.
    """
    found = Checked()
    with registered.opened(root, whole=True) as present, present.incidents_still() as rows:
        found.problems += [*chain.wrong(rows.links(), known), *rows.differences()]
        evidence: dict[str, set[str]] = {}
        for each in rows.links():
            if each.file:
                evidence.setdefault(each.directory, set()).add(each.file)
        gone = {name: left for name, files in evidence.items() if (left := _gone(root, name, files))}
        found.problems += _changed_lists(root, rows.links())
        directories = _directories(root)
        pending = [name for name in directories if registered.pending(root, name, rows)]
        alone = [name for name in directories if name not in pending and rows.of(name) is None]
    for name, files in sorted(gone.items()):
        found.mended.append(f"{name}: its evidence is gone ({', '.join(sorted(files))}); the registry's words are kept")
        if mend:
            _write_lost(root, name, sorted(files))
    for name in pending:
        if not mend:
            found.mended.append(f"{name}: it has evidence that the registry does not know")
        elif registered.enter(root, name):
            found.mended.append(f"{name}: its evidence was entered into the registry")
    opened = _end_what_was_cut_off(root, alone, found, mend=mend)
    with registered.opened(root) as present:
        rows = present.incidents()
        if mend:
            untaken = [name for name in pending if registered.pending(root, name, rows)]
            found.problems += [f"{name}: it has evidence that the registry did not take" for name in untaken]
            lost = [name for name, files in evidence.items() if _gone(root, name, files)]
            found.problems += [f"{name}: its evidence is gone, and the registry's words did not take its place"
                               for name in lost]  # fmt: skip
            found.problems += [f"{name}: a command was cut off there, and the registry did not take its incident"
                               for name in opened if rows.of(name) is None]  # fmt: skip
        found.head, found.incidents = rows.head(), len(rows.ids())
    return found


def _directories(root: Path) -> list[str]:
    with contextlib.suppress(FileNotFoundError), os.scandir(root / "incidents") as entries:
        return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False) and INCIDENT.fullmatch(e.name))
    return []


def _end_what_was_cut_off(root: Path, directories: list[str], found: Checked, *, mend: bool) -> list[str]:
    """Open an incident for each command that acted and left no answer, and take away directories without a file.

    Args:
        root: The tree of freqops.
        directories: Those of which the registry knows nothing.
        found: Where to say what was found.
        mend: Whether to do it.

    Returns:
        The directories of which the registry has to have an incident now.
    """
    clock, opened = Clock(), list[str]()
    for name in directories:
        place = root / "incidents" / name
        files = sorted(place.iterdir())
        changed = max(path.lstat().st_mtime for path in (place, *files))
        if clock.utcnow().timestamp() - changed < LONGEST_COMMAND.total_seconds():
            continue  # a command may be at work there
        if all(path.name.startswith(".") for path in files):
            found.mended.append(f"{name}: a command was cut off before it had written anything; it is taken away")
            if mend:
                for path in files:
                    path.unlink()
                place.rmdir()
            continue
        for journal in _unanswered(name, files):
            said = f"{journal.label} of {journal.bot} was cut off after it acted: it left a journal, and no answer"
            found.mended.append(f"{name}: {said}")
            if mend:
                kind = journal.command if journal.command in life.KINDS else life.MANUAL
                actor, cause = f"check@{os.uname().nodename}", f"{name}: {journal.file}"
                text = f"{said}; its last line: {journal.entries[-1].what}"[: life.LONGEST]
                event = Event(life.OPENED, iso(clock.utcnow()), actor, text, kind, "error", cause, (journal.bot,))
                registered.write_down(root, name, event, clock)
                opened.append(name)
    return opened


def _unanswered(incident: str, files: list[Path]) -> Iterator[Journal]:
    """Yield the journals in a directory that tell of an act and have no answer."""
    whole = [path for path in files if stat.S_ISREG(path.lstat().st_mode) and path.lstat().st_size <= LARGEST]
    if not any(path.suffix == ".jsonl" for path in whole):
        return
    texts = {path.name: path.read_text(errors="replace") for path in whole}
    case = understand(Evidence(incident, {os.uname().nodename: texts}))
    yield from (journal for journal, _ in case.unanswered if journal.acted)


def _gone(root: Path, directory: str, files: set[str]) -> set[str]:
    """Return the files of events that are gone from a directory, those left out that a check missed before."""
    paths = registered.answers(root / "incidents" / directory)
    left = files - {path.name for path in paths}
    for path in [path for path in paths if f"-{LOST}" in path.name] if left else []:
        said = durable.read_json(path)
        known = said.get("lost") if isinstance(said, dict) else None
        left -= {name for name in known if isinstance(name, str)} if isinstance(known, list) else set()
    for path in [path for path in paths if f"-{removed.COMMAND}" in path.name] if left else []:
        left -= {each["file"] for each in removed.listed(durable.read_json(path)) or []}
    return left


def _changed_lists(root: Path, links: Iterable[Link]) -> Iterator[str]:
    """Yield the removals of evidence whose list is not the one of which the registry knows."""
    for each in links:
        path = root / "incidents" / each.directory / each.file
        if f"-{removed.COMMAND}" not in each.file or not path.is_file():  # one that is gone is missed like any other
            continue
        entries = removed.listed(durable.read_json(path))
        if entries is None or not removed.is_told_by(entries, each.data):
            yield f"{each.directory}: {each.file} lists other evidence as removed than its event {each.number} tells of"


def _write_lost(root: Path, directory: str, files: list[str]) -> None:
    """Put in the place of evidence that is gone what the registry has of it.

    Raises:
        NotProven: It could not be written.
    """
    with registered.opened(root) as present:
        links = [each for each in present.incidents().links() if each.directory == directory]
    clock = Clock()
    now = clock.utcnow()
    said = {
        "version": 1, "command": LOST, "host": os.uname().nodename, "incident": directory, "reason": "a check",
        "actor": f"check@{os.uname().nodename}", "began": iso(now), "ended": iso(now), "proven": True, "lost": files,
        "registry": [{"number": each.number, "file": each.file, "data": each.data} for each in links],
    }  # fmt: skip
    unwritten = recorded.record(root, directory, f"{LOST}-{recorded.stamp(now)}", said, enter=False)
    if unwritten is not None:
        raise NotProven(unwritten)
    registered.enter(root, directory)
