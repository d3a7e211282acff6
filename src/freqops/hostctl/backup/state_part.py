"""The part ``state`` of a snapshot merged into that of the host, upward only.

Holds are added and raised, a breaker is switched on or for longer, a limit gets lower, an incident that is missing
comes back. Nothing is lifted, lowered, loosened or overwritten, whatever the snapshot says.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Callable

from freqops.core.backup import destinations, merging, parts
from freqops.core.backup.destinations import Destination
from freqops.core.backup.manifest import File
from freqops.core.backup.parts_answer import ADD, KEEP, LEAVE_OUT, RAISE, SAME
from freqops.core.base import durable, plain_file, strict_json
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.bot import limits
from freqops.core.bot.layout import Home
from freqops.core.breaker import breaker_file, places
from freqops.core.halt import holds, moved
from freqops.core.halt.holds import Holds, HoldsUnreadable
from freqops.core.runs import slot_directory, slot_file

from ..bot import holds_file
from ..breaker import writer
from .part_plan import Plan, Step, Taken

LARGEST = 16 * 1024 * 1024
STATE, SALES = "user_data/state", "sold.json"
SLOTS = f"{STATE}/{slot_directory.DECLARED}"
FOLLOWS = "it follows the holds"
NOT_HERE = "{bot} is not on this host: deploy it first, or name other bots"
DEPLOYED = "deploy.yml writes it"
NEVER = {
    "override.json": "a permission is never restored",
    f"{places.NAME}.set.json": "it is written again with its breaker",
}
UNKNOWN = "it is not known whether that would loosen anything; backup.yml -e action=export has it"


class StatePart:
    """The state of a snapshot that was taken out."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._files = taken.files(parts.STATE)
        self._said = {where.path: plain_file.read(taken.out / file.path, LARGEST) for where, file in self._files
                      if self._how(where) is not None}  # fmt: skip

    def plan(self) -> Plan:
        """Return what is to be done; see `Part`."""
        plan = Plan()
        for where, file in self._files:
            try:
                how = self._how(where)
                plan.steps.append(how(where) if how is not None else self._file(where, file))
            except (FreqopsError, OSError) as error:
                plan.in_the_way.append(f"{where.path}: {error}")
        return plan

    def _how(self, where: Destination) -> Callable[[Destination], Step] | None:
        """Return how a file is merged that is read for that; None for one that is added, or left."""
        if where.path == SLOTS:
            return self._slots
        if where.path == str(places.host_breaker(Path())):
            return self._breaker
        if not where.bot or holds_file.UNREADABLE in where.path:
            return None
        name = PurePosixPath(where.path).name
        if where.path.startswith(f"{destinations.REMOVED}/"):
            return self._holds
        return {
            "holds.json": self._holds, "limits.json": self._limits, places.NAME: self._breaker, SALES: self._sales,
        }.get(name)  # fmt: skip

    def _file(self, where: Destination, file: File) -> Step:
        path = PurePosixPath(where.path)
        if where.bot and path.name == "state.json":
            return Step(parts.STATE, where.path, KEEP, FOLLOWS)
        if where.bot and path.parts[0] != moved.DIRECTORY and not self._taken.is_here(where.bot):
            raise Refused(NOT_HERE.format(bot=where.bot))
        if where.path.startswith(f"{STATE}/") and ".unreadable-" not in path.name:
            is_slot = path.parent.name == slot_directory.RUNNING
            why = "who had the slot is gone" if is_slot else NEVER.get(path.name, UNKNOWN)
            return Step(parts.STATE, where.path, LEAVE_OUT, "a lock" if path.name.startswith(".") else why)
        return self._taken.file_step(where, file, replaces=False)

    def _holds(self, where: Destination) -> Step:
        home, bot = self._taken.home(where.bot), where.bot
        try:
            then = holds.parse(self._said[where.path].decode())
        except (HoldsUnreadable, UnicodeDecodeError) as error:
            raise Refused(f"the holds of {bot} in the snapshot cannot be read: {error}") from None
        here = self._taken.is_here(bot)
        path = Home(home).holds if here else Home(home).left_holds
        target = str(path.relative_to(self._taken.root))
        try:
            present = Holds() if not here and not os.path.lexists(path) else holds.load(path)
        except HoldsUnreadable as error:
            cure = f"they count as level {holds.HARD}; killswitch.yml -e level=3 replaces them" if here else (
                f"the next {bot} comes up held at level {holds.HARD}; deploy it first")  # fmt: skip
            raise Refused(f"{error}: {cure}") from None
        merged = merging.united(present, then)
        if merged == present and (not here or holds_file.follows(home, present)):
            return Step(parts.STATE, target, SAME)
        change = holds_file.change if here else holds_file.change_left
        why = "; ".join(merging.gained(present, merged)) or "its initial state follows its holds again"
        return Step(parts.STATE, target, RAISE, f"{bot}: {why}",
                    lambda: change(home, lambda now: merging.united(now, then), self._taken.clock))  # fmt: skip

    def _limits(self, where: Destination) -> Step:
        then, path = limits.parse(strict_json.parse(self._said[where.path])), self._taken.root / where.path
        if not self._taken.is_here(where.bot):
            return Step(parts.STATE, where.path, LEAVE_OUT, DEPLOYED)
        try:
            present = limits.load(path)
        except strict_json.Unreadable as error:
            return Step(parts.STATE, where.path, KEEP, f"{error}: nothing enters, and {DEPLOYED}")
        merged = merging.stricter_limits(present, then)
        return self._written(where, present.to_json(), merged.to_json(), f"{present} become {merged}", 0o444)

    def _slots(self, where: Destination) -> Step:
        then = slot_file.understood(strict_json.parse(self._said[where.path]))
        present = slot_file.declared(self._taken.root / where.path)
        merged = merging.stricter_slots(present, then)
        return self._written(where, present.to_json(), merged.to_json(), f"limits become {merged.limits}", 0o644)

    def _written(self, where: Destination, present: Any, wanted: Any, why: str, mode: int) -> Step:
        if wanted == present:
            return Step(parts.STATE, where.path, SAME)
        path = self._taken.root / where.path
        return Step(parts.STATE, where.path, RAISE, why, lambda: durable.write_json(path, wanted, mode))

    def _breaker(self, where: Destination) -> Step:
        if where.bot and not self._taken.is_here(where.bot):
            raise Refused(NOT_HERE.format(bot=where.bot))
        switch = writer.Switch(self._taken.root / where.path, where.bot or None)
        now = self._taken.clock.utcnow()
        then = breaker_file.parse(self._said[where.path], switch.path, now)
        present = switch.read(now)
        try:
            if not merging.must_switch_on(present, then):
                same = (present.active, present.until) == (then.active, then.until)
                return Step(parts.STATE, where.path, SAME if same else KEEP, "" if same else present.why)
        except Malformed as error:
            raise Refused(f"in the snapshot {error}") from None
        return Step(parts.STATE, where.path, RAISE, f"{present.why}; it becomes active: {then.reason}",
                    lambda: self._switched_on(switch, then.reason, then.until))  # fmt: skip

    def _switched_on(self, switch: writer.Switch, reason: str, until: datetime | None) -> None:
        mandate = self._taken.order.mandate
        done = writer.enable(switch, until, replace(mandate, reason=reason or mandate.reason), self._taken.clock)
        if done.error is not None:
            raise NotProven(done.error)

    def _sales(self, where: Destination) -> Step:
        if not self._taken.is_here(where.bot):
            raise Refused(NOT_HERE.format(bot=where.bot))
        then, path = _orders(strict_json.parse(self._said[where.path])), self._taken.root / where.path
        try:
            present = _orders(strict_json.load(path, LARGEST))
        except strict_json.Missing:
            present = []
        merged = merging.all_sales(present, then)
        if merged == present:
            return Step(parts.STATE, where.path, SAME)
        return Step(parts.STATE, where.path, RAISE if present else ADD, f"{len(merged) - len(present)} orders more",
                    lambda: durable.write_json(path, {"version": 1, "orders": merged}, 0o600))  # fmt: skip


def _orders(document: object) -> list[dict[str, Any]]:
    """Return the orders of a ``sold.json``.

    Raises:
        Malformed: It is none.
    """
    found = document.get("orders") if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(
        isinstance(order, dict) and isinstance(order.get("client_id"), str) for order in found
    ):
        raise Malformed("it is no list of orders, so it is not known what was sold")
    return found
