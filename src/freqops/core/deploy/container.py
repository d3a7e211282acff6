"""A container as the engine describes it, the settings with which it was made, and how those of two differ.

What runs is compared with what Compose made of the declaration when freqops had it made; that was written down then.
Not with Compose's own mark, ``com.docker.compose.config-hash``: a container that is made by hand can have that label,
and ``docker update`` and ``docker network connect`` change what runs and leave it. Not with the Compose file
either: the engine adds what the image and its own configuration say, drops what the kernel cannot do, and writes all of
it in its own way. Two descriptions by one engine need no translation, cost one ``docker inspect`` for all containers,
and agree again as soon as the container was made again. An image is known by its digest: the engine keeps the reference
by which a container was made, and one with a digest names the content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .policy import FILE, IN_ADDRESS, MARKS, SENSITIVE

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
ONE_OFF, HASH = "com.docker.compose.oneoff", "com.docker.compose.config-hash"
OF_COMPOSE = "com.docker.compose."
ORDERED = ("Config.Cmd", "Config.Entrypoint")
# What differs from one making to the next, or says no more than from where it was made. Mounts say what binds do.
LEFT_OUT = frozenset(
    {
        *("Config.Hostname", "Config.Env", "Config.Labels", "Config.AttachStdin", "Config.AttachStdout"),
        *("Config.AttachStderr", "HostConfig.ContainerIDFile", "HostConfig.ConsoleSize"),
        *("HostConfig.Binds", "HostConfig.Mounts"),
    }
)
SHORT_ID = 12
ENVIRONMENT, LABELS = "Config.Env", "Config.Labels"
UNSET = "unset"
HIDDEN = "[not shown]"
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
        made: The settings with which it was made, as `made` has them.
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
        """Whether the container has a process, or gets one in a moment."""
        return self.status in ("running", "restarting", "paused")

    @property
    def started(self) -> datetime | None:
        """The last start of the container, to the second; None where the engine does not give a moment."""
        try:
            return datetime.fromisoformat(self.started_at[:SECOND]).replace(tzinfo=timezone.utc)
        except ValueError:
            return None


def described(document: dict[str, Any]) -> Container:
    """Return a container by its description."""
    state, (project, service) = document["State"], place(document)
    return Container(
        id=document["Id"],
        status=state["Status"],
        image=document["Config"]["Image"],
        started_at=state["StartedAt"],
        restarts=document["RestartCount"],
        project=project,
        service=service,
        made=made(document),
    )


def inspection(names: Sequence[str]) -> list[str]:
    """Return the command that has the engine describe the containers called ``names``."""
    return ["docker", "inspect", "--type=container", "--format={{json .}}", *names]


def answered(names: Sequence[str], status: int, said: str) -> dict[str, Container] | None:
    """Return those of the containers called ``names`` that there are, by name; None where that was not answered.

    Args:
        names: The names that were asked for.
        status: How the `inspection` ended.
        said: All that it printed.
    """
    documents = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    if status != 0 and said.lower().count("no such container") != len(names) - len(documents):
        return None
    return {name_of(document): described(document) for document in documents}


def name_of(document: dict[str, Any]) -> str:
    """Return the name of a container."""
    return str(document["Name"]).lstrip("/")


def labels(document: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the labels of a container."""
    return document["Config"]["Labels"] or {}


def place(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return Compose project and service of a container, empty where Compose would not find it as one of them."""
    said = labels(document)
    found = said.get(ONE_OFF) == "False" and HASH in said
    return (said.get(PROJECT, ""), said.get(SERVICE, "")) if found else ("", "")


def made(document: Mapping[str, Any]) -> dict[str, str]:
    """Return every setting of a container that is set, by its name in ``docker inspect``.

    Args:
        document: The container, as ``docker inspect`` describes it.
    """
    settings = {f"{part}.{key}": value for part in ("Config", "HostConfig") for key, value in document[part].items()}
    found = {key: _text(key, value) for key, value in settings.items() if value and key not in LEFT_OUT}
    if document["Config"].get("Hostname") != document["Id"][:SHORT_ID]:
        found["Config.Hostname"] = str(document["Config"].get("Hostname"))
    pairs = [str(entry).partition("=")[::2] for entry in document["Config"].get("Env") or ()]
    found.update({f"{ENVIRONMENT}.{name}": value for name, value in pairs})
    ours = {name: value for name, value in labels(document).items() if not name.startswith(OF_COMPOSE)}
    found.update({f"{LABELS}.{name}": str(value) for name, value in ours.items()})
    found["Mounts"] = ", ".join(sorted(_mount(mount) for mount in document["Mounts"]))
    for name, joined in (document["NetworkSettings"]["Networks"] or {}).items():
        aliases = set(joined.get("Aliases") or ()) - {document["Id"][:SHORT_ID]}
        found[f"Networks.{name}"] = ", ".join(sorted(aliases))
    return found


def differences(wanted: Mapping[str, str], present: Mapping[str, str]) -> list[str]:
    """Return a text for each setting that differs, with both values, but for what looks like a secret.

    Args:
        wanted: The settings with which freqops had it made.
        present: The settings of the one that is there.
    """
    return [f"{key} is {there}, not {made_so}" for key, there, made_so in changed(wanted, present)]


def changed(wanted: Mapping[str, str], present: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return name, present value and wanted value of each setting that differs, as `differences` shows them."""
    differing = sorted(key for key in wanted.keys() | present.keys() if wanted.get(key) != present.get(key))
    return [(key, _shown(key, present), _shown(key, wanted)) for key in differing]


def _text(key: str, value: Any) -> str:
    if isinstance(value, list) and key not in ORDERED:  # Compose gives them in any order
        value = sorted(value, key=lambda item: json.dumps(item, sort_keys=True))
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _mount(mount: Mapping[str, Any]) -> str:
    source = str(mount["Source"]) if mount["Type"] == "bind" else str(mount["Type"])  # others have names by chance
    return f"{source}:{mount['Destination']}:{'rw' if mount['RW'] else 'ro'}"


def _shown(key: str, settings: Mapping[str, str]) -> str:
    value = settings.get(key)
    if value is None:
        return UNSET
    part, _, name = key.rpartition(".")
    secret = part in (ENVIRONMENT, LABELS) and SENSITIVE.search(name) and name not in MARKS and not name.endswith(FILE)
    return HIDDEN if secret or IN_ADDRESS.search(value) else value or '""'
