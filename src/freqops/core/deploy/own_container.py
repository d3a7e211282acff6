"""A container of freqops: whether the one that has its name is as freqops had it made, and the cure where not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..base import durable
from ..base.errors import NotProven, Refused
from ..bot import engine_names, layout
from ..bot.redaction import redact
from . import container
from .container import Container

RECORD = "container.json"  # with which settings it was made
UNKNOWN = "how it was made is not known"
BOT, POSTGRES = "bot", "postgres"  # the services, as the Compose files call them


@dataclass(frozen=True)
class OwnContainer:
    """A container that freqops has made, and makes again.

    Attributes:
        name: Its name.
        project: Its Compose project.
        service: Its service there.
        home: The directory with its Compose file.
        hide: What is done to a text before it is shown.
    """

    name: str
    project: str
    service: str
    home: Path
    hide: Callable[[str], str] = str

    def wrong(self, present: Container | None) -> list[str]:
        """Return the faults of the container that has its name, with its cure; nothing where there is none."""
        if present is None:
            return []
        foreign = self._foreign(present)
        if foreign:
            return [foreign]
        found = self.differences(present)
        return [f"{self.name} is not as it was made: {'; '.join(found)}; a deploy makes it again"] if found else []

    def refuse_foreign(self, present: Container | None) -> None:
        """Refuse to touch a container that has its name and is another one.

        Raises:
            Refused: It is; the text says what it is, and the way out.
        """
        foreign = present and self._foreign(present)
        if foreign:
            raise Refused(foreign)

    def differences(self, present: Container | None) -> list[str]:
        """Return the differences from the container that freqops had made, with both values."""
        if present is None:
            return []
        made = self._made()
        if made is None:
            return [UNKNOWN]
        return [self.hide(text) for text in container.differences(made, present.made)]

    def changed(self, present: Container | None) -> list[tuple[str, str, str]]:
        """Return name, present value and former value of each setting that is not as freqops had it made."""
        made = self._made()
        if present is None or made is None:
            return []
        rows = container.changed(made, present.made)
        return [(key, self.hide(there), self.hide(wanted)) for key, there, wanted in rows]

    def _made(self) -> dict[str, str] | None:
        """Return the settings with which it was made, None where they are not known."""
        document = durable.read_json(self.home / RECORD)
        made = document.get("made") if isinstance(document, dict) else None
        return made if isinstance(made, dict) else None

    def take_in(self, before: Container | None, after: Container | None, differing: list[str]) -> None:
        """Write down with which settings it was made, now that Compose has brought it up.

        Args:
            before: The container that was there.
            after: The one that is there now.
            differing: What differed in the one that was there, so that it had to be made again.

        Raises:
            NotProven: It was not.
        """
        if after is None:
            return
        if differing and before is not None and before.id == after.id:
            raise NotProven(f"{self.name} was not made again: {'; '.join(differing)}")
        record = {"version": 1, "made": dict(after.made)}
        if durable.read_json(self.home / RECORD) != record:
            durable.write_json(self.home / RECORD, record, 0o600)

    def forget(self) -> None:
        """Forget how it was made: its Compose file is about to change, and a crash may come in between."""
        (self.home / RECORD).unlink(missing_ok=True)

    def _foreign(self, present: Container) -> str:
        """Return the description of a container of somebody else, and the way out; empty where it is our own."""
        if (present.project, present.service) == (self.project, self.service):
            return ""
        maker = f"service {present.service} of the Compose project {present.project}" if present.project else "by hand"
        return (
            f"a container called {self.name} is there that is not freqops' own: it was made {maker}, of "
            f"{present.image}, and is {present.status}; see what it is ('docker inspect {self.name}'), then "
            f"'docker stop {self.name}' and 'docker rm {self.name}', and deploy again"
        )


def of_bot(bot: layout.Bot) -> OwnContainer:
    """Return the container of a bot."""
    return OwnContainer(bot.container, bot.container, BOT, bot.home, lambda text: redact(text, bot))


def of_postgres(root: Path) -> OwnContainer:
    """Return the container of the host's Postgres."""
    return OwnContainer(engine_names.POSTGRES, engine_names.SHARED, POSTGRES, root / "postgres")
