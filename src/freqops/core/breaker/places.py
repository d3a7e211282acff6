"""The places of the operator breaker's files on a host. The file of one bot is `core.bot.layout.Home.breaker`."""

from __future__ import annotations

from pathlib import Path

NAME = "circuit_breaker.json"


def state_directory(root: Path) -> Path:
    """Return the directory of a host's breaker and of its run slots, in the tree of freqops at ``root``."""
    return root / "user_data" / "state"


def host_breaker(root: Path) -> Path:
    """Return the breaker of all bots and runs of a host."""
    return state_directory(root) / NAME


def override_of(state: Path) -> Path:
    """Return the override in the directory ``state``."""
    return state / "override.json"


def override(root: Path) -> Path:
    """Return the permission to start runs in spite of the host's breaker."""
    return override_of(state_directory(root))


def setting_of(breaker: Path) -> Path:
    """Return the note of who set a breaker last, which stands beside it."""
    return breaker.with_name(f"{breaker.name}.set.json")


def lock_of(breaker: Path) -> Path:
    """Return the lock under which a breaker is written."""
    return breaker.with_name(f".{breaker.name}.lock")
