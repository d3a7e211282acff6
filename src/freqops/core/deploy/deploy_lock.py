"""The deploy lock of a host: one deploy at a time, from its first change to its last.

The lock is a note on the host, because no process of a deploy lives as long as the deploy does. It ends when it is
given back, when a deploy of the same control node finds that the holder's process is gone, or when nothing was heard of
it for half an hour. That half hour is one of the host's kernel: a clock that jumps ends no lock, and makes none last.

A control node is known by its boot and its process namespace, and never by its name: cloned machines, and containers of
one image, have the same name. A lock without them, as older versions wrote it, ends by silence alone, and by the
clock: where that stands before what was heard, it does not end, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Event, Thread
from typing import Any

from ..base import durable
from ..base.clock import Clock, iso
from ..base.errors import FreqopsError, Refused
from ..halt.deadman import this_boot

FILE = "deploy.json"
LOCK = ".deploy.lock"
LOCK_SECONDS = 10
SILENCE = timedelta(minutes=30)
BETWEEN = timedelta(minutes=5)  # two words of an act that takes long
FORMAT = "%Y-%m-%dT%H:%M:%SZ"
LONGEST_UPTIME = 1e10  # seconds; a note that says more was not written by us


@dataclass(frozen=True)
class DeployLock:
    """The deploy lock in the hands of one deploy.

    Attributes:
        id: The deploy.
        actor: The actor of the deploy.
        control: The name of the control node, for people.
        pid: The process of the deploy there.
        started: When that process began, as its kernel counts; with ``pid`` it names one process for good.
        heard: When the deploy was last heard of, ISO 8601 UTC.
        pid_namespace: The boot and the process namespace in which ``pid`` counts, empty where they are not known.
        boot: The boot of the host in which it was last heard of, empty where that is not known.
        uptime: The seconds that this boot was old then.
    """

    id: str
    actor: str
    control: str
    pid: int
    started: str
    heard: str = ""
    pid_namespace: str = ""
    boot: str = ""
    uptime: float = 0.0

    @property
    def described(self) -> str:
        """The holder of the lock in words."""
        return f"{self.actor} deploys here (process {self.pid} on {self.control}, last heard of at {self.heard})"


class Taken(Refused):
    """Another deploy has the lock.

    Attributes:
        holder: Whose.
    """

    def __init__(self, holder: DeployLock, silence: timedelta | None, note: Path) -> None:
        wait = "wait for its end; if it is dead, its lock ends after half an hour of silence"
        if silence is not None and silence < timedelta():
            wait = f"by this host's clock that is in the future, so silence does not end it: if it is dead, rm {note}"
        super().__init__(f"{holder.described}; {wait}")
        self.holder = holder


def take(root: Path, wanted: DeployLock, clock: Clock, instead_of: str | None = None) -> bool:
    """Take the lock, or keep it, and return whether it was not ours before.

    Args:
        root: The tree of freqops on the host.
        wanted: The lock to take.
        clock: The source of the time.
        instead_of: A deploy that is known to be dead.

    Raises:
        Taken: Another deploy has the lock.
        Refused: Another command is writing the note.
        OSError: It cannot be written.
    """
    root.mkdir(mode=0o755, parents=True, exist_ok=True)
    with durable.locked(root / LOCK, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused("another command is taking the deploy lock")
        holder = present(root)
        ours = holder is not None and holder.id == wanted.id
        if holder is not None and not ours and holder.id != instead_of:
            silence = _silence(holder, clock)
            if silence is not None and silence <= SILENCE:
                raise Taken(holder, silence, root / FILE)
        heard = {"heard": iso(clock.utcnow()), "boot": this_boot().id, "uptime": clock.monotonic()}
        note = {**asdict(wanted), **heard}
        durable.write_json(root / FILE, note, 0o644)
        return not ours


def give_back(root: Path, identity: str, clock: Clock) -> bool:
    """Give the lock back, and return whether it was ours; that of another deploy is left alone."""
    with durable.locked(root / LOCK, LOCK_SECONDS, clock):
        holder = present(root)
        if holder is None or holder.id != identity:
            return False
        (root / FILE).unlink(missing_ok=True)
        return True


def refuse_unless_own(root: Path, identity: str, clock: Clock) -> None:
    """Refuse a deploy that has lost the lock, and write down that it was heard of.

    Raises:
        Refused: It has.
    """
    holder = present(root)
    if holder is None or holder.id != identity:
        raise Refused(f"the deploy lock was lost: {holder.described if holder else 'no one has it'}")
    take(root, holder, clock)


@contextmanager
def heard_of(root: Path, identity: str, clock: Clock) -> Iterator[None]:
    """Have a deploy heard of for the block, however long that takes.

    Args:
        root: The tree of freqops on the host.
        identity: The deploy.
        clock: The source of the time.

    Raises:
        Refused: It has lost the lock, before the block or by the end of it.
    """
    refuse_unless_own(root, identity, clock)
    over = Event()
    beating = Thread(target=_beat, args=(root, identity, clock, over), daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()
    refuse_unless_own(root, identity, clock)


def _beat(root: Path, identity: str, clock: Clock, over: Event) -> None:
    while not over.wait(BETWEEN.total_seconds()):
        try:
            refuse_unless_own(root, identity, clock)
        except (FreqopsError, OSError):  # what is lost for good is said at the end; what is not, at the next word
            continue


def present(root: Path) -> DeployLock | None:
    """Return the lock as it stands, None where it is free; a note that cannot be read counts as free."""
    document = durable.read_json(root / FILE)
    try:
        found = {name: _typed(document, name, kind) for name, kind in FIELDS.items()}
        boot, uptime = _heard_in(document)
        return DeployLock(**found, pid_namespace=str(document.get("pid_namespace", "")), boot=boot, uptime=uptime)
    except (KeyError, TypeError):
        return None


def _heard_in(document: dict[str, Any]) -> tuple[str, float]:
    boot, uptime = document.get("boot"), document.get("uptime")
    known = isinstance(boot, str) and isinstance(uptime, (int, float)) and 0 <= uptime < LONGEST_UPTIME
    return (str(boot), float(uptime)) if known and uptime is not None else ("", 0.0)


FIELDS: dict[str, type] = {"id": str, "actor": str, "control": str, "pid": int, "started": str, "heard": str}


def _typed(document: Any, name: str, kind: type) -> Any:
    value = document[name]
    if not isinstance(value, kind):
        raise TypeError(name)
    return value


def _silence(holder: DeployLock, clock: Clock) -> timedelta | None:
    """Return for how long nothing was heard of a deploy at least, None where that is not known."""
    if holder.boot:
        return timedelta(seconds=clock.monotonic() - (holder.uptime if holder.boot == this_boot().id else 0.0))
    try:
        heard = datetime.strptime(holder.heard, FORMAT).replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    return clock.utcnow() - heard
