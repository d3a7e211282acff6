"""The seeding of a new repository: complete snapshots of another one, each taken out, compared, and backed up again.

That is no copy of restic's: its ways to name two repositories differ from version to version, and two that are reached
by programs of their own cannot be named at all. Taken out, every byte is compared with the manifest before it counts.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from freqops.core.backup import snapshot
from freqops.core.backup.repository import HOME
from freqops.core.backup.snapshot import Snapshot
from freqops.core.base import strict_json
from freqops.core.base.errors import FreqopsError, NotProven

from . import loss, staging, taken_out
from .backups import STAGING
from .snapshots import LARGEST_MANIFEST, PRIVATE_DIRECTORY, Contents
from .vault import Vault

PLACE = "renewal"


@dataclass(frozen=True)
class Seeding:
    """The seeding of one repository from another.

    Attributes:
        root: The tree of freqops.
        target: The new repository.
        source: The one that seeds it, opened.
        contents: What is in that one.
    """

    root: Path
    target: Vault
    source: Vault
    contents: Contents

    def wanted(self) -> dict[str, Snapshot]:
        """Return the complete snapshots that the rule of the new one keeps, the oldest first."""
        found = {number: self.contents.counted[number] for number in loss.complete(self.contents)}
        stays = self.target.would_keep(found)
        return dict(sorted(((n, each) for n, each in found.items() if n in stays), key=lambda item: item[1].began))

    def done(self) -> tuple[list[Snapshot], list[str]]:
        """Copy those that are missing; return those that are there, read back, and a line for each that is not."""
        wanted, wrong = self.wanted(), list[str]()
        there = list(self.target.contents().counted.values())
        for number, found in wanted.items():
            if found not in there:
                try:
                    self._copied(number, found)
                except (FreqopsError, OSError) as error:
                    wrong.append(f"snapshot {number[:8]} of {self.source.repository.name} is not copied: {error}")
        there = list(self.target.contents().counted.values())
        missing = [number[:8] for number, found in wanted.items() if found not in there]
        if len(missing) > len(wrong):
            wrong.append(f"snapshots {', '.join(missing)} are not there after they were copied")
        return [found for found in wanted.values() if found in there], wrong

    def _copied(self, number: str, found: Snapshot) -> None:
        """Copy a snapshot with its moment, its host and its manifest.

        Raises:
            NotProven: It is not what its manifest says, before or afterwards, or the disk has no room.
        """
        free = shutil.disk_usage(self.root / HOME).free
        if free <= found.size:
            raise NotProven(f"{self.root / HOME} has {free} bytes left, and {found.size} are needed: make room")
        place = self.root / HOME / STAGING / PLACE
        staging.sweep(place)  # what a killed one left
        place.mkdir(mode=PRIVATE_DIRECTORY, parents=True)
        try:
            taken_out.take_out(self.source, number, found, found.parts, place)
            if Snapshot.read(strict_json.load(place / snapshot.NAME, LARGEST_MANIFEST)) != found:
                raise NotProven("its manifest is another one than was read before")
            self.target.seed(place, found)
        finally:
            staging.sweep(place)
