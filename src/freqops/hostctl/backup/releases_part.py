"""The releases of a snapshot that a host lacks, laid out again so that a rollback can go to them.

Which release runs is not touched, and none that is there is changed. One comes back whole, by one rename.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from freqops.core.backup import destinations, parts
from freqops.core.backup.destinations import Destination
from freqops.core.backup.manifest import File
from freqops.core.backup.parts_answer import ADD, KEEP, LEAVE_OUT, SAME
from freqops.core.backup.repository import HOME
from freqops.core.base import durable, kinds, strict_json
from freqops.core.base.errors import FreqopsError, NotProven, Refused
from freqops.core.base.kinds import Malformed
from freqops.core.bot import layout
from freqops.core.deploy import release

from ..deploy.switch_files import HISTORY, SwitchFiles
from . import placing
from .file_parts import NOT_HERE
from .part_plan import Plan, Step, Taken

LARGEST = 1024 * 1024
RELEASE = "release"
RIGHTS = destinations.Rights(0o444)
HISTORIC: dict[str, kinds.Kind] = {"release": kinds.text, "image": kinds.text, "at": kinds.text}
NEVER_RUN = "which release runs is not changed"
NOT_ACCEPTED = "Freqtrade had not accepted it"
Files = dict[str, File]


class ReleasesPart:
    """The releases of a snapshot that was taken out; see `Part`."""

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._releases: dict[str, dict[str, Files]] = {}
        self._aside: list[Step] = []
        self._history: dict[str, list[dict[str, Any]]] = {}
        for where, file in taken.files(parts.RELEASES):
            self._sort(where, file)

    def _sort(self, where: Destination, file: File) -> None:
        words = PurePosixPath(where.path).parts
        mine = self._releases.setdefault(where.bot, {})
        if words[2] == RELEASE and len(words) > 4 and release.FINGERPRINT.fullmatch(words[3]):
            mine.setdefault(words[3], {})["/".join(words[4:])] = file
        elif words[2] == HISTORY:
            self._history[where.bot] = _entries(strict_json.load(self._taken.out / file.path, LARGEST))
        elif words[2] == RELEASE:
            self._aside.append(Step(parts.RELEASES, where.path, LEAVE_OUT, "it is of no release"))
        else:
            self._aside.append(Step(parts.RELEASES, where.path, KEEP, NEVER_RUN))

    def plan(self) -> Plan:
        """Return what is to be done; see `Part`."""
        plan = Plan(list(self._aside))
        for bot, found in sorted(self._releases.items()):
            if not self._taken.is_here(bot):
                plan.in_the_way.append(NOT_HERE.format(bot=bot))
                continue
            try:
                steps = [self._release(bot, fingerprint, files) for fingerprint, files in sorted(found.items())]
                usable = {fingerprint for fingerprint, step in zip(sorted(found), steps) if step.what in (ADD, SAME)}
                plan.steps += [*steps, *self._remembered(bot, usable)]
            except (FreqopsError, OSError) as error:
                plan.in_the_way.append(f"{bot}: {error}")
        return plan

    def _release(self, bot: str, fingerprint: str, files: Mapping[str, File]) -> Step:
        path = f"{destinations.BOTS}/{bot}/{RELEASE}/{fingerprint}"
        there = (self._taken.root / path).exists() or (self._taken.root / path).is_symlink()
        if release.VALIDATED not in files:
            return Step(parts.RELEASES, path, LEAVE_OUT, NOT_ACCEPTED)
        if there:
            odd = self._differing(path, files)
            if odd:
                cure = "one of both is spoilt; where it does not run, move it away, and again"
                raise Refused(f"release {fingerprint} is here, and {', '.join(odd[:5])} of it differ: {cure}")
            return Step(parts.RELEASES, path, SAME)
        source = self._taken.out / parts.RELEASES / path
        declared = layout.declared(strict_json.load(source / release.DECLARATION, LARGEST), self._taken.home(bot))
        if declared.release != fingerprint:
            raise Refused(f"release {fingerprint} of the snapshot declares another one")
        if not placing.on_disk_of(self._taken.root, path, self._taken.root / HOME):
            raise Refused(f"{self._taken.root / path} lies on another file system than {self._taken.root / HOME}")
        why = f"{len(files)} files; its image is {declared.image}"
        return Step(parts.RELEASES, path, ADD, why, lambda: self._laid(path, source, files))

    def _laid(self, path: str, source: Path, files: Mapping[str, File]) -> None:
        placing.make_ready(source, RIGHTS)
        placing.add_directory(self._taken.root, path, source, RIGHTS)
        odd = self._differing(path, files)
        if odd:
            raise NotProven(f"{self._taken.root / path} was laid out, and {', '.join(odd[:5])} of it differ")

    def _differing(self, path: str, files: Mapping[str, File]) -> list[str]:
        """Return the files of a release that are not as the snapshot has them."""
        odd = []
        for name, file in sorted(files.items()):
            found = placing.seen(self._taken.root, f"{path}/{name}")
            if found is None or (found.size, found.sha256) != (file.size, file.sha256):
                odd.append(name)
        return odd

    def _remembered(self, bot: str, usable: set[str]) -> list[Step]:
        """Return what lets a rollback know of them: they stand before all others, for they are older."""
        files = SwitchFiles(self._taken.home(bot))
        if files.unfinished:
            raise Refused("a switch is not over: freqops-recover ends it within 15 s, or says why not")
        present = files.history()
        known = {entry["release"] for entry in present}
        missing = [entry for entry in self._history.get(bot, []) if entry["release"] in usable - known]
        path = f"{destinations.BOTS}/{bot}/{HISTORY}"
        if not missing:
            return [Step(parts.RELEASES, path, SAME)]
        document = {"version": 1, "releases": [*missing, *present]}
        named = ", ".join(str(entry["release"]) for entry in missing)
        return [Step(parts.RELEASES, path, ADD, f"a rollback can go to {named}",
                     lambda: durable.write_json(files.home / HISTORY, document, 0o644))]  # fmt: skip


def _entries(document: object) -> list[dict[str, Any]]:
    """Return the releases of a history, without what is said of dumps that are not here.

    Raises:
        Malformed: It is no history.
    """
    rows = document.get("releases") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise Malformed("its releases.json is none")
    return [{name: row[name] for name in HISTORIC if name in row}
            for row in rows if isinstance(row, dict) and isinstance(row.get("release"), str)]  # fmt: skip
