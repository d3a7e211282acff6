"""A container beside a bot's own: what it may see and do, and how it is started.

There is no way to say that it gets rights, publishes a port, or runs as root; `core.deploy.policy` judges the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from . import layout


@dataclass(frozen=True)
class SideContainer:
    """A container for one program of Python, which ends with that and leaves nothing behind.

    Attributes:
        image: The image, which must be on the host.
        program: The arguments of its program.
        name: The name of the container; the engine chooses one where none is given.
        user: The number of user and group.
        networks: The networks that it joins; it has none where none is named.
        mounts: ``source:target`` or ``source:target:ro``.
        environment: Variables, none of them a secret.
        memory: The most memory that it gets.
        interactive: Whether its standard input stays open.
        entrypoint: The program; empty for the image's own.
    """

    PIDS: ClassVar[int] = 256
    image: str
    program: tuple[str, ...]
    name: str = ""
    user: int = layout.CONTAINER_UID
    networks: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    memory: str = "512m"
    interactive: bool = False
    entrypoint: str = "python3"

    def service(self) -> dict[str, Any]:
        """Return the container as a service of a Compose document would describe it."""
        return {
            "image": self.image,
            "entrypoint": [self.entrypoint] if self.entrypoint else [],
            "command": list(self.program),
            "user": f"{self.user}:{self.user}",
            "read_only": True,
            "tmpfs": ["/tmp"],  # noqa: S108  inside the container
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "mem_limit": self.memory,
            "pids_limit": self.PIDS,
            "networks": list(self.networks),
            "volumes": list(self.mounts),
            "environment": dict(self.environment),
        }

    def command(self) -> list[str]:
        """Return the command line that starts the container."""
        return [
            *("docker", "run", "--pull=never", "--read-only", "--tmpfs=/tmp", "--workdir=/tmp"),
            *("--cap-drop=ALL", "--security-opt=no-new-privileges"),
            *(f"--user={self.user}:{self.user}", f"--memory={self.memory}", f"--pids-limit={self.PIDS}"),
            *(["--name", self.name] if self.name else []),
            *(f"--network={network}" for network in self.networks or ("none",)),
            *(f"--volume={mount}" for mount in self.mounts),
            *(f"--env={name}={value}" for name, value in self.environment.items()),
            *self._life(),
            *([f"--entrypoint={self.entrypoint}"] if self.entrypoint else []),
            *(self.image, *self.program),
        ]

    def _life(self) -> list[str]:
        """Return the options that say how long it lives, and what it leaves behind."""
        interactive = ["--interactive"] if self.interactive else []
        return ["--rm", "--log-driver=none", *interactive, "--env=PYTHONDONTWRITEBYTECODE=1"]
