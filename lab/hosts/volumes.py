"""The disks of the engines inside the hosts: each made with its host, and deleted after it, at leisure."""

import subprocess
import sys
from typing import Any

from docker import DockerClient
from docker.errors import NotFound

from lab.base.names import HOST_LABEL, label_filter, labels
from lab.base.paths import DEFAULT, ROOT, state_dir


def mount(host: str) -> dict[str, Any]:
    """Return the part of the create call that gives a host a new disk for /var/lib/docker."""
    options = {"Labels": labels() | {HOST_LABEL: host}}
    return {"Mounts": [{"Type": "volume", "Target": "/var/lib/docker", "VolumeOptions": options}]}


def sweep(client: DockerClient) -> None:
    """Delete the disks whose hosts are gone."""
    filters = {"dangling": True, "label": [str(label_filter()["label"]), HOST_LABEL]}
    for volume in client.volumes.list(filters=filters):
        try:
            volume.remove()
        except NotFound:  # `lab down` was faster
            continue


def sweep_in_background() -> None:
    """Delete them without anyone waiting: a gigabyte of small files takes a slow disk half a minute."""
    place = state_dir(DEFAULT)  # a lab whose own directory goes with it needs this most
    place.mkdir(exist_ok=True)
    with (place / "sweep.log").open("ab") as log:
        command = [sys.executable, "-m", "lab", "sweep"]
        subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
