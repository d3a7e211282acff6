"""Every name that freqops gives to a container, a network or a Compose project; it makes no volumes.

A name of a bot has no dot, and every container beside a bot has one, so these never meet. What is the host's own is
called as a bot could be, so no bot may be called so.
"""

from __future__ import annotations

from .layout import container_of

POSTGRES = "freqops-postgres"
SHARED = "freqops-shared"
DATABASE = "freqops-database"
OUTSIDE = "freqops-witness"
DRILL_OUTSIDE, DRILL_INSIDE = "freqops-restore-drill", "freqops-restore-drill-inside"
DRILL_BOT, DRILL_POSTGRES = f"{DRILL_OUTSIDE}.bot", f"{DRILL_OUTSIDE}.postgres"  # with a dot, as no bot has one
UPGRADE = f"{POSTGRES}.upgrade"  # with a dot, too
CONTAINER, NETWORK, PROJECT = "container", "network", "Compose project"
OF_THE_HOST = {POSTGRES: CONTAINER, SHARED: PROJECT, DATABASE: NETWORK, OUTSIDE: NETWORK, DRILL_OUTSIDE: NETWORK,
               DRILL_INSIDE: NETWORK}  # fmt: skip
WITNESS, LOGIN, CONVERT, UPDATE_RECORDS = "witness", "login", "convert", "update-records"
MARKED = (WITNESS, LOGIN, CONVERT)  # several may be there at a time
SINGLE = (UPDATE_RECORDS,)


def beside(bot: str, what: str, mark: str = "") -> str:
    """Return the name of a container beside that of a bot.

    Args:
        bot: The name of the bot.
        what: What it is for: one of `MARKED`, each with a mark, or of `SINGLE`, without.
        mark: What tells it from others for the same purpose.

    Raises:
        ValueError: No such container is known here, or the mark is missing or one too many.
    """
    if what not in (MARKED if mark else SINGLE):
        raise ValueError(f"there is no container {what!r} with the mark {mark!r} beside a bot")
    return ".".join(part for part in (container_of(bot), what, mark) if part)
