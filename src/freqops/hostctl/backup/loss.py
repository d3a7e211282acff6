"""The loss of a repository, judged before anything is made: what lies at its place, and who can seed a new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from freqops.core.backup import renewal, repository
from freqops.core.backup.renewal import Renewal
from freqops.core.base.errors import FreqopsError, Refused
from freqops.core.base.kinds import Malformed

from .backups import Backups
from .restic import ResticError
from .snapshots import Contents
from .vault import Vault

HEXADECIMAL = frozenset("0123456789abcdef")
LONGEST_KEY = 64  # digits of the name of a key
NOT_LOST = "it answers, and is the one that it was: nothing is lost, and nothing is thrown away"
HALF = "where that is what a killed renewal began, empty that directory where it lies"
LETS_IN = "repositories.yml has {} let this host in, also one that was set up again; then call this again"


@dataclass
class Loss:
    """A repository that is lost, or a renewal of it that is not over.

    Attributes:
        target: The repository.
        known: The id of the one that is known.
        record: Its renewal that is not over, or that says the same and is; None where there is none.
        there: The id of what lies at its place, None where there is nothing, or nobody can look yet.
        source: The name of the repository that seeds the new one; empty where it begins empty.
        others: What is in the other repositories for the same parts, by name.
        notes: What is to be said of them.
    """

    target: Vault
    known: str
    record: Renewal | None = None
    there: str | None = None
    source: str = ""
    others: dict[str, tuple[Vault, Contents]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether the same renewal was proven before."""
        return self.record is not None and self.record.is_over

    @property
    def is_made(self) -> bool:
        """Whether the new repository is the one that is known, and only the rest is left to do."""
        return self.record is not None and self.known != self.record.old

    @property
    def is_back(self) -> bool:
        """Whether the old repository came back before a new one was made."""
        return self.record is not None and self.there == self.known == self.record.old


def judged(backups: Backups, name: str, lost: str, asked: str) -> Loss:
    """Return the loss of a repository; it is only looked at.

    Args:
        backups: The backups of the host, which nobody else works on.
        name: The repository.
        lost: Why it never comes back.
        asked: The repository that is to seed the new one; empty where nothing was said.

    Raises:
        Refused: It is not lost, or a new one cannot be made; the text has all reasons.
    """
    [target] = backups.vaults(name, repository.own)
    known = target.known()
    if known is None:
        raise Refused(f"{name} was never there, and is not lost: 'freqops-host backup prepare' makes it")
    wrong, loss = list[str](), Loss(target, known.id, _last(backups.root, name))
    try:
        _look(loss, lost)
    except Refused as refusal:
        wrong.append(str(refusal))
    if not wrong and (loss.is_done or loss.is_back):
        return loss
    silent = _others(backups, loss)
    if loss.record is not None and not asked:
        asked = loss.record.source or renewal.NOBODY
    having = {each: len(complete(found)) for each, (_, found) in loss.others.items()}
    try:
        loss.source = renewal.seeder(asked, having, silent)
    except Refused as refusal:
        wrong.append(str(refusal))
    loss.notes += [f"{each} does not open, and what it has is not known: {why}" for each, why in silent.items()]
    if wrong:
        raise Refused("; ".join(f"{name}: {text}" for text in wrong))
    return loss


def complete(contents: Contents) -> list[str]:
    """Return the ids of the snapshots that have every part."""
    return [number for number, found in contents.counted.items() if found.is_complete]


def _last(root: Path, name: str) -> Renewal | None:
    try:
        return renewal.load(root, name)
    except Malformed as error:
        raise Refused(f"{error}; move it away") from None


def _look(loss: Loss, lost: str) -> None:
    """Look at the place of the repository, and decide which renewal is meant.

    Raises:
        Refused: It is not lost, something else lies there, or it cannot be reached.
    """
    target, record = loss.target, loss.record
    making = record is not None and not record.is_over and not loss.is_made
    place = Path(target.repository.url)
    if target.repository.is_local and place.exists() and not place.is_dir():
        raise Refused(f"{place} is no directory: move it away")
    if target.has_password:
        try:
            loss.there = target.stands()
        except ResticError as error:
            raise Refused(_closed(target, error, making=making)) from None
    if loss.there is None:
        if record is not None and not making:
            loss.record = None  # what was made then is lost, too
        _refuse_what_lies_there(target, making=making)
    elif loss.there == loss.known:
        _refuse_unlost(loss, lost)
    elif not making:
        raise Refused(f"another repository ({loss.there[:8]}) lies at {target.repository.url}: it stays as it is; move "
                      "it away, or put back the one that was there")  # fmt: skip


def _refuse_unlost(loss: Loss, lost: str) -> None:
    """Refuse a repository that is the one that it was, unless a renewal of it is under way or says the same.

    Raises:
        Refused: It is so.
    """
    if loss.record is None or (loss.record.is_over and (loss.record.lost != lost or not loss.is_made)):
        raise Refused(NOT_LOST)


def _closed(target: Vault, error: ResticError, *, making: bool) -> str:
    at = target.repository.at
    said = f"what is at its place does not say that the old one is gone: {error}"
    if making and not target.repository.is_local:
        said += f"; {HALF}"
    return said if at is None else f"{said}; {LETS_IN.format(at.host)}"


def _refuse_what_lies_there(target: Vault, *, making: bool) -> None:
    """Refuse a directory with files of others; where a renewal began, its own first files may be there.

    Raises:
        Refused: It is one, or its place is none.
    """
    if not target.repository.is_local:
        return
    place = Path(target.repository.url)
    if place.is_symlink():
        raise Refused(f"{place} is no directory: move it away")
    if (place / "config").exists():
        raise Refused("a repository lies there, and its password is missing: put the copy of the password back")
    odd = [path for path in _files(place) if not (making and _is_first(path, place))]
    if odd or (not making and place.exists() and any(place.iterdir())):
        first = odd[0] if odd else next(place.iterdir())
        raise Refused(f"{place} is not empty, and no repository: {first.name!r} is there; move it away")


def _files(place: Path) -> Iterator[Path]:
    return (path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())


def _is_first(path: Path, place: Path) -> bool:
    """Whether it is a key, which is all that restic writes before the file that makes a repository of it."""
    name = path.name.partition("-")[0]  # what is being written has more behind it
    return path.parent == place / "keys" and len(name) <= LONGEST_KEY and set(name) <= HEXADECIMAL


def _others(backups: Backups, loss: Loss) -> dict[str, str]:
    """Look into the other repositories for the same parts, and return why some do not open."""
    silent, mine = dict[str, str](), loss.target.repository
    for vault in backups.vaults(None):
        each = vault.repository
        if each.name == mine.name or each.of_host or each.secrets != mine.secrets:
            continue
        try:
            if vault.stands() is None:
                loss.notes.append(f"{each.name} is lost, too: there is none at {each.url}")
                continue
            vault.opened()
            loss.others[each.name] = vault, vault.contents()
        except (FreqopsError, OSError) as error:
            silent[each.name] = str(error)
    return silent
