"""Whether a dump may be restored into a bot: it is the right bot's, of its kind and mode, for its image."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..bot.database_contents import POSTGRES, SQLITE
from ..bot.layout import Bot
from .manifest import Manifest


@dataclass(frozen=True)
class Fit:
    """The judgement on a dump for a bot.

    Attributes:
        reasons: Why it may not be restored, each with what cures that.
        remarks: Facts that a person should know, and that forbid nothing.
    """

    reasons: tuple[str, ...]
    remarks: tuple[str, ...]


def fit(manifest: Manifest, bot: Bot, kind: str, releases: Collection[str], theirs: str = "") -> Fit:
    """Return whether a dump fits a bot, with all reasons at once.

    Args:
        manifest: What the dump says of itself.
        bot: The bot, as it is declared on its host.
        kind: The kind of its database.
        releases: The releases that its host knows.
        theirs: The bot whose database is meant, where it is another one, or one of another host; else empty.
    """
    cure = f"deploy {bot.name} with {manifest.image} first"
    if not theirs:
        cure += f", by rollback.yml to {manifest.release} for example"
    wanted = theirs or bot.name
    converts = converted(manifest.kind, kind)
    reasons = [
        *_differs(
            "of the bot", manifest.bot, wanted, f"restore it into {manifest.bot}: trades are of one account alone"
        ),
        *_differs("of mode", manifest.mode, bot.mode, f"choose a dump that was made while {bot.name} was {bot.mode}"),
        *([] if converts else _differs(
            "of kind", manifest.kind, kind, f"deploy {bot.name} with database: {manifest.kind}, then restore"
        )),
        *_differs(
            "for the image", digest(manifest.image), digest(bot.image),
            f"the tables of another Freqtrade may be others: {cure}, then restore",
        ),
    ]  # fmt: skip
    remarks = [] if manifest.release in releases or theirs else [
        f"it was made while {bot.name} ran {manifest.release}, which this host does not have any more"
    ]  # fmt: skip
    if converts:
        remarks.append(
            f"Freqtrade of {bot.name} converts it from {SQLITE} into {POSTGRES}: trades keep their numbers, rows to "
            "which nothing refers get new ones"
        )
    if wanted != bot.name and bot.is_live:
        remarks.append(
            f"its orders keep the ids that the account of {wanted} gave them: resume.yml looks for those that are open "
            f"on the account of {bot.name}, and lists what is not there; of {wanted} and {bot.name} only one may trade "
            "on with them"
        )
    return Fit(tuple(reasons), tuple(remarks))


def converted(dumped: str, kind: str) -> bool:
    """Return whether a dump of one kind of database fits one of another: SQLite into Postgres does, no other way."""
    return dumped == SQLITE and kind == POSTGRES


def digest(image: str) -> str:
    """Return the digest of an image, wherever it was pulled from; its whole name where it has none."""
    _, at, found = image.rpartition("@")
    return found if at else image


def _differs(what: str, theirs: str, ours: str, cure: str) -> list[str]:
    return [] if theirs == ours else [f"it is {what} {theirs}, and this is {ours}: {cure}"]
