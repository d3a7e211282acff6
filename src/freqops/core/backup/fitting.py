"""Whether a dump may be restored into a bot: it is that bot's, of its kind and mode, for the image that it runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..bot.layout import Bot
from .manifest import Manifest


@dataclass(frozen=True)
class Fit:
    """What there is to say of a dump for a bot.

    Attributes:
        reasons: Why it may not be restored, each with what cures that.
        remarks: What a person should know, and what forbids nothing.
    """

    reasons: tuple[str, ...]
    remarks: tuple[str, ...]


def fit(manifest: Manifest, bot: Bot, kind: str, releases: Collection[str]) -> Fit:
    """Return whether a dump fits a bot, with all reasons at once.

    Args:
        manifest: What the dump says of itself.
        bot: The bot, as it is declared on its host.
        kind: The kind of its database.
        releases: The releases that its host knows.
    """
    reasons = [
        *_differs(
            "of the bot", manifest.bot, bot.name, f"restore it into {manifest.bot}: trades are of one account alone"
        ),
        *_differs("of mode", manifest.mode, bot.mode, f"choose a dump that was made while {bot.name} was {bot.mode}"),
        *_differs("of kind", manifest.kind, kind, f"choose a dump that was made while {bot.name} was on {kind}"),
        *_differs(
            "for the image", digest(manifest.image), digest(bot.image),
            f"the tables of another Freqtrade may be others: deploy {bot.name} with {manifest.image} first, "
            f"by rollback.yml to {manifest.release} for example, then restore",
        ),
    ]  # fmt: skip
    unknown = f"it was made while {bot.name} ran {manifest.release}, which this host does not have any more"
    return Fit(tuple(reasons), () if manifest.release in releases else (unknown,))


def digest(image: str) -> str:
    """Return the digest of an image, wherever it was pulled from; its whole name where it has none."""
    _, at, found = image.rpartition("@")
    return found if at else image


def _differs(what: str, theirs: str, ours: str, cure: str) -> list[str]:
    return [] if theirs == ours else [f"it is {what} {theirs}, and this is {ours}: {cure}"]
