"""The directory of a host's slots: where they are taken, kept and given back, one command at a time.

Every change happens under one flock. A lock file comes into being whole, by a link that fails where the name is taken.
The operator breaker is looked at here for every new slot, so that nobody passes it by; a slot that is held is kept and
given back whatever it says.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

from ..base import durable, root_file
from ..base.clock import Clock, iso
from ..base.errors import NotProven, Refused
from ..halt.deadman import Boot, this_boot
from . import breaker_gate, slot_file, slot_processes, slot_table, slots
from .slots import Acquired, Full, LockFile, Look, Lost, Moment, Process, Seen, Slot, Wanted

STATE = Path("user_data") / "state"
RUNNING, DECLARED = "running", "run_slots.json"
LOCK, LOCK_SECONDS = ".lock", 10.0
MODE = 0o600
NAMES = 100  # seconds that a name may be ahead of its slot, where earlier ones are there


class SlotDirectory:
    """The slots of one host.

    Attributes:
        path: The directory that has the lock files.
    """

    def __init__(
        self,
        root: Path,
        clock: Clock,
        boot: Callable[[], Boot] = this_boot,
        look: Look = slot_processes.alive,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.path = root / STATE / RUNNING
        self._root = root
        self._clock, self._boot, self._look, self._wall = clock, boot, look, wall

    def now(self) -> Moment:
        """Return the present moment."""
        return Moment(self._boot(), self._wall())

    @property
    def declared(self) -> slot_file.Declared:
        """The slots that this host declares.

        Raises:
            Refused: It cannot be read.
        """
        return slot_file.declared(self.path.parent / DECLARED)

    def found(self) -> list[LockFile]:
        """Return every lock file by its name; none where no slot was ever taken.

        Raises:
            NotProven: The directory is not what it must be, or cannot be read.
        """
        if not self._is_there():
            return []
        try:
            names = sorted(entry for entry in os.listdir(self.path) if _is_a_lock(entry))  # noqa: PTH208  as quick as it gets
        except OSError as error:
            raise NotProven(f"{self.path} cannot be read: {error}") from None
        read = (slot_file.read(self.path / name, self._boot) for name in names)
        return [each for each in read if each is not None]

    def answer(self) -> dict[str, Any]:
        """Return all slots of this host as `slot_table.answer` has them.

        Raises:
            Refused: What the host declares cannot be read.
            NotProven: The directory cannot be read.
        """
        declared, found = self.declared, self.found()
        return slot_table.answer(found, self.now(), declared.limits, declared.ttl, self._look)

    def stale(self, found: list[LockFile]) -> list[LockFile]:
        """Return those that count no longer."""
        now, ttl = self.now(), self.declared.ttl
        return [each for each in found if slots.is_stale(each, now, ttl, self._look)]

    def look(self, wanted: Wanted, *, again: bool = False) -> Seen:
        """Return the slots that a new holder would meet now.

        Args:
            wanted: What a holder asks for.
            again: Whether a holder that has a slot of this kind and correlation id means that one.

        Raises:
            Full: All slots are taken.
            Refused: The operator breaker forbids it, it asks for more than is declared, or what is declared cannot be
                read.
            NotProven: The directory cannot be read.
        """
        limit = self.declared.limit(wanted.kind, wanted.limit)
        found = [each for each in self.found() if each.kind == wanted.kind]
        stale = self.stale(found)
        active = [each for each in found if each not in stale]
        own = next((each for each in active if again and each.is_of(wanted.holder, wanted.cid)), None)
        if own is not None:
            return Seen(own, active, stale, limit)
        remarks = breaker_gate.ask(self._root, wanted.kind, self._clock.utcnow())
        if len(active) >= limit:
            raise Full(
                f"too_many_active_{wanted.kind}s: {len(active)}/{limit}: {'; '.join(each.described for each in active)}"
            )
        return Seen(None, active, stale, limit, remarks)

    def acquire(self, wanted: Wanted, *, again: bool = False) -> Acquired:
        """Take a slot, and read it back.

        Args:
            wanted: What a holder asks for.
            again: As of `look`.

        Raises:
            Full: All slots are taken.
            Refused: Nothing was taken: the operator breaker forbids it, the wish is not allowed, the disk is full, or
                another command is at it.
            NotProven: The directory cannot be read, or what is read back is not what was written.
        """
        self._make()
        with self._locked():
            seen = self.look(wanted, again=again)
            if seen.own is not None and seen.own.slot is not None:
                name, slot = seen.own.name, seen.own.slot
                return Acquired(slot, slot_file.token(name, slot), name, False, len(seen.active) - 1)
            removed = tuple(self._removed(seen.stale))
            slot = self._new(wanted, seen.limit)
            name = self._written(slot)
            return Acquired(slot, slot_file.token(name, slot), name, True, len(seen.active), removed, seen.remarks)

    def keep(self, token: str) -> Slot:
        """Let the holder of a slot be heard, and return the slot.

        Raises:
            Lost: It is not the holder's any more, or its heartbeat is late: the run under it must end.
            Refused: Another command is at it.
            OSError: The disk is full, read-only or failing; the heartbeat before still counts.
        """
        with self._locked():
            return self._replaced(token, lambda slot: slot.beaten(self._boot(), iso(self._clock.utcnow())))

    def put_run(self, token: str, run: Process | None) -> Slot:
        """Write down which process leads the run under a slot, None for no run any more, and return the slot.

        Raises:
            Lost: As of `keep`.
            Refused: Another run is under it, or another command is at it.
            OSError: As of `keep`.
        """
        with self._locked():
            return self._replaced(token, lambda slot: self._with_run(slot, run))

    def held(self, token: str) -> Slot:
        """Return a slot as it stands.

        Raises:
            Lost: It is not the holder's any more, or its heartbeat is late.
        """
        slot = self._own(token)
        name = self._of(token)[0].name
        if slot is None:
            raise Lost(f"the slot {name} is not held any more")
        now = self._boot()
        if slot.is_late(now):
            silent, most = slot.silence(now), slot.ttl * slots.LATE
            raise Lost(f"nothing was heard of the holder of {name} for {silent:.1f} s; allowed: {most:.1f} s")
        return slot

    def is_held(self, token: str) -> bool:
        """Return whether a slot is still that of its holder, however long that one was silent.

        Raises:
            Refused: It is no token.
            NotProven: The lock file cannot be read.
        """
        return self._own(token) is not None

    def release(self, token: str) -> bool:
        """Give a slot back, and return whether it was held; one of another holder is left alone.

        Raises:
            Refused: It is no token, its run goes on, or another command is at it.
            NotProven: The lock file cannot be read, or is still there afterwards.
        """
        if self._own(token) is None:
            return False
        with self._locked():
            slot = self._own(token)
            if slot is None:
                return False
            if slot.run is not None and self._look(slot).run:
                raise Refused(
                    f"process {slot.run.pid} runs under this slot; when it has ended, the slot can be given back"
                )
            _remove(self._of(token)[0])
            return True

    @contextmanager
    def none_held(self) -> Iterator[None]:
        """Let no slot be taken during the block.

        Raises:
            Refused: One is held, or another command is at it.
            NotProven: The directory cannot be read.
        """
        self._make()
        with self._locked():
            self.refuse_held()
            yield

    def refuse_held(self) -> None:
        """Refuse where a slot is held now; raises as `none_held`."""
        found = self.found()
        stale = self.stale(found)
        held = [each.described for each in found if each not in stale]
        if held:
            raise Refused(f"runs are under way ({'; '.join(held)}): let them end, or end them")

    # --- how it is done

    def _is_there(self) -> bool:
        """Return whether the directory is there; it and the one above must be root's alone."""
        try:
            return root_file.is_own_directory(self.path.parent) and root_file.is_own_directory(self.path)
        except root_file.Untrusted as error:
            raise NotProven(str(error)) from None

    def _make(self) -> None:
        try:
            self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"no slot was taken: {self.path} cannot be made: {error}") from None
        self._is_there()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self.path / LOCK
        with durable.locked(lock, LOCK_SECONDS, self._clock) as held:
            if held is None:
                raise Refused(f"nothing was changed: {lock} cannot be opened; is the disk full, or read-only?")
            if not held:
                raise Refused(f"nothing was changed: another command has {lock} for more than {LOCK_SECONDS:.0f} s")
            yield

    def _of(self, token: str) -> tuple[Path, str]:
        found = slot_file.of_token(token)
        if found is None:
            raise Refused("it is no token of a slot; one was given when the slot was taken")
        return self.path / found[0], found[1]

    def _new(self, wanted: Wanted, limit: int) -> Slot:
        ttl = self.declared.ttl if wanted.ttl is None else wanted.ttl
        at, secret = iso(self._clock.utcnow()), os.urandom(16).hex()
        return Slot(wanted.kind, wanted.cid, secret, at, wanted.holder, ttl, limit, heard=self._boot(), heard_at=at)

    def _own(self, token: str) -> Slot | None:
        """Return the slot of a token, None where it is nobody's, or somebody else's."""
        path, secret = self._of(token)
        found = slot_file.read(path, self._boot) if self._is_there() else None
        if found is not None and found.error:
            raise NotProven(f"{path}: {found.error}; if its run has ended: rm {path}")
        slot = found.slot if found is not None else None
        return slot if slot is not None and slot.secret == secret else None

    def _removed(self, stale: list[LockFile]) -> Iterator[str]:
        """Remove what is stale, and yield what went; what stays counts no less for stale, and is seen by who looks."""
        for each in stale:
            with suppress(OSError):
                (self.path / each.name).unlink(missing_ok=True)
                yield each.name

    def _written(self, slot: Slot) -> str:
        """Write a slot under a name that is not there yet, read it back, and return the name."""
        for later in range(NAMES):
            name = slot_file.name(slot, later)
            try:
                durable.write_new(self.path / name, slot_file.body(slot), MODE)
            except FileExistsError:
                continue
            except OSError as error:
                if os.path.lexists(self.path / name):
                    raise NotProven(f"{self.path / name} cannot be written, nor removed: {error}") from None
                raise Refused(f"no slot was taken, {self.path} cannot be written: {error}") from None
            back = slot_file.read(self.path / name, self._boot)
            if back is None or back.slot != slot:
                raise NotProven(f"{self.path / name} was written, and something else was read back")
            return name
        raise Refused(f"no slot was taken: {NAMES} names like {slot_file.name(slot)} are there already")

    def _replaced(self, token: str, how: Callable[[Slot], Slot]) -> Slot:
        slot = how(self.held(token))
        durable.write_atomic(self._of(token)[0], slot_file.body(slot), MODE)
        return slot

    def _with_run(self, slot: Slot, run: Process | None) -> Slot:
        if run is not None and slot.run is not None and self._look(slot).run:
            raise Refused(f"process {slot.run.pid} runs under this slot already; one slot is for one run")
        return replace(slot, run=run)


def _is_a_lock(name: str) -> bool:
    return name.endswith(slot_file.SUFFIX) and not name.startswith(".")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    durable.sync_directory(path.parent)
    if os.path.lexists(path):
        raise NotProven(f"{path} was removed, and is still there")
