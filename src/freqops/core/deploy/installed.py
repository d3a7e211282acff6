"""Installed files, held against those of which they are copies: whether somebody changed them by hand since.

A container is made from the installed Compose file, whenever its bot is started. So a file that was changed waits there
for the next start, while everything that runs is as it was.
"""

from __future__ import annotations

from pathlib import Path

from . import release, tree

OF_A_RELEASE = (release.DECLARATION, release.COMPOSE)


def of_bot(home: Path, fingerprint: str) -> list[str]:
    """Return a text for each installed file of a bot that is not that of its release, with its cure.

    Args:
        home: Directory of the bot.
        fingerprint: The release that it has.
    """
    place, whose = home / "release" / fingerprint, f"that of its release {fingerprint}"
    return [said for name in OF_A_RELEASE for said in differences(home / name, place / name, whose)]


def differences(present: Path, wanted: Path, whose: str) -> list[str]:
    """Return a text where a file is not a copy of another one, with its cure.

    Args:
        present: The installed file.
        wanted: The file of which it is a copy.
        whose: What that file is, in words.
    """
    there, original = text(present), text(wanted)
    if original is None:
        return [f"{present.name} cannot be compared: {whose} cannot be read; the next deploy brings it"]
    if there is None:
        return [f"{present.name} is gone, or cannot be read; the next deploy puts back {whose}"]
    if there == original:
        return []
    line = first_difference(there, original)
    return [f"{present.name} is not {whose}: line {line} is the first that differs; the next deploy puts it back"]


def first_difference(one: str, other: str) -> int:
    """Return the number of the first line in which two different texts differ."""
    lines, others = one.splitlines(), other.splitlines()
    pairs = enumerate(zip(lines, others), start=1)
    return next((number for number, (line, instead) in pairs if line != instead), min(len(lines), len(others)) + 1)


def text(path: Path) -> str | None:
    """Return the content of a regular file, None where there is none that can be read."""
    return tree.text(path) if path.is_file() and not path.is_symlink() else None
