"""The connections of bots to the Postgres of their host: how many each may have, and how many each has.

Without a limit, one bot that leaks connections takes all that the server has, and no other bot can write down what it
trades. The superuser, through whom freqops asks, keeps the few that Postgres reserves for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST = 20  # of one bot; Freqtrade's own pool opens 15 at most
LEAST, GREATEST = 5, 80  # fewer stop a bot in ordinary work, more leave nothing to others
OFTEN = 0.8  # of its limit, from which on a bot is near to being refused
QUERY = (
    "select rolname || ' ' || rolconnlimit || ' ' || count(pid) from pg_roles "
    "left join pg_stat_activity on usename = rolname where rolcanlogin group by rolname, rolconnlimit "
    "union all select 'all ' || setting || ' ' || (select count(*) from pg_stat_activity "
    "where backend_type = 'client backend') from pg_settings where name = 'max_connections';"
)
LINE = re.compile(r"([a-z][a-z0-9_]{0,62}) (-1|[0-9]{1,6}) ([0-9]{1,6})")
ALL = "all"  # the name of the line about the server; no user has it


@dataclass(frozen=True)
class Connections:
    """The connections of one user, or of all.

    Attributes:
        user: The user of a bot, or `ALL`.
        limit: How many there may be; -1 where nothing limits them.
        used: How many there are.
    """

    user: str
    limit: int
    used: int

    def __str__(self) -> str:
        return f"{self.used} of {self.limit}" if self.limit >= 0 else f"{self.used} without a limit"


def wrong_limit(most: int) -> str:
    """Return why a limit is none that a bot can work with, or leaves nothing to others; empty where it is one."""
    return (
        "" if LEAST <= most <= GREATEST else f"postgres_connections is {most}; from {LEAST} to {GREATEST} are allowed"
    )


def parsed(text: str) -> list[Connections]:
    """Return what the answer to `QUERY` says.

    Raises:
        ValueError: A line of it is none of these.
    """
    found = []
    for line in text.splitlines():
        matched = LINE.fullmatch(line)
        if matched is None:
            raise ValueError(f"a line that is no user with a limit and a count: {line[:80]!r}")
        found.append(Connections(matched[1], int(matched[2]), int(matched[3])))
    return found


def judged(found: list[Connections], users: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return the problems and the notes of the connections of bots.

    Args:
        found: What the server says.
        users: The user of each bot by the bot's name.
    """
    by_user = {each.user: each for each in found}
    problems, figures = [], []
    for bot, user in sorted(users.items()):
        each = by_user.get(user)
        if each is None:
            continue  # no database yet, which others say
        figures.append(f"{bot} {each}")
        if each.limit < 0:
            problems.append(f"{bot} may open any number of connections to Postgres; deploy.yml limits them")
        elif each.used >= OFTEN * each.limit:
            problems.append(
                f"{bot} has {each} connections to Postgres, and is refused the next beyond that: restart it with "
                f"'bots.yml -e action=restart -e bots={bot}', or raise postgres_connections"
            )
    whole = by_user.get(ALL)
    if whole is not None and whole.used >= OFTEN * whole.limit:
        problems.append(f"Postgres has {whole} connections: bots of this host are refused beyond that")
    notes = [f"connections to Postgres: {', '.join(figures)}; {whole} in all"] if figures and whole is not None else []
    return problems, notes
