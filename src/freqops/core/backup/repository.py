"""Repositories: where the backups of a host go, as the inventory declares them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..base import kinds, root_file, strict_json
from ..base.errors import Refused
from ..base.kinds import Malformed
from ..base.visible import visible
from . import elsewhere
from .elsewhere import Place

FORMAT = 1
HOME = "backup"  # below the tree of freqops
FILE = "repositories.json"
NAME = re.compile(r"^[a-z][a-z0-9-]{0,30}$", re.ASCII)
HOST = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$", re.ASCII)
REMOTE = ("sftp:", "rest:", "s3:", "b2:", "azure:", "gs:", "swift:", "rclone:")
PLAIN = re.compile(r"^[!-~]{1,500}$", re.ASCII)
WITH_PASSWORD = re.compile(r"//[^/@]*:[^/@]*@")
VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]{0,63}$", re.ASCII)
OURS = re.compile(r"^(RESTIC_.*|LD_.*|PATH|HOME|LANG|LC_.*|TMPDIR)$")
LONGEST_VALUE = 65536
SHOWN = 60
MOST_DAYS, MOST_LEAST = 3650, 1000
FIELDS: dict[str, kinds.Kind] = {
    "name": kinds.text,
    "url": kinds.text,
    "append_only": kinds.truth,
    "secrets": kinds.truth,
    "keep_days": kinds.whole,
    "keep_least": kinds.whole,
    "dumps": kinds.or_none(kinds.truth),
    "of_host": kinds.text,
    "at": kinds.object_,
}


@dataclass(frozen=True)
class Repository:
    """A restic repository to which a host backs up.

    Attributes:
        name: Its name, unique on the host.
        url: Its place, as restic has it: an absolute path of the host, or ``sftp:…``, ``rest:…``, ``s3:…`` and so on.
        append_only: Whether the host may only add to it: nothing is forgotten or pruned from here.
        secrets: Whether it has the part ``secrets``, and that part alone; all others have all other parts.
        keep_days: Days for which the last snapshot of each day is kept.
        keep_least: Snapshots that are kept in any case, the newest ones.
        dumps: Whether each dump goes there as soon as it is made; None where that follows from its place.
        of_host: The host to which it belongs; empty for this one. That of another host is read, and never written to.
        at: Where on another host of the inventory it lies, which forgets and prunes; None where ``url`` says all.
    """

    name: str
    url: str
    append_only: bool = False
    secrets: bool = False
    keep_days: int = 30
    keep_least: int = 3
    dumps: bool | None = None
    of_host: str = ""
    at: Place | None = None

    @property
    def place(self) -> str:
        """Its place, however it is written: no other repository of the host has it."""
        return self.url.rstrip("/")

    @property
    def is_local(self) -> bool:
        """Whether the repository lies on the disk of the host."""
        return self.url.startswith("/")

    @property
    def takes_dumps(self) -> bool:
        """Whether each dump goes there as soon as it is made.

        A repository on the disk of the host would have nothing that the dumps beside it do not have.
        """
        return not self.secrets and not self.of_host and (not self.is_local if self.dumps is None else self.dumps)

    def password(self, root: Path) -> Path:
        """Return the file with its password."""
        return root / HOME / "keys" / self.name

    def environment(self, root: Path) -> Path:
        """Return the file with the variables that restic needs for its place; there need not be one."""
        return root / HOME / "environments" / f"{self.name}.json"

    def ssh_key(self, root: Path) -> Path:
        """Return the private key with which a repository on another host is reached."""
        return root / HOME / "keys" / f"{self.name}.ssh"

    def known_hosts(self, root: Path) -> Path:
        """Return the file with the key of the other host; it is there when that host lets this one in."""
        return root / HOME / "keys" / f"{self.name}.known_hosts"

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object of the declaration."""
        if self.at is None:
            return {name: value for name, value in vars(self).items() if name != "at"}
        return {**{name: value for name, value in vars(self).items() if name != "url"}, "at": dict(vars(self.at))}


def read(document: object) -> list[Repository]:
    """Return the repositories that a document declares.

    Raises:
        Malformed: It is not what the role writes; the text names the mistake and the allowed values.
    """
    if not isinstance(document, dict) or document.get("version") != FORMAT:
        raise Malformed(f"it is no declaration of repositories of version {FORMAT}")
    found = [one(row) for row in kinds.value(document, "repositories", kinds.list_of(kinds.object_))]
    kinds.refuse_twice([each.name for each in found])
    kinds.refuse_twice([each.place for each in found])
    return found


def load(root: Path, owner: int = root_file.ROOT_UID) -> list[Repository]:
    """Return the repositories of a host.

    Raises:
        Refused: They are not declared, or the declaration cannot be read or trusted.
    """
    path = root / HOME / FILE
    try:
        return read(strict_json.parse(root_file.read(path, owner)))
    except root_file.Missing:
        raise Refused(f"{path} is missing: deploy.yml writes it") from None
    except (root_file.Untrusted, Malformed) as error:
        raise Refused(f"{path}: {error}") from None


def own(found: list[Repository], name: str | None) -> list[Repository]:
    """Return those of `chosen` to which the host backs up.

    Raises:
        Refused: There is none, or the one of that name is another host's.
    """
    taken = chosen(found, name)
    mine = [each for each in taken if not each.of_host]
    if not mine:
        others = ", ".join(f"{each.name} is of the host {each.of_host}" for each in taken)
        raise Refused(f"{others}: that is read from here, and never written to")
    return mine


def chosen(found: list[Repository], name: str | None) -> list[Repository]:
    """Return the repository called ``name``, or all of them where None.

    Raises:
        Refused: There is none of that name, or none at all.
    """
    if not found:
        raise Refused("this host has no repository: backup_repositories is empty, and nothing is backed up")
    taken = [each for each in found if name in (None, each.name)]
    if not taken:
        known = ", ".join(each.name for each in found)
        raise Refused(f"unknown repository {visible(str(name), SHOWN)}; this host has {known}")
    return taken


def variables(document: object) -> dict[str, str]:
    """Return the variables of a repository's environment.

    Raises:
        Malformed: It is no object of variables with texts, or has one that is not the place's, but restic's own.
    """
    if not isinstance(document, dict):
        raise Malformed("it is no object")
    for name, value in document.items():
        if not VARIABLE.fullmatch(name) or OURS.fullmatch(name):
            raise Malformed(f"the variable {visible(name, SHOWN)} is none that a repository's place needs")
        if not isinstance(value, str) or not value or len(value) > LONGEST_VALUE or "\0" in value:
            raise Malformed(f"the value of {name} is no text")
    return dict(document)


def one(row: object) -> Repository:
    """Return the repository that a row declares.

    Raises:
        Malformed: It declares none; the text names the mistake and the allowed values.
    """
    given = kinds.checked(row, FIELDS, ("name",))
    unknown = sorted(set(row) - set(FIELDS)) if isinstance(row, dict) else []
    if unknown:
        raise Malformed(f"a repository has no {visible(unknown[0], SHOWN)}; it has {', '.join(FIELDS)}")
    found = Repository(**_placed(given))
    if not NAME.fullmatch(found.name):
        raise Malformed(f"{visible(found.name, SHOWN)} is no name of a repository; one is like local or vault-2")
    _refuse_url(found)
    if found.of_host and found.at is not None:
        raise Malformed(f"{found.name}: a repository of the host {found.of_host} has a url, and no at")
    if found.secrets and found.dumps:
        raise Malformed(f"{found.name}: with secrets = true it has nothing but secrets, and no dumps")
    if found.of_host and found.dumps:
        raise Malformed(f"{found.name}: it is of the host {visible(found.of_host, SHOWN)}, and no dumps go there")
    if found.of_host and not HOST.fullmatch(found.of_host):
        raise Malformed(f"{found.name}: of_host is '{visible(found.of_host, SHOWN)}', which is no name of a host")
    if not 1 <= found.keep_days <= MOST_DAYS or not 1 <= found.keep_least <= MOST_LEAST:
        raise Malformed(
            f"{found.name}: keep_days goes from 1 to {MOST_DAYS}, and keep_least from 1 to {MOST_LEAST}; "
            f"given are {found.keep_days} and {found.keep_least}"
        )
    return found


def _placed(given: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the place that it has, by url or on another host.

    Raises:
        Malformed: It has none, or two, or would be more than added to there.
    """
    name = visible(given["name"], SHOWN)
    if ("at" in given) == ("url" in given):
        raise Malformed(f"{name}: a repository has either url or at")
    if "at" not in given:
        return given
    if not given.get("append_only", True):
        raise Malformed(f"{name}: at another host append_only is true: that host forgets and prunes")
    place = elsewhere.read(given["at"])
    return {**given, "at": place, "append_only": True, "url": f"rclone:{place.host}:{given['name']}"}


def _refuse_url(found: Repository) -> None:
    """Refuse a place that is none, or that would show a password to everybody who sees a process.

    Raises:
        Malformed: It is one.
    """
    url = found.url
    if WITH_PASSWORD.search(url):
        raise Malformed(f"{found.name}: its url has a password; put it into backup_environments")
    path = PurePosixPath(url)
    is_path = url.startswith("/") and str(path) == url and ".." not in path.parts and len(path.parts) > 1
    if not PLAIN.fullmatch(url) or not (is_path or any(url.startswith(kind) and url != kind for kind in REMOTE)):
        raise Malformed(
            f"{found.name}: its url is '{visible(url, SHOWN)}'; allowed are an absolute path of the host, and what "
            f"begins with {', '.join(REMOTE)}"
        )
