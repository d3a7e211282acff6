"""The containers of a host, as the engine describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from freqops.core.bot.processes import CONF_IN_CONTAINER
from freqops.core.deploy import container as settings

SECOND = len("2026-01-02T03:04:05")  # the engine goes on to nanoseconds, which no Python reads


@dataclass(frozen=True)
class Container:
    """A container as the engine describes it.

    Attributes:
        id: Its number.
        status: Its status.
        image: The reference by which it was made.
        started_at: When it was started last.
        restarts: How often the engine started it again.
        project: The Compose project that it belongs to; empty where it has none.
        service: Its service there.
        made: The settings with which it was made, as `freqops.core.deploy.container.made` has them.
    """

    id: str
    status: str
    image: str
    started_at: str
    restarts: int
    project: str = ""
    service: str = ""
    made: Mapping[str, str] = field(default_factory=dict)

    @property
    def runs(self) -> bool:
        """Whether it has a process, or gets one in a moment."""
        return self.status in ("running", "restarting", "paused")

    @property
    def started(self) -> datetime | None:
        """When it was started last, to the second; None where the engine does not say it as it should."""
        try:
            return datetime.fromisoformat(self.started_at[:SECOND]).replace(tzinfo=timezone.utc)
        except ValueError:
            return None


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
        """Whether it has a process, or gets one in a moment."""
        return self.status not in ("created", "exited", "dead", "removing")

    @property
    def comes_back(self) -> bool:
        """Whether the engine may start it by itself."""
        return self.policy not in ("", "no")


def name_of(document: dict[str, Any]) -> str:
    """Return the name of a container."""
    return str(document["Name"]).lstrip("/")


def container_of(document: dict[str, Any]) -> Container:
    """Return a container by its description."""
    state, (project, service) = document["State"], settings.place(document)
    return Container(
        id=document["Id"],
        status=state["Status"],
        image=document["Config"]["Image"],
        started_at=state["StartedAt"],
        restarts=document["RestartCount"],
        project=project,
        service=service,
        made=settings.made(document),
    )


def is_of(document: dict[str, Any], project: str, conf: Path) -> bool:
    """Whether a container is one of a bot's, by its Compose project, or by its mounts."""
    if settings.labels(document).get(settings.PROJECT) == project:
        return True
    sources = [mount["Source"] for mount in document["Mounts"] if mount["Destination"] == CONF_IN_CONTAINER]
    return any(Path(source).resolve() == conf.resolve() for source in sources)


def sibling_of(document: dict[str, Any]) -> Sibling:
    """Return a container beside the declared one by its description."""
    policy = document["HostConfig"]["RestartPolicy"]["Name"]
    return Sibling(document["Id"], name_of(document), document["State"]["Status"], policy)
