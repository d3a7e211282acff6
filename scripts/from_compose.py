# SPDX-License-Identifier: GPL-3.0-or-later
"""Make an inventory of bots that ran with docker compose, from their Freqtrade configurations.

`make from-compose INVENTORY=inventories/mine BOTS="host/bot=config.json host/bot:Strategy=config.json,private.json"`.
It makes a new directory, whole or not at all, and reports the result for every setting; never its value.
`LATER="host/bot=/opt/bot/docker-compose.yml"` names those of them that are adopted another day: no deploy brings them
up beside the old one, and their entries lie in files of their own until then.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from freqops.core.base import durable
from freqops.core.base.errors import Refused
from freqops.core.base.visible import visible
from freqops.core.bot import proxies
from freqops.core.bot.left_alone import VARIABLE as LEFT_ALONE
from freqops.core.preflight.fleet import BOTS, SHARED
from freqops.plays.inventory_files import SECRETS
from freqops.plays.preflight import NAMES
from scripts import compose_bot
from scripts.compose_bot import LIVE, PAPER, ComposeBot
from scripts.compose_inventory import Inventory, waiting_file

HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
NO_HOSTS = (*NAMES, PAPER, LIVE, "all", "ungrouped")
OF_LATER = re.compile(r"(?P<host>[^/:=]+)/(?P<name>[^/:=]+)=(?P<project>/[^\n\r]+)")
SHAPE_OF_LATER = "HOST/BOT=PROJECT, the Compose file on that host by its whole path"
WORD = re.compile(r"(?P<host>[^/:=]+)/(?P<name>[^/:=]+)(?::(?P<strategy>[^/:=]+))?=(?P<files>.+)", re.DOTALL)
SHAPE = "HOST/BOT=FILE[,FILE…], or HOST/BOT:STRATEGY=FILE[,FILE…]"


def bots_of(words: str) -> list[ComposeBot]:
    """Return the bots that the words of the command name, sorted each for itself.

    Raises:
        Refused: A word is none, or a configuration cannot be read.
    """
    try:
        split = shlex.split(words)
    except ValueError:
        raise Refused("BOTS has a quote without its end") from None
    if not split:
        raise Refused(f"BOTS names no bot; write {SHAPE}")
    found = []
    for word in split:
        match = WORD.fullmatch(word)
        if match is None:
            raise Refused(f"{visible(word)!r} is no bot; write {SHAPE}")
        if not HOST.fullmatch(match["host"]) or match["host"].lower() in NO_HOSTS:
            cure = "letters, digits, dots and dashes, and not the name of a group"
            raise Refused(f"{visible(match['host'])!r} is no name for a host: {cure}")
        files = [Path(name).expanduser() for name in match["files"].split(",")]
        found.append(compose_bot.sort(match["host"], match["name"], match["strategy"] or "", files))
    return found


def later_of(words: str, bots: Sequence[ComposeBot]) -> dict[str, str]:
    """Return the Compose files of the bots that are left for later, by bot.

    Raises:
        Refused: A word is none, or names a bot that is not among ``bots``, or names one twice.
    """
    try:
        split = shlex.split(words)
    except ValueError:
        raise Refused("LATER has a quote without its end") from None
    found: dict[str, str] = {}
    for word in split:
        match = OF_LATER.fullmatch(word)
        if match is None:
            raise Refused(f"{visible(word)!r} is no bot for later; write {SHAPE_OF_LATER}")
        if (match["host"], match["name"]) not in {(bot.host, bot.name) for bot in bots}:
            raise Refused(f"{visible(word)!r}: BOTS has no such bot; LATER says which of BOTS are adopted later")
        if match["name"] in found:
            raise Refused(f"LATER names {match['name']} twice")
        found[match["name"]] = match["project"]
    if bots and len(found) == len(bots):
        raise Refused("LATER names every bot of BOTS; then there is nothing to begin with")
    return found


def write(inventory: Inventory, path: Path) -> None:
    """Make the directory of an inventory, whole or not at all.

    Raises:
        Refused: It is there already, or cannot be made.
    """
    refuse_present(path)
    beside: Path | None = None
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
        for name, text, mode in inventory.files():
            file = beside / name
            file.parent.mkdir(exist_ok=True)
            durable.write_new(file, text.encode(), mode)
        beside.chmod(0o755)
        refuse_present(path)
        beside.rename(path)
    except OSError as error:
        raise Refused(f"{visible(str(path))} cannot be made: {error.strerror}") from None
    finally:
        if beside is not None and beside.exists():
            shutil.rmtree(beside)


def refuse_present(path: Path) -> None:
    """Refuse a directory that is there, or has no place.

    Raises:
        Refused: Something has its name, or the directory above it is missing.
    """
    if not path.name:
        raise Refused("INVENTORY names no new directory")
    if path.exists() or path.is_symlink():
        raise Refused(f"{visible(str(path))} is there already; it is not touched: name a new directory")
    if not path.parent.is_dir():
        raise Refused(f"there is no directory {visible(str(path.parent))} to make it in")


def report(bots: Sequence[ComposeBot], inventory: Inventory, path: Path) -> Iterator[str]:
    """Yield everything that is to be said, a line each, and at last what to do next."""
    for bot in bots:
        yield from (said.line(bot.name) for said in bot.said)
    alike = ", ".join(map(visible, inventory.shared)) or "nothing"
    yield f"all bots: {alike}: kept: in {SHARED}, for each of them has it so"
    shown = shlex.quote(str(path))
    yield f"Made {shown}. Of the Compose files nothing was read: neither command nor environment (FREQTRADE__…)."
    refusals = inventory.refusals()
    if refusals:
        yield "Deploy and adopt refuse it until this is mended:"
        yield from (f"  {visible(line, 400)}" for line in refusals)
    yield "Next:"
    yield f"  {shown}/hosts.yml: the address of each host, and strategy_dir of each bot"
    yield f"  {shown}/group_vars/all.yml: ansible_user, and the digests of the images; it says how to look at them"
    yield f"  make use INVENTORY={shown}"
    vault = " --ask-vault-pass" if inventory.has_secrets else ""
    for bot in (bot for bot in bots if bot.mode == PAPER and bot.name not in inventory.waiting):
        project = f"-e bot={bot.name} -e project=<its Compose file on {bot.host}>"
        known = ",".join(".".join(("exchange", *place)) for place, _ in proxies.given(bot.account))
        project += f" -e accept_dropped={known}" if known else ""
        yield f"  FREQOPS_REASON='it moves' ansible-playbook playbooks/adopt.yml {project} --check{vault}"
    if any(bot.mode == PAPER for bot in bots):
        yield "  Then each without --check. A deploy refuses new bots while their old ones run."
    for name, (host, _) in inventory.waiting.items():
        into = f"put {shown}/{waiting_file(name)} into {BOTS} of {host}"
        yield f"Later, for {name}: {into}, take its project out of {LEFT_ALONE}, and adopt it."
    if inventory.has_secrets:
        yield f"Before all that: {SECRETS} is not encrypted yet."
        yield f"  ansible-vault encrypt {shown}/{SECRETS}"


def main(arguments: list[str]) -> int:
    """Make the inventory, and end with 0, or say why there is none, and end with 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("inventory", "bots"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--later", default="")
    options = parser.parse_args(arguments)
    try:
        path = Path(options.inventory).expanduser()
        refuse_present(path)
        bots = bots_of(options.bots)
        inventory = Inventory(bots, path, later_of(options.later, bots))
        lines = list(report(bots, inventory, path))
        write(inventory, path)
    except Refused as refusal:
        sys.stderr.write(f"from-compose: refused, nothing was made: {refusal}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
