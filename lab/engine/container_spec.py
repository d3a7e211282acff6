"""The description of a container of the lab, in the words of the engine's API."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from lab.base.names import SPEC_LABEL, labels
from lab.base.paths import LAB
from lab.engine.ports import LOOPBACK

Json = dict[str, Any]


@dataclass(frozen=True)
class ContainerSpec:
    """One container, described without an engine."""

    name: str
    image: str
    hostname: str
    network: str
    ports: dict[int, int]
    address: str = ""  # the network's own choice
    volumes: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    host_config: Json = field(default_factory=dict)
    lab: str = LAB

    def config(self) -> Json:
        """Return the body of the engine's create call."""
        exposed = {f"{inside}/tcp": outside for inside, outside in self.ports.items()}
        endpoint = {"IPAMConfig": {"IPv4Address": self.address}} if self.address else {}
        config: Json = {
            "Image": self.image,
            "Hostname": self.hostname,
            "Labels": labels(lab=self.lab),
            "ExposedPorts": {port: {} for port in exposed},
            "HostConfig": {
                "NetworkMode": self.network,
                "Binds": [f"{volume}:{path}" for volume, path in self.volumes.items()],
                "PortBindings": {p: [{"HostIp": LOOPBACK, "HostPort": str(o)}] for p, o in exposed.items()},
                "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "2"}},
            },
            "NetworkingConfig": {"EndpointsConfig": {self.network: endpoint}},
        }
        if self.command:
            config["Cmd"] = list(self.command)
        config["HostConfig"]["Binds"] += self.host_config.get("Binds", [])
        config["HostConfig"] |= {key: value for key, value in self.host_config.items() if key != "Binds"}
        config["Labels"][SPEC_LABEL] = hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]
        return config
