"""Secrets in the repository of the inventory: in any commit of it, and in files that it tracks unencrypted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from freqops.core.base.statements import Statement
from freqops.core.base.visible import visible
from freqops.core.security import items
from freqops.core.security.row import OK, RED, UNKNOWN, WAIVED, Row

from . import git_history
from .git_history import Unreadable
from .inventory_lines import ENCRYPTED
from .secret_scanner import Scanner, scanner

PROJECT = Path(__file__).resolve().parents[3]
INVENTORIES, EXAMPLE = "inventories", "inventories/example"
NO_REPOSITORY = "the inventory is in no repository of git"
MARK_LENGTH, NAMED, MOST = 8, 20, 10_000
SHOWN_PATH = 100
SEALED = "ENC["
SOPS = "sops"
HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Finding:
    """A line of a commit in which the scanner sees a secret.

    Attributes:
        commit: The commit that added it first.
        path: Its file.
        line: Its number there.
        kind: What the scanner calls it.
    """

    commit: str
    path: str
    line: int
    kind: str

    @property
    def mark(self) -> str:
        """What names it in a waiver."""
        text = "\n".join((self.commit, self.path, str(self.line), self.kind))
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:MARK_LENGTH]

    @property
    def words(self) -> str:
        """Where it is, and never what."""
        return f"{self.mark}: {self.kind} in {visible(self.path, SHOWN_PATH)}:{self.line}, commit {self.commit[:12]}"


def rows(sources: Iterable[str], waivers: Sequence[Statement], today: date) -> list[Row]:
    """Return the rows about the repository of an inventory.

    Args:
        sources: The files and directories of the inventory.
        waivers: The waivers of the inventory.
        today: The day, in UTC.
    """
    try:
        places = _repositories(sources)
    except Unreadable as error:
        return [Row(name, "", UNKNOWN, str(error)) for name in (items.HISTORY, items.SECRETS)]
    if not places:
        return [Row(name, "", OK, NO_REPOSITORY) for name in (items.HISTORY, items.SECRETS)]
    return [_history(places, waivers, today), _tracked(places)]


def findings(top: Path, below: Sequence[str] = ()) -> tuple[list[Finding], int]:
    """Return where the scanner sees secrets in any commit, and how many lines it looked at.

    A line that stands in a file again and again is one finding, of its oldest commit.

    Raises:
        Unreadable: The history was not read to its end, or has more findings than anybody reads.
    """
    git_history.refuse_parts(top)
    found: list[Finding] = []
    seen: set[bytes] = set()
    looked = 0
    with scanner() as scan:
        for each in git_history.added(top, below):
            looked += 1
            known = hashlib.sha256(f"{each.path}\0{each.text}".encode(errors="replace")).digest()
            if known not in seen:
                seen.add(known)
                found += [Finding(each.commit, each.path, each.line, kind) for kind in _kinds(scan, each)]
            if len(found) > MOST:
                raise Unreadable(f"more than {MOST} secrets are in the history of {top}")
    return found, looked


def _kinds(scan: Scanner, each: git_history.Added) -> list[str]:
    return sorted(scan.kinds(each.path, each.text))


def _repositories(sources: Iterable[str]) -> dict[Path, tuple[str, ...]]:
    """Return each repository with the paths in it that count: all, but in a checkout of freqops its inventories.

    Raises:
        Unreadable: One cannot be read.
    """
    found: dict[Path, set[str]] = {}
    for source in sources:
        path = Path(source)
        if not path.exists():
            continue  # a list of hosts is no file
        directory = path.resolve() if path.is_dir() else path.resolve().parent
        top = git_history.top_of(directory)
        if top is not None:
            below = _below(directory, top.resolve()) if top.resolve() == PROJECT else set()
            found.setdefault(top, set()).update(below)
    return {top: tuple(sorted(below)) for top, below in found.items()}


def _below(directory: Path, top: Path) -> set[str]:
    """Return the paths of a checkout of freqops that are no part of it: its inventories, but for our example."""
    here = str(directory.relative_to(top))
    return {INVENTORIES, here, *([] if here == EXAMPLE else [f":(exclude){EXAMPLE}"])}


def _history(places: Mapping[Path, tuple[str, ...]], waivers: Sequence[Statement], today: date) -> Row:
    found: list[Finding] = []
    looked = 0
    try:
        for top, below in places.items():
            here, lines = findings(top, below)
            found, looked = [*found, *here], looked + lines
    except Unreadable as error:
        return Row(items.HISTORY, "", UNKNOWN, str(error))
    said = f"{looked} lines of all commits of {', '.join(map(_called, places.items()))}"
    named = {word.strip(",.;:") for each in waivers if each.about == items.HISTORY and each.holds(today)
             for word in each.says.split()}  # fmt: skip
    left = [each for each in found if each.mark not in named]
    if left:
        more = f"; and {len(left) - NAMED} more" if len(left) > NAMED else ""
        return Row(items.HISTORY, "", RED, "; ".join(each.words for each in left[:NAMED]) + more)
    if found:
        stated = "; ".join(each.line for each in waivers if each.about == items.HISTORY and each.holds(today))
        return Row(items.HISTORY, "", WAIVED, f"{said}: {len(found)} findings, each waived: {stated}")
    return Row(items.HISTORY, "", OK, f"{said}: no secret")


def _called(place: tuple[Path, tuple[str, ...]]) -> str:
    top, below = place
    return f"{top} ({', '.join(below)} alone: the rest is freqops' own)" if below else str(top)


def _tracked(places: Mapping[Path, tuple[str, ...]]) -> Row:
    plain, sealed = list[str](), list[str]()
    try:
        for top, below in places.items():
            for path, content in git_history.tracked_secrets(top, below):
                (sealed if is_encrypted(content) else plain).append(visible(path, SHOWN_PATH))
    except Unreadable as error:
        return Row(items.SECRETS, "", UNKNOWN, str(error))
    if plain:
        return Row(items.SECRETS, "", RED, f"tracked, and not encrypted: {', '.join(sorted(plain)[:NAMED])}")
    said = f"encrypted: {', '.join(sorted(sealed)[:NAMED])}" if sealed else "none is tracked"
    return Row(items.SECRETS, "", OK, said)


def is_encrypted(content: bytes) -> bool:
    """Return whether a file of secrets is encrypted as a whole, by ansible-vault or by SOPS."""
    text = content.decode(errors="replace")
    if text.startswith(ENCRYPTED):
        return len(text.splitlines()) > 1 and all(
            set(line) <= set("0123456789abcdef") for line in text.splitlines()[1:]
        )
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError):
        return False
    if not isinstance(document, dict) or not isinstance(document.get(SOPS), dict) or not document[SOPS].get("mac"):
        return False
    return all(_is_sealed(value) for name, value in document.items() if name != SOPS)


def _is_sealed(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_sealed, value.values()))
    if isinstance(value, list):
        return all(map(_is_sealed, value))
    return value is None or value == "" or (isinstance(value, str) and value.startswith(SEALED))
