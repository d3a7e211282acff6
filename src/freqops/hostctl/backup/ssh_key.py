"""The SSH key with which a host reaches its repository on another host; it is made here, and never leaves."""

from __future__ import annotations

from pathlib import Path

from freqops.core.base import commands, durable

PRIVATE = 0o400


def public(key: Path) -> Path:
    """Return the file with the public part of a key."""
    return key.with_name(f"{key.name}.pub")


def prepare(key: Path, *, look: bool) -> bool:
    """Make a key where it, or its public part, is missing; return whether there is, or was, anything to do.

    A key that is gone is made again, for nothing is lost with it: `repositories.yml` lets the new one in.

    Raises:
        NotProven: It could not be made.
    """
    if key.exists() and public(key).exists():
        return False
    if not look:
        made = key.with_name(f".{key.name}.new")
        for path in (made, public(made)):
            path.unlink(missing_ok=True)
        commands.must(commands.run, ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key.name, "-f", str(made)])
        public(made).rename(public(key))
        durable.write_atomic(key, made.read_bytes(), PRIVATE)
        made.unlink()
    return True
