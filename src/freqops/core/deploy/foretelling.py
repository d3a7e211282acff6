"""The effect of a deploy on a container of ours, foretold by the disk, /proc and the engine; nothing is touched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..base import commands, durable
from ..base.errors import NotProven, Refused
from ..bot import layout, postgres, processes
from ..bot.layout import Home
from ..halt import holds
from . import container, installed, own_container, release
from .container import Container
from .own_container import OwnContainer

ENGINE_SECONDS = 10


@dataclass
class Foretold:
    """The foretold effect on a bot, or on Postgres.

    Attributes:
        changes: A text for each change.
        refused: Why it would be refused; empty where it would not.
        diff: Each thing before and after, as Ansible shows it.
        dumped_first: The bots whose databases would be in a dump before the change.
    """

    changes: list[str] = field(default_factory=list)
    refused: str = ""
    diff: list[dict[str, str]] = field(default_factory=list)
    dumped_first: list[str] = field(default_factory=list)

    def show(self, what: str, before: str, after: str) -> None:
        """Add one thing before and after."""
        self.diff.append({"before_header": what, "after_header": what, "before": before, "after": after})


def containers(names: list[str], run: commands.Run | None = None) -> dict[str, Container]:
    """Return those of the containers called ``names`` that there are, by name; none where there is no engine.

    Raises:
        NotProven: The engine does not answer.
    """
    words = container.inspection(names)
    done = run(words) if run is not None else commands.run(words, ENGINE_SECONDS)
    if done.returncode == commands.NOT_THERE and not done.stdout:
        return {}
    found = container.answered(names, done.returncode, f"{done.stdout}\n{done.stderr}")
    if found is None:
        raise NotProven(f"the engine does not answer: {(done.stderr or done.stdout).strip()[-300:]}")
    return found


def of_bot(home: Path, fingerprint: str, installs: Mapping[str, str], present: Container | None) -> Foretold:
    """Return the effect of a switch on a bot.

    Args:
        home: Directory of the bot.
        fingerprint: The release that it would be brought to.
        installs: The files that the switch would install, by name.
        present: The container that has its name.
    """
    foretold, bot = Foretold(), _declared(home)
    may_run = bot is None or not (Home(home).stopped_by_plan or holds.effective_level(Home(home).holds) >= holds.HARD)
    if bot is None or bot.release != fingerprint:
        foretold.changes.append(f"release {fingerprint} would replace {bot.release if bot else 'nothing'}")
        if bot is not None and _other_database(bot, installs.get(release.DECLARATION, "")):
            foretold.dumped_first.append(bot.name)
    else:
        _files(foretold, home, installs)
        if may_run and not processes.trading(bot.name, processes.scan(processes.PROC, home.parent)):
            foretold.changes.append("it does not run, and would be started")
    own = own_container.of_bot(bot or Home(home).unread())
    if foretold.changes or may_run:
        foretold.refused = _refused(own, present)
    if may_run and not foretold.refused:
        _container(foretold, own, present)
    return foretold


def of_postgres(root: Path, present: Container | None, *, stale: bool) -> Foretold:
    """Return the effect of a deploy on the host's Postgres.

    Args:
        root: The tree of freqops.
        present: The container that has its name.
        stale: Whether its staged description changes with this deploy.
    """
    own = own_container.of_postgres(root)
    foretold = Foretold(refused=_refused(own, present))
    if stale:
        foretold.changes.append("its description would change")
    elif not durable.same(own.home / "staged" / release.COMPOSE, own.home / release.COMPOSE):
        foretold.changes.append(f"its {release.COMPOSE} is not the staged one, which would replace it")
    if present is None or present.status != "running":
        foretold.changes.append("it does not run, and would be started")
    if not foretold.refused:
        _container(foretold, own, present)
    users = [name for name in postgres.users(root) if processes.trading(name, processes.scan())]
    if foretold.changes and present is not None and present.status == "running":
        foretold.dumped_first += postgres.users(root)
    if foretold.changes and users:
        foretold.changes.append(f"the bots on it would be stopped meanwhile: {', '.join(users)}")
    return foretold


def _declared(home: Path) -> layout.Bot | None:
    try:
        return layout.load_bot(home)
    except layout.BotUnreadable:
        return None


def _other_database(bot: layout.Bot, declaration: str) -> bool:
    """Whether a declaration lets a bot work on its database with another image, or on that of another mode."""
    wanted = json.loads(declaration or "{}")
    return any(wanted.get(key, there) != there for key, there in (("image", bot.image), ("mode", bot.mode)))


def _files(foretold: Foretold, home: Path, installs: Mapping[str, str]) -> None:
    """Foretell which installed files would be replaced although the release stays the same."""
    for name, wanted in installs.items():
        there = installed.text(home / name) or ""
        if there == wanted:
            continue
        foretold.show(name, there, wanted)
        if name == release.DECLARATION:
            foretold.changes += _declarations(there, wanted)
        else:
            foretold.changes.append(f"{name} is not that of its release, which would replace it")


def _declarations(there: str, wanted: str) -> list[str]:
    """Return which values of a declaration would change, with both."""
    before, after = json.loads(there or "{}"), json.loads(wanted)
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    begins = "; it would be started again in that state"
    return [
        f"{key} is {json.dumps(before.get(key))}, and would be {json.dumps(after.get(key))}"
        + begins * (key == "initial_state")
        for key in keys
    ]


def _refused(own: OwnContainer, present: Container | None) -> str:
    try:
        own.refuse_foreign(present)
    except Refused as refusal:
        return str(refusal)
    return ""


def _container(foretold: Foretold, own: OwnContainer, present: Container | None) -> None:
    """Foretell whether a container would be made again because it is not as it was made."""
    foretold.changes += [f"its container would be made again: {text}" for text in own.differences(present)]
    settings = own.changed(present)
    if settings:
        before = "".join(f"{key}: {there}\n" for key, there, _ in settings)
        after = "".join(f"{key}: {wanted}\n" for key, _, wanted in settings)
        foretold.show(f"container {own.name}", before, after)
