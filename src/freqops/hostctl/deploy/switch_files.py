"""The files of a switch: the next release, the former one, and the note of a switch that is not over.

``staged`` holds secrets that were made but are not in use yet; ``former`` what a switch replaced, for as long as it
may have to be taken back; ``switch.json`` says that one began. A host that loses its power in the middle finds it
again and takes the switch back. The limits of a bot stand in its declaration, and come and go with it.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.strict_json import Unreadable
from freqops.core.bot import layout, limits, user_files
from freqops.core.bot.layout import Home
from freqops.core.deploy import release

HISTORY = "releases.json"
STAGED, FORMER, DUMPS = "staged", "former", "dumps"
SECRETS = "secrets.json"
MARK_LENGTH = 16
HERE = (release.DECLARATION, release.COMPOSE)
OF_A_BOT = (*HERE, "switch.json", HISTORY, FORMER, "conf/holds.json*", "conf/state.json", "var/*")
PRIVATE_DIRECTORY = 0o700
READABLE_BY_BOT = 0o444
MODES = {release.DECLARATION: 0o644, release.COMPOSE: 0o644, SECRETS: 0o400}


@dataclass(frozen=True)
class SwitchFiles:
    """The files of one bot that a switch reads and writes."""

    home: Path

    @property
    def note(self) -> dict[str, Any] | None:
        """The note of a switch that is not over, None where there is none."""
        document = durable.read_json(Home(self.home).switch)
        return document if isinstance(document, dict) else None

    @property
    def unfinished(self) -> bool:
        """Whether a switch began and is not over, readable or not."""
        return Home(self.home).switch.exists()

    def begin(self, note: dict[str, Any]) -> None:
        """Keep what is there now, then write down that a switch began: in this order, so that the note never lies."""
        former = self.home / FORMER
        shutil.rmtree(former, ignore_errors=True)
        former.mkdir(mode=PRIVATE_DIRECTORY)
        for path in (*(self.home / name for name in HERE), self.home / "conf" / SECRETS):
            if path.exists():
                _copy(path, former / path.name)
        self._complete_release()
        self.write_note(note)

    def write_note(self, note: dict[str, Any]) -> None:
        """Write down how far a switch is."""
        durable.write_json(Home(self.home).switch, note, 0o600)

    def _complete_release(self) -> None:
        """Lay declaration and Compose file beside the release that runs; hosts deployed long ago lack them there."""
        document = durable.read_json(self.home / release.DECLARATION)
        place = self.home / "release" / str(document["release"]) if isinstance(document, dict) else None
        for name in HERE:
            if place is not None and place.is_dir() and not (place / name).exists():
                durable.write_atomic(place / name, (self.home / name).read_bytes(), 0o444)

    @property
    def pending_secrets(self) -> Path | None:
        """Secrets that were made and are not in use yet."""
        path = self.home / STAGED / SECRETS
        return path if path.exists() else None

    @property
    def without_secrets(self) -> bool:
        """Whether its first secrets still wait, and none are in use: nothing of it can have started."""
        return self.pending_secrets is not None and not (self.home / "conf" / SECRETS).exists()

    def install(self, fingerprint: str) -> None:
        """Put a release, and the secrets that wait for it, in the place of what is there."""
        place = self.home / "release" / fingerprint
        self._put_limits(place)
        for name in HERE:
            durable.write_atomic(self.home / name, (place / name).read_bytes(), MODES[name])
        if self.pending_secrets is not None:
            _copy(self.pending_secrets, self.home / "conf" / SECRETS)

    def put_back(self) -> None:
        """Put the files that a switch replaced back.

        Files that the switch brought to an empty place are taken away, but for the secrets: the bot's database may use
        them.
        """
        former = self.home / FORMER
        for name in HERE:
            if (former / name).exists():
                durable.write_atomic(self.home / name, (former / name).read_bytes(), MODES[name])
            else:
                (self.home / name).unlink(missing_ok=True)
        self._put_limits(former)
        if (former / SECRETS).exists():
            _copy(former / SECRETS, self.home / "conf" / SECRETS)

    def _put_limits(self, place: Path) -> None:
        """Put the limits that a declaration has where its strategy reads them; none where it is older than limits.

        Raises:
            Unreadable: The declaration has something else in their place.
        """
        wanted, path = limits_of(place), Home(self.home).limits
        if wanted is None:
            path.unlink(missing_ok=True)
        elif not limits_stand(path, wanted):
            durable.write_json(path, wanted.to_json(), READABLE_BY_BOT)

    @property
    def has_former(self) -> bool:
        """Whether a release that was there before the switch is kept."""
        return (self.home / FORMER / release.DECLARATION).exists()

    def end(self) -> None:
        """Forget the switch: it is done, or taken back."""
        Home(self.home).switch.unlink(missing_ok=True)
        durable.sync_directory(self.home)
        for name in (STAGED, FORMER):
            shutil.rmtree(self.home / name, ignore_errors=True)

    def as_installed(self, fingerprint: str) -> bool:
        """Whether that release is what the bot's directory declares already, with nothing waiting for a switch."""
        place = self.home / "release" / fingerprint
        same = all(durable.same(place / name, self.home / name) for name in HERE)
        return self.pending_secrets is None and same and limits_stand(Home(self.home).limits, limits_of(place))

    @property
    def is_new(self) -> bool:
        """Whether nothing of this bot was ever here: no declaration, no holds and no state, and nothing that it wrote.

        What is laid out for its first deploy, its releases, tool, secrets and mount point, is not of it yet.
        """
        found = (path for pattern in OF_A_BOT for path in self.home.glob(pattern) if path.exists())
        return all(user_files.is_mount_point(path) for path in found)

    def usable(self, fingerprint: str) -> layout.Bot:
        """Return the bot as a release declares it.

        Raises:
            Refused: There is no such release, or Freqtrade has not accepted it.
        """
        place = self.home / "release" / fingerprint
        if not release.FINGERPRINT.fullmatch(fingerprint) or not (place / release.VALIDATED).is_file():
            raise Refused(f"{self.home.name} has no release {fingerprint!r} that Freqtrade has accepted")
        document = durable.read_json(place / release.DECLARATION)
        try:
            limits_of(place)
        except Unreadable as error:
            raise Refused(f"the limits of {self.home.name} in its release {fingerprint}: {error}") from None
        return layout.declared(document, self.home)

    # --- history

    def history(self) -> list[dict[str, Any]]:
        """Return the releases that were proven healthy, the newest last."""
        document = durable.read_json(self.home / HISTORY)
        entries = document.get("releases", []) if isinstance(document, dict) else []
        return [entry for entry in entries if isinstance(entry, dict) and "release" in entry]

    def remember(self, entry: dict[str, Any], left: dict[str, Any] | None) -> None:
        """Write down that a release was proven healthy, and the facts of the one that it replaced.

        Args:
            entry: ``release``, ``image`` and ``at`` of the new one.
            left: ``release`` and ``image`` of the former one, and ``dump``, ``mark`` and ``tables`` where its
                database was dumped.
        """
        entries = self.history()
        if left is not None and left["release"] not in [old["release"] for old in entries]:
            entries.append(left)
        entries = [old for old in entries if old["release"] != entry["release"]]
        if left is not None:
            entries = [{**old, **left} if old["release"] == left["release"] else old for old in entries]
        entries = [*entries, entry][-release.KEPT :]
        durable.write_json(self.home / HISTORY, {"version": 1, "releases": entries}, 0o644)

    @property
    def secrets_mark(self) -> str:
        """A fingerprint of the secrets in use, by which a later switch sees that they were replaced."""
        return hashlib.sha256((self.home / "conf" / SECRETS).read_bytes()).hexdigest()[:MARK_LENGTH]

    def note_secrets(self, fingerprint: str) -> None:
        """Write down that a release was started with the secrets that are in use now."""
        mark = self.secrets_mark
        entries = [{**old, "secrets": mark} if old["release"] == fingerprint else old for old in self.history()]
        durable.write_json(self.home / HISTORY, {"version": 1, "releases": entries}, 0o644)

    def prune(self) -> list[str]:
        """Remove the files of all but the newest releases, and return their fingerprints."""
        removed = self.superfluous(self.history())
        self.take_away(removed)
        return sorted(path.name for path in removed if path.parent.name == "release")

    def superfluous(self, entries: Collection[Mapping[str, Any]]) -> list[Path]:
        """Return the releases and the dumps beside them that belong to none of ``entries`` of the history."""
        kept = {entry["release"] for entry in entries}
        dumps = {entry.get("dump") for entry in entries}
        places = (self.home / "release").glob("*")
        found = [path for path in places if path.is_dir() and not path.is_symlink() and path.name not in kept]
        beside = (path for path in self.dumps.glob("*") if path.name != layout.ROLLING)
        return sorted([*found, *(path for path in beside if path.name not in dumps)])

    def take_away(self, paths: Iterable[Path]) -> None:
        """Remove releases and dumps that no entry of the history names."""
        for path in paths:
            shutil.rmtree(path) if path.parent.name == "release" else path.unlink()

    def keep_only(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Forget the releases of the history that are not in ``entries``: nobody goes back to them any more."""
        durable.write_json(self.home / HISTORY, {"version": 1, "releases": list(entries)}, 0o644)

    @property
    def dumps(self) -> Path:
        """The directory for dumps of its database."""
        return self.home / DUMPS


def limits_of(place: Path) -> limits.Limits | None:
    """Return the limits in the declaration at ``place``, None where it is older than limits, or not there.

    Raises:
        Unreadable: It has something else in their place.
    """
    document = durable.read_json(place / release.DECLARATION)
    if not isinstance(document, dict) or "limits" not in document:
        return None
    return limits.parse(document["limits"])


def limits_stand(path: Path, wanted: limits.Limits | None) -> bool:
    """Return whether exactly these limits stand at ``path``, and nothing where there are none to be."""
    try:
        return limits.load(path) == wanted
    except Unreadable:
        return wanted is None and not path.exists() and not path.is_symlink()


def images(root: Path, without: Collection[Path] = ()) -> set[str]:
    """Return the images of all releases that lie on a host, those that its bots run among them.

    Args:
        root: The tree of freqops.
        without: The directories of releases that do not count.
    """
    places = [place for home in layout.homes(root) for place in (home, *(home / "release").glob("*"))]
    documents = [durable.read_json(place / release.DECLARATION) for place in places if place not in without]
    return {str(document["image"]) for document in documents if isinstance(document, dict) and "image" in document}


def _copy(source: Path, target: Path) -> None:
    """Copy a file with its owner, durably and at no moment readable by others."""
    status = source.stat()
    durable.write_atomic(target, source.read_bytes(), status.st_mode & 0o777, (status.st_uid, status.st_gid))
