"""The files of a host that nobody else may read or change, and how open each may be at most."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..base.plain_file import kind
from ..base.visible import visible
from ..bot import layout
from . import items
from .row import OK, RED, UNKNOWN, Row

ROOT, BOT, POSTGRES = "root", "bot", "postgres"
OWNERS: Mapping[str, int] = {ROOT: 0, BOT: layout.CONTAINER_UID, POSTGRES: 999}
WRITE, OTHERS, ALL_BUT_READ = 0o022, 0o077, 0o377
SPECIAL = 0o7000
NAMED = 10
SHOWN = 200


@dataclass(frozen=True)
class Rule:
    """The most that files may be open.

    Attributes:
        pattern: The files, below the place that has them.
        forbidden: Permission bits that none may have.
        owner: Who owns them; empty for anybody.
        directory: Whether they are directories.
        needed: Whether there must be one.
    """

    pattern: str
    forbidden: int
    owner: str = ROOT
    directory: bool = False
    needed: bool = False


OF_A_BOT = (
    Rule(".", WRITE, directory=True, needed=True),
    Rule("conf", 0o027, directory=True, needed=True),
    Rule("conf/secrets.json", ALL_BUT_READ, BOT, needed=True),
    Rule("conf/freqops-host", WRITE),
    Rule("bot.json", WRITE, needed=True),
    Rule("compose.yml", WRITE, needed=True),
    Rule("container.json", OTHERS),
    Rule("release", WRITE, directory=True, needed=True),
    Rule("release/*", WRITE, directory=True),
    Rule("staged", OTHERS, directory=True),
    Rule("staged/secrets.json", ALL_BUT_READ, BOT),
    Rule("lockout", OTHERS, "", directory=True),
    Rule("lockout/*", OTHERS, ""),
    Rule("dumps", OTHERS, directory=True),
    Rule("sold.json", OTHERS),
)
OF_THE_TREE = (
    Rule(".", WRITE, directory=True, needed=True),
    Rule("bots", WRITE, directory=True, needed=True),
    Rule("incidents", OTHERS, directory=True),
    Rule("user_data/logs", OTHERS, directory=True),
    Rule("user_data/state", OTHERS, directory=True),
    Rule("user_data/registry", WRITE, directory=True),
    Rule("user_data/registry/*.sqlite", WRITE),
    Rule("backup", OTHERS, directory=True),
    Rule("backup/keys", OTHERS, directory=True),
    Rule("backup/keys/*", OTHERS),
    Rule("backup/environments/*", OTHERS),
    Rule("backup/repositories.json", OTHERS),
    Rule("postgres/secrets", 0o277, POSTGRES, directory=True),
    Rule("postgres/secrets/*", ALL_BUT_READ, POSTGRES),
    Rule("moved/*.json", OTHERS),
    Rule("security_check.json", OTHERS),
)
OF_THE_SYSTEM = (
    Rule("usr/local/bin/freqops-host", WRITE, needed=True),
    Rule("usr/local/bin/freqops-operator", WRITE),
    Rule("usr/local/lib/freqops", WRITE, directory=True),
    Rule("usr/local/lib/freqops/*", WRITE, directory=True),
    Rule("etc/sudoers.d", WRITE, directory=True),
    Rule("etc/sudoers.d/*", WRITE),
    Rule("etc/freqops", WRITE, directory=True),
    Rule("etc/freqops/*", WRITE),
    Rule("etc/systemd/system/freqops-*", WRITE),
    Rule("var/lib/freqops-halt/.ssh", WRITE, directory=True),
    Rule("var/lib/freqops-halt/.ssh/*", WRITE),
    Rule("run/docker.sock", 0o007),
)


def of_bot(home: Path) -> Row:
    """Return the verdict on the files of a bot."""
    return _row(items.BOT_FILES, home.name, [*_wrong(home, OF_A_BOT)])


def of_host(root: Path, system: Path = Path("/")) -> Row:
    """Return the verdict on the files of a host."""
    return _row(items.HOST_FILES, "", [*_wrong(root, OF_THE_TREE), *_wrong(system, OF_THE_SYSTEM)])


def _row(item: str, bot: str, found: Sequence[tuple[str, str]]) -> Row:
    if not found:
        return Row(item, bot, OK, "each has the owner and the mode with which deploy.yml lays it")
    texts = [visible(text, SHOWN) for _, text in found]
    more = f"; and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    verdict = RED if any(each == RED for each, _ in found) else UNKNOWN
    return Row(item, bot, verdict, "; ".join(texts[:NAMED]) + more)


def _wrong(below: Path, rules: Sequence[Rule]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, each with its verdict."""
    for rule in rules:
        try:
            paths = [below] if rule.pattern == "." else sorted(below.glob(rule.pattern))
            yield from ((RED, text) for path in paths for text in _of(path, path.lstat(), rule))
        except OSError as error:
            yield UNKNOWN, f"{below / rule.pattern} cannot be looked at: {error.strerror or error}"
            continue
        if rule.needed and not paths:
            yield RED, f"{below / rule.pattern} is missing"


def _of(path: Path, found: os.stat_result, rule: Rule) -> Iterator[str]:
    is_right = stat.S_ISDIR(found.st_mode) if rule.directory else not stat.S_ISDIR(found.st_mode)
    if stat.S_ISLNK(found.st_mode) or not is_right:
        if stat.S_ISLNK(found.st_mode) or rule.needed:
            yield f"{path} is {kind(found)}"
        return
    mode = stat.S_IMODE(found.st_mode)
    if mode & rule.forbidden:
        yield f"{path} has mode {mode:04o}: chmod {mode & ~rule.forbidden & ~SPECIAL:04o}"
    if rule.owner and found.st_uid != OWNERS[rule.owner]:
        yield f"{path} belongs to user {found.st_uid}: chown {OWNERS[rule.owner]}"
