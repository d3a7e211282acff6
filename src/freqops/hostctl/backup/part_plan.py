"""The plan of a restore of parts, step by step, and the reasons against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Protocol

from freqops.core.backup import destinations, parts_answer
from freqops.core.backup.destinations import Destination
from freqops.core.backup.manifest import File
from freqops.core.backup.repository import HOME
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base.clock import Clock
from freqops.core.base.errors import Refused
from freqops.core.base.kinds import Malformed
from freqops.core.base.mandate import Mandate
from freqops.core.bot import layout

from . import placing

OVERWRITE = "another one is there: say that it may be replaced (--overwrite, or overwrite=true of restore.yml)"
REPLACED = "replaced"  # below `HOME`: what the last restore of each part replaced


@dataclass(frozen=True)
class Order:
    """A restore of parts as it is ordered.

    Attributes:
        mandate: Its reason, its actor and its incident.
        parts: The parts.
        repository: The repository.
        snapshot: Which snapshot; see `snapshot_choice`.
        bots: The bots whose files are meant, besides what belongs to none; all where none is named.
        overwrite: Whether what is there may be replaced, where a part replaces anything.
    """

    mandate: Mandate
    parts: tuple[str, ...]
    repository: str
    snapshot: str
    bots: tuple[str, ...] = ()
    overwrite: bool = False


@dataclass(frozen=True)
class Step:
    """The step of a restore for one file.

    Attributes:
        part: Its part.
        path: Its place in the tree.
        what: One of `parts_answer.WORDS`.
        why: More in words; never anything of a secret.
        act: The function that does it; None where nothing is to be done.
    """

    part: str
    path: str
    what: str
    why: str = ""
    act: Callable[[], object] | None = None


@dataclass
class Plan:
    """The steps that are due, and the reasons against them.

    Attributes:
        steps: The steps, in their order.
        in_the_way: The reasons for which it is refused.
    """

    steps: list[Step] = field(default_factory=list)
    in_the_way: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Taken:
    """The parts of a snapshot that were taken out, and where they are to go.

    Attributes:
        root: The tree of freqops.
        out: The directory into which they were taken.
        told: What the snapshot says of itself.
        order: The restore.
        clock: The source of the time.
        owner: The user who owns the tree; root, but in tests.
    """

    root: Path
    out: Path
    told: Snapshot
    order: Order
    clock: Clock
    owner: int

    def files(self, part: str) -> list[tuple[Destination, File]]:
        """Return the files of a part that are meant, each with its destination.

        Raises:
            Refused: One has no place on a host.
        """
        found = []
        for file in self.told.files:
            if file.path.partition("/")[0] == part:
                try:
                    destination = destinations.of(file.path)
                except Malformed as error:
                    raise Refused(f"the snapshot cannot be restored: {error}") from None
                if not (self.order.bots and destination.bot) or destination.bot in self.order.bots:
                    found.append((destination, file))
        return found

    def home(self, bot: str) -> Path:
        """Return the directory of a bot."""
        return self.root / destinations.BOTS / bot

    def is_here(self, bot: str) -> bool:
        """Return whether a bot was deployed on this host."""
        return self.home(bot) in layout.homes(self.root)

    def kept(self, part: str) -> Path:
        """Return where what is replaced is kept while the restore is under way."""
        return self.root / HOME / REPLACED / f".{part}"

    def file_step(self, where: Destination, file: File, *, replaces: bool, why: str = "") -> Step:
        """Return the step for a file that is added where it is missing.

        Args:
            where: Its destination.
            file: What the manifest says of it.
            replaces: Whether one that differs is replaced; else it is kept.
            why: What to say of it.

        Raises:
            Refused: One that differs may not be replaced, or something stands in its way.
        """
        present, source, rights = placing.seen(self.root, where.path), self.out / file.path, where.rights
        if present is not None and (present.size, present.sha256) == (file.size, file.sha256):
            return Step(where.part, where.path, parts_answer.SAME)
        if present is not None and not replaces:
            return Step(where.part, where.path, parts_answer.KEEP, "the one in the snapshot differs")
        if not placing.on_disk_of(self.root, where.path, self.root / HOME):
            raise Refused(f"{self.root / where.path} lies on another file system than {self.root / HOME}")
        if present is None:
            return Step(where.part, where.path, parts_answer.ADD, why,
                        lambda: placing.add(self.root, where.path, source, rights, file))  # fmt: skip
        if not self.order.overwrite:
            raise Refused(f"{self.root / where.path}: {OVERWRITE}")
        kept = self.kept(where.part) / where.path
        return Step(where.part, where.path, parts_answer.REPLACE, why,
                    lambda: placing.replace(self.root, where.path, source, rights, file, kept))  # fmt: skip


class Part(Protocol):
    """One part that is restored."""

    def plan(self) -> Plan:
        """Return what is to be done, judged by what is there now."""
