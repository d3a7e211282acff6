"""Files of an inventory in which secrets stand where they must not: no halt ever needs the password of a vault."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from freqops.core.preflight.refusal import Refusal
from freqops.plays.inventory_lines import ENCRYPTED, directories

SECRETS = "secrets.yml"
PLACES = ("group_vars", "host_vars")
ACCOUNTS = re.compile(r"^[ \t]*[\"']?(secrets_(?:exchange|notify))[\"']?[ \t]*:", re.MULTILINE)
OTHERS_MAY_READ = 0o077


def judge(sources: Sequence[Path]) -> Iterator[Refusal]:
    """Yield the files that are encrypted in the wrong place, or not protected in the right one.

    Args:
        sources: The inventory's files, or directories with them.
    """
    for directory in directories(sources):
        for file in sorted(file for place in PLACES for file in (directory / place).rglob("*") if file.is_file()):
            text = file.read_text(errors="replace")
            if text.startswith(ENCRYPTED):
                cure = f"move what is secret into {SECRETS} beside it: no halt loads that"
                yield Refusal("", f"{file} is encrypted, so every play needs its password", cure)
            yield from _accounts(file, text)
        for file in sorted(file for file in directory.iterdir() if file.is_file() and _is_inventory(file)):
            yield from _accounts(file, file.read_text(errors="replace"))
        secrets = directory / SECRETS
        if secrets.is_file():
            yield from _open(secrets)


def _is_inventory(file: Path) -> bool:
    return not file.name.startswith((".", SECRETS)) and file.suffix in (".yml", ".yaml", ".json", ".ini", "")


def _accounts(file: Path, text: str) -> Iterator[Refusal]:
    """Yield a file from which every play would read the accounts at exchanges, or how the bots' messengers open."""
    for found in ACCOUNTS.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        cure = f"it belongs in {SECRETS} beside the inventory's hosts, which no halt loads"
        yield Refusal("", f"{found[1]} stands where every play reads it", cure, place=f"{file}:{line}")


def _open(secrets: Path) -> Iterator[Refusal]:
    """Yield a file of secrets that is not encrypted and that others than its owner may read."""
    mode = secrets.stat().st_mode & 0o777
    if mode & OTHERS_MAY_READ and not secrets.read_text(errors="replace").startswith(ENCRYPTED):
        named = shlex.quote(str(secrets))
        cure = f"chmod 600 {named}, and better: ansible-vault encrypt {named}"
        yield Refusal("", f"{secrets} is not encrypted and has mode {mode:04o}", cure)
