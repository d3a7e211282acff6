"""Evidence of incidents that were closed long ago. Their rows and events stay in the registry for good.

The act is written down first: a file that lists what goes, with hashes, and its event in the chain. Only then the files
go, each of them only while it is what the list says. A removal that is killed in between is ended by the next one.
"""

from __future__ import annotations

import os
import stat
import string
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from freqops.core.backup.store import checksum
from freqops.core.base import durable, iso_time
from freqops.core.base.clock import iso
from freqops.core.base.errors import NotProven
from freqops.core.halt.holds import INCIDENT
from freqops.core.incident import life, removed
from freqops.core.retention import things
from freqops.core.retention.things import INCIDENTS, Thing
from freqops.core.runs.incident_rows import IncidentRows

from ..incident import recorded, registered
from ..runs import trees
from . import cited
from .cited import Cited
from .host import Host

PLACE = Path("incidents")


def look(host: Host, problems: list[str]) -> Iterator[Thing]:
    """Yield the directories of evidence that are old enough to go.

    Args:
        host: This host.
        problems: Where to say what could not be looked at.
    """
    place = host.root / PLACE
    if not host.policy.incident_days or not place.is_dir():
        return
    if place.is_symlink():
        problems.append(f"{INCIDENTS}: {PLACE} is a link: nothing below it is looked at")
        return
    names = sorted(path.name for path in place.iterdir() if path.is_dir() and not path.is_symlink())
    with registered.opened(host.root) as present:
        rows = present.incidents()
        for name in filter(INCIDENT.fullmatch, names):
            try:
                thing = _of(host, name, rows, host.noted)
            except OSError as error:
                problems.append(f"{INCIDENTS}: {name}: {error.strerror}")
                continue
            if thing is not None:
                yield thing


def _of(host: Host, name: str, rows: IncidentRows, noted: Cited) -> Thing | None:
    """Return a directory of evidence as a thing; None where it is not old, or nothing but the act is left in it."""
    place = host.root / PLACE / name
    found, days = trees.measured(place), host.policy.incident_days
    entries = sorted(path for path in place.iterdir())
    going = [path for path in entries if not _is_act(path)]
    own = _incidents_of(name, rows)
    ended = [_closed_at(row) for row in own]
    youngest = max((moment for moment in ended if moment is not None), default=None)
    if not going or (youngest is not None and not things.older(youngest, days, host.now)):
        return None
    if youngest is None and not things.older(things.at(found.changed), days, host.now):
        return None
    needs = [f"{row['id']} is {row['state']}" for row, moment in zip(own, ended) if moment is None]
    if not own:
        needs.append("the registry does not know it, and its rows would not outlive it")
    elif any(not _is_act(place / file) for file, _ in registered.pending(host.root, name, rows)):
        needs.append("it has evidence that the registry does not know; 'freqops-host incidents check' enters it")
    odd = [path.name for path in going if not stat.S_ISREG(path.lstat().st_mode)]
    needs += [f"{odd[0]} in it is no plain file, and none of ours"] if odd else []
    needs += noted.needs(name)[:1]
    size = sum(path.lstat().st_size for path in going)
    when = "" if youngest is None else f"closed on {youngest:%Y-%m-%d}, more than {days} days ago"
    return Thing(INCIDENTS, str(PLACE / name), size, when or f"older than {days} days", tuple(needs))


def _is_act(path: Path) -> bool:
    """Return whether a file tells of a removal, or stands for evidence that was lost: that stays."""
    return f"-{removed.COMMAND}_" in path.name or "-evidence_lost-" in path.name


def _incidents_of(name: str, rows: IncidentRows) -> list[dict[str, Any]]:
    """Return the incidents to which the evidence of a directory belongs: its own, and those it was added to."""
    found = [row for row in map(rows.of, sorted({name, *rows.incidents_of(name)})) if row is not None]
    return list({str(row["id"]): row for row in found}.values())


def _closed_at(row: dict[str, Any]) -> datetime | None:
    """Return when an incident was closed; None where it is not, or the time is none."""
    if row["state"] != life.CLOSED:
        return None
    try:
        return iso_time.parse(str(row["closed_at"]))
    except ValueError:
        return None


def remove(host: Host, thing: Thing) -> None:
    """Remove the files of a directory of evidence, when the registry knows of it.

    Raises:
        RegistryUnreadable: The registry is missing, damaged, or could not be written.
        NotProven: It is needed by now, the act is not in the chain, or a file is still there.
        OSError: It cannot be read or removed.
    """
    name = Path(thing.name).name
    place = host.root / PLACE / name
    with registered.opened(host.root) as present:
        again = _of(host, name, present.incidents(), cited.by_notes(host.root))
    if again is None or not again.goes:
        raise NotProven(f"it is needed by now: {'; '.join(again.needs) if again else 'it is not old any more'}")
    going = sorted(path for path in place.iterdir() if not _is_act(path))
    wanted = [removed.entry(path.name, path.lstat().st_size, checksum(path)) for path in going]
    known = [each for entries in _acts(place).values() for each in entries]
    if any(each not in known for each in wanted):
        _write_down(host, name, wanted)
    registered.enter(host.root, name)
    _refuse_unless_in_the_chain(host, name, wanted)
    for path, each in zip(going, wanted):
        if checksum(path) != each["sha256"]:
            raise NotProven(f"{path.name} was changed meanwhile, and stays")
        path.unlink()
    durable.sync_directory(place)
    there = [path.name for path in place.iterdir() if not _is_act(path)]
    if there:
        raise NotProven(f"{', '.join(sorted(there))} is still there")


def _acts(place: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of the acts in a directory, by their files."""
    found = {path.name: removed.listed(durable.read_json(path)) for path in registered.answers(place) if _is_act(path)}
    return {name: entries for name, entries in found.items() if entries is not None}


def _write_down(host: Host, name: str, entries: list[dict[str, Any]]) -> None:
    """Write the act down.

    Raises:
        NotProven: It could not be written.
    """
    now = host.clock.utcnow()
    said = {
        "version": 1, "command": removed.COMMAND, "host": os.uname().nodename, "incident": name,
        "reason": host.mandate.reason, "actor": host.mandate.actor, "under": host.mandate.incident,
        "began": iso(now), "ended": iso(now), "proven": True, "removed": entries,
    }  # fmt: skip
    letters = "".join(string.ascii_lowercase[byte % 26] for byte in os.urandom(8))  # two acts in a second are two files
    unwritten = recorded.record(
        host.root, name, f"{removed.COMMAND}_{letters}-{recorded.stamp(now)}", said, enter=False
    )
    if unwritten is not None:
        raise NotProven(unwritten)


def _refuse_unless_in_the_chain(host: Host, name: str, entries: list[dict[str, Any]]) -> None:
    """Read the act back out of the registry.

    Raises:
        NotProven: The chain does not tell of the removal of each of these files.
    """
    acts = _acts(host.root / PLACE / name)
    with registered.opened(host.root) as present:
        told = {each.file: each.data for each in present.incidents().links() if each.directory == name}
    proven = [
        each for file, found in acts.items() if file in told and removed.is_told_by(found, told[file]) for each in found
    ]
    missing = [each["file"] for each in entries if each not in proven]
    if missing:
        raise NotProven(f"the chain does not tell of the removal of {', '.join(missing)}; nothing was removed")
