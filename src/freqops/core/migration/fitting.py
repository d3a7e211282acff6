"""Whether a bot can go to another host as it is declared there: found out before anything of it stops."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ..backup.fitting import converted, digest
from ..base import kinds, strict_json
from ..base.errors import Refused
from ..base.kinds import Malformed
from ..bot.layout import Bot

FIELDS: dict[str, kinds.Kind] = {"mode": kinds.text, "image": kinds.text, "kind": kinds.text}


@dataclass(frozen=True)
class Described:
    """A bot on one host, as far as its database depends on it.

    Attributes:
        mode: ``paper`` or ``live``.
        image: Its image, by digest.
        kind: The kind of its database.
    """

    mode: str
    image: str
    kind: str

    @classmethod
    def of(cls, bot: Bot, kind: str) -> Described:
        """Return the description of a bot whose database is of this kind."""
        return cls(bot.mode, bot.image, kind)

    @classmethod
    def read(cls, text: str) -> Described:
        """Return the description that another host gave.

        Raises:
            Refused: It is none.
        """
        try:
            return cls(**kinds.checked(strict_json.parse(text.encode()), FIELDS, tuple(FIELDS)))
        except Malformed as error:
            raise Refused(f"what the bot is on its old host cannot be read: {error}") from None

    def to_json(self) -> dict[str, str]:
        """Return the JSON object that goes to the other host."""
        return asdict(self)


def reasons(there: Described, here: Described) -> list[str]:
    """Return why a bot cannot go on here with the database that it has there; nothing where it can.

    Args:
        there: The bot on the host that it leaves.
        here: The bot as it is deployed on the host to which it goes.
    """
    found = []
    if there.mode != here.mode:
        found.append(f"there its mode is {there.mode}, and here {here.mode}: trades of one are none of the other")
    if digest(there.image) != digest(here.image):
        cure = f"declare {there.image} here; another image is a deploy of its own"
        found.append(f"there its image is {there.image}, and here {here.image}: {cure}")
    if there.kind != here.kind and not converted(there.kind, here.kind):
        found.append(f"there its database is {there.kind}, and here {here.kind}: declare {there.kind} here")
    return found
