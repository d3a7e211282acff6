"""The parts of a backup, and the files of the host that belong to each of them."""

from __future__ import annotations

from collections.abc import Iterable

from ..base.errors import Refused
from ..base.visible import visible

TRADES, REGISTRY, STATE, RELEASES, RUNS, LOGS, SECRETS = PARTS = (
    "trades", "registry", "state", "releases", "runs", "logs", "secrets",
)  # fmt: skip
ORDINARY = tuple(part for part in PARTS if part != SECRETS)
SHOWN = 60

# Patterns below the tree of freqops; ``**`` at the end is everything below a directory. Databases are never copied as
# files: `trades` are dumps, and the registry is copied by SQLite itself.
PLACES: dict[str, tuple[str, ...]] = {
    TRADES: (),
    REGISTRY: (),
    STATE: (
        *("bots/*/conf/holds.json", "bots/*/conf/holds.json.unreadable-*", "bots/*/conf/limits.json"),
        *("bots/*/conf/state.json", "bots/*/circuit_breaker.json", "bots/*/sold.json", "removed/*.holds.json"),
        "moved/*.json",
        *("user_data/state/**", "incidents/**"),
    ),
    RELEASES: ("bots/*/bot.json", "bots/*/compose.yml", "bots/*/releases.json", "bots/*/release/**"),
    RUNS: ("user_data/runs/**", "user_data/backtest_results/**", "user_data/hyperopt_results/**"),
    LOGS: ("user_data/logs/**", "bots/*/var/logs/**"),
    SECRETS: ("bots/*/conf/secrets.json", "bots/*/lockout/**", "postgres/secrets/**"),
}


def parse(text: str) -> tuple[str, ...]:
    """Return the parts that ``text`` names, separated by commas, in their own order; an empty text names none.

    Raises:
        Refused: One is unknown, or named twice.
    """
    named = [word.strip() for word in text.split(",")] if text else []
    unknown = [word for word in named if word not in PARTS]
    if unknown:
        raise Refused(f"unknown part '{visible(unknown[0], SHOWN)}'; parts are {', '.join(PARTS)}")
    if len(set(named)) != len(named):
        raise Refused("a part is named twice; say each once")
    return tuple(part for part in PARTS if part in named)


def of(asked: Iterable[str], *, secrets: bool) -> tuple[str, ...]:
    """Return the parts that go into a repository.

    Args:
        asked: The parts that were named; all where there are none.
        secrets: Whether it is a repository of secrets, which has nothing else.
    """
    own, named = (SECRETS,) if secrets else ORDINARY, tuple(asked)
    return tuple(part for part in own if not named or part in named)
