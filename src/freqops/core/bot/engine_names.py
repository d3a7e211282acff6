"""Every name that freqops gives to a container, a network or a Compose project; it makes no volumes.

The names of bots stand beside those of the host, without a prefix of their own. So all of them are known here, and
``core/preflight`` refuses bots that would share one.
"""

from __future__ import annotations

from .layout import container_of

POSTGRES = "freqops-postgres"
SHARED = "freqops-shared"
DATABASE = "freqops-database"
OUTSIDE = "freqops-witness"
CONTAINER, NETWORK, PROJECT = "container", "network", "Compose project"
WITNESS, LOGIN, CONVERT, UPDATE_RECORDS = "witness", "login", "convert", "update-records"
MARKED = (WITNESS, LOGIN, CONVERT)  # several may be there at a time
SINGLE = (UPDATE_RECORDS,)
ANY = "*"  # at the end of a name: a mark


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
    return "-".join(part for part in (container_of(bot), what, mark) if part)


def of_the_host() -> list[tuple[str, str]]:
    """Return kind and name of what every host has."""
    return [(CONTAINER, POSTGRES), (PROJECT, SHARED), (NETWORK, DATABASE), (NETWORK, OUTSIDE)]


def of_a_bot(bot: str) -> list[tuple[str, str]]:
    """Return kind and name of what belongs to a bot; `ANY` stands for a mark."""
    own = container_of(bot)
    marked = [(CONTAINER, beside(bot, what, ANY)) for what in MARKED]
    single = [(CONTAINER, beside(bot, what)) for what in SINGLE]
    return [(CONTAINER, own), (NETWORK, own), (PROJECT, own), *marked, *single]


def meet(one: str, other: str) -> bool:
    """Return whether two names may be the same."""
    if one.endswith(ANY) and other.endswith(ANY):
        return one[:-1].startswith(other[:-1]) or other[:-1].startswith(one[:-1])
    if one.endswith(ANY):
        return other.startswith(one[:-1])
    return one.startswith(other[:-1]) if other.endswith(ANY) else one == other
