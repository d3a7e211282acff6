"""``freqops-host restore-parts``: parts of a snapshot brought back in place, and proven by reading them back.

Everything is taken out, compared with the manifest, and judged before anything is touched. Then each file changes by
one call of the kernel. A restore that is killed leaves old and new files, each whole; the same call goes on from there.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from freqops.core.backup import parts, repository, snapshot_choice
from freqops.core.backup.parts_answer import CHANGES, MAY_BE, RESTORED, SAME, SAME_ALREADY, RestoredParts
from freqops.core.backup.repository import HOME
from freqops.core.base import durable, root_file
from freqops.core.base.clock import Clock, iso
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.bot import layout
from freqops.core.bot.layout import Home

from ..incident.recorded import Command, stamp
from . import chosen_snapshot, registry_part, restic, staging, taken_out
from .chosen_snapshot import Meant, Wanted
from .file_parts import FilePart
from .part_plan import REPLACED, Order, Part, Plan, Step, Taken
from .registry_part import RegistryPart
from .releases_part import ReleasesPart
from .state_part import StatePart
from .vault import Vault

COPIES = 2  # what is taken out, and the registry that is staged of it
LOCK_SECONDS = 10.0
NAME = "restore-parts"
AGAIN = "the same call goes on from there"


@dataclass(frozen=True)
class PartsRestore:
    """A restore of parts on a host.

    Attributes:
        root: The tree of freqops.
        order: The restore as it is ordered.
        clock: The source of the time.
        run_restic: What runs restic.
        owner: The user who owns the tree; root, but in tests.
    """

    root: Path
    order: Order
    clock: Clock
    run_restic: restic.Run = restic.run
    owner: int = root_file.ROOT_UID

    def look(self) -> RestoredParts:
        """Foretell the replaced tables or files; nothing is touched.

        Raises:
            Refused: No snapshot can be restored, whatever is here.
        """
        with self._taken() as (result, taken):
            plan = _planned(_parts(taken))
            result.outcome, result.proven, result.in_the_way = MAY_BE, True, plan.in_the_way
            result.rows, result.changed = _rows(plan, result), any(step.what in CHANGES for step in plan.steps)
            return result

    def run(self) -> RestoredParts:
        """Restore the parts, and write down the result.

        Raises:
            Refused: Nothing was touched.
            NotProven: Something was; the text says what is not as it should be.
        """
        command = Command(NAME, self.order.mandate, self.root, self.clock)
        began = self.clock.utcnow()
        try:
            result = self._run()
        except NotProven as error:
            command.write(f"{NAME}-{stamp(began)}", began, {"proven": False, "result": {"not_proven": str(error)}})
            raise
        if result.changed:
            unwritten = command.write(
                f"{NAME}-{stamp(began)}", began, {"proven": result.proven, "result": result.to_json()}
            )
            result.detail += [unwritten] if unwritten else []
        return result

    def _run(self) -> RestoredParts:
        with ExitStack() as stack:
            result, taken = stack.enter_context(self._taken())
            if parts.REGISTRY in self.order.parts:
                registry_part.take_up(self.root)
            for home in self._homes(taken):
                stack.enter_context(_alone(home, self.clock))
            found = _parts(taken)
            plan = _planned(found)
            if plan.in_the_way:
                raise Refused(f"nothing was restored: {'; '.join(plan.in_the_way)}")
            acts = [step for step in plan.steps if step.act is not None]
            for number, step in enumerate(acts):
                self._acted(step, f"{number} of {len(acts)} changes were made")
            self._refuse_unless_there(acts, _planned(found))
            for part in self.order.parts:
                self._keep(taken, part)
            result.rows, result.changed, result.proven = _rows(plan, result), bool(acts), True
            result.outcome = RESTORED if acts else SAME_ALREADY
            result.detail.append("read back: everything is there as the snapshot, or the merge, has it")
            return result

    def _acted(self, step: Step, before: str) -> None:
        try:
            if step.act is not None:
                step.act()
        except (FreqopsError, OSError) as error:
            raise NotProven(f"{step.part}: {step.path}: {error}; {before} before; {AGAIN}") from error

    def _refuse_unless_there(self, acts: list[Step], plan: Plan) -> None:
        """Refuse to call proven what would be done again, or was done and is not there.

        Raises:
            NotProven: Something is so.
        """
        done = {(step.part, step.path) for step in acts}
        odd = [step for step in plan.steps if step.what != SAME and ((step.part, step.path) in done or step.act)]
        left = [f"{step.part}: {step.path} is not as it was made" for step in odd]
        wrong = [*left, *plan.in_the_way]
        if wrong:
            raise NotProven(f"{'; '.join(wrong)}; {AGAIN}")

    def _keep(self, taken: Taken, part: str) -> None:
        """Keep what was replaced now, instead of what was kept before.

        Raises:
            NotProven: The disk does not do it.
        """
        under_way, kept = taken.kept(part), self.root / HOME / REPLACED / part
        if not under_way.exists():
            return
        try:
            staging.sweep(kept)
            under_way.rename(kept)
            durable.sync_directory(kept.parent)
        except OSError as error:
            raise NotProven(f"{part} is restored, and what it replaced stayed at {under_way}: {error}") from error

    # --- the snapshot

    @contextmanager
    def _taken(self) -> Iterator[tuple[RestoredParts, Taken]]:
        """Take the parts out for the block, every byte compared; nothing of them is left then.

        Raises:
            Refused: They cannot be; nothing was touched.
        """
        vault, found = self._chosen()
        with chosen_snapshot.place_alone(self.root, self.clock) as place:
            out = place / "out"
            try:
                self._refuse_without_room(found)
                chosen_snapshot.made(place, out)
                taken_out.take_out(vault, found.number, found.told, self.order.parts, out)
            except (NotProven, OSError) as error:
                raise Refused(f"nothing was restored: {error}") from error
            taken = Taken(self.root, out, found.told, self.order, self.clock, self.owner)
            detail = [*found.aside, *self._empty(taken)]
            yield RestoredParts("", False, False, self.order.repository, found.number, iso(found.told.began),
                                detail=detail), taken  # fmt: skip

    def _empty(self, taken: Taken) -> list[str]:
        """Return a line for each part of which the snapshot has no file.

        Raises:
            Refused: It has none of a bot that is named.
        """
        there = {part: taken.files(part) for part in self.order.parts}
        missing = set(self.order.bots) - {where.bot for found in there.values() for where, _ in found}
        if missing:
            raise Refused(f"the snapshot has nothing of {', '.join(sorted(missing))} in {', '.join(self.order.parts)}")
        return [f"the snapshot has no file of {part}" for part, found in there.items() if not found]

    def _chosen(self) -> tuple[Vault, Meant]:
        asked = snapshot_choice.understood(self.order.snapshot)
        restic.refuse_older(self.run_restic)
        [declared] = repository.chosen(repository.load(self.root, self.owner), self.order.repository)
        own = parts.of(self.order.parts, secrets=declared.secrets)
        if own != self.order.parts:
            strange = ", ".join(part for part in self.order.parts if part not in own)
            raise Refused(f"repository {declared.name} has {'secrets alone' if declared.secrets else 'no secrets'}, "
                          f"and {strange} was asked for")  # fmt: skip
        vault = Vault(restic.Restic(declared, self.root, self.run_restic, self.owner), self.clock)
        host = declared.of_host or socket.gethostname()
        wanted = Wanted(
            ", ".join(self.order.parts),
            lambda told: snapshot_choice.unfit_parts(told, self.order.parts, host),
            lambda told: told.began,
        )
        try:
            vault.opened()
            return vault, chosen_snapshot.meant(vault, asked, wanted)
        except (NotProven, OSError) as error:
            raise Refused(f"nothing was restored: {error}") from error
        except Refused as refusal:
            raise Refused(f"repository {declared.name}: {refusal}") from None

    def _refuse_without_room(self, found: Meant) -> None:
        """Refuse to fill the disk on which the bots trade.

        Raises:
            NotProven: There is not enough room.
        """
        wanted = [file for file in found.told.files if file.path.partition("/")[0] in self.order.parts]
        needed = COPIES * sum(file.size for file in wanted)
        free = shutil.disk_usage(self.root / HOME).free
        if free <= needed:
            raise NotProven(f"{self.root / HOME} has {free} bytes left, and {needed} are needed: make room")

    def _homes(self, taken: Taken) -> list[Path]:
        """Return the directories of the bots of this host of which a file is meant."""
        meant = {where.bot for part in self.order.parts for where, _ in taken.files(part)}
        return [home for home in layout.homes(self.root) if home.name in meant]


def _parts(taken: Taken) -> list[Part]:
    """Return the parts, read as far as they are merged.

    Raises:
        Refused: One of the snapshot cannot be understood; nothing was touched.
    """
    try:
        return _read(taken)
    except Refused:
        raise
    except (FreqopsError, OSError) as error:
        raise Refused(f"nothing was restored, the snapshot cannot be understood: {error}") from error


def _read(taken: Taken) -> list[Part]:
    found: list[Part] = []
    for part in taken.order.parts:
        if part == parts.STATE:
            found.append(StatePart(taken))
        elif part == parts.REGISTRY:
            found.append(RegistryPart(taken))
        elif part == parts.RELEASES:
            found.append(ReleasesPart(taken))
        else:
            found.append(FilePart(taken, part))
    return found


def _planned(found: list[Part]) -> Plan:
    plans = [part.plan() for part in found]
    return Plan([step for plan in plans for step in plan.steps], [line for plan in plans for line in plan.in_the_way])


def _rows(plan: Plan, result: RestoredParts) -> list[dict[str, str]]:
    """Return a row for each file that is not there already, and say how many are."""
    same = sum(step.what == SAME for step in plan.steps)
    result.detail += [f"{same} of {len(plan.steps)} were there already"] if same else []
    return [{"part": step.part, "path": step.path, "what": step.what, "why": step.why}
            for step in plan.steps if step.what != SAME]  # fmt: skip


@contextmanager
def _alone(home: Path, clock: Clock) -> Iterator[None]:
    """Hold the lock of a bot for the block.

    Raises:
        Refused: Another command has it.
    """
    with durable.locked(Home(home).lock, LOCK_SECONDS, clock) as held:
        if not held:
            raise Refused(f"another command is working on {home.name}; nothing was restored")
        yield
