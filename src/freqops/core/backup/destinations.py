"""The places of a snapshot's files on a host, and the rights with which a deploy would have laid them there.

A path out of a manifest is hostile: it means a file only where a part has a place for it, and there alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from ..base.kinds import Malformed
from ..base.visible import visible
from ..bot import layout
from ..halt import moved
from ..runs import registry
from . import parts

BELOW = "**"
SHOWN = 120
POSTGRES_UID = 999  # as the role postgres has it
BOTS, REMOVED, LEFT = "bots", layout.REMOVED, ".holds.json"


@dataclass(frozen=True)
class Rights:
    """The rights to a file.

    Attributes:
        mode: Permission bits of the file.
        directory: Those of a directory that has to be made for it.
        owner: Numeric user and group of both.
    """

    mode: int
    directory: int = 0o755
    owner: int = 0


RIGHTS: tuple[tuple[str, Rights], ...] = (
    ("bots/*/conf/secrets.json", Rights(0o400, owner=layout.CONTAINER_UID)),
    ("bots/*/lockout/**", Rights(0o400, 0o700)),
    ("postgres/secrets/**", Rights(0o400, 0o500, POSTGRES_UID)),
    ("bots/*/var/logs/**", Rights(0o644, owner=layout.CONTAINER_UID)),
    ("bots/*/conf/holds.json.unreadable-*", Rights(0o444)),
    ("bots/*/release/**", Rights(0o444)),
    ("bots/*/sold.json", Rights(0o600)),
    ("moved/*.json", Rights(0o600, 0o700)),
    ("user_data/state/**", Rights(0o600, 0o700)),
    ("user_data/logs/**", Rights(0o600, 0o700)),
    ("incidents/**", Rights(0o600, 0o700)),
)
OTHERS = Rights(0o644)


@dataclass(frozen=True)
class Destination:
    """The place of one file of a snapshot.

    Attributes:
        part: Its part.
        path: Its place, seen from the tree of freqops; empty for what a backup wrote down and no host has as a file.
        bot: The bot to which it belongs; empty where it belongs to none.
    """

    part: str
    path: str
    bot: str = ""

    @property
    def rights(self) -> Rights:
        """The rights with which it is laid there."""
        return next((rights for pattern, rights in RIGHTS if _matches(pattern, self.path)), OTHERS)


def of(path: str) -> Destination:
    """Return where a file belongs that is called ``path`` in a snapshot.

    Raises:
        Malformed: Its part has no place for it.
    """
    part, _, below = path.partition("/")
    if part == parts.REGISTRY and below == registry.PLACE.name:
        return Destination(part, str(registry.PLACE))
    if part == parts.LOGS and "/" not in below and layout.BOT_NAME.fullmatch(below.removesuffix(".log")):
        return Destination(part, "", below.removesuffix(".log"))
    plain = bool(below) and str(PurePosixPath(below)) == below and ".." not in PurePosixPath(below).parts
    found = plain and any(_matches(pattern, below) for pattern in parts.PLACES.get(part, ()))
    bot = _bot(below)
    if not found or (bot is not None and not layout.BOT_NAME.fullmatch(bot)):
        raise Malformed(f"'{visible(path, SHOWN)}' is no place of a file of its part")
    return Destination(part, below, bot or "")


def _bot(path: str) -> str | None:
    """Return the name in the path of what belongs to a bot, None where it belongs to none."""
    top, _, rest = path.partition("/")
    if top == REMOVED:
        return rest.removesuffix(LEFT)
    if top == moved.DIRECTORY:
        return rest.removesuffix(".json")
    return rest.partition("/")[0] if top == BOTS else None


def _matches(pattern: str, path: str) -> bool:
    wanted, words = pattern.split("/"), path.split("/")
    if wanted[-1] == BELOW:
        wanted.pop()
        fits = len(words) > len(wanted)
    else:
        fits = len(words) == len(wanted)
    return fits and all(fnmatchcase(word, one) for word, one in zip(words, wanted))
