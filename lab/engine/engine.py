"""Reach a Docker Engine: the one that answers, else one of our own."""

import os
import shutil
import socket
from pathlib import Path

import docker
from docker import DockerClient
from docker.context import ContextAPI
from docker.errors import DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from lab.base import console
from lab.base.failure import LabError
from lab.engine import engine_process, packages

API_SECONDS = 600
SOCKET = Path("/var/run/docker.sock")
# What a call ends with when the engine ends during it.
LOST = (RequestException, HTTPError)


def connect() -> DockerClient | None:
    """Return a client of the engine that DOCKER_HOST, the docker context or the default socket names, if it answers."""
    try:
        client = _client()
        client.ping()
    except (DockerException, OSError):
        return None
    return client


def connected() -> DockerClient:
    """Return a client of the running engine; each thread needs one of its own.

    Raises:
        LabError: no engine answers.
    """
    client = connect()
    if client is None:
        raise LabError("no Docker Engine answers; run `python -m lab up`")
    return client


def ensure() -> DockerClient:
    """Return a client of an engine, starting (and before that installing) one where that is possible."""
    client = connect()
    if client is not None:
        return client
    if SOCKET.exists() and not os.access(SOCKET, os.R_OK | os.W_OK):
        raise LabError("the Docker Engine is not yours to use: `sudo usermod -aG docker $USER`, then log in again")
    with console.step("engine") as note:
        packages.require(["dockerd", "iptables"], ["docker.io", "iptables"], note)
        _start(note)
    return connected()


def free_disk(client: DockerClient) -> int | None:
    """Return the free bytes below the engine's directory; None when that is on another machine."""
    info = client.info()
    root = Path(info["DockerRootDir"])
    if info["Name"] != socket.gethostname() or not root.exists():
        return None
    return shutil.disk_usage(root).free


def free_disk_seen_inside(client: DockerClient, image: str) -> int:
    """Return the free bytes of the engine's disk as a container sees them: the way into a virtual machine."""
    output: bytes = client.containers.run(image, ["df", "-Pk", "/"], remove=True, network_mode="none")
    return int(output.decode().splitlines()[-1].split()[3]) * 1024


def _client() -> DockerClient:
    if "DOCKER_HOST" not in os.environ:
        context = ContextAPI.get_current_context()
        if context is not None and context.name != "default":
            return DockerClient(base_url=context.Host, tls=context.TLSConfig, timeout=API_SECONDS)
    return docker.from_env(timeout=API_SECONDS)


def _start(note: console.Note) -> None:
    if connect() is not None:  # the service of the package just installed
        return
    _refuse_where_others_start_it()
    with engine_process.alone():
        if connect() is None:
            note("starting dockerd")
            engine_process.start()


def _refuse_where_others_start_it() -> None:
    if os.geteuid() != 0:
        raise LabError("no Docker Engine answers; start it (`sudo systemctl start docker`, or Docker Desktop)")
    if Path("/run/systemd/system").is_dir():
        raise LabError("no Docker Engine answers; start it with `systemctl start docker` and try again")
