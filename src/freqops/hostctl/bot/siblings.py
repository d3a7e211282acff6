"""The containers of a bot beside the declared one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freqops.core.bot.processes import CONF_IN_CONTAINER
from freqops.core.deploy import container as settings


@dataclass(frozen=True)
class Sibling:
    """A container of a bot beside the declared one, as the engine describes it.

    Attributes:
        id: The number of the container.
        name: Its name.
        status: The status of the container.
        policy: The restart policy of the container.
    """

    id: str
    name: str
    status: str
    policy: str

    @property
    def runs(self) -> bool:
        """Whether the container has a process, or gets one in a moment."""
        return self.status not in ("created", "exited", "dead", "removing")

    @property
    def comes_back(self) -> bool:
        """Whether the engine may start it by itself."""
        return self.policy not in ("", "no")


def is_of(document: dict[str, Any], project: str, conf: Path) -> bool:
    """Whether a container is one of a bot's, by its Compose project, or by its mounts."""
    if settings.labels(document).get(settings.PROJECT) == project:
        return True
    sources = [mount["Source"] for mount in document["Mounts"] if mount["Destination"] == CONF_IN_CONTAINER]
    return any(Path(source).resolve() == conf.resolve() for source in sources)


def sibling_of(document: dict[str, Any]) -> Sibling:
    """Return a container beside the declared one by its description."""
    policy = document["HostConfig"]["RestartPolicy"]["Name"]
    return Sibling(document["Id"], settings.name_of(document), document["State"]["Status"], policy)
